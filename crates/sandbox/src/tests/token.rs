//! The token endpoint of applications.

use serde_json::json;

use super::harness::{Pending, TestSandbox};

async fn code_for(sandbox: &TestSandbox, seed: u32) -> (Pending, String) {
    let pending = sandbox.start("sc_shop", seed).await;
    let code = sandbox.verifier_login(&pending, "user_1").await.param("code").unwrap();
    (pending, code)
}

#[tokio::test]
async fn a_code_works_once() {
    let sandbox = TestSandbox::cross_site();
    let (pending, code) = code_for(&sandbox, 1).await;
    let body = sandbox.exchange_body(&pending, &code);
    let first = sandbox.exchange(&pending, body.clone()).await;
    assert_eq!((first.status, first.header("cache-control")), (200, Some("no-store")));
    assert_eq!(first.json()["token_type"], json!("Bearer"));
    sandbox.exchange(&pending, body).await.assert_invalid_request("used before");
}

#[tokio::test]
async fn a_rejected_attempt_does_not_use_up_the_code() {
    let sandbox = TestSandbox::cross_site();
    let (pending, code) = code_for(&sandbox, 1).await;
    let wrong = [
        ("code_verifier", json!("another-verifier-another-verifier-another-verifier"), "code_verifier"),
        ("code_verifier", json!(""), "code_verifier"),
        ("client_id", json!("app_other"), "client_id"),
        ("redirect_uri", json!("https://www.other.test/"), "redirect_uri"),
        ("code", json!("0123456789abcdef0123456789abcdef"), "code"),
        ("grant_type", json!("password"), "grant_type"),
        ("antiAbuseHash", json!("v2;1;1;00"), "antiAbuseHash"),
        ("antiAbuseHash", json!(""), "antiAbuseHash"),
    ];
    for (name, value, described) in wrong {
        let mut body = sandbox.exchange_body(&pending, &code);
        body[name] = value;
        sandbox.exchange(&pending, body).await.assert_invalid_request(described);
    }
    assert_eq!(sandbox.exchange(&pending, sandbox.exchange_body(&pending, &code)).await.status, 200);
}

#[tokio::test]
async fn a_code_belongs_to_its_own_request() {
    let sandbox = TestSandbox::cross_site();
    let (_, code) = code_for(&sandbox, 1).await;
    let (other, _) = code_for(&sandbox, 2).await;
    let body = sandbox.exchange_body(&other, &code);
    sandbox.exchange(&other, body).await.assert_invalid_request("another authentication request");
}

#[tokio::test]
async fn a_code_expires_after_five_minutes_or_the_configured_lifetime() {
    let mut sandbox = TestSandbox::cross_site();
    let (pending, code) = code_for(&sandbox, 1).await;
    sandbox.advance(301).await;
    sandbox.exchange(&pending, sandbox.exchange_body(&pending, &code)).await.assert_invalid_request("expired");
    assert_eq!(sandbox.send("POST", "/sandbox/code-lifetime", &[], Some(json!({ "seconds": 2 }))).await.status, 204);
    let (pending, code) = code_for(&sandbox, 2).await;
    sandbox.advance(3).await;
    sandbox.exchange(&pending, sandbox.exchange_body(&pending, &code)).await.assert_invalid_request("expired");
}

#[tokio::test]
async fn a_token_request_needs_an_origin_and_a_completed_login() {
    let sandbox = TestSandbox::cross_site();
    let (pending, code) = code_for(&sandbox, 1).await;
    let path = format!("/api/authentication/{}/tokens", pending.id);
    let body = sandbox.exchange_body(&pending, &code);
    sandbox.send("POST", &path, &[], Some(body.clone())).await.assert_invalid_request("Origin");
    let open = sandbox.start("sc_shop", 2).await;
    sandbox.exchange(&open, sandbox.exchange_body(&open, &code)).await.assert_invalid_request("none was issued");
    sandbox
        .page_request("POST", "/api/authentication/unknown/tokens", Some(body))
        .await
        .assert_invalid_request("No auth");
}
