//! The permissions and resources of a user.

use serde_json::{Value, json};

use super::super::harness::TestSandbox;
use super::{USER_IDS, encode, has_permission, permission_path, send, send_with, shop, shop_with, statement};

async fn give(sandbox: &TestSandbox, user_id: &str, role: &str, resource_uri: &str) {
    let record = json!({
        "name": "x", "users": [{ "userId": user_id }], "statements": [statement(role, resource_uri)],
    });
    assert_eq!(send(sandbox, "POST", "/v1/records", Some(record)).await.status, 201);
}

async fn resources(sandbox: &TestSandbox, user_id: &str, query: &str) -> Vec<String> {
    let list = send(sandbox, "GET", &format!("/v1/users/{}/resources{query}", encode(user_id)), None).await.json();
    assert_eq!(list["userId"], json!(user_id));
    let uri = |one: &Value| one["resourceUri"].as_str().unwrap().to_owned();
    list["resources"].as_array().unwrap().iter().map(uri).collect()
}

#[tokio::test]
async fn a_role_for_a_parent_is_one_for_its_children() {
    let sandbox = shop(json!("strict"));
    for user_id in USER_IDS {
        give(&sandbox, user_id, "ro_viewer", "/carts/1").await;
        give(&sandbox, user_id, "Authress:Owner", "carts/2/*").await;
        for (resource, permission, expected) in [
            ("carts/1", "READ", true),
            ("/carts/1/items/9", "read", true),
            ("carts/1", "UPDATE", false),
            ("carts/1", "*", false),
            ("carts/11", "READ", false),
            ("carts", "READ", false),
            ("carts/2/items", "*", true),
            ("carts/2/items", "Items:Add", true),
            ("carts/2", "READ", false),
        ] {
            assert_eq!(
                has_permission(&sandbox, user_id, resource, permission).await,
                expected,
                "{resource} {permission}"
            );
        }
    }
}

#[tokio::test]
async fn users_ask_about_themselves_and_permitted_callers_about_everyone() {
    let sandbox = shop_with(json!("strict"), &["carts"]);
    give(&sandbox, "slack|T0/U1", "ro_viewer", "carts/1").await;
    let path = permission_path("slack|T0/U1", "carts/1", "READ");
    send(&sandbox, "GET", &path, None).await.assert_error(403, "Forbidden");
    let own = sandbox.anonymous_token("slack|T0/U1", 1).await;
    assert_eq!(send_with(&sandbox, &own, "GET", &path, None).await.status, 200);
    let update = permission_path("slack|T0/U1", "carts/1", "UPDATE");
    send_with(&sandbox, &own, "GET", &update, None).await.assert_error(404, "PermissionNotFound");
    let other = sandbox.anonymous_token("user_2", 2).await;
    send_with(&sandbox, &other, "GET", &path, None).await.assert_error(403, "Forbidden");
    send_with(&sandbox, &other, "GET", "/v1/users/slack%7CT0%2FU1/resources", None)
        .await
        .assert_error(403, "Forbidden");
    sandbox.send("GET", &path, &[], None).await.assert_error(401, "Unauthorized");
}

#[tokio::test]
async fn the_resources_of_a_user_are_listed_below_a_collection() {
    let sandbox = shop(json!("default"));
    let user_id = "Authress|a:b@c d+e";
    for (role, uri) in [
        ("ro_viewer", "carts/1"),
        ("Authress:Owner", "carts/2"),
        ("ro_viewer", "carts/2/items/7"),
        ("ro_viewer", "/carts/1/"),
        ("ro_none", "carts/3"),
    ] {
        give(&sandbox, user_id, role, uri).await;
    }
    give(&sandbox, "another", "ro_viewer", "carts/4").await;
    assert_eq!(resources(&sandbox, user_id, "?resourceUri=carts").await, ["carts/1", "carts/2"]);
    assert_eq!(resources(&sandbox, user_id, "?resourceUri=carts%2F*").await, ["carts/1", "carts/2"]);
    let nested = "?resourceUri=carts&collectionConfiguration=INCLUDE_NESTED";
    assert_eq!(resources(&sandbox, user_id, nested).await, ["carts/1", "carts/2", "carts/2/items/7"]);
    assert_eq!(resources(&sandbox, user_id, "?resourceUri=carts&permissions=UPDATE").await, ["carts/2"]);
    assert!(resources(&sandbox, user_id, "?resourceUri=cart").await.is_empty());
    assert!(resources(&sandbox, user_id, "").await.is_empty(), "only below a collection");
    let path = format!("/v1/users/{}/resources?resourceUri=carts&limit=1", encode(user_id));
    let first = send(&sandbox, "GET", &path, None).await.json();
    let next = first["links"]["next"]["href"].as_str().unwrap().strip_prefix(sandbox.public_url).unwrap();
    let second = send(&sandbox, "GET", next, None).await.json();
    assert_eq!((&second["resources"], second.get("pagination")), (&json!([{ "resourceUri": "carts/2" }]), None));
}

#[tokio::test]
async fn invalid_parameters_are_rejected_with_the_status_of_the_dialect() {
    for (dialect, status) in [("default", 400), ("strict", 422)] {
        let sandbox = shop(json!(dialect));
        let invalid = [
            permission_path("user(1)", "carts/1", "READ"),
            permission_path(&"u".repeat(65), "carts/1", "READ"),
            permission_path("u", "carts//1", "READ"),
            permission_path("u", &"c/".repeat(300), "READ"),
            permission_path("u", "carts/1", &"P".repeat(65)),
            "/v1/users/u/resources?limit=21".to_owned(),
            "/v1/users/u/resources?resourceUri=a+b".to_owned(),
            "/v1/users/u/resources?collectionConfiguration=ALL".to_owned(),
        ];
        for path in invalid {
            let response = send(&sandbox, "GET", &path, None).await;
            assert_eq!(response.status, status, "{path}");
            response.assert_error(status, "InvalidRequest");
        }
    }
}
