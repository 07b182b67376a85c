use super::{
    decision::{Inspection, Refusal, Step, inspect},
    exchange::{Exchange, Exchanged},
    unfinished::Unfinished,
};
use crate::{
    authorization::{pending::PendingRequest, pkce::CodeVerifier, proof_of_work},
    base64url, callback_url,
    clock::Moment,
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

fn pending(nonce: &str) -> Box<PendingRequest> {
    Box::new(PendingRequest {
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
        created_at_ms: 0,
        clock_skew_ms: 0,
    })
}

fn token(issuer: &str, subject: &str) -> String {
    format!("e30.{}.sig", base64url::encode(format!(r#"{{"iss":"{issuer}","sub":"{subject}"}}"#).as_bytes()))
}

fn look(href: &str, cookies: &str) -> Inspection {
    inspect(&settings(), &Page::new(href).unwrap(), &Cookies::new(cookies), |nonce| {
        (nonce == "R").then(|| pending("R"))
    })
}

#[test]
fn a_code_with_a_matching_nonce_is_exchanged() {
    let inspection = look("https://app.shop.test/cart?a=1&code=C&nonce=R&iss=https%3A%2F%2Flogin.shop.test#x", "");
    assert!(inspection.consumes);
    assert_eq!(inspection.clean_href.as_deref(), Some("https://app.shop.test/cart?a=1#x"));
    let Step::Exchange(exchange) = inspection.step else { panic!("{:?}", inspection.step) };
    let request = exchange.request(&settings(), Moment { device_ms: 1_000, skew_ms: 0 }, 5, true).finish();
    assert_eq!(request.path, "/api/authentication/R/tokens");
    let body: serde_json::Value = serde_json::from_str(request.body.unwrap().expose()).unwrap();
    assert_eq!((&body["grant_type"], &body["code"]), (&"authorization_code".into(), &"C".into()));
    assert_eq!((&body["client_id"], &body["code_verifier"]), (&"app_shop".into(), &"the-verifier".into()));
    assert_eq!(body["redirect_uri"], "https://app.shop.test/");
    proof_of_work::verify(body["antiAbuseHash"].as_str().unwrap(), "app_shop|R|C").unwrap();
}

#[test]
fn an_unfinished_callback_is_gone_on_with_for_an_hour() {
    let href = "https://app.shop.test/?nonce=R&code=C&iss=https%3A%2F%2Flogin.shop.test";
    let stored = Unfinished::to_json(&Page::new(href).unwrap(), &pending("R"));
    let read = |now_ms| Unfinished::from_json(stored.expose(), now_ms);
    assert_eq!(read(0).unwrap().nonce(), "R");
    assert!(matches!(read(0).unwrap().step(&settings(), &Cookies::default()), Step::Exchange(_)));
    assert!(read(60 * 60 * 1000).is_some());
    assert!(read(60 * 60 * 1000 + 1).is_none());
    for text in ["", "{}", r#"{"href":"x","pending":{}}"#] {
        assert!(Unfinished::from_json(text, 0).is_none(), "{text}");
    }
}

#[test]
fn a_callback_with_a_doubled_parameter_is_refused_and_the_login_kept() {
    let callback = "nonce=R&iss=https%3A%2F%2Flogin.shop.test&code=C";
    for laid in ["code=SUMMER20", "error=access_denied", "c%6Fde=X", "nonce=S", "iss=me"] {
        let href = format!("https://app.shop.test/?{laid}&{callback}&error=x");
        let inspection = look(&href, "");
        if laid != "nonce=S" {
            assert_eq!(inspection.step, Step::Refused(pending("R"), Refusal::Untrusted), "{laid}");
        }
        assert!(!inspection.consumes, "{laid}");
        assert_eq!(inspection.clean_href.as_deref(), Some("https://app.shop.test/"), "{laid}");
    }
}

#[test]
fn the_callback_of_another_client_of_the_page_is_left_alone() {
    for (issuer, application_id) in [("https://login.other.test", "app_shop"), (AUTHRESS, "app_admin")] {
        let href = format!("https://app.shop.test/?code=C&nonce=R&iss={issuer}&access_token=T");
        let inspection = inspect(&settings(), &Page::new(&href).unwrap(), &Cookies::default(), |_| {
            let owner = (Some(issuer.to_owned()), Some(application_id.to_owned()));
            Some(Box::new(PendingRequest { issuer: owner.0, application_id: owner.1, ..*pending("R") }))
        });
        assert_eq!(inspection, Inspection { consumes: false, clean_href: None, step: Step::NotOurs }, "{issuer}");
    }
}

#[test]
fn a_return_that_nobody_waits_for_changes_nothing() {
    let inspection = look("https://app.shop.test/?code=C&nonce=other&iss=https://login.shop.test", "");
    assert_eq!((inspection.consumes, inspection.step), (false, Step::NotOurs));
    assert_eq!(inspection.clean_href.as_deref(), Some("https://app.shop.test/"));
}

#[test]
fn an_applications_own_code_stays_in_the_address() {
    let inspection = look("https://app.shop.test/?code=SUMMER&state=x", "");
    assert_eq!(inspection, Inspection { consumes: false, clean_href: None, step: Step::NotOurs });
}

#[test]
fn an_extensions_return_is_left_to_it() {
    let inspection = look("https://app.shop.test/?code=C&state=x&iss=https://login.shop.test", "");
    assert_eq!(inspection, Inspection { consumes: false, clean_href: None, step: Step::NotOurs });
}

#[test]
fn a_foreign_issuer_is_refused_and_the_login_kept() {
    for issuer in ["https://evil.test", "https://login.shop.test.evil.test", "https://evil-login.shop.test", "x"] {
        let inspection = look(&format!("https://app.shop.test/?code=C&nonce=R&iss={issuer}"), "");
        assert!(!inspection.consumes, "{issuer}");
        assert_eq!(inspection.step, Step::Refused(pending("R"), Refusal::Untrusted), "{issuer}");
    }
}

#[test]
fn tokens_in_the_query_count_on_localhost_only_and_for_a_waiting_login_only() {
    let tokens = format!("access_token={0}&id_token={0}&expires_in=60&iss={AUTHRESS}", token(AUTHRESS, "user_a"));
    assert!(matches!(look(&format!("http://localhost:5173/?nonce=R&{tokens}"), "").step, Step::Adopt(..)));
    assert_eq!(look(&format!("https://app.shop.test/?nonce=R&{tokens}"), "").step, Step::ReadCookies(pending("R")));
    let planted = look(&format!("http://localhost:5173/?nonce=planted&{tokens}"), "");
    assert_eq!(planted.step, Step::NotOurs);
    assert_eq!(planted.clean_href.as_deref(), Some("http://localhost:5173/"));
}

#[test]
fn tokens_of_another_issuer_or_of_two_users_are_refused() {
    let (own, foreign) = (token(AUTHRESS, "user_a"), token("https://evil.test", "user_a"));
    let other_user = token(AUTHRESS, "user_b");
    for (access, id) in [(&own, &foreign), (&foreign, &own), (&other_user, &own)] {
        let inspection = look(&format!("http://localhost/?nonce=R&access_token={access}&id_token={id}"), "");
        assert_eq!(inspection.step, Step::Refused(pending("R"), Refusal::Untrusted));
    }
}

#[test]
fn a_code_in_a_cookie_is_found() {
    let href = "https://app.shop.test/?code=cookie&nonce=R";
    let Step::Exchange(exchange) = look(href, "auth-code=C%2B").step else { panic!() };
    assert_eq!(exchange.code().expose(), "C+");
    assert_eq!(look(href, "").step, Step::Refused(pending("R"), Refusal::Untrusted));
}

#[test]
fn a_refusal_names_its_codes_and_is_cleaned_up() {
    let inspection = look(
        "https://app.shop.test/?nonce=R&error=access_denied&errorCode=IdentityAlreadyOwned&error_description=no&k=1",
        "",
    );
    assert_eq!(inspection.clean_href.as_deref(), Some("https://app.shop.test/?k=1"));
    let refusal = Refusal::ByServer { error: "access_denied".into(), error_code: Some("IdentityAlreadyOwned".into()) };
    assert_eq!(inspection.step, Step::Refused(pending("R"), refusal));
}

#[test]
fn each_answer_to_an_exchange_has_its_meaning() {
    let exchange = Exchange::new(pending("R"), Secret::new("C"));
    let accept = |status, body: &str| exchange.accept(&settings(), Ok(Response { status, body: Secret::new(body) }));
    assert!(matches!(accept(200, &format!(r#"{{"id_token":"{}"}}"#, token(AUTHRESS, "u"))), Exchanged::Tokens(_)));
    assert_eq!(accept(200, "{}"), Exchanged::Cookies);
    assert!(matches!(accept(400, r#"{"error":"invalid_request"}"#), Exchanged::CodeRefused(_)));
    assert!(matches!(accept(403, "{}"), Exchanged::Failed(_)));
    assert!(matches!(accept(500, ""), Exchanged::Unanswered(_)));
    let foreign = format!(r#"{{"id_token":"{}"}}"#, token("https://evil.test", "u"));
    assert!(matches!(accept(200, &foreign), Exchanged::Failed(_)));
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("R".to_owned()),
        Just(AUTHRESS.to_owned()),
        Just("https://evil.test".to_owned()),
        Just("cookie".to_owned()),
        Just(token(AUTHRESS, "user_a")),
        Just(token("https://evil.test", "user_a")),
        ".{0,12}",
    ]
}

proptest! {
    #[test]
    fn no_foreign_issuer_or_wrong_nonce_is_ever_accepted(
        parts in prop::collection::vec((prop::sample::select(vec!["nonce", "iss", "code", "access_token", "id_token", "error", "x"]), any_value()), 0..7),
        host in prop::sample::select(vec!["http://localhost:1/", "https://app.shop.test/"]),
        cookies in ".{0,30}",
    ) {
        let mut url = url::Url::parse(host).unwrap();
        url.query_pairs_mut().extend_pairs(&parts);
        let inspection = look(url.as_str(), &cookies);
        let first = |name: &str| parts.iter().find(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value.as_str());
        let accepted = matches!(inspection.step, Step::Exchange(_) | Step::Adopt(..) | Step::ReadCookies(_));
        if accepted {
            prop_assert_eq!(first("nonce"), Some("R"));
            prop_assert!(first("iss").is_none_or(|issuer| settings().is_issuer(issuer)));
        }
        if let Step::Adopt(_, tokens) = &inspection.step {
            prop_assert_eq!(tokens.user_id(), "user_a");
            let own = token(AUTHRESS, "user_a");
            prop_assert_eq!(first("id_token"), Some(own.as_str()));
        }
        let is_doubled = callback_url::has_doubled_parameter(url.as_str());
        prop_assert!(!(accepted && is_doubled));
        let is_own = first("iss").is_none_or(|issuer| settings().is_issuer(issuer)) && !is_doubled;
        prop_assert_eq!(inspection.consumes, accepted || (matches!(&inspection.step, Step::Refused(..)) && is_own));
    }
}
