use super::{
    callback_error::CallbackError,
    decision::{CallbackAction, CallbackDecision, decide},
    exchange::{CodeExchange, ExchangeResult},
    generation::{CurrentSession, SessionGeneration},
    login_result::LoginResult,
    unfinished::UnfinishedCallback,
};
use crate::{
    authorization::{pending::PendingAuthorization, pkce::CodeVerifier, proof_of_work},
    base64url, callback_url,
    clock::ClockReading,
    http::Response,
    page::Page,
    secret::Secret,
    session::cookies::Cookies,
    settings::Settings,
};
use proptest::prelude::*;

const AUTHRESS: &str = "https://login.shop.test";

fn settings() -> Settings {
    Settings::new(AUTHRESS, Some("app_shop")).unwrap()
}

fn pending(nonce: &str) -> Box<PendingAuthorization> {
    Box::new(PendingAuthorization {
        nonce: nonce.to_owned(),
        code_verifier: CodeVerifier::restore("the-verifier"),
        connection_id: None,
        tenant_lookup_identifier: None,
        issuer: None,
        application_id: None,
        redirect_url: "https://app.shop.test/".into(),
        page_url: None,
        enable_credentials: None,
        multi_account: None,
        link_user_id: None,
        user_id: None,
        generation: None,
        app_state: None,
        created_at_ms: 0,
        clock_skew_ms: 0,
    })
}

fn token(issuer: &str, subject: &str) -> String {
    format!("e30.{}.sig", base64url::encode(format!(r#"{{"iss":"{issuer}","sub":"{subject}"}}"#).as_bytes()))
}

fn decided(href: &str, cookies: &str) -> CallbackDecision {
    decide(&settings(), &Page::new(href).unwrap(), &Cookies::new(cookies), &CurrentSession::default(), |nonce| {
        (nonce == "R").then(|| pending("R"))
    })
}

#[test]
fn a_code_with_a_matching_nonce_is_exchanged() {
    let decision = decided("https://app.shop.test/cart?a=1&code=C&nonce=R&iss=https%3A%2F%2Flogin.shop.test#x", "");
    assert!(decision.consumes_pending);
    assert_eq!(decision.clean_href.as_deref(), Some("https://app.shop.test/cart?a=1#x"));
    let CallbackAction::Exchange(exchange) = decision.action else { panic!("{:?}", decision.action) };
    let request = exchange.request(&settings(), ClockReading { device_ms: 1_000, skew_ms: 0 }, 5, true).finish();
    assert_eq!(request.path, "/api/authentication/R/tokens");
    let body: serde_json::Value = serde_json::from_str(request.body.unwrap().expose()).unwrap();
    assert_eq!((&body["grant_type"], &body["code"]), (&"authorization_code".into(), &"C".into()));
    assert_eq!((&body["client_id"], &body["code_verifier"]), (&"app_shop".into(), &"the-verifier".into()));
    assert_eq!(body["redirect_uri"], "https://app.shop.test/");
    proof_of_work::verify(body["antiAbuseHash"].as_str().unwrap(), "app_shop|R|C").unwrap();
}

#[test]
fn an_unfinished_callback_can_be_resumed_for_an_hour() {
    let href = "https://app.shop.test/?nonce=R&code=C&iss=https%3A%2F%2Flogin.shop.test";
    let begun = PendingAuthorization { created_at_ms: 1, ..*pending("R") };
    let stored = UnfinishedCallback::to_json(&Page::new(href).unwrap(), &begun);
    let read = |now_ms| UnfinishedCallback::from_json(stored.expose(), now_ms);
    assert_eq!(read(0).unwrap().nonce(), "R");
    assert!(matches!(
        read(0).unwrap().action(&settings(), &Cookies::default(), &CurrentSession::default()),
        CallbackAction::Exchange(_)
    ));
    assert!(read(1 + 60 * 60 * 1000).is_some());
    assert!(read(2 + 60 * 60 * 1000).is_none());
    for text in ["", "{}", r#"{"href":"x","pending":{}}"#] {
        assert!(UnfinishedCallback::from_json(text, 0).is_none(), "{text}");
    }
}

#[test]
fn a_callback_with_a_duplicate_parameter_fails_and_its_login_stays_pending() {
    let callback = "nonce=R&iss=https%3A%2F%2Flogin.shop.test&code=C&error=x";
    for injected in ["code=SUMMER20", "error=access_denied", "c%6Fde=X", "%63ode", "nonce=S", "nonc%65=", "iss=me"] {
        for query in [format!("{injected}&{callback}"), format!("{callback}&{injected}")] {
            let decision = decided(&format!("https://app.shop.test/?{query}"), "");
            assert_eq!(decision.action, CallbackAction::Fail(pending("R"), CallbackError::Invalid), "{query}");
            assert!(!decision.consumes_pending, "{query}");
            assert_eq!(decision.clean_href.as_deref(), Some("https://app.shop.test/"), "{query}");
        }
    }
}

#[test]
fn tokens_are_removed_from_every_address_without_a_pending_authorization() {
    let code = "zc7sHd-yL5rQk0ZJbZ7mFQ";
    for (query, cleaned) in [
        ("a=1&access_token=T", Some("a=1")),
        ("a=1&id%5Ftoken=T&session_token", Some("a=1")),
        ("a=1&nonce=N&iss=https%3A%2F%2Flogin.shop.test", Some("a=1")),
        ("a=1&code=C&iss=https%3A%2F%2Flogin.shop.test&expires_in=1", Some("a=1")),
        ("a=1&nonce=N&access_token=T&expires_in=1", Some("a=1&nonce=N&expires_in=1")),
        (
            "a=1&nonce=N&iss=https%3A%2F%2Fevil.test&access_token=T&code=C",
            Some("a=1&nonce=N&iss=https%3A%2F%2Fevil.test&code=C"),
        ),
        (&format!("a=1&nonce=N&c%6Fde={code}"), Some("a=1&nonce=N")),
        (&format!("nonce=&nonce=N&code=&code={code}&a=1"), Some("nonce=&nonce=N&a=1")),
        (&format!("code={code}&state=x&iss=https%3A%2F%2Flogin.shop.test"), None),
        (&format!("code={code}&state=x"), None),
        (&format!("code={code}&nonce=N&iss=https%3A%2F%2Fother.test"), None),
        ("code=SUMMER20", None),
        ("code=SUMMER20&error=sold-out&nonce=n1", None),
        ("nonce=n1", None),
        ("error=sold-out", None),
    ] {
        for host in ["https://app.shop.test/", "http://localhost:5173/"] {
            let decision = decided(&format!("{host}?{query}#top"), "");
            let cleaned = cleaned.map(|cleaned| format!("{host}?{cleaned}#top"));
            let ignored =
                CallbackDecision { consumes_pending: false, clean_href: cleaned, action: CallbackAction::Ignore };
            assert_eq!(decision, ignored, "{query}");
        }
    }
}

#[test]
fn the_callback_of_another_client_of_the_page_is_ignored() {
    for (issuer, application_id) in [("https://login.other.test", "app_shop"), (AUTHRESS, "app_admin")] {
        let href = format!("https://app.shop.test/?code=C&nonce=R&iss={issuer}&access_token=T");
        let decision =
            decide(&settings(), &Page::new(&href).unwrap(), &Cookies::default(), &CurrentSession::default(), |_| {
                let owner = (Some(issuer.to_owned()), Some(application_id.to_owned()));
                Some(Box::new(PendingAuthorization { issuer: owner.0, application_id: owner.1, ..*pending("R") }))
            });
        let clean_href = Some(format!("https://app.shop.test/?code=C&nonce=R&iss={issuer}"));
        assert_eq!(
            decision,
            CallbackDecision { consumes_pending: false, clean_href, action: CallbackAction::Ignore },
            "{issuer}: tokens count on localhost only"
        );
    }
}

#[test]
fn a_callback_without_a_pending_authorization_changes_nothing() {
    let decision = decided("https://app.shop.test/?code=C&nonce=other&iss=https://login.shop.test", "");
    assert_eq!((decision.consumes_pending, decision.action), (false, CallbackAction::Ignore));
    assert_eq!(decision.clean_href.as_deref(), Some("https://app.shop.test/"));
}

#[test]
fn a_code_parameter_of_the_application_stays_in_the_address() {
    let decision = decided("https://app.shop.test/?code=SUMMER&state=x", "");
    assert_eq!(
        decision,
        CallbackDecision { consumes_pending: false, clean_href: None, action: CallbackAction::Ignore }
    );
}

#[test]
fn the_callback_of_an_extension_is_ignored() {
    let decision = decided("https://app.shop.test/?code=C&state=x&iss=https://login.shop.test", "");
    assert_eq!(
        decision,
        CallbackDecision { consumes_pending: false, clean_href: None, action: CallbackAction::Ignore }
    );
}

#[test]
fn a_callback_after_a_sign_out_is_used_up_without_its_code() {
    let page = Page::new("https://app.shop.test/?a=1&code=C&nonce=R&iss=https://login.shop.test").unwrap();
    let generation = SessionGeneration::default().after_sign_out(&[pending("R")], 0);
    let session = CurrentSession { generation, ..CurrentSession::default() };
    let begun = || Box::new(PendingAuthorization { generation: Some(0), ..*pending("R") });
    let decision = decide(&settings(), &page, &Cookies::default(), &session, |_| Some(begun()));
    assert_eq!(decision.action, CallbackAction::Fail(begun(), CallbackError::Outdated));
    assert!(decision.consumes_pending);
    // Usually the sign-out has removed the record.
    let decision = decide(&settings(), &page, &Cookies::default(), &session, |_| None);
    assert_eq!(decision.action, CallbackAction::Ended(LoginResult::outdated(&pending("R"))));
    assert!(!decision.consumes_pending);
    assert_eq!(decision.clean_href.as_deref(), Some("https://app.shop.test/?a=1"));
}

#[test]
fn a_callback_of_another_issuer_fails_and_its_login_stays_pending() {
    for issuer in [
        "https://evil.test",
        "https://login.shop.test.evil.test",
        "https://evil-login.shop.test",
        "https://other.shop.test",
        "http://login.shop.test",
        "https://tenant.login.shop.test:8443",
        "x",
    ] {
        let decision = decided(&format!("https://app.shop.test/?code=C&nonce=R&iss={issuer}"), "");
        assert!(!decision.consumes_pending, "{issuer}");
        assert_eq!(decision.action, CallbackAction::Fail(pending("R"), CallbackError::Invalid), "{issuer}");
    }
}

#[test]
fn a_callback_of_a_host_below_or_above_the_configured_one_is_handled() {
    for issuer in ["https://tenant.login.shop.test", "https://shop.test"] {
        let decision = decided(&format!("https://app.shop.test/?code=C&nonce=R&iss={issuer}"), "");
        assert!(decision.consumes_pending, "{issuer}");
        assert!(matches!(decision.action, CallbackAction::Exchange(_)), "{issuer}");
        let unknown = decided(&format!("https://app.shop.test/?code=C&nonce=other&iss={issuer}"), "");
        assert_eq!(unknown.clean_href.as_deref(), Some("https://app.shop.test/"), "{issuer}");
        assert_eq!(unknown.action, CallbackAction::Ignore, "{issuer}");
    }
}

#[test]
fn tokens_in_the_query_count_on_localhost_and_with_a_pending_authorization_only() {
    let tokens = format!("access_token={0}&id_token={0}&expires_in=60&iss={AUTHRESS}", token(AUTHRESS, "user_a"));
    assert!(matches!(
        decided(&format!("http://localhost:5173/?nonce=R&{tokens}"), "").action,
        CallbackAction::StoreTokens(..)
    ));
    assert_eq!(
        decided(&format!("https://app.shop.test/?nonce=R&{tokens}"), "").action,
        CallbackAction::StoreCookies(pending("R"))
    );
    let planted = decided(&format!("http://localhost:5173/?nonce=planted&{tokens}"), "");
    assert_eq!(planted.action, CallbackAction::Ignore);
    assert_eq!(planted.clean_href.as_deref(), Some("http://localhost:5173/"));
}

#[test]
fn tokens_of_another_issuer_or_of_two_users_are_untrusted() {
    let (own, foreign) = (token(AUTHRESS, "user_a"), token("https://evil.test", "user_a"));
    let other_user = token(AUTHRESS, "user_b");
    for (access, id) in [(&own, &foreign), (&foreign, &own), (&other_user, &own)] {
        let decision = decided(&format!("http://localhost/?nonce=R&access_token={access}&id_token={id}"), "");
        assert_eq!(decision.action, CallbackAction::Fail(pending("R"), CallbackError::Untrusted));
    }
}

#[test]
fn a_code_is_read_from_its_cookie() {
    let href = "https://app.shop.test/?code=cookie&nonce=R";
    let CallbackAction::Exchange(exchange) = decided(href, "auth-code=C%2B").action else { panic!() };
    assert_eq!(exchange.code().expose(), "C+");
    assert_eq!(decided(href, "").action, CallbackAction::Fail(pending("R"), CallbackError::Untrusted));
}

#[test]
fn an_error_response_keeps_its_codes_and_the_address_is_cleaned() {
    let decision = decided(
        "https://app.shop.test/?nonce=R&error=access_denied&errorCode=IdentityAlreadyOwned&error_description=no&k=1",
        "",
    );
    assert_eq!(decision.clean_href.as_deref(), Some("https://app.shop.test/?k=1"));
    let error = CallbackError::AuthorizationServer {
        error: "access_denied".into(),
        error_code: Some("IdentityAlreadyOwned".into()),
        description: Some("no".into()),
    };
    assert_eq!(decision.action, CallbackAction::Fail(pending("R"), error));
}

#[test]
fn each_outcome_of_a_code_exchange_has_its_result() {
    let exchange = CodeExchange::new(pending("R"), Secret::new("C"));
    let result =
        |status, body: &str| exchange.read_outcome(&settings(), Ok(Response { status, body: Secret::new(body) }));
    assert!(matches!(result(200, &format!(r#"{{"id_token":"{}"}}"#, token(AUTHRESS, "u"))), ExchangeResult::Tokens(_)));
    assert_eq!(result(200, "{}"), ExchangeResult::Cookies);
    assert!(matches!(result(400, r#"{"error":"invalid_request"}"#), ExchangeResult::CodeRejected(_)));
    assert!(matches!(result(403, "{}"), ExchangeResult::Failed(_)));
    assert!(matches!(result(500, ""), ExchangeResult::NetworkFailure(_)));
    let foreign = format!(r#"{{"id_token":"{}"}}"#, token("https://evil.test", "u"));
    assert!(matches!(result(200, &foreign), ExchangeResult::Failed(_)));
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("R".to_owned()),
        Just(AUTHRESS.to_owned()),
        Just("https://evil.test".to_owned()),
        Just("https://tenant.login.shop.test".to_owned()),
        Just("cookie".to_owned()),
        Just(token(AUTHRESS, "user_a")),
        Just(token("https://evil.test", "user_a")),
        ".{0,12}",
    ]
}

proptest! {
    #[test]
    fn no_callback_of_another_issuer_or_without_a_pending_authorization_is_accepted(
        parts in prop::collection::vec((prop::sample::select(vec!["nonce", "iss", "code", "access_token", "id_token", "error", "x"]), any_value()), 0..7),
        host in prop::sample::select(vec!["http://localhost:1/", "https://app.shop.test/"]),
        cookies in ".{0,30}",
    ) {
        let mut url = url::Url::parse(host).unwrap();
        url.query_pairs_mut().extend_pairs(&parts);
        let decision = decided(url.as_str(), &cookies);
        let first = |name: &str| parts.iter().find(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value.as_str());
        let accepted = matches!(decision.action, CallbackAction::Exchange(_) | CallbackAction::StoreTokens(..) | CallbackAction::StoreCookies(_));
        if accepted {
            prop_assert_eq!(first("nonce"), Some("R"));
            prop_assert!(first("iss").is_none_or(|issuer| settings().is_own_callback_issuer(issuer)));
        }
        if let CallbackAction::StoreTokens(_, tokens) = &decision.action {
            prop_assert_eq!(tokens.user_id(), "user_a");
            let own = token(AUTHRESS, "user_a");
            prop_assert_eq!(first("id_token"), Some(own.as_str()));
        }
        let is_duplicate = callback_url::has_duplicate_parameter(url.as_str());
        prop_assert!(!(accepted && is_duplicate));
        let is_own = first("iss").is_none_or(|issuer| settings().is_own_callback_issuer(issuer)) && !is_duplicate;
        prop_assert_eq!(decision.consumes_pending, accepted || (matches!(&decision.action, CallbackAction::Fail(..)) && is_own));
        let address = decision.clean_href.unwrap_or_else(|| url.into());
        prop_assert_eq!(callback_url::without_tokens(&address), None);
    }
}
