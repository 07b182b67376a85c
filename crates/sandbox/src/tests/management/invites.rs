//! Invites, from their making to the login that accepts them.

use serde_json::{Value, json};

use super::super::harness::{LOCAL, Pending, TestResponse, TestSandbox};
use super::{has_permission, send, send_with, shop, shop_with, statement};
use crate::clock::rfc3339_ms;

const DIALECTS: [&str; 2] = ["default", "strict"];

async fn invite(sandbox: &TestSandbox, body: Value) -> String {
    let response = send(sandbox, "POST", "/v1/invites", Some(body)).await;
    assert_eq!(response.status, 201, "{}", response.text);
    response.json()["inviteId"].as_str().unwrap().to_owned()
}

async fn begin(sandbox: &TestSandbox, invite_id: &str, seed: u32) -> Pending {
    sandbox.start_with(sandbox.invited_body(Some("con_acorn"), invite_id, seed), &[], seed).await
}

async fn finish(sandbox: &TestSandbox, pending: &Pending, person: &str) -> TestResponse {
    sandbox.choose_person(&pending.authentication_url, &format!("user={person}"), None).await
}

fn subject(sandbox: &TestSandbox, response: &TestResponse) -> String {
    sandbox.subject(&response.param("access_token").unwrap_or_else(|| panic!("{:?}", response.location())))
}

/// An instant this far in the future, as JSON has it.
fn after(sandbox: &TestSandbox, seconds: u64) -> String {
    rfc3339_ms(sandbox.now_ms() + seconds * 1000)
}

#[tokio::test]
async fn a_new_person_gets_the_linked_user_id_and_the_access() {
    for dialect in DIALECTS {
        let sandbox = shop(json!(dialect));
        let body = json!({ "linkedUserId": "user_1", "statements": [statement("Authress:Owner", "carts/1")] });
        let id = invite(&sandbox, body).await;
        let read = send(&sandbox, "GET", &format!("/v1/invites/{id}"), None).await.json();
        assert_eq!(
            (&read["linkedUserId"], &read["statements"][0]["roles"][0]),
            (&json!("user_1"), &json!("Authress:Owner"))
        );
        let pending = begin(&sandbox, &id, 1).await;
        assert_eq!(subject(&sandbox, &finish(&sandbox, &pending, "ada").await), "user_1");
        assert!(has_permission(&sandbox, "user_1", "carts/1/items", "UPDATE").await);
        // The invite is used; the person keeps the user id without it.
        send(&sandbox, "GET", &format!("/v1/invites/{id}"), None).await.assert_error(404, "InviteNotFound");
        assert_eq!(sandbox.subject(&sandbox.provider_token("con_acorn", "ada", 2).await), "user_1");
    }
}

#[tokio::test]
async fn the_person_joins_the_anonymous_user_of_the_invite() {
    for dialect in DIALECTS {
        let sandbox = shop(json!(dialect));
        let anonymous = sandbox.anonymous_token("user_1", 1).await;
        let claim = json!({ "collectionResource": "carts", "resourceId": "1" });
        assert_eq!(send_with(&sandbox, &anonymous, "POST", "/v1/claims", Some(claim)).await.status, 201);
        let id = invite(&sandbox, json!({ "linkedUserId": "user_1" })).await;
        // The e-mail is read on another device.
        sandbox.is_another_browser();
        let pending = begin(&sandbox, &id, 2).await;
        let token = finish(&sandbox, &pending, "ada").await.param("access_token").unwrap();
        assert_eq!(sandbox.subject(&token), "user_1");
        assert!(has_permission(&sandbox, "user_1", "carts/1", "READ").await);
        let profile = sandbox.user_request(&token, "GET", "/api/session/profile", None).await.json();
        assert_eq!(
            (profile["linkedIdentities"].as_array().unwrap().len(), &profile["name"]),
            (2, &json!("Ada Lovelace"))
        );
    }
}

#[tokio::test]
async fn a_person_who_has_a_user_keeps_its_id_and_gets_the_access() {
    for dialect in DIALECTS {
        let sandbox = shop(json!(dialect));
        let own = sandbox.subject(&sandbox.provider_token("con_acorn", "ada", 1).await);
        let body = json!({ "linkedUserId": "user_1", "statements": [statement("ro_viewer", "carts/1")] });
        let pending = begin(&sandbox, &invite(&sandbox, body).await, 2).await;
        assert_eq!(subject(&sandbox, &finish(&sandbox, &pending, "ada").await), own);
        assert!(has_permission(&sandbox, &own, "carts/1", "READ").await);
        assert!(!has_permission(&sandbox, "user_1", "carts/1", "READ").await);
    }
}

#[tokio::test]
async fn a_verifiers_statement_names_the_user_id_itself() {
    let sandbox = shop(json!("strict"));
    let id = invite(&sandbox, json!({ "linkedUserId": "user_1" })).await;
    let pending = sandbox.start_with(sandbox.invited_body(Some("sc_shop"), &id, 1), &[], 1).await;
    assert_eq!(subject(&sandbox, &sandbox.verifier_login(&pending, "user_2").await), "user_2");
}

#[tokio::test]
async fn the_invite_counts_when_the_person_picks_the_provider() {
    for dialect in DIALECTS {
        let sandbox = shop(json!(dialect));
        let id = invite(&sandbox, json!({ "linkedUserId": "user_1" })).await;
        let pending = sandbox.start_with(sandbox.invited_body(None, &id, 1), &[], 1).await;
        sandbox.open(&pending.authentication_url).await;
        let picked = format!("{LOCAL}/sandbox/provider/con_birch?state={}", pending.id);
        assert_eq!(subject(&sandbox, &sandbox.choose_person(&picked, "user=ada", None).await), "user_1");
    }
}

#[tokio::test]
async fn the_tenant_of_the_invite_is_used_if_the_login_names_no_connection() {
    let sandbox = shop(json!("strict"));
    let id = invite(&sandbox, json!({ "defaultLoginTenantId": "acme" })).await;
    let pending = sandbox.start_with(sandbox.invited_body(None, &id, 1), &[], 1).await;
    assert!(sandbox.open(&pending.authentication_url).await.contains("/sandbox/provider/con_birch"));
    let pending = begin(&sandbox, &id, 2).await;
    assert!(sandbox.open(&pending.authentication_url).await.contains("/sandbox/provider/con_acorn"));
}

#[tokio::test]
async fn of_two_browsers_with_one_invite_the_second_gets_nothing_from_it() {
    for dialect in DIALECTS {
        let sandbox = shop(json!(dialect));
        let body = json!({ "linkedUserId": "user_1", "statements": [statement("Authress:Owner", "carts/1")] });
        let id = invite(&sandbox, body).await;
        let first = begin(&sandbox, &id, 1).await;
        let of_first = sandbox.is_another_browser();
        let second = begin(&sandbox, &id, 2).await;
        assert_eq!(subject(&sandbox, &finish(&sandbox, &second, "grace").await), "user_1");
        sandbox.is_browser_with(of_first);
        let late = finish(&sandbox, &first, "ada").await;
        if dialect == "strict" {
            assert_eq!((late.param("error").as_deref(), late.param("access_token")), (Some("access_denied"), None));
            assert!(late.set_cookie("authress-session").is_none());
            let again = sandbox.invited_body(Some("con_acorn"), &id, 3);
            sandbox.page_request("POST", "/api/authentication", Some(again)).await.assert_error(409, "InviteUsed");
        } else {
            let own = subject(&sandbox, &late);
            assert_ne!(own, "user_1");
            assert!(!has_permission(&sandbox, &own, "carts/1", "READ").await);
        }
    }
}

#[tokio::test]
async fn an_invite_that_ends_during_the_login_is_worth_nothing() {
    let mut sandbox = shop(json!("strict"));
    let short = json!({ "linkedUserId": "user_1", "expiryTime": after(&sandbox, 301) });
    let expiring = invite(&sandbox, short).await;
    let deleted = invite(&sandbox, json!({ "linkedUserId": "user_1" })).await;
    sandbox.advance(60).await;
    let (first, second) = (begin(&sandbox, &expiring, 1).await, begin(&sandbox, &deleted, 2).await);
    let path = format!("/v1/invites/{deleted}");
    assert_eq!(send(&sandbox, "DELETE", &path, None).await.status, 204);
    send(&sandbox, "DELETE", &path, None).await.assert_error(404, "InviteNotFound");
    sandbox.advance(242).await;
    for pending in [first, second] {
        assert_eq!(finish(&sandbox, &pending, "ada").await.param("error").as_deref(), Some("access_denied"));
    }
    let late = sandbox.invited_body(Some("con_acorn"), &expiring, 3);
    sandbox.page_request("POST", "/api/authentication", Some(late)).await.assert_error(410, "InviteExpired");
}

#[tokio::test]
async fn the_default_expiry_is_seven_days() {
    let mut sandbox = shop(json!("strict"));
    let id = invite(&sandbox, json!({})).await;
    let path = format!("/v1/invites/{id}");
    sandbox.advance(7 * 86_400 - 5).await;
    assert_eq!(send(&sandbox, "GET", &path, None).await.status, 200);
    sandbox.advance(6).await;
    send(&sandbox, "GET", &path, None).await.assert_error(404, "InviteNotFound");
}

#[tokio::test]
async fn invalid_invites_are_rejected_with_the_status_of_the_dialect() {
    for (dialect, status) in [("default", 400), ("strict", 422)] {
        let sandbox = shop(json!(dialect));
        let mut with_users = statement("Authress:Owner", "carts/1");
        with_users["users"] = json!([{ "userId": "eve" }]);
        let invalid = [
            json!({ "linkedUserId": "u".repeat(33) }),
            json!({ "linkedUserId": "" }),
            json!({ "linkedUserId": "slack|T0/U1" }),
            json!({ "linkedUserId": 1 }),
            json!({ "expiryTime": after(&sandbox, 290) }),
            json!({ "expiryTime": after(&sandbox, 30 * 86_400 + 60) }),
            json!({ "expiryTime": "P7D" }),
            json!({ "statements": vec![statement("Authress:Owner", "carts/1"); 101] }),
            json!({ "statements": [statement("Authress:Owner", "carts 1")] }),
            json!({ "statements": [{ "roles": ["Authress:Owner"] }] }),
            json!({ "conflictResolutionStrategy": "MERGE" }),
        ];
        for body in invalid {
            send(&sandbox, "POST", "/v1/invites", Some(body)).await.assert_error(status, "InvalidRequest");
        }
        for body in [
            json!({ "linkedUserId": "A-_9".repeat(8), "expiryTime": after(&sandbox, 310) }),
            json!({ "expiryTime": after(&sandbox, 30 * 86_400 - 60), "conflictResolutionStrategy": "SKIP_CHANGES" }),
            json!({ "statements": vec![statement("ro_viewer", "carts/1"); 100] }),
            json!({ "statements": [with_users], "inviteId": "mine", "links": {} }),
        ] {
            assert_ne!(invite(&sandbox, body).await, "mine");
        }
    }
}

#[tokio::test]
async fn an_invite_gives_no_more_than_its_maker_has() {
    let sandbox = shop_with(json!("strict"), &["carts"]);
    let create = async |token: Option<&str>, body: Value| match token {
        Some(token) => send_with(&sandbox, token, "POST", "/v1/invites", Some(body)).await,
        None => send(&sandbox, "POST", "/v1/invites", Some(body)).await,
    };
    let owner = |uri: &str| json!([statement("Authress:Owner", uri)]);
    assert_eq!(create(None, json!({ "statements": owner("carts/1") })).await.status, 201);
    create(None, json!({ "statements": owner("orders/1") })).await.assert_error(403, "Forbidden");
    // These need Invites:Create on Authress:Invites.
    let lifetime = after(&sandbox, 3600);
    for body in [
        json!({ "statements": [] }),
        json!({ "statements": owner("carts/1"), "linkedUserId": "user_1" }),
        json!({ "statements": owner("carts/1"), "expiryTime": lifetime }),
    ] {
        create(None, body).await.assert_error(403, "Forbidden");
    }
    // A user may share a cart, and read the invite; others may not.
    let ada = sandbox.anonymous_token("ada", 1).await;
    let claim = json!({ "collectionResource": "carts", "resourceId": "7" });
    assert_eq!(send_with(&sandbox, &ada, "POST", "/v1/claims", Some(claim)).await.status, 201);
    let shared = create(Some(&ada), json!({ "statements": owner("carts/7") })).await;
    assert_eq!(shared.status, 201);
    create(Some(&ada), json!({ "statements": owner("carts/8") })).await.assert_error(403, "Forbidden");
    let path = format!("/v1/invites/{}", shared.json()["inviteId"].as_str().unwrap());
    let eve = sandbox.anonymous_token("eve", 2).await;
    assert_eq!(send_with(&sandbox, &ada, "GET", &path, None).await.status, 200);
    for method in ["GET", "DELETE"] {
        send_with(&sandbox, &eve, method, &path, None).await.assert_error(403, "Forbidden");
    }
}

#[tokio::test]
async fn a_user_accepts_an_invite_directly_and_keeps_the_user_id() {
    let sandbox = shop(json!("strict"));
    let body = json!({ "linkedUserId": "user_1", "statements": [statement("ro_viewer", "carts/1")] });
    let path = format!("/v1/invites/{}", invite(&sandbox, body).await);
    send(&sandbox, "PATCH", &path, None).await.assert_error(403, "Forbidden");
    let token = sandbox.anonymous_token("user_2", 1).await;
    let accepted = send_with(&sandbox, &token, "PATCH", &path, None).await;
    assert_eq!((accepted.status, &accepted.json()["accountId"]), (200, &json!("acc_localsandbox")));
    assert!(has_permission(&sandbox, "user_2", "carts/1", "READ").await);
    assert!(!has_permission(&sandbox, "user_1", "carts/1", "READ").await);
    send_with(&sandbox, &token, "PATCH", &path, None).await.assert_error(404, "InviteNotFound");
}
