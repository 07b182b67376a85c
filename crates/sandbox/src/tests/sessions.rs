//! Sessions, logout, keys and discovery.

use serde_json::json;

use super::harness::{HTTPS, HTTPS_PAGE, LOCAL, TestResponse, TestSandbox};

async fn logged_in(sandbox: &TestSandbox) -> String {
    let pending = sandbox.start("sc_shop", 1).await;
    let response = sandbox.verifier_login(&pending, "user_1").await;
    format!("authress-session={}", response.cookie_value("authress-session"))
}

async fn patch(sandbox: &TestSandbox, cookie: &str, origin: &str) -> TestResponse {
    let headers = [("cookie", cookie), ("origin", origin)];
    sandbox.send("PATCH", "/api/session", &headers, Some(json!({}))).await
}

#[tokio::test]
async fn a_session_can_be_renewed_until_90_days_without_use() {
    let mut sandbox = TestSandbox::same_site();
    let cookie = logged_in(&sandbox).await;
    for _ in 0..2 {
        sandbox.advance(80 * 24 * 60 * 60).await;
        let response = patch(&sandbox, &cookie, HTTPS_PAGE).await;
        let access = sandbox.verified(response.json()["access_token"].as_str().unwrap(), "at+jwt");
        assert_eq!(access.claim_str("sub"), Some("user_1"));
        assert!(access.claim_i64("exp").unwrap() > i64::try_from(sandbox.now_ms() / 1000).unwrap());
        assert!(response.set_cookie("authress-session").unwrap().contains("Domain=shop.test"));
        assert_eq!(sandbox.subject(&response.cookie_value("authorization")), "user_1");
    }
    sandbox.advance(91 * 24 * 60 * 60).await;
    patch(&sandbox, &cookie, HTTPS_PAGE).await.assert_error(404, "SessionNotFound");
}

#[tokio::test]
async fn a_session_cookie_counts_only_from_an_application_page() {
    let sandbox = TestSandbox::same_site();
    let cookie = logged_in(&sandbox).await;
    patch(&sandbox, &cookie, "https://evil.shop.test").await.assert_error(404, "SessionNotFound");
    let without_origin = sandbox.send("PATCH", "/api/session", &[("cookie", &cookie)], Some(json!({}))).await;
    without_origin.assert_error(404, "SessionNotFound");
}

#[tokio::test]
async fn logout_ends_the_session_and_removes_every_cookie() {
    let sandbox = TestSandbox::same_site();
    let cookie = logged_in(&sandbox).await;
    let headers = [("cookie", cookie.as_str()), ("origin", HTTPS_PAGE)];
    let response = sandbox.send("DELETE", "/api/session", &headers, None).await;
    assert_eq!(response.status, 204);
    for name in ["authress-session", "authorization", "user"] {
        let removal = response.set_cookie(name).unwrap();
        assert!(removal.contains("Domain=shop.test") && removal.contains("Max-Age=0"), "{removal}");
    }
    patch(&sandbox, &cookie, HTTPS_PAGE).await.assert_error(404, "SessionNotFound");
}

#[tokio::test]
async fn the_logout_page_redirects_only_to_the_applications_urls() {
    let sandbox = TestSandbox::same_site();
    let cookie = logged_in(&sandbox).await;
    let to = |uri: &str| format!("/logout?redirect_uri={uri}&client_id=app_demo");
    let headers = [("cookie", cookie.as_str())];
    let response = sandbox.send("GET", &to("https%3A%2F%2Fapp.shop.test%2Fbye"), &headers, None).await;
    assert_eq!((response.status, response.header("location")), (302, Some("https://app.shop.test/bye")));
    patch(&sandbox, &cookie, HTTPS_PAGE).await.assert_error(404, "SessionNotFound");
    for uri in ["https%3A%2F%2Fevil.test", "javascript%3Aalert(1)", "%2F%2Fevil.test"] {
        let response = sandbox.navigate(&format!("{HTTPS}{}", to(uri))).await;
        assert_eq!((response.status, response.header("location")), (400, None), "{uri}");
    }
    let other = format!("{HTTPS}/logout?redirect_uri=https%3A%2F%2Fapp.shop.test&client_id=app_other");
    assert_eq!(sandbox.navigate(&other).await.status, 400);
    assert_eq!(sandbox.navigate(&format!("{HTTPS}/logout")).await.status, 200);
}

#[tokio::test]
async fn the_profile_needs_a_user() {
    TestSandbox::local().page_request("GET", "/api/session/profile", None).await.assert_error(401, "Unauthorized");
}

#[tokio::test]
async fn keys_and_discovery_are_public() {
    let sandbox = TestSandbox::local();
    let discovery = sandbox.navigate(&format!("{LOCAL}/.well-known/openid-configuration")).await.json();
    assert_eq!(discovery["issuer"], json!(LOCAL));
    let jwks_uri = discovery["jwks_uri"].as_str().unwrap().to_owned();
    assert_eq!(sandbox.navigate(&jwks_uri).await.json()["keys"][0]["crv"], json!("Ed25519"));
    let path = |client| format!("{LOCAL}/v1/clients/{client}/.well-known/openid-configuration/jwks?kid=x");
    let keys = sandbox.navigate(&path("sc_shop")).await.json();
    assert_eq!(keys["keys"][0]["kid"], json!(sandbox.verifier_key.kid()));
    sandbox.navigate(&path("sc_unknown")).await.assert_error(404, "ClientNotFound");
}
