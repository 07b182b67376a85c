//! The authorization response: the redirect to the application with the result of a login, RFC 6749 section 4.1.2.

use url::Url;

use crate::dialect::CallbackErrors;
use crate::model::authentication_request::{AuthenticationRequest, ExtensionRequest, ResponseLocation};
use crate::site::{PublicUrl, is_localhost, shared_cookie_domain};
use crate::state::State;
use crate::tokens::TokenSet;

/// A redirect to the application with the cookies that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuthorizationResponse {
    pub(crate) location: String,
    pub(crate) cookies: Vec<String>,
}

/// Where the response carries code or tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ResponseMode {
    /// `code` in the query.
    Code,
    /// The code in the cookie `auth-code` of this domain, and `code=cookie` in the query.
    CodeInCookie(String),
    /// Both tokens in the query: pages on localhost cannot get cookies from another host name.
    TokensInQuery,
    /// Both tokens in cookies of this domain.
    TokensInCookies(String),
    /// Neither: `responseLocation` was `none`.
    SessionOnly,
}

impl ResponseMode {
    /// Chooses by the first of these that applies: an explicit `none`; a flow with a code; a page on localhost; a
    /// page of the same https site that accepts cookies. All other pages get a code.
    pub(crate) fn choose(request: &AuthenticationRequest, public_url: &PublicUrl) -> Self {
        if request.response_location == ResponseLocation::None {
            Self::SessionOnly
        } else if request.wants_code {
            Self::with_code(request, public_url)
        } else if is_localhost(&request.redirect_url) {
            Self::TokensInQuery
        } else {
            shared_domain(request, public_url).map_or(Self::Code, Self::TokensInCookies)
        }
    }

    /// The mode of a response that has a code in any case.
    pub(crate) fn with_code(request: &AuthenticationRequest, public_url: &PublicUrl) -> Self {
        shared_domain(request, public_url).map_or(Self::Code, Self::CodeInCookie)
    }

    /// The domain of the cookies that the page shares, if it gets any.
    pub(crate) fn cookie_domain(&self) -> Option<&str> {
        match self {
            Self::CodeInCookie(domain) | Self::TokensInCookies(domain) => Some(domain),
            Self::Code | Self::TokensInQuery | Self::SessionOnly => None,
        }
    }
}

/// The domain of cookies that the page shares and wants.
fn shared_domain(request: &AuthenticationRequest, public_url: &PublicUrl) -> Option<String> {
    let wants_cookies = request.response_location == ResponseLocation::Cookie;
    shared_cookie_domain(&request.redirect_url, public_url.url()).filter(|_| wants_cookies)
}

/// What the response adds to `nonce` and `iss`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ResponseParameters<'a> {
    /// A code, or the word `cookie` if the code is in a cookie.
    Code(&'a str),
    Tokens {
        tokens: &'a TokenSet,
        /// The session's id, if the page gets it.
        session_token: Option<&'a str>,
    },
    /// Nothing: the result is in cookies.
    None,
    /// RFC 6749 section 4.1.2.1, with an error code if the dialect has them.
    Error { error: &'a str, code: &'a str, description: &'a str },
}

/// Returns the redirect URL with `nonce`, `iss` and the parameters; for an extension without `nonce` and with
/// its own `state` (RFC 6749 section 4.1.2, RFC 9207 section 2). The URL's own query is kept, as RFC 6749 section 3.1.2
/// demands.
pub(crate) fn redirect_location(
    state: &State,
    request: &AuthenticationRequest,
    parameters: ResponseParameters<'_>,
) -> String {
    let mut url = request.redirect_url.clone();
    if url.query() == Some("") {
        url.set_query(None);
    }
    match &request.extension {
        None => append(&mut url, &[("nonce", &request.id)]),
        Some(ExtensionRequest { state: Some(state) }) => append(&mut url, &[("state", state)]),
        Some(ExtensionRequest { state: None }) => (),
    }
    append(&mut url, &[("iss", &state.issuer())]);
    match parameters {
        ResponseParameters::Code(code) => append(&mut url, &[("code", code)]),
        ResponseParameters::Tokens { tokens, session_token } => {
            append(
                &mut url,
                &[
                    ("expires_in", &tokens.expires_in.to_string()),
                    ("access_token", &tokens.access_token),
                    ("id_token", &tokens.id_token),
                ],
            );
            if let Some(session_token) = session_token {
                append(&mut url, &[("session_token", session_token)]);
            }
        }
        ResponseParameters::None => (),
        ResponseParameters::Error { error, code, description } => {
            append(&mut url, &[("error", error)]);
            if state.dialect.callback_errors == CallbackErrors::WithCode {
                append(&mut url, &[("errorCode", code)]);
            }
            append(&mut url, &[("error_description", description)]);
        }
    }
    url.into()
}

fn append(url: &mut Url, pairs: &[(&str, &str)]) {
    url.query_pairs_mut().extend_pairs(pairs);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use crate::model::authentication_request::{BrowserBinding, Progress};
    use authress_jws::SigningKey;

    fn request(redirect_url: &str) -> AuthenticationRequest {
        AuthenticationRequest {
            id: "R".to_owned(),
            application_id: "app_demo".to_owned(),
            extension: None,
            redirect_url: Url::parse(redirect_url).unwrap(),
            redirect_url_text: redirect_url.to_owned(),
            code_challenge: String::new(),
            connection_id: None,
            wants_code: false,
            response_location: ResponseLocation::Cookie,
            audiences: vec![],
            scope: String::new(),
            link_to_user: None,
            browser: BrowserBinding::None,
            invite_id: None,
            expires_at_ms: 0,
            progress: Progress::AwaitingProvider,
        }
    }

    fn local() -> State {
        State::new(PublicUrl::parse("http://127.0.0.1:8888").unwrap(), SigningKey::generate("k").unwrap())
    }

    fn mode(redirect_url: &str, change: impl FnOnce(&mut AuthenticationRequest)) -> ResponseMode {
        let mut request = request(redirect_url);
        change(&mut request);
        ResponseMode::choose(&request, &PublicUrl::parse("https://login.shop.test").unwrap())
    }

    #[test]
    fn the_default_response_mode_depends_on_the_origin_of_the_page() {
        let domain = || "shop.test".to_owned();
        assert_eq!(mode("http://localhost:5173/", |_| ()), ResponseMode::TokensInQuery);
        assert_eq!(mode("http://127.0.0.1:5173/", |_| ()), ResponseMode::TokensInQuery);
        assert_eq!(mode("https://app.shop.test/", |_| ()), ResponseMode::TokensInCookies(domain()));
        assert_eq!(mode("https://www.other.test/", |_| ()), ResponseMode::Code);
        assert_eq!(mode("http://app.shop.test/", |_| ()), ResponseMode::Code);
        assert_eq!(mode("http://app.localhost/", |_| ()), ResponseMode::Code);
    }

    #[test]
    fn a_flow_with_a_code_gets_a_code_everywhere() {
        assert_eq!(mode("http://localhost:5173/", |request| request.wants_code = true), ResponseMode::Code);
        let same_site = mode("https://app.shop.test/", |request| request.wants_code = true);
        assert_eq!(same_site, ResponseMode::CodeInCookie("shop.test".to_owned()));
    }

    #[test]
    fn the_response_location_can_exclude_cookies_or_all_parameters() {
        let query = |request: &mut AuthenticationRequest| request.response_location = ResponseLocation::Query;
        assert_eq!(mode("https://app.shop.test/", query), ResponseMode::Code);
        let none = |request: &mut AuthenticationRequest| request.response_location = ResponseLocation::None;
        assert_eq!(mode("http://localhost:5173/", none), ResponseMode::SessionOnly);
    }

    #[test]
    fn the_applications_own_query_and_fragment_are_kept_and_appended_to() {
        let callback = "nonce=R&iss=http%3A%2F%2F127.0.0.1%3A8888&code=C";
        for (redirect_url, kept) in [
            (
                "http://localhost:5173/cart?q=a%20b&bare&code=SUMMER20&error=x#top",
                "q=a%20b&bare&code=SUMMER20&error=x&",
            ),
            ("http://localhost:5173/cart?#top", ""),
            ("http://localhost:5173/cart#top", ""),
        ] {
            let request = request(redirect_url);
            let location = redirect_location(&local(), &request, ResponseParameters::Code("C"));
            assert_eq!(location, format!("http://localhost:5173/cart?{kept}{callback}#top"));
        }
    }

    #[test]
    fn an_error_has_a_code_only_in_a_dialect_with_codes() {
        let error = ResponseParameters::Error { error: "access_denied", code: "UserCancelled", description: "No." };
        let mut state = local();
        let location = |state: &State| redirect_location(state, &request("http://localhost:5173/"), error);
        assert!(location(&state).ends_with("&error=access_denied&errorCode=UserCancelled&error_description=No."));
        state.dialect = Dialect::strict();
        assert!(location(&state).ends_with("&error=access_denied&error_description=No."));
    }
}
