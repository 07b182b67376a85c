use super::{
    cookies::Cookies,
    record::expires_at_ms,
    stored::{StoredSession, UserCookie},
    tokens::Tokens,
};
use crate::{
    base64url,
    clock::ClockReading,
    error::{Error, ErrorCode},
    page::Page,
    secret::Secret,
    settings::Settings,
};

const NOW: ClockReading = ClockReading { device_ms: 1_000_000, skew_ms: 0 };

fn settings() -> Settings {
    Settings::new("https://login.shop.test", Some("app_shop")).unwrap()
}

fn token(claims: &str) -> String {
    format!("e30.{}.sig", base64url::encode(claims.as_bytes()))
}

fn own(extra: &str) -> String {
    token(&format!(r#"{{"iss":"https://login.shop.test","sub":"user_a"{extra}}}"#))
}

fn tokens(access: &str, id: &str, expires_in: Option<i64>) -> Result<Tokens, Error> {
    Tokens::new(&settings(), Some(Secret::new(access)), Secret::new(id), expires_in)
}

fn session(record: Option<&str>, cookies: &str) -> StoredSession {
    StoredSession::new(record, Cookies::new(cookies))
}

fn user_id(record: Option<&str>, cookies: &str) -> Option<String> {
    let identity = session(record, cookies).identity(&settings(), NOW, UserCookie::Reachable);
    identity.and_then(|claims| claims.subject().map(str::to_owned))
}

#[test]
fn a_stored_session_reads_back_while_its_cookie_exists() {
    let page = Page::new("https://app.shop.test/").unwrap();
    let write = tokens(&own(""), &own(""), Some(100)).unwrap().session_write(&page, NOW);
    let cookie = write.authorization_cookie.unwrap();
    assert!(cookie.expose().ends_with("; Max-Age=90; Secure"));
    assert_eq!(user_id(Some(write.record.expose()), "authorization=x").as_deref(), Some("user_a"));
    assert_eq!(user_id(Some(write.record.expose()), ""), None);
}

#[test]
fn without_expires_in_the_earlier_expiry_less_ten_seconds_counts() {
    let tokens = tokens(&own(r#","exp":1100"#), &own(r#","exp":1200"#), None).unwrap();
    let page = Page::new("http://localhost/").unwrap();
    assert!(tokens.session_write(&page, NOW).record.expose().contains("\"expiry\":1090000"));
}

#[test]
fn a_token_that_the_browser_keeps_in_no_cookie_is_stored_in_the_record() {
    let page = Page::new("https://www.other.test/").unwrap();
    let access = own(r#","client_id":"app_shop""#);
    let write = tokens(&access, &own(""), Some(100)).unwrap().session_write(&page, NOW);
    assert!(write.is_cookie_missing(&Cookies::new("authorization=older; x=y")));
    assert!(!write.is_cookie_missing(&Cookies::new(format!("authorization=older; authorization={access}"))));
    let record = write.record_without_cookie.unwrap();
    let token = |cookies: &str| {
        let token = session(Some(record.expose()), cookies).access_token(&settings(), "user_a");
        token.map(|token| token.expose().to_owned())
    };
    assert_eq!(user_id(Some(record.expose()), "").as_deref(), Some("user_a"));
    let other_user = token_of("user_b");
    for cookies in ["", "authorization=opaque", &format!("authorization={other_user}")] {
        assert_eq!(token(cookies).as_deref(), Some(access.as_str()), "{cookies}");
    }
    let without_token = Tokens::new(&settings(), None, Secret::new(own("")), None).unwrap().session_write(&page, NOW);
    assert!(!without_token.is_cookie_missing(&Cookies::default()));
    assert!(!format!("{:?}", tokens(&access, &own(""), None).unwrap().session_write(&page, NOW)).contains(&access));
}

fn token_of(user_id: &str) -> String {
    token(&format!(r#"{{"iss":"https://login.shop.test","sub":"{user_id}"}}"#))
}

#[test]
fn a_session_with_a_token_of_another_application_or_user_does_not_count() {
    let record = format!(r#"{{"idToken":"{}","jsCookies":true}}"#, own(""));
    let other_application = own(r#","client_id":"app_other""#);
    for token in [other_application.clone(), token_of("user_b"), token(r#"{"iss":"https://evil.test"}"#)] {
        assert_eq!(user_id(Some(&record), &format!("authorization={token}")), None);
        assert_eq!(user_id(None, &format!("user={}; authorization={token}", own(""))), None);
    }
    let http_only = record.replace("true", "false");
    let cookies = format!("authorization={other_application}");
    assert_eq!(user_id(Some(&http_only), &cookies).as_deref(), Some("user_a"), "its token is HttpOnly");
}

#[test]
fn a_user_cookie_of_the_shop_is_no_identity_where_authress_sets_none() {
    let cookies = format!("user={}", token(r#"{"sub":"42"}"#));
    let identity = |cookie| session(None, &cookies).identity(&settings(), NOW, cookie).is_some();
    assert!(!identity(UserCookie::Unreachable));
    assert!(identity(UserCookie::Reachable));
    assert!(identity(UserCookie::Fresh));
    let cookies = format!("user={}", own(""));
    assert!(session(None, &cookies).identity(&settings(), NOW, UserCookie::Unreachable).is_some());
}

#[test]
fn an_identity_of_the_published_client_may_be_json_claims() {
    let claims = r#"{"iss":"https://login.shop.test","sub":"user_a","exp":1000}"#;
    let text = claims.replace('"', "\\\"");
    for id_token in [format!("\"{text}\""), claims.to_owned()] {
        let record = format!(r#"{{"idToken":{id_token},"expiry":{},"jsCookies":false}}"#, NOW.device_ms);
        assert_eq!(user_id(Some(&record), "").as_deref(), Some("user_a"), "{record}");
    }
    let encoded = claims.replace('{', "%7B").replace('}', "%7D").replace('"', "%22").replace(',', "%2C");
    let here = session(None, &format!("user={encoded}"));
    let (write, _) = here.session_write_of_user_cookie(&settings(), NOW, UserCookie::Fresh).unwrap();
    assert_eq!(user_id(Some(write.record.expose()), "").as_deref(), Some("user_a"));
    assert_eq!(expires_at_ms(write.record.expose()), Some(1_000_000), "JSON claims have no margin");
}

#[test]
fn an_expired_or_unreadable_record_has_no_identity() {
    let record = |expiry: i64| format!(r#"{{"idToken":"{}","expiry":{expiry},"jsCookies":false}}"#, own(""));
    assert_eq!(user_id(Some(&record(NOW.device_ms)), "").as_deref(), Some("user_a"));
    assert_eq!(user_id(Some(&record(NOW.device_ms - 1)), ""), None);
    for text in ["", "null", "{}", r#"{"idToken":5}"#, r#"{"idToken":"x"}"#] {
        assert_eq!(user_id(Some(text), ""), None, "{text}");
    }
}

#[test]
fn an_identity_without_issuer_is_accepted_and_a_foreign_one_is_not() {
    let record = |claims: &str| format!(r#"{{"idToken":"{}"}}"#, token(claims));
    assert_eq!(user_id(Some(&record(r#"{"sub":"user_a"}"#)), "").as_deref(), Some("user_a"));
    assert_eq!(user_id(Some(&record(r#"{"sub":"user_a","iss":"https://evil-login.shop.test.evil"}"#)), ""), None);
    assert_eq!(user_id(Some(&record(r#"{"sub":"user_a","iss":"no url"}"#)), ""), None);
    assert_eq!(user_id(Some(&record(r#"{"iss":"https://login.shop.test"}"#)), ""), None);
}

#[test]
fn the_user_cookie_counts_until_it_expires() {
    assert_eq!(user_id(None, &format!("user={}", own(r#","exp":1100"#))).as_deref(), Some("user_a"));
    assert_eq!(user_id(None, &format!("user={}", own(r#","exp":1000"#))), None);
    let here = session(None, &format!("user={}; authorization=x", own("")));
    let (write, _) = here.session_write_of_user_cookie(&settings(), NOW, UserCookie::Unreachable).unwrap();
    assert_eq!(user_id(Some(write.record.expose()), "authorization=x").as_deref(), Some("user_a"));
    assert_eq!(user_id(Some(write.record.expose()), ""), None);
}

#[test]
fn tokens_of_two_users_issuers_or_applications_are_refused() {
    let other = token(r#"{"iss":"https://login.shop.test","sub":"user_b"}"#);
    let foreign = token(r#"{"iss":"https://evil.test","sub":"user_a"}"#);
    let other_application = own(r#","client_id":"app_other""#);
    for (access, id) in [
        (&other, &own("")),
        (&other_application, &own("")),
        (&foreign, &own("")),
        (&own(""), &foreign),
        (&own(""), &token("{}")),
    ] {
        assert_eq!(tokens(access, id, None).unwrap_err().code, ErrorCode::InvalidServerResponse);
    }
}

#[test]
fn only_a_token_for_this_host_and_application_is_returned() {
    let pick = |cookies: &[&str]| {
        let text: Vec<_> = cookies.iter().map(|value| format!("authorization={value}")).collect();
        let here = session(None, &text.join("; "));
        here.access_token(&settings(), "user_a").map(|token| token.expose().to_owned())
    };
    let (ours, foreign) = (own(r#","client_id":"app_shop""#), token(r#"{"iss":"https://evil.test"}"#));
    let other_application = own(r#","client_id":"app_other""#);
    let other_user = token(r#"{"iss":"https://login.shop.test","sub":"user_b"}"#);
    assert_eq!(pick(&["opaque", &foreign, &other_application, &ours]), Some(ours.clone()));
    let of_the_shop = token(r#"{"uid":5}"#);
    assert_eq!(pick(&[&of_the_shop, &ours]), Some(ours), "a token that names no user comes last");
    assert_eq!(pick(&[&of_the_shop]), Some(of_the_shop));
    assert_eq!(pick(&[&foreign, &other_application, &other_user]), None);
    assert_eq!(pick(&["opaque", &foreign]).as_deref(), Some("opaque"));
    assert_eq!(pick(&[]), None);
}

#[test]
fn a_session_is_being_replaced_while_there_is_only_a_token_of_another_user() {
    let record = format!(r#"{{"idToken":"{}","jsCookies":true}}"#, own(""));
    let replaced = |cookies: &str| session(Some(&record), cookies).is_being_replaced(&settings(), NOW);
    let other_user = token(r#"{"iss":"https://login.shop.test","sub":"user_b"}"#);
    assert!(replaced(&format!("authorization={other_user}")));
    assert!(!replaced(&format!("authorization={other_user}; authorization={}", own(""))));
    assert!(!replaced(&format!("authorization={}", token(r#"{"iss":"https://evil.test","sub":"user_b"}"#))));
    assert!(!replaced(""));
}

#[test]
fn a_session_has_the_right_length_by_a_clock_that_is_a_day_off() {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let fresh = own(r#","iat":1000,"exp":1100"#);
    for ahead_ms in [DAY_MS, -DAY_MS] {
        let now = ClockReading { device_ms: 1_000_000 + ahead_ms, skew_ms: 0 };
        let ends_at = now.device_ms + 90_000;
        let page = Page::new("http://localhost/").unwrap();
        let write = tokens(&fresh, &fresh, None).unwrap().session_write(&page, now);
        assert_eq!(expires_at_ms(write.record.expose()), Some(ends_at));
        let here = session(None, &format!("user={fresh}"));
        let (write, now) = here.session_write_of_user_cookie(&settings(), now, UserCookie::Fresh).unwrap();
        assert_eq!(expires_at_ms(write.record.expose()), Some(ends_at));
        assert_eq!(now.skew_ms, -ahead_ms);
        assert!(here.identity(&settings(), now, UserCookie::Reachable).is_some(), "the known skew counts");
    }
}
