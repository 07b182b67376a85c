//! Users.

use serde_json::{Value, json};

use super::super::harness::TestSandbox;
use super::{USER_IDS, encode, has_permission, send, send_with, shop};

async fn user_ids(sandbox: &TestSandbox, query: &str) -> Vec<String> {
    let list = send(sandbox, "GET", &format!("/v1/users{query}"), None).await.json();
    let id = |user: &Value| user["userId"].as_str().unwrap().to_owned();
    list["users"].as_array().unwrap_or_else(|| panic!("{list}")).iter().map(id).collect()
}

#[tokio::test]
async fn a_user_is_read_and_deleted_whatever_the_id_contains() {
    let sandbox = shop(json!("default"));
    for (seed, user_id) in (1..).zip(USER_IDS) {
        let token = sandbox.anonymous_token(user_id, seed).await;
        let path = format!("/v1/users/{}", encode(user_id));
        assert_eq!(send(&sandbox, "GET", &path, None).await.json(), json!({ "userId": user_id }));
        assert_eq!(send_with(&sandbox, &token, "GET", &path, None).await.status, 200, "a user can read itself");
        send_with(&sandbox, &token, "DELETE", &path, None).await.assert_error(403, "Forbidden");
        assert_eq!(send(&sandbox, "DELETE", &path, None).await.status, 202);
        send(&sandbox, "GET", &path, None).await.assert_error(404, "UserNotFound");
        send(&sandbox, "DELETE", &path, None).await.assert_error(404, "UserNotFound");
    }
}

#[tokio::test]
async fn the_path_of_a_user_is_checked() {
    for (dialect, status) in [("default", 400), ("strict", 422)] {
        let sandbox = shop(json!(dialect));
        for id in ["user(1)", "us\u{e9}r", &"u".repeat(65)] {
            for method in ["GET", "DELETE"] {
                let path = format!("/v1/users/{}", encode(id));
                send(&sandbox, method, &path, None).await.assert_error(status, "InvalidRequest");
            }
        }
        send(&sandbox, "GET", "/v1/users/%FF", None).await.assert_error(status, "InvalidRequest");
        send(&sandbox, "GET", &format!("/v1/users/{}", "u".repeat(64)), None).await.assert_error(404, "UserNotFound");
    }
}

#[tokio::test]
async fn users_are_listed_once_with_their_profiles() {
    let sandbox = shop(json!("default"));
    let ada = sandbox.subject(&sandbox.provider_token("con_acorn", "ada", 1).await);
    let grace = sandbox.subject(&sandbox.provider_token("con_birch", "grace", 2).await);
    sandbox.anonymous_token("user_1", 3).await;
    let mut all = vec![ada.clone(), grace.clone(), "user_1".to_owned()];
    all.sort();
    assert_eq!(user_ids(&sandbox, "").await, all);
    assert_eq!(user_ids(&sandbox, "?filter=LOVELACE").await, std::slice::from_ref(&ada));
    assert_eq!(user_ids(&sandbox, "?tenantId=acme").await, [grace]);
    assert!(user_ids(&sandbox, "?tenantId=other").await.is_empty());
    let first = send(&sandbox, "GET", "/v1/users?limit=2", None).await.json();
    let cursor = first["pagination"]["next"]["cursor"].as_str().unwrap();
    assert_eq!(user_ids(&sandbox, &format!("?limit=2&cursor={cursor}")).await, all[2..]);
    let user = send(&sandbox, "GET", &format!("/v1/users/{ada}"), None).await.json();
    assert_eq!((&user["name"], &user["email"]), (&json!("Ada Lovelace"), &json!("ada@people.example")));
    let token = sandbox.anonymous_token("user_1", 4).await;
    send_with(&sandbox, &token, "GET", "/v1/users", None).await.assert_error(403, "Forbidden");
    send_with(&sandbox, &token, "GET", &format!("/v1/users/{ada}"), None).await.assert_error(403, "Forbidden");
    send(&sandbox, "GET", "/v1/users?limit=101", None).await.assert_error(400, "InvalidRequest");
}

#[tokio::test]
async fn a_deleted_user_loses_identities_sessions_and_access() {
    let sandbox = shop(json!("default"));
    let pending = sandbox.start("con_acorn", 1).await;
    let response = sandbox.choose_person(&pending.authentication_url, "user=ada", None).await;
    let token = response.param("access_token").unwrap();
    let user_id = sandbox.subject(&token);
    let claim = json!({ "collectionResource": "carts", "resourceId": "1" });
    assert_eq!(send_with(&sandbox, &token, "POST", "/v1/claims", Some(claim.clone())).await.status, 201);
    assert_eq!(send(&sandbox, "DELETE", &format!("/v1/users/{user_id}"), None).await.status, 202);
    assert!(!has_permission(&sandbox, &user_id, "carts/1", "READ").await);
    let cookie = format!("authress-session={}", response.cookie_value("authress-session"));
    let headers = [("cookie", cookie.as_str()), ("origin", sandbox.page)];
    let renewed = sandbox.send("PATCH", "/api/session", &headers, Some(json!({}))).await;
    renewed.assert_error(404, "SessionNotFound");
    // The person is a new user, and the resource is free.
    let later = sandbox.provider_token("con_acorn", "ada", 2).await;
    assert_ne!(sandbox.subject(&later), user_id);
    assert_eq!(send_with(&sandbox, &later, "POST", "/v1/claims", Some(claim)).await.status, 201);
}
