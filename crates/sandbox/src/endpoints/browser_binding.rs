//! Binding a login to the browser that began it, so that a link to `/login` or to an `authenticationUrl` has no effect
//! in another browser.
//!
//! A page that shares cookies with the login host has the response to its request set one, and `/login` compares. No
//! browser stores a cookie of the login host for a page of another site. For such a page `authenticationUrl` leads to
//! `/login`, which sets the cookie at the first visit, and only if the browser comes from a page of the origin that
//! began the request. An attacker can forge neither: a script cannot choose the referrer of another origin, and a page
//! that sends none is refused.

use crate::cookies::{login_binding_cookie, login_binding_name};
use crate::endpoints::error_page::ErrorPage;
use crate::endpoints::pkce::secrets_match;
use crate::entropy::Entropy;
use crate::model::authentication_request::{AuthenticationRequest, BrowserBinding, REQUEST_LIFETIME_MS};
use crate::request_context::RequestContext;
use crate::site::parse_http_url;
use crate::state::State;

/// A new binding, and the cookie of the response that goes with it.
pub(crate) fn begin(
    state: &State,
    request_id: &str,
    page: BeganAt<'_>,
    entropy: &mut Entropy,
) -> (BrowserBinding, Option<String>) {
    if !state.dialect.binds_logins {
        return (BrowserBinding::None, None);
    }
    match page {
        BeganAt::OwnSite => {
            let (binding, cookie) = bind(state, request_id, entropy);
            (binding, Some(cookie))
        }
        BeganAt::OtherSite { origin } => (BrowserBinding::FirstFrom(origin.to_owned()), None),
    }
}

/// Where a request began.
#[derive(Debug, Clone, Copy)]
pub(crate) enum BeganAt<'a> {
    /// Where the login host's cookies reach it.
    OwnSite,
    /// On another site.
    OtherSite { origin: &'a str },
}

/// Checks the browser that opens `/login`, and binds the request to it if this is its first visit.
///
/// # Errors
/// A page for the browser that did not begin the request, which stays as it is.
pub(crate) fn check(
    state: &mut State,
    context: &RequestContext,
    request: &AuthenticationRequest,
    is_start: bool,
    entropy: &mut Entropy,
) -> Result<Option<String>, ErrorPage> {
    match &request.browser {
        BrowserBinding::None => Ok(None),
        BrowserBinding::Cookie(secret) => {
            let name = login_binding_name(&state.public_url, &request.id);
            let is_same = context.cookies(&name).any(|value| secrets_match(&value, secret));
            if is_same { Ok(None) } else { Err(other_browser()) }
        }
        BrowserBinding::FirstFrom(origin) if is_start && referrer_origin(context).as_ref() == Some(origin) => {
            let (binding, cookie) = bind(state, &request.id, entropy);
            if let Some(stored) = state.requests.get_mut(&request.id) {
                stored.browser = binding;
            }
            Ok(Some(cookie))
        }
        BrowserBinding::FirstFrom(_) => Err(other_browser()),
    }
}

/// The cookie that ends the binding of a completed request.
pub(crate) fn removal(state: &State, request: &AuthenticationRequest) -> Option<String> {
    match request.browser {
        BrowserBinding::Cookie(_) => Some(login_binding_cookie(&state.public_url, &request.id, "", 0)),
        BrowserBinding::None | BrowserBinding::FirstFrom(_) => None,
    }
}

fn bind(state: &State, request_id: &str, entropy: &mut Entropy) -> (BrowserBinding, String) {
    let secret = entropy.id();
    let cookie = login_binding_cookie(&state.public_url, request_id, &secret, REQUEST_LIFETIME_MS / 1000);
    (BrowserBinding::Cookie(secret), cookie)
}

fn referrer_origin(context: &RequestContext) -> Option<String> {
    parse_http_url(context.referrer.as_deref()?).map(|url| url.origin().ascii_serialization())
}

fn other_browser() -> ErrorPage {
    let message = "This login began in another browser, or on a page that hides its origin (Referrer-Policy). \
        Start again from the application.";
    ErrorPage::new("LoginOfAnotherBrowser", message)
}
