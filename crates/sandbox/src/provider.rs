//! The fake providers' side of a login: somebody was picked, or the login was cancelled.

use url::form_urlencoded::Serializer;

use crate::connection::{Connection, Person};
use crate::entropy::Entropy;
use crate::state::{ProviderCode, State};

/// The provider whose page a request may be on: its own, or any if the user still picks one.
pub(crate) fn provider_of<'a>(state: &'a State, connection_id: &str, request_id: &str) -> Option<&'a Connection> {
    let request = state.requests.get(&request_id.to_owned())?;
    let fits = request.connection_id.as_deref().is_none_or(|id| id == connection_id);
    state.connection(connection_id).filter(|_| fits)
}

/// Where the browser goes with this person. Whether the request still holds is `/login`'s to say.
pub(crate) fn pick(
    state: &mut State,
    connection_id: &str,
    request_id: &str,
    person: Person,
    entropy: &mut Entropy,
) -> String {
    let code = entropy.id();
    let login_url = login_url(state, request_id, ("code", &code));
    let answer = ProviderCode { request_id: request_id.to_owned(), connection_id: connection_id.to_owned(), person };
    state.provider_codes.insert(code, answer);
    login_url
}

/// Where the browser goes when the user does not want to sign in, RFC 6749 section 4.1.2.1.
pub(crate) fn cancel(state: &State, request_id: &str) -> String {
    login_url(state, request_id, ("error", "access_denied"))
}

fn login_url(state: &State, request_id: &str, (name, value): (&str, &str)) -> String {
    let query = Serializer::new(String::new()).append_pair(name, value).append_pair("state", request_id).finish();
    format!("{}?{query}", state.public_url.login_url())
}
