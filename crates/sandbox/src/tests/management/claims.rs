//! Claims.

use serde_json::{Value, json};

use super::super::harness::{TestResponse, TestSandbox};
use super::{USER_IDS, has_permission, send, send_with, shop};

async fn claim(sandbox: &TestSandbox, token: &str, id: &str) -> TestResponse {
    let body = json!({ "collectionResource": "carts", "resourceId": id });
    send_with(sandbox, token, "POST", "/v1/claims", Some(body)).await
}

#[tokio::test]
async fn a_user_becomes_the_owner_of_what_no_user_has() {
    let sandbox = shop(json!("default"));
    for (seed, user_id) in (1..).zip(USER_IDS) {
        let token = sandbox.anonymous_token(user_id, seed).await;
        let id = format!("cart-{seed}");
        let claimed = claim(&sandbox, &token, &id).await;
        assert_eq!((claimed.status, claimed.json()), (201, json!({})), "{user_id}");
        assert!(has_permission(&sandbox, user_id, &format!("/carts/{id}/items"), "DELETE").await, "{user_id}");
        assert!(!has_permission(&sandbox, user_id, "carts", "READ").await, "{user_id}");
        claim(&sandbox, &token, &id).await.assert_error(409, "AlreadyClaimed");
    }
    let late = sandbox.anonymous_token("late", 9).await;
    claim(&sandbox, &late, "cart-1").await.assert_error(409, "AlreadyClaimed");
}

#[tokio::test]
async fn the_collection_may_be_written_with_slashes() {
    let sandbox = shop(json!("default"));
    let token = sandbox.anonymous_token("user_1", 1).await;
    let body = json!({ "collectionResource": "/carts/", "resourceId": "1" });
    assert_eq!(send_with(&sandbox, &token, "POST", "/v1/claims", Some(body)).await.status, 201);
    claim(&sandbox, &token, "1").await.assert_error(409, "AlreadyClaimed");
}

#[tokio::test]
async fn only_users_claim_and_only_from_configured_collections() {
    let sandbox = shop(json!("strict"));
    let body = |collection: &str| Some(json!({ "collectionResource": collection, "resourceId": "1" }));
    send(&sandbox, "POST", "/v1/claims", body("carts")).await.assert_error(403, "Forbidden");
    let token = sandbox.anonymous_token("user_1", 1).await;
    for collection in ["orders", "carts/1", "/", "Authress:Users"] {
        let refused = send_with(&sandbox, &token, "POST", "/v1/claims", body(collection)).await;
        refused.assert_error(403, "Forbidden");
    }
    sandbox.send("POST", "/v1/claims", &[], body("carts")).await.assert_error(401, "Unauthorized");
}

#[tokio::test]
async fn invalid_claims_are_rejected_with_the_status_of_the_dialect() {
    for (dialect, status) in [("default", 400), ("strict", 422)] {
        let sandbox = shop(json!(dialect));
        let token = sandbox.anonymous_token("user_1", 1).await;
        let claim = |collection: Value, id: Value| json!({ "collectionResource": collection, "resourceId": id });
        for body in [
            json!({}),
            claim(json!("carts"), json!("")),
            claim(json!("carts"), json!(1)),
            claim(json!("carts"), json!("*")),
            claim(json!("carts"), json!("1/2")),
            claim(json!("carts"), json!("1/")),
            claim(json!("carts"), json!("a b")),
            claim(json!("carts"), json!("c".repeat(129))),
            claim(json!("carts/*"), json!("1")),
            claim(json!(""), json!("1")),
            claim(json!("c".repeat(129)), json!("1")),
        ] {
            let response = send_with(&sandbox, &token, "POST", "/v1/claims", Some(body.clone())).await;
            assert_eq!(response.status, status, "{body}");
            response.assert_error(status, "InvalidRequest");
        }
    }
}
