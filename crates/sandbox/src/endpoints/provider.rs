//! The fake identity providers: the tester chooses a person, or cancels the login.

use url::form_urlencoded::Serializer;

use crate::entropy::Entropy;
use crate::model::authorization_code::ProviderCode;
use crate::model::connection::{Connection, Person};
use crate::state::State;

/// The provider, if the request may use it: the request's own, or any if it names none.
pub(crate) fn provider_of<'a>(state: &'a State, connection_id: &str, request_id: &str) -> Option<&'a Connection> {
    let request = state.requests.get(&request_id.to_owned())?;
    let fits = request.connection_id.as_deref().is_none_or(|id| id == connection_id);
    state.connection(connection_id).filter(|_| fits)
}

/// Issues a code for this person and returns the URL of `/login` with it. Whether the request is still pending is
/// decided there.
pub(crate) fn choose(
    state: &mut State,
    connection_id: &str,
    request_id: &str,
    person: Person,
    entropy: &mut Entropy,
) -> String {
    let code = entropy.id();
    let login_url = login_url(state, request_id, ("code", &code));
    let issued = ProviderCode { request_id: request_id.to_owned(), connection_id: connection_id.to_owned(), person };
    state.provider_codes.insert(code, issued);
    login_url
}

/// The URL of `/login` with `error=access_denied`, RFC 6749 section 4.1.2.1.
pub(crate) fn cancel(state: &State, request_id: &str) -> String {
    login_url(state, request_id, ("error", "access_denied"))
}

fn login_url(state: &State, request_id: &str, (name, value): (&str, &str)) -> String {
    let query = Serializer::new(String::new()).append_pair(name, value).append_pair("state", request_id).finish();
    format!("{}?{query}", state.public_url.login_url())
}
