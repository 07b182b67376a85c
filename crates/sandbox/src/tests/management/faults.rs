//! Faults of management requests, for clients that try again.

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::super::harness::TestSandbox;
use super::{client_claims, send, shop, statement};

async fn add(sandbox: &TestSandbox, fault: Value) {
    let response = sandbox.send("POST", "/sandbox/faults", &[], Some(json!({ "faults": [fault] }))).await;
    assert_eq!(response.status, 200, "{}", response.text);
}

#[tokio::test]
async fn a_limit_of_one_tier_has_a_retry_after_and_leaves_the_others_alone() {
    let sandbox = shop(json!("strict"));
    let body = json!({ "title": "Too many requests.", "errorCode": "TooManyRequests", "errorId": "e1" }).to_string();
    for (tier, method, path) in [
        ("list", "GET", "/v1/records"),
        ("permissions", "GET", "/v1/users/u/resources"),
        ("other", "POST", "/v1/invites"),
    ] {
        let limit = json!({
            "path": "/v1/", "tier": tier, "status": 429, "retryAfterSeconds": 2, "times": 2, "body": body,
        });
        add(&sandbox, limit).await;
        let elsewhere = if tier == "list" { "/v1/users/u/resources" } else { "/v1/users" };
        assert_eq!(send(&sandbox, "GET", elsewhere, None).await.status, 200, "{tier}");
        for _ in 0..2 {
            let limited = send(&sandbox, method, path, Some(json!({}))).await;
            limited.assert_error(429, "TooManyRequests");
            assert_eq!(limited.header("retry-after"), Some("2"));
        }
        assert!(send(&sandbox, method, path, Some(json!({}))).await.status < 300, "{tier}");
    }
}

#[tokio::test]
async fn the_keys_of_service_clients_are_of_no_tier() {
    let sandbox = shop(json!("default"));
    add(&sandbox, json!({ "path": "/v1/", "tier": "other", "status": 500, "times": 9 })).await;
    let path = "/v1/clients/sc_shop/.well-known/openid-configuration/jwks";
    assert_eq!(sandbox.send("GET", path, &[], None).await.status, 200);
    assert_eq!(send(&sandbox, "POST", "/v1/invites", Some(json!({}))).await.status, 500);
}

#[tokio::test]
async fn a_record_whose_response_is_lost_exists() {
    let sandbox = shop(json!("default"));
    add(&sandbox, json!({ "method": "POST", "path": "/v1/records", "drop": true })).await;
    let record = json!({ "recordId": "rec_1", "name": "x", "statements": [statement("ro_viewer", "carts/1")] });
    let token = sandbox.verifier_key.sign_jwt("at+jwt", &client_claims(&sandbox));
    let request = Request::post("/v1/records")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from(record.to_string()));
    assert!(sandbox.send_unread(request.unwrap()).await.into_body().collect().await.is_err());
    let again = send(&sandbox, "POST", "/v1/records", Some(record)).await;
    again.assert_error(409, "AccessRecordAlreadyExists");
}

#[tokio::test]
async fn an_unknown_tier_and_a_retry_after_without_a_status_are_rejected() {
    let sandbox = shop(json!("default"));
    for (fault, code) in [
        (json!({ "path": "/v1/", "tier": "lists", "status": 429 }), "InvalidRequest"),
        (json!({ "path": "/v1/", "delayMs": 5, "retryAfterSeconds": 1 }), "InvalidFault"),
    ] {
        let response = sandbox.send("POST", "/sandbox/faults", &[], Some(json!({ "faults": [fault] }))).await;
        response.assert_error(400, code);
    }
}
