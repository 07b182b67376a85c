//! Linked identities and the profile.

use serde_json::json;

use super::harness::{LOCAL_PAGE, TestResponse, TestSandbox};

async fn link(sandbox: &TestSandbox, token: &str, connection_id: &str, person: &str, seed: u32) -> TestResponse {
    let authorization = format!("Bearer {token}");
    let body = sandbox.link_body(connection_id, seed);
    let pending = sandbox.start_with(body, &[("authorization", &authorization)], seed).await;
    sandbox.choose_person(&pending.authentication_url, &format!("user={person}"), None).await
}

async fn log_in(sandbox: &TestSandbox, connection_id: &str, person: &str, seed: u32) -> String {
    let pending = sandbox.start(connection_id, seed).await;
    let response = sandbox.choose_person(&pending.authentication_url, &format!("user={person}"), None).await;
    response.param("access_token").unwrap()
}

#[tokio::test]
async fn an_anonymous_shopper_becomes_a_customer_with_the_same_user_id() {
    let sandbox = TestSandbox::local();
    let anonymous = sandbox.anonymous_token("user_1", 1).await;
    let linked = link(&sandbox, &anonymous, "con_acorn", "ada", 2).await;
    let access = sandbox.verified(&linked.param("access_token").unwrap(), "at+jwt");
    assert_eq!((access.claim_str("sub"), access.claim_str("azp")), (Some("user_1"), Some("con_acorn")));
    assert!(sandbox.verified(&linked.param("id_token").unwrap(), "JWT").claim_str("name").is_some());
    let later = log_in(&sandbox, "con_acorn", "ada", 3).await;
    assert_eq!(sandbox.subject(&later), "user_1");
}

#[tokio::test]
async fn linking_the_same_identity_twice_changes_nothing() {
    let sandbox = TestSandbox::local();
    let anonymous = sandbox.anonymous_token("user_1", 1).await;
    for seed in [2, 3] {
        let linked = link(&sandbox, &anonymous, "con_acorn", "ada", seed).await;
        assert_eq!(sandbox.subject(&linked.param("access_token").unwrap()), "user_1");
    }
}

#[tokio::test]
async fn an_identity_that_owns_another_user_id_is_not_linked() {
    let sandbox = TestSandbox::local();
    let owner = sandbox.subject(&log_in(&sandbox, "con_acorn", "ada", 1).await);
    let anonymous = sandbox.anonymous_token("user_1", 2).await;
    let rejected = link(&sandbox, &anonymous, "con_acorn", "ada", 3).await;
    assert_eq!(rejected.param("error").as_deref(), Some("access_denied"));
    assert_eq!(rejected.param("errorCode").as_deref(), Some("IdentityAlreadyOwned"));
    assert!(rejected.param("nonce").is_some() && rejected.param("access_token").is_none());
    assert!(rejected.set_cookie("authress-session").is_none());
    assert_eq!(sandbox.subject(&log_in(&sandbox, "con_acorn", "ada", 4).await), owner);
}

#[tokio::test]
async fn the_same_person_at_another_provider_is_another_identity() {
    let sandbox = TestSandbox::local();
    log_in(&sandbox, "con_acorn", "ada", 1).await;
    let anonymous = sandbox.anonymous_token("user_1", 2).await;
    let linked = link(&sandbox, &anonymous, "con_birch", "ada", 3).await;
    assert_eq!(sandbox.subject(&linked.param("access_token").unwrap()), "user_1");
}

#[tokio::test]
async fn linking_needs_a_valid_token_or_the_session_of_an_application_page() {
    let sandbox = TestSandbox::local();
    let anonymous = sandbox.anonymous_token("user_1", 1).await;
    let post = |headers: Vec<(&'static str, String)>, seed| {
        let body = sandbox.link_body("con_acorn", seed);
        let sandbox = &sandbox;
        async move {
            let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            sandbox.send("POST", "/api/authentication", &headers, Some(body)).await
        }
    };
    let origin = ("origin", LOCAL_PAGE.to_owned());
    post(vec![origin.clone()], 2).await.assert_error(401, "Unauthorized");
    let undefined = ("authorization", "Bearer undefined".to_owned());
    post(vec![origin.clone(), undefined], 3).await.assert_error(401, "Unauthorized");
    let tampered = ("authorization", format!("Bearer {}A", anonymous));
    post(vec![origin, tampered], 4).await.assert_error(401, "Unauthorized");
}

#[tokio::test]
async fn only_providers_can_be_linked() {
    let sandbox = TestSandbox::local();
    let authorization = format!("Bearer {}", sandbox.anonymous_token("user_1", 1).await);
    let headers = [("origin", LOCAL_PAGE), ("authorization", authorization.as_str())];
    let mut without = sandbox.link_body("con_acorn", 2);
    without.as_object_mut().unwrap().remove("connectionId");
    for body in [sandbox.link_body("sc_other", 3), without] {
        sandbox.send("POST", "/api/authentication", &headers, Some(body)).await.assert_error(400, "InvalidConnection");
    }
}

#[tokio::test]
async fn an_expired_token_links_nothing() {
    let mut sandbox = TestSandbox::local();
    let authorization = format!("Bearer {}", sandbox.anonymous_token("user_1", 1).await);
    sandbox.advance(24 * 60 * 60 + 1).await;
    let headers = [("origin", LOCAL_PAGE), ("authorization", authorization.as_str())];
    let body = sandbox.link_body("con_acorn", 2);
    sandbox.send("POST", "/api/authentication", &headers, Some(body)).await.assert_error(401, "Unauthorized");
}

#[tokio::test]
async fn with_cookies_the_session_cookie_authenticates_the_link() {
    let sandbox = TestSandbox::same_site();
    let pending = sandbox.start("sc_shop", 1).await;
    let anonymous = sandbox.verifier_login(&pending, "user_1").await;
    let cookie = format!("authress-session={}", anonymous.cookie_value("authress-session"));
    let pending = sandbox.start_with(sandbox.link_body("con_acorn", 2), &[("cookie", &cookie)], 2).await;
    let linked = sandbox.choose_person(&pending.authentication_url, "user=ada", Some(&cookie)).await;
    assert_eq!(sandbox.subject(&linked.cookie_value("authorization")), "user_1");
    let foreign = [("cookie", cookie.as_str()), ("origin", "https://evil.shop.test")];
    let body = sandbox.link_body("con_birch", 3);
    sandbox.send("POST", "/api/authentication", &foreign, Some(body)).await.assert_error(401, "Unauthorized");
    // The session of before the link ended with the new one.
    let old = [("cookie", cookie.as_str()), ("origin", sandbox.page)];
    let response = sandbox.send("PATCH", "/api/session", &old, Some(json!({}))).await;
    response.assert_error(404, "SessionNotFound");
}

#[tokio::test]
async fn the_profile_lists_identities_and_the_last_one_cannot_be_unlinked() {
    let sandbox = TestSandbox::local();
    let anonymous = sandbox.anonymous_token("user_1", 1).await;
    let token = link(&sandbox, &anonymous, "con_acorn", "ada", 2).await.param("access_token").unwrap();
    let authorization = format!("Bearer {token}");
    let headers = [("origin", LOCAL_PAGE), ("authorization", authorization.as_str())];
    let profile = sandbox.send("GET", "/api/session/profile", &headers, None).await.json();
    assert_eq!(profile["userId"], json!("user_1"));
    assert_eq!(profile["name"], json!("Ada Lovelace"));
    assert_eq!(
        profile["linkedIdentities"],
        json!([
            { "connection": { "connectionId": "sc_shop", "userId": "user_1" } },
            { "connection": { "connectionId": "con_acorn", "userId": "ada" } },
        ])
    );
    let unlink = |id: &'static str| sandbox.send("DELETE", id, &headers, None);
    unlink("/api/session/identities/con_acorn").await.assert_error(409, "LastIdentity");
    unlink("/api/session/identities/con_birch").await.assert_error(404, "IdentityNotFound");
    link(&sandbox, &token, "con_birch", "ada", 3).await;
    assert_eq!(unlink("/api/session/identities/con_acorn").await.status, 204);
    assert_ne!(sandbox.subject(&log_in(&sandbox, "con_acorn", "ada", 4).await), "user_1");
}
