//! The browser's session: renewed and ended by the API, ended by `/logout`.

use crate::cookies::{login_cookies, logout_cookies};
use crate::dialect::RenewalResponse;
use crate::entropy::Entropy;
use crate::error::ApiError;
use crate::request_context::RequestContext;
use crate::site::{cookie_domains, parse_http_url, shared_cookie_domain};
use crate::state::State;
use crate::tokens::TokenSet;

/// The response to a renewal.
#[derive(Debug)]
pub(crate) struct Renewal {
    /// The body, `{}` if the tokens are in cookies only.
    pub(crate) tokens: Option<TokenSet>,
    pub(crate) cookies: Vec<String>,
}

/// `PATCH /api/session`: renews the session, with new tokens and cookies.
pub(crate) fn renew(state: &mut State, context: &RequestContext, entropy: &mut Entropy) -> Result<Renewal, ApiError> {
    let ids = state.trusted_session_ids(context).to_vec();
    let lifetime_s = state.dialect.session_lifetime_seconds;
    let Some((session_id, grant)) = state.sessions.renew(&ids, context.now_ms, lifetime_s) else {
        let status = state.dialect.no_session.into();
        return Err(ApiError::new(status, "SessionNotFound", "There is no session; log in first."));
    };
    let tokens = state.issue(&grant, context.now_ms, entropy);
    let page = context.origin.as_deref().and_then(parse_http_url);
    let domain = page.and_then(|page| shared_cookie_domain(&page, state.public_url.url()));
    let cookies = login_cookies(&state.public_url, &state.dialect, domain.as_deref(), &session_id, Some(&tokens));
    let in_body = state.dialect.renewal == RenewalResponse::Tokens;
    Ok(Renewal { tokens: in_body.then_some(tokens), cookies })
}

/// `DELETE /api/session`: returns the cookies to remove. Without a session the response is the same.
pub(crate) fn end(state: &mut State, context: &RequestContext) -> Vec<String> {
    let ids = state.trusted_session_ids(context).to_vec();
    state.sessions.end(&ids);
    logout_cookies(&state.public_url, &cookie_domains(state.public_url.url()))
}

/// `GET /logout`: returns the URL to redirect to, if the application allows it, and the cookies to remove.
/// The session ends in either case.
pub(crate) fn logout(
    state: &mut State,
    context: &RequestContext,
    application_id: Option<&str>,
    redirect_uri: Option<&str>,
) -> (Option<String>, Vec<String>) {
    state.sessions.end(&context.session_ids);
    let application = application_id.and_then(|id| state.applications.get(id));
    let redirect_url = redirect_uri.and_then(|uri| application?.allows_redirect(uri)).map(String::from);
    (redirect_url, logout_cookies(&state.public_url, &cookie_domains(state.public_url.url())))
}
