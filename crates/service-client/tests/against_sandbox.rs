//! The client against the sandbox, which has a management API of its own making: two readings of the same documentation.
//!
//! Claims are not here: they need a user's token, which takes a login.

// Lints treat helper functions as code outside tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime};

use authress_sandbox::{Config, InProcess};
use authress_service_client::{
    AuthressDomain, InviteLifetime, InviteStatement, InviteUserId, ListRecords, ListUserResources, ListUsers,
    ManagementClient, NewInvite, Permission, RecordContent, RecordId, RecordStatus, ResourceUri, Role,
    ServiceClientTokens, Statement, UserId, UserReference,
};
use serde_json::json;
use tokio::net::TcpListener;

/// A client of a new sandbox, which ends with the test's runtime. It may do everything.
async fn client() -> ManagementClient {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let resource = |name: &str| json!({"resourceUri": name});
    let config = json!({
        "listen": address,
        "applications": [{"applicationId": "app_shop", "redirectUrls": ["http://127.0.0.1:1/"]}],
        "serviceClients": [{
            "clientId": "sc_shop",
            "authorizationUrl": "http://127.0.0.1:1/v1/login",
            "accessKeyFile": "not-written",
            "statements": [{
                "roles": ["Authress:Owner"],
                "resources": [
                    resource("Authress:AccessRecords"), resource("Authress:Invites"), resource("Authress:Users"),
                    resource("Authress:UserPermissions"), resource("carts"),
                ],
            }],
        }],
    });
    let config = Config::parse(&config.to_string(), Path::new("")).unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let now_ms = Arc::new(AtomicU64::new(now.as_millis().try_into().unwrap()));
    let sandbox = InProcess::new(&config, now_ms).unwrap();
    let access_key = sandbox.access_keys[0].1.expose().parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, sandbox.router).await });
    let domain: AuthressDomain = format!("http://{address}").parse().unwrap();
    ManagementClient::new(ServiceClientTokens::new(access_key, Some(&domain))).unwrap()
}

fn owner() -> Role {
    Role::new("Authress:Owner").unwrap()
}

fn uri(text: &str) -> ResourceUri {
    ResourceUri::new(text).unwrap()
}

fn user(text: &str) -> UserId {
    UserId::new(text).unwrap()
}

#[tokio::test]
#[ignore = "needs a sandbox that has the management API"]
async fn an_invite_names_a_user_id_until_it_is_deleted() {
    let client = client().await;
    let new = NewInvite {
        linked_user_id: Some(InviteUserId::new("user_1").unwrap()),
        statements: vec![InviteStatement::new([owner()], [uri("carts/cart_1")])],
        lifetime: Some(InviteLifetime::new(Duration::from_secs(3600)).unwrap()),
        ..NewInvite::default()
    };
    let invite = client.create_invite(&new).await.unwrap();
    assert_eq!(invite.linked_user_id.as_ref().unwrap().as_str(), "user_1");
    assert_eq!(client.get_invite(&invite.invite_id).await.unwrap(), invite);
    client.delete_invite(&invite.invite_id).await.unwrap();
    assert_eq!(client.get_invite(&invite.invite_id).await.unwrap_err().code(), "NotFound");
}

#[tokio::test]
#[ignore = "needs a sandbox that has the management API"]
async fn a_record_grants_access_until_it_is_deleted() {
    let client = client().await;
    let (record_id, shopper) = (RecordId::new("rec_1").unwrap(), user("slack|T0/U1"));
    let (cart, read) = (uri("carts/cart_1"), Permission::new("READ").unwrap());
    assert!(!client.authorize_user(&shopper, &cart, &read).await.unwrap());

    let mut content = RecordContent::new("Carts", [Statement::new([owner()], [cart.clone()])]);
    content.users.push(UserReference::from(shopper.clone()));
    client.create_record(Some(&record_id), &content).await.unwrap();
    assert_eq!(client.create_record(Some(&record_id), &content).await.unwrap_err().code(), "Conflict");
    assert!(client.authorize_user(&shopper, &cart, &read).await.unwrap());
    let query = ListUserResources { resource_uri: Some(uri("carts")), ..ListUserResources::default() };
    assert_eq!(client.list_user_resources(&shopper, &query, 10).await.unwrap().items, std::slice::from_ref(&cart));

    let stale = client.get_record(&record_id).await.unwrap();
    let mut changed = stale.clone();
    changed.content.users = vec![UserReference::from(user("user_2"))];
    // Authress's times have milliseconds.
    tokio::time::sleep(Duration::from_millis(5)).await;
    client.update_record(&changed).await.unwrap();
    assert!(!client.authorize_user(&shopper, &cart, &read).await.unwrap());
    assert!(client.authorize_user(&user("user_2"), &cart, &read).await.unwrap());

    client.delete_record(&record_id).await.unwrap();
    assert!(!client.authorize_user(&user("user_2"), &cart, &read).await.unwrap());
    if let Ok(deleted) = client.get_record(&record_id).await {
        assert_eq!(deleted.status, Some(RecordStatus::Deleted));
    }
}

#[tokio::test]
#[ignore = "needs a sandbox that has the management API"]
async fn a_record_that_was_changed_in_between_is_not_overwritten() {
    let client = client().await;
    let record_id = RecordId::new("rec_1").unwrap();
    let mut content = RecordContent::new("Carts", [Statement::new([owner()], [uri("carts/cart_1")])]);
    content.users.push(UserReference::from(user("user_1")));
    client.create_record(Some(&record_id), &content).await.unwrap();
    let mut record = client.get_record(&record_id).await.unwrap();
    record.last_updated = Some("2020-01-01T00:00:00.000Z".to_owned());
    assert_eq!(client.update_record(&record).await.unwrap_err().code(), "Changed");
}

#[tokio::test]
#[ignore = "needs a sandbox that has the management API"]
async fn more_records_than_a_page_has_are_listed() {
    let client = client().await;
    for number in 0..25 {
        let mut content = RecordContent::new("Carts", [Statement::new([owner()], [uri("carts/cart_1")])]);
        content.users.push(UserReference::from(user("user_1")));
        let record_id = RecordId::new(format!("rec_{number}")).unwrap();
        client.create_record(Some(&record_id), &content).await.unwrap();
    }
    let all = client.list_records(&ListRecords::default(), 1000).await.unwrap();
    assert!(all.is_complete && all.items.len() >= 25, "{}", all.items.len());
    let some = client.list_records(&ListRecords::default(), 21).await.unwrap();
    assert_eq!((some.items.len(), some.is_complete), (21, false));
}

#[tokio::test]
#[ignore = "needs a sandbox that has the management API"]
async fn a_user_who_never_logged_in_is_not_found() {
    let client = client().await;
    assert_eq!(client.get_user(&user("user_1")).await.unwrap_err().code(), "NotFound");
    assert!(client.list_users(&ListUsers::default(), 10).await.unwrap().is_complete);
}
