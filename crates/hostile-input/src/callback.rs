//! Callbacks: any address of the page, with and without the login that it belongs to.

use std::sync::LazyLock;

use authress_login_protocol::{
    authorization::pending::PendingAuthorization,
    callback::{
        callback_error::CallbackError,
        decision::{CallbackAction, CallbackDecision, decide},
        exchange::{CodeExchange, ExchangeResult},
        generation::{CurrentSession, SessionGeneration},
        login_result::{LoginResult, LoginStatus},
        unfinished::UnfinishedCallback,
    },
    callback_url::{
        CALLBACK_PARAMETERS, TOKEN_PARAMETERS, is_callback, own_page_url, restore_page_url, without_callback_parameters,
    },
    http::Response,
    page::Page,
    secret::Secret,
    session::cookies::Cookies,
};
use serde_json::json;
use url::form_urlencoded;

use crate::browser::{self, AUTHRESS, SETTINGS, is_own_host, token};

/// The pages that a login is tried on. Authress's cookies reach the first; tokens in an address count on the second.
const PAGES: [&str; 2] = ["https://app.shop.test/p", "http://localhost:5173/p"];
const NONCE: &str = "R";

static TOKENS: LazyLock<[(&str, String); 3]> = LazyLock::new(|| {
    [
        ("$own", token(&json!({ "iss": AUTHRESS, "sub": "user_a", "client_id": "app_shop" }))),
        ("$other", token(&json!({ "iss": AUTHRESS, "sub": "user_b" }))),
        ("$foreign", token(&json!({ "iss": "https://evil.test", "sub": "user_a" }))),
    ]
});

/// For any address and cookies:
///
/// - nothing counts without a pending login of its nonce, after a sign-out, or with a parameter twice;
/// - no token stays in the address, and of the callback parameters only those that the page had when the login began;
/// - the page's own parameters stay, and a cleaned address stays as it is;
/// - an address that [`is_callback`] denies needs no client.
///
/// The lines of the input are words about the scene (`localhost`, `elsewhere` for a return to another page than that of the
/// login, `link`), the query with which the browser returns, the cookies, the query of the page when the login began, and
/// the response to the code. `$own`, `$other` and `$foreign` are tokens.
pub fn callback(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let text = TOKENS.iter().fold(text.to_owned(), |text, (name, token)| match text.contains(name) {
        true => text.replace(name, token),
        false => text,
    });
    let [scene, query, cookies, own_query, response] = browser::lines(&text);
    let [same_site, localhost] = PAGES;
    let url = if scene.contains("localhost") { localhost } else { same_site };
    let begun = Page::new(&format!("{url}?{own_query}")).expect("a URL");
    let mut pending = pending(begun.href());
    genuine(begun.href(), &pending);
    if scene.contains("link") {
        pending.link_user_id = Some("user_a".to_owned());
    }
    let place = if scene.contains("elsewhere") { "/other" } else { "" };
    let cookies = Cookies::new(cookies);
    let page = Page::new(&format!("{url}{place}?{query}")).expect("a URL");
    let returned = Returned { page: &page, cookies: &cookies };
    returned.without_a_pending_login();
    returned.with(&pending, response);
    if let Ok(page) = Page::new(query) {
        Returned { page: &page, cookies: &cookies }.without_a_pending_login();
    }
    if let Some(result) = LoginResult::from_json(response) {
        assert_eq!(LoginResult::from_json(&result.to_json()), Some(result));
    }
}

/// A login that began at this address.
fn pending(begun_at: &str) -> PendingAuthorization {
    let page_url = own_page_url(&SETTINGS, begun_at);
    let redirect_url = without_callback_parameters(&page_url);
    let record = json!({
        "nonce": NONCE,
        "codeVerifier": "v",
        "lastConnectionId": "con_a",
        "issuer": AUTHRESS,
        "applicationId": "app_shop",
        "generation": 0,
        "createdAt": 1,
        "redirectUrl": redirect_url.as_ref().unwrap_or(&page_url),
        "pageUrl": redirect_url.is_some().then_some(&page_url),
    });
    *PendingAuthorization::from_json(&record.to_string()).expect("a record")
}

/// The genuine callback is exchanged, and the page's address is restored byte for byte.
fn genuine(begun_at: &str, pending: &PendingAuthorization) {
    let (rest, _) = pending.redirect_url.split_once('#').unwrap_or((&pending.redirect_url, ""));
    let separator = if rest.contains('?') { '&' } else { '?' };
    let page = Page::new(&format!("{rest}{separator}nonce={NONCE}&iss={AUTHRESS}&code=C")).expect("a URL");
    let returned = Returned { page: &page, cookies: &Cookies::default() };
    let decision = returned.decide(&CurrentSession::default(), Some(pending));
    assert!(matches!(decision.action, CallbackAction::Exchange(_)), "{decision:?}");
    let shown = decision.clean_href.expect("an address without the callback");
    assert_eq!(shown, own_page_url(&SETTINGS, begun_at));
}

/// A browser that returns to a page.
struct Returned<'a> {
    page: &'a Page,
    cookies: &'a Cookies,
}

impl Returned<'_> {
    fn decide(&self, session: &CurrentSession, pending: Option<&PendingAuthorization>) -> CallbackDecision {
        decide(&SETTINGS, self.page, self.cookies, session, |nonce| {
            pending.filter(|pending| pending.nonce == nonce).cloned().map(Box::new)
        })
    }

    fn without_a_pending_login(&self) {
        let decision = self.decide(&CurrentSession::default(), None);
        assert_eq!((decision.consumes_pending, &decision.action), (false, &CallbackAction::Ignore));
        self.is_clean(&decision);
        let shown = decision.clean_href.as_deref().unwrap_or(self.page.href());
        let stayed = |(name, _): &(String, String)| !CALLBACK_PARAMETERS.contains(&&**name);
        assert!(own_parameters(self.page.href()).eq(parameters(shown).into_iter().filter(stayed)), "{shown}");
    }

    /// No token stays, and to clean the address again changes nothing.
    fn is_clean(&self, decision: &CallbackDecision) {
        let Some(shown) = &decision.clean_href else {
            return assert!(!has_token(self.page.href()), "{}", self.page.href());
        };
        assert!(!has_token(shown), "{shown}");
        let page = Page::new(shown).expect("a URL");
        assert_eq!(page.href(), shown, "a normal form");
        let again = Returned { page: &page, cookies: self.cookies }.decide(&CurrentSession::default(), None);
        assert_eq!((again.clean_href, again.action), (None, CallbackAction::Ignore), "{shown}");
    }

    fn with(&self, pending: &PendingAuthorization, response: &str) {
        let session = CurrentSession::default();
        let decision = self.decide(&session, Some(pending));
        self.is_clean(&decision);
        let parameters = parameters(self.page.href());
        let values = |wanted: &str| {
            let all = parameters.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
            all.collect::<Vec<_>>()
        };
        let is_doubled = CALLBACK_PARAMETERS.iter().any(|name| values(name).len() > 1);
        let is_foreign = !values("iss").join("").is_empty() && !values("iss").into_iter().any(is_own_callback_issuer);
        let is_known = values("nonce").contains(&NONCE);
        let counts = is_known && !is_doubled && !is_foreign;
        if !is_callback(self.page.href()) {
            assert_eq!((&decision.clean_href, &decision.action), (&None, &CallbackAction::Ignore));
        }
        assert_eq!(decision.consumes_pending, counts, "{decision:?}");
        match &decision.action {
            CallbackAction::Ignore => assert!(!is_known),
            CallbackAction::Ended(_) => panic!("there was no sign-out"),
            CallbackAction::Fail(_, error) => {
                assert_eq!(error == &CallbackError::Invalid, !counts);
                self.failed(pending, error);
            }
            CallbackAction::Exchange(exchange) => {
                assert!(counts);
                exchanged(exchange, response);
            }
            CallbackAction::StoreTokens(_, tokens) => {
                assert!(counts && self.page.is_localhost() && is_own_host(tokens.claims().issuer()));
                assert!(values("id_token").len() == 1 && !tokens.user_id().is_empty());
            }
            CallbackAction::StoreCookies(_) => {
                assert!(counts && (!self.page.is_localhost() || values("id_token").join("").is_empty()));
            }
        }
        if is_known {
            self.of_the_login(pending, &decision);
        }
    }

    /// What else holds for the callback of a pending login.
    fn of_the_login(&self, pending: &PendingAuthorization, decision: &CallbackDecision) {
        let shown = decision.clean_href.as_deref().unwrap_or(self.page.href());
        // Only what the page had before is left of the callback parameters.
        let page_url = pending.page_url.as_deref().unwrap_or(&pending.redirect_url);
        let had =
            if restore_page_url(self.page.href(), page_url).is_some() { parameters(page_url) } else { Vec::new() };
        let shows = parameters(shown);
        assert!(callback_parameters(&shows).eq(callback_parameters(&had)), "{shown}");
        for own in own_parameters(self.page.href()) {
            assert!(shows.contains(&own), "{own:?} of {} in {shown}", self.page.href());
        }
        // The next page of the tab resumes it with the same result.
        let session = CurrentSession::default();
        if decision.consumes_pending {
            let record = UnfinishedCallback::to_json(self.page, pending);
            let resumed = UnfinishedCallback::from_json(record.expose(), 0).expect("a record");
            assert_eq!(resumed.action(&SETTINGS, self.cookies, &session), decision.action);
        }
        // Another client's login is left to it, and a sign-out ends this one's.
        let another = PendingAuthorization { application_id: Some("app_other".to_owned()), ..pending.clone() };
        let left = self.decide(&session, Some(&another));
        assert_eq!((left.consumes_pending, left.action), (false, CallbackAction::Ignore));
        let generation = SessionGeneration::default().after_sign_out(&[Box::new(pending.clone())], 0);
        let signed_out = CurrentSession { generation, ..session };
        let ended = self.decide(&signed_out, Some(pending)).action;
        assert!(
            matches!(ended, CallbackAction::Fail(_, CallbackError::Outdated | CallbackError::Invalid)),
            "{ended:?}"
        );
        let ended = self.decide(&signed_out, None);
        assert!(!ended.consumes_pending && ended.action == CallbackAction::Ended(LoginResult::outdated(pending)));
        let shown = ended.clean_href.expect("an address without the callback");
        assert!(callback_parameters(&parameters(&shown)).next().is_none(), "{shown}");
    }

    /// An error brings no session, and nothing but a link can be of an owned identity.
    fn failed(&self, pending: &PendingAuthorization, error: &CallbackError) {
        let result = LoginResult::from_error(pending, error);
        match result.status {
            LoginStatus::SignedIn | LoginStatus::Linked => panic!("{result:?}"),
            LoginStatus::AlreadyOwned => assert!(pending.link_user_id.is_some()),
            LoginStatus::Cancelled | LoginStatus::Failed => {}
        }
        assert_eq!(LoginResult::from_json(&result.to_json()), Some(result));
    }
}

/// Any response to a code brings tokens of this host only, and only with success.
fn exchanged(exchange: &CodeExchange, response: &str) {
    for status in [200, 400, 500] {
        let outcome = Ok(Response { status, body: Secret::new(response) });
        match exchange.read_outcome(&SETTINGS, outcome) {
            ExchangeResult::Tokens(tokens) => {
                assert!(status == 200 && is_own_host(tokens.claims().issuer()) && !tokens.user_id().is_empty());
            }
            ExchangeResult::Cookies => assert_eq!(status, 200),
            ExchangeResult::CodeRejected(_) => assert_eq!(status, 400),
            ExchangeResult::NetworkFailure(_) | ExchangeResult::Failed(_) => {}
        }
    }
}

fn is_own_callback_issuer(issuer: &str) -> bool {
    let is_https = url::Url::parse(issuer).is_ok_and(|url| url.scheme() == "https" && url.port().is_none());
    is_https && is_own_host(Some(issuer)) && issuer.starts_with("https:")
}

fn parameters(href: &str) -> Vec<(String, String)> {
    let (before, _) = href.split_once('#').unwrap_or((href, ""));
    let (_, query) = before.split_once('?').unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// The parameters that no callback has, in their order.
fn own_parameters(href: &str) -> impl Iterator<Item = (String, String)> {
    parameters(href).into_iter().filter(|(name, _)| !CALLBACK_PARAMETERS.contains(&&**name))
}

fn callback_parameters(all: &[(String, String)]) -> impl Iterator<Item = &(String, String)> {
    all.iter().filter(|(name, _)| CALLBACK_PARAMETERS.contains(&&**name))
}

fn has_token(href: &str) -> bool {
    parameters(href).iter().any(|(name, _)| TOKEN_PARAMETERS.contains(&&**name))
}
