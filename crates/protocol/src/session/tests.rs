use super::{
    cookies::Cookies,
    credentials::SessionCredentials,
    origin::SessionOrigin,
    record::{as_begun, expires_at_ms},
    stored::StoredSession,
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
    let identity = session(record, cookies).identity(&settings(), NOW);
    identity.and_then(|claims| claims.subject().map(str::to_owned))
}

#[test]
fn a_stored_session_reads_back_while_its_cookie_exists() {
    let page = Page::new("https://app.shop.test/").unwrap();
    let write = tokens(&own(""), &own(""), Some(100)).unwrap().session_write(&page, NOW, SessionOrigin::Begun);
    let cookie = write.authorization_cookie.unwrap();
    assert!(cookie.expose().ends_with("; Max-Age=90; Secure"));
    assert_eq!(user_id(Some(write.record.expose()), "authorization=x").as_deref(), Some("user_a"));
    assert_eq!(user_id(Some(write.record.expose()), ""), None);
}

#[test]
fn without_expires_in_the_earlier_expiry_less_ten_seconds_counts() {
    let tokens = tokens(&own(r#","exp":1100"#), &own(r#","exp":1200"#), None).unwrap();
    let page = Page::new("http://localhost/").unwrap();
    assert!(tokens.session_write(&page, NOW, SessionOrigin::Begun).record.expose().contains("\"expiry\":1090000"));
}

#[test]
fn a_token_that_the_browser_keeps_in_no_cookie_is_stored_in_the_record() {
    let page = Page::new("https://www.other.test/").unwrap();
    let access = own(r#","client_id":"app_shop""#);
    let write = tokens(&access, &own(""), Some(100)).unwrap().session_write(&page, NOW, SessionOrigin::Begun);
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
    let without_token = Tokens::new(&settings(), None, Secret::new(own("")), None).unwrap().session_write(
        &page,
        NOW,
        SessionOrigin::Begun,
    );
    assert!(!without_token.is_cookie_missing(&Cookies::default()));
    assert!(
        !format!("{:?}", tokens(&access, &own(""), None).unwrap().session_write(&page, NOW, SessionOrigin::Begun))
            .contains(&access)
    );
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
    }
    let http_only = record.replace("true", "false");
    let cookies = format!("authorization={other_application}");
    assert_eq!(user_id(Some(&http_only), &cookies).as_deref(), Some("user_a"), "its token is HttpOnly");
}

#[test]
fn a_user_cookie_is_no_session_before_authress_has_set_it() {
    for (id, access) in [(own(""), ""), (own(""), "opaque"), (token(r#"{"sub":"42"}"#), ""), (own(""), &own(""))] {
        let cookies = format!("user={id}; authorization={access}");
        assert_eq!(user_id(None, &cookies), None, "{cookies}");
        assert!(session(None, &cookies).arrived_session(&settings(), NOW).is_some(), "{cookies}");
    }
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
    let (write, _) = here.session_write_of_user_cookie(&settings(), NOW, SessionOrigin::Begun).unwrap();
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
fn a_user_cookie_that_authress_has_just_set_counts_unless_it_has_expired() {
    let arrived = |cookies: &str| session(None, cookies).arrived_session(&settings(), NOW);
    let user = format!("user={}", own(r#","exp":1100"#));
    assert_eq!(arrived(&user).unwrap().user_id(), "user_a");
    assert_eq!(arrived(&format!("user={}", own(r#","exp":1000"#))), None);
    let write = |cookies: &str| {
        let (write, _) = session(None, cookies).session_write_of_user_cookie(&settings(), NOW, SessionOrigin::Found)?;
        Some(write.record.expose().to_owned())
    };
    let record = write(&format!("{user}; authorization=x")).unwrap();
    assert_eq!(user_id(Some(&record), "authorization=x").as_deref(), Some("user_a"));
    assert_eq!(user_id(Some(&record), ""), None);
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
        let write = tokens(&fresh, &fresh, None).unwrap().session_write(&page, now, SessionOrigin::Begun);
        assert_eq!(expires_at_ms(write.record.expose()), Some(ends_at));
        let here = session(None, &format!("user={fresh}"));
        let (write, now) = here.session_write_of_user_cookie(&settings(), now, SessionOrigin::Begun).unwrap();
        assert_eq!(expires_at_ms(write.record.expose()), Some(ends_at));
        assert_eq!(now.skew_ms, -ahead_ms);
    }
}

fn credentials(record: Option<&str>, cookies: &str) -> Result<SessionCredentials, ErrorCode> {
    let credentials = session(record, cookies).credentials(&settings(), NOW, true);
    credentials.map_err(|error| error.code)
}

fn record_of(extra: &str) -> String {
    format!(r#"{{"idToken":"{}"{extra}}}"#, own(""))
}

#[test]
fn a_record_says_that_its_session_was_found_and_otherwise_looks_like_the_published_clients() {
    let page = Page::new("https://app.shop.test/").unwrap();
    let record = |origin| {
        let write = tokens(&own(""), &own(""), Some(100)).unwrap().session_write(&page, NOW, origin);
        write.record.expose().to_owned()
    };
    let (begun, found) = (record(SessionOrigin::Begun), record(SessionOrigin::Found));
    assert!(begun.ends_with(r#","jsCookies":true}"#), "{begun}");
    assert_eq!(found.replace(r#","sessionOrigin":"found""#, ""), begun);
    let origin = |record: &str| session(Some(record), "authorization=x").origin_of("user_a");
    assert_eq!((origin(&begun), origin(&found)), (SessionOrigin::Begun, SessionOrigin::Found));
    assert_eq!(as_begun(&found).unwrap().expose(), begun);
    for unusable in [begun.as_str(), "", "[]", r#"{"sessionOrigin":"found"}"#] {
        assert_eq!(as_begun(unusable), None, "{unusable}");
    }
}

#[test]
fn a_session_of_another_user_than_that_of_the_record_was_found() {
    let origin = |record: Option<&str>| session(record, "").origin_of("user_a");
    assert_eq!(origin(None), SessionOrigin::Found);
    assert_eq!(origin(Some(&record_of(r#","expiry":1"#))), SessionOrigin::Begun, "an expired record of the same user");
    let other = format!(r#"{{"idToken":"{}"}}"#, token_of("user_b"));
    assert_eq!(origin(Some(&other)), SessionOrigin::Found);
}

#[test]
fn cookies_of_two_users_begin_no_session() {
    let origin = |cookies: &str| {
        let here = session(None, cookies);
        let (write, _) = here.session_write_of_user_cookie(&settings(), NOW, SessionOrigin::Begun).unwrap();
        session(Some(write.record.expose()), "").origin_of("user_a")
    };
    let (ours, another) = (own(""), token_of("user_b"));
    assert_eq!(origin(&format!("user={ours}; user={}", own(r#","exp":1200"#))), SessionOrigin::Begun);
    assert_eq!(origin(&format!("user={ours}; user={another}")), SessionOrigin::Found);
    assert_eq!(origin(&format!("user={ours}; user=unreadable")), SessionOrigin::Found);
}

#[test]
fn a_found_session_may_be_linked_if_its_access_token_is_a_customers() {
    let (begun, found) = (record_of(""), record_of(r#","sessionOrigin":"found""#));
    let may_link =
        |record: &str, token: &str| credentials(Some(record), &format!("authorization={token}")).unwrap().may_link;
    let of = |connection: &str| own(&format!(r#","client_id":"app_shop","azp":"{connection}""#));
    for token in [own(""), "opaque".to_owned(), of("sc_shop"), of(""), of("con_a")] {
        assert!(may_link(&begun, &token), "{token}");
        assert_eq!(may_link(&found, &token), token == of("con_a"), "{token}");
    }
    let identity = own(r#","azp":"con_a""#);
    let without_token = format!(r#"{{"idToken":"{identity}","jsCookies":false,"sessionOrigin":"found"}}"#);
    assert!(!credentials(Some(&without_token), "").unwrap().may_link, "no server verifies the identity");
}

#[test]
fn credentials_are_of_one_user() {
    let record = record_of(r#","jsCookies":false"#);
    assert_eq!(credentials(None, "").unwrap_err(), ErrorCode::NotLoggedIn);
    assert_eq!(credentials(Some(&record), "").unwrap().access_token, None, "the token is HttpOnly");
    let another = token_of("user_b");
    assert_eq!(credentials(Some(&record), &format!("authorization={another}")).unwrap_err(), ErrorCode::UserChanged);
    let both = format!("authorization={another}; authorization={}", own(""));
    assert_eq!(credentials(Some(&record), &both).unwrap().access_token, Some(Secret::new(own(""))));
    let of_user_a = || credentials(Some(&record), "").unwrap();
    assert!(of_user_a().check_user(None).is_ok() && of_user_a().check_user(Some("user_a")).is_ok());
    assert_eq!(of_user_a().check_user(Some("user_b")).unwrap_err().code, ErrorCode::UserChanged);
}

#[test]
fn another_anonymous_user_replaces_no_session_that_has_not_expired() {
    let accepts = |record: Option<&str>, cookies: &str, user_id: &str, is_anonymous| {
        session(record, cookies).accepts_renewal(&settings(), NOW, user_id, is_anonymous)
    };
    let (record, cookies) = (record_of(""), format!("authorization={}", own("")));
    for is_anonymous in [true, false] {
        assert!(accepts(Some(&record), &cookies, "user_a", is_anonymous));
        assert!(accepts(None, &cookies, "user_b", is_anonymous));
        assert_eq!(accepts(Some(&record), "", "user_b", is_anonymous), !is_anonymous, "its token is gone, or HttpOnly");
        assert!(accepts(Some(&record_of(r#","expiry":1"#)), &cookies, "user_b", is_anonymous), "it is over");
        assert_eq!(accepts(Some(&record), &cookies, "user_b", is_anonymous), !is_anonymous);
    }
}

#[test]
fn a_token_cookie_that_a_response_has_replaced_is_restored_until_the_session_ends() {
    let page = Page::new("https://app.shop.test/").unwrap();
    let restored = |record: &str, cookies: &str| {
        let cookie = session(Some(record), cookies).own_token_cookie(&settings(), &page, NOW);
        cookie.map(|cookie| cookie.expose().to_owned())
    };
    let (record, ours) = (record_of(r#","expiry":1060000"#), own(""));
    let cookie = restored(&record, &format!("authorization={}; authorization={ours}", token_of("user_b")));
    assert_eq!(cookie, Some(format!("authorization={ours}; Path=/; SameSite=Strict; Max-Age=60; Secure")));
    assert_eq!(restored(&record, &format!("authorization={}", token_of("user_b"))), None);
    let with_token = record_of(&format!(r#","accessToken":"{ours}""#));
    assert_eq!(restored(&with_token, ""), None, "the record has it");
}

#[test]
fn tokens_are_of_an_anonymous_session_by_their_connection() {
    let is_anonymous = |access: &str, id: &str| tokens(access, id, None).unwrap().is_anonymous();
    let of = |connection: &str| own(&format!(r#","azp":"{connection}""#));
    assert!(is_anonymous(&of("sc_shop"), &own("")) && is_anonymous(&own(""), &of("sc_shop")));
    assert!(is_anonymous(&of("sc_shop"), &of("con_a")) && !is_anonymous(&of("con_a"), &of("sc_shop")));
    assert!(!is_anonymous("opaque", &own("")));
}
