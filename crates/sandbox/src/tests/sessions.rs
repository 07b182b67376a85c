use serde_json::json;

use super::harness::{HTTPS, HTTPS_PAGE, LOCAL, Reply, Stage};

async fn logged_in(stage: &Stage) -> String {
    let pending = stage.start("sc_shop", 1).await;
    let reply = stage.vouch(&pending, "user_1").await;
    format!("authress-session={}", reply.cookie_value("authress-session"))
}

async fn patch(stage: &Stage, cookie: &str, origin: &str) -> Reply {
    let headers = [("cookie", cookie), ("origin", origin)];
    stage.send("PATCH", "/api/session", &headers, Some(json!({}))).await
}

#[tokio::test]
async fn a_session_gives_fresh_tokens_and_cookies_until_90_days_without_use() {
    let mut stage = Stage::same_site();
    let cookie = logged_in(&stage).await;
    for _ in 0..2 {
        stage.advance(80 * 24 * 60 * 60).await;
        let reply = patch(&stage, &cookie, HTTPS_PAGE).await;
        let access = stage.verified(reply.json()["access_token"].as_str().unwrap(), "at+jwt");
        assert_eq!(access.claim_str("sub"), Some("user_1"));
        assert!(access.claim_i64("exp").unwrap() > i64::try_from(stage.now_ms() / 1000).unwrap());
        assert!(reply.set_cookie("authress-session").unwrap().contains("Domain=shop.test"));
        assert_eq!(stage.subject(&reply.cookie_value("authorization")), "user_1");
    }
    stage.advance(91 * 24 * 60 * 60).await;
    patch(&stage, &cookie, HTTPS_PAGE).await.assert_refused(404, "SessionNotFound");
}

#[tokio::test]
async fn a_session_cookie_counts_only_from_an_application_page() {
    let stage = Stage::same_site();
    let cookie = logged_in(&stage).await;
    patch(&stage, &cookie, "https://evil.shop.test").await.assert_refused(404, "SessionNotFound");
    let without_origin = stage.send("PATCH", "/api/session", &[("cookie", &cookie)], Some(json!({}))).await;
    without_origin.assert_refused(404, "SessionNotFound");
}

#[tokio::test]
async fn logout_ends_the_session_and_removes_every_cookie() {
    let stage = Stage::same_site();
    let cookie = logged_in(&stage).await;
    let headers = [("cookie", cookie.as_str()), ("origin", HTTPS_PAGE)];
    let reply = stage.send("DELETE", "/api/session", &headers, None).await;
    assert_eq!(reply.status, 204);
    for name in ["authress-session", "authorization", "user"] {
        let removal = reply.set_cookie(name).unwrap();
        assert!(removal.contains("Domain=shop.test") && removal.contains("Max-Age=0"), "{removal}");
    }
    patch(&stage, &cookie, HTTPS_PAGE).await.assert_refused(404, "SessionNotFound");
}

#[tokio::test]
async fn the_logout_page_returns_only_to_the_applications_places() {
    let stage = Stage::same_site();
    let cookie = logged_in(&stage).await;
    let to = |uri: &str| format!("/logout?redirect_uri={uri}&client_id=app_demo");
    let headers = [("cookie", cookie.as_str())];
    let reply = stage.send("GET", &to("https%3A%2F%2Fapp.shop.test%2Fbye"), &headers, None).await;
    assert_eq!((reply.status, reply.header("location")), (302, Some("https://app.shop.test/bye")));
    patch(&stage, &cookie, HTTPS_PAGE).await.assert_refused(404, "SessionNotFound");
    for uri in ["https%3A%2F%2Fevil.test", "javascript%3Aalert(1)", "%2F%2Fevil.test"] {
        let reply = stage.navigate(&format!("{HTTPS}{}", to(uri))).await;
        assert_eq!((reply.status, reply.header("location")), (400, None), "{uri}");
    }
    let other = format!("{HTTPS}/logout?redirect_uri=https%3A%2F%2Fapp.shop.test&client_id=app_other");
    assert_eq!(stage.navigate(&other).await.status, 400);
    assert_eq!(stage.navigate(&format!("{HTTPS}/logout")).await.status, 200);
}

#[tokio::test]
async fn the_profile_needs_a_user() {
    Stage::local().page_calls("GET", "/api/session/profile", None).await.assert_refused(401, "Unauthorized");
}

#[tokio::test]
async fn keys_and_discovery_are_public() {
    let stage = Stage::local();
    let discovery = stage.navigate(&format!("{LOCAL}/.well-known/openid-configuration")).await.json();
    assert_eq!(discovery["issuer"], json!(LOCAL));
    let jwks_uri = discovery["jwks_uri"].as_str().unwrap().to_owned();
    assert_eq!(stage.navigate(&jwks_uri).await.json()["keys"][0]["crv"], json!("Ed25519"));
    let path = |client| format!("{LOCAL}/v1/clients/{client}/.well-known/openid-configuration/jwks?kid=x");
    let keys = stage.navigate(&path("sc_shop")).await.json();
    assert_eq!(keys["keys"][0]["kid"], json!(stage.verifier_key.kid()));
    stage.navigate(&path("sc_unknown")).await.assert_refused(404, "ClientNotFound");
}
