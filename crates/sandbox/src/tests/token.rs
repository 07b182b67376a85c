use serde_json::json;

use super::harness::{Pending, Stage};

async fn code_for(stage: &Stage, seed: u32) -> (Pending, String) {
    let pending = stage.start("sc_shop", seed).await;
    let code = stage.vouch(&pending, "user_1").await.param("code").unwrap();
    (pending, code)
}

#[tokio::test]
async fn a_code_works_once() {
    let stage = Stage::cross_site();
    let (pending, code) = code_for(&stage, 1).await;
    let body = stage.exchange_body(&pending, &code);
    let first = stage.exchange(&pending, body.clone()).await;
    assert_eq!((first.status, first.header("cache-control")), (200, Some("no-store")));
    assert_eq!(first.json()["token_type"], json!("Bearer"));
    stage.exchange(&pending, body).await.assert_invalid_request("used before");
}

#[tokio::test]
async fn a_refused_attempt_leaves_the_code_for_the_right_one() {
    let stage = Stage::cross_site();
    let (pending, code) = code_for(&stage, 1).await;
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
        let mut body = stage.exchange_body(&pending, &code);
        body[name] = value;
        stage.exchange(&pending, body).await.assert_invalid_request(described);
    }
    assert_eq!(stage.exchange(&pending, stage.exchange_body(&pending, &code)).await.status, 200);
}

#[tokio::test]
async fn a_code_belongs_to_its_own_request() {
    let stage = Stage::cross_site();
    let (_, code) = code_for(&stage, 1).await;
    let (other, _) = code_for(&stage, 2).await;
    let body = stage.exchange_body(&other, &code);
    stage.exchange(&other, body).await.assert_invalid_request("another authentication request");
}

#[tokio::test]
async fn a_code_expires_after_five_minutes_or_what_a_test_says() {
    let mut stage = Stage::cross_site();
    let (pending, code) = code_for(&stage, 1).await;
    stage.advance(301).await;
    stage.exchange(&pending, stage.exchange_body(&pending, &code)).await.assert_invalid_request("expired");
    assert_eq!(stage.send("POST", "/sandbox/code-lifetime", &[], Some(json!({ "seconds": 2 }))).await.status, 204);
    let (pending, code) = code_for(&stage, 2).await;
    stage.advance(3).await;
    stage.exchange(&pending, stage.exchange_body(&pending, &code)).await.assert_invalid_request("expired");
}

#[tokio::test]
async fn nothing_is_exchanged_without_an_origin_or_before_the_login() {
    let stage = Stage::cross_site();
    let (pending, code) = code_for(&stage, 1).await;
    let path = format!("/api/authentication/{}/tokens", pending.id);
    let body = stage.exchange_body(&pending, &code);
    stage.send("POST", &path, &[], Some(body.clone())).await.assert_invalid_request("Origin");
    let open = stage.start("sc_shop", 2).await;
    stage.exchange(&open, stage.exchange_body(&open, &code)).await.assert_invalid_request("none was issued");
    stage.page_calls("POST", "/api/authentication/unknown/tokens", Some(body)).await.assert_invalid_request("No auth");
}
