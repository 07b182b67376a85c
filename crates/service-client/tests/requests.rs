//! Each request as a server receives it, and what is made of its documented responses.

// Lints treat helper functions as code outside tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use authress_service_client::{
    Claim, CollectionConfiguration, InviteId, InviteStatement, InviteUserId, ListRecords, ListUserResources, ListUsers,
    NewInvite, Permission, RecordContent, RecordId, RecordStatus, ResourceId, ResourceUri, Role, Secret, Statement,
    TenantId, UserId, UserReference,
};
use serde_json::{Value, json};
use support::{Server, empty, full};

fn uri(text: &str) -> ResourceUri {
    ResourceUri::new(text).unwrap()
}

fn user() -> UserId {
    UserId::new("slack|T0/U1").unwrap()
}

fn record_json(id: &str) -> Value {
    json!({
        "recordId": id,
        "name": "Carts",
        "lastUpdated": "2026-01-02T03:04:05.678Z",
        "status": "ACTIVE",
        "capacity": 0.01,
        "users": [{"userId": "user_1"}],
        "statements": [{"roles": ["Authress:Owner"], "resources": [{"resourceUri": "carts/cart_1"}]}],
        "unknown": {"kept": true},
    })
}

#[tokio::test]
async fn every_request_has_the_service_clients_token_and_says_what_it_accepts() {
    let server = Server::start([support::json(200, json!({"userId": "slack|T0/U1"}))]).await;
    let client = server.client();
    client.get_user(&user()).await.unwrap();
    let request = &server.received()[0];
    assert_eq!(request.token(), client.tokens().token().expose());
    assert_eq!(request.headers["accept"], "application/json");
    assert!(request.headers["user-agent"].to_str().unwrap().starts_with("authress-service-client/"));
    assert!(!request.headers.contains_key("content-type") && request.body.is_empty());
}

#[tokio::test]
async fn an_invite_is_created_read_and_deleted() {
    let invite = json!({
        "inviteId": "inv_1",
        "authenticationRequestUri": "urn:authress:1",
        "linkedUserId": "user_1",
        "statements": [],
        "expiryTime": "2026-01-09T00:00:00Z",
        "links": {"self": {"href": "x"}},
    });
    let replies = [support::json(201, invite.clone()), support::json(200, invite), empty(204)];
    let server = Server::start(replies).await;
    let client = server.client();

    let new = NewInvite {
        linked_user_id: Some(InviteUserId::new("user_1").unwrap()),
        statements: vec![InviteStatement::new([Role::new("Authress:Owner").unwrap()], [uri("carts/cart_1")])],
        ..NewInvite::default()
    };
    let created = client.create_invite(&new).await.unwrap();
    assert_eq!(created.invite_id.expose(), "inv_1");
    assert_eq!(created.linked_user_id.as_ref().unwrap().as_str(), "user_1");
    let read = client.get_invite(&created.invite_id).await.unwrap();
    assert_eq!(read, created);
    client.delete_invite(&InviteId::new("inv/1").unwrap()).await.unwrap();

    assert_eq!(server.lines(), ["POST /v1/invites", "GET /v1/invites/inv_1", "DELETE /v1/invites/inv%2F1"]);
    let request = &server.received()[0];
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(
        request.json(),
        json!({
            "linkedUserId": "user_1",
            "statements": [{"roles": ["Authress:Owner"], "resources": [{"resourceUri": "carts/cart_1"}]}],
        })
    );
}

#[tokio::test]
async fn a_claim_is_sent_with_the_users_own_token() {
    let server = Server::start([support::json(201, json!({}))]).await;
    let claim = Claim::new(uri("carts"), ResourceId::new("cart_1").unwrap()).unwrap();
    server.client().create_claim(&Secret::new("user.access.token"), &claim).await.unwrap();
    let request = &server.received()[0];
    assert_eq!((request.line().as_str(), request.token().as_str()), ("POST /v1/claims", "user.access.token"));
    assert_eq!(request.json(), json!({"collectionResource": "carts", "resourceId": "cart_1"}));
}

#[tokio::test]
async fn a_token_that_no_header_can_have_is_not_sent() {
    let server = Server::start([]).await;
    let claim = Claim::new(uri("carts"), ResourceId::new("cart_1").unwrap()).unwrap();
    let error = server.client().create_claim(&Secret::new("hunter2\r\nx: y"), &claim).await.unwrap_err();
    assert_eq!(error.code(), "InvalidValue");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_record_is_created_with_and_without_an_id() {
    let server = Server::start([support::json(201, record_json("rec_1")), empty(202)]).await;
    let client = server.client();
    let statement = Statement::new([Role::new("Authress:Owner").unwrap()], [uri("carts/cart_1")]);
    let mut content = RecordContent::new("Carts", [statement]);
    content.users.push(UserReference::from(user()));

    let created = client.create_record(Some(&RecordId::new("rec_1").unwrap()), &content).await.unwrap().unwrap();
    assert_eq!(created.record_id.as_str(), "rec_1");
    assert_eq!(created.status, Some(RecordStatus::Active));
    assert_eq!(client.create_record(None, &content).await.unwrap(), None, "accepted, and created later");

    let bodies: Vec<_> = server.received().iter().map(support::Received::json).collect();
    let without_id = json!({
        "name": "Carts",
        "users": [{"userId": "slack|T0/U1"}],
        "statements": [{"roles": ["Authress:Owner"], "resources": [{"resourceUri": "carts/cart_1"}]}],
    });
    let mut with_id = without_id.clone();
    with_id["recordId"] = "rec_1".into();
    assert_eq!(bodies, [with_id, without_id]);
}

#[tokio::test]
async fn a_record_that_is_read_changed_and_written_keeps_what_is_not_known() {
    let replies = [support::json(200, record_json("rec_1")), support::json(200, record_json("rec_1"))];
    let server = Server::start(replies).await;
    let client = server.client();
    let mut record = client.get_record(&RecordId::new("rec_1").unwrap()).await.unwrap();
    record.content.users.push(UserReference::from(UserId::new("user_2").unwrap()));
    assert!(client.update_record(&record).await.unwrap().is_some());

    assert_eq!(server.lines(), ["GET /v1/records/rec_1", "PUT /v1/records/rec_1"]);
    let update = &server.received()[1];
    assert_eq!(update.headers["if-unmodified-since"], "2026-01-02T03:04:05.678Z");
    let sent = update.json();
    assert_eq!(sent["unknown"], json!({"kept": true}));
    assert_eq!(sent["users"], json!([{"userId": "user_1"}, {"userId": "user_2"}]));
    for member in ["lastUpdated", "status", "capacity"] {
        assert!(sent.get(member).is_none(), "{member} is written by Authress only");
    }
}

#[tokio::test]
async fn an_update_without_the_time_of_the_last_one_is_not_sent() {
    let mut json = record_json("rec_1");
    json.as_object_mut().unwrap().remove("lastUpdated");
    let server = Server::start([support::json(200, json)]).await;
    let client = server.client();
    let record = client.get_record(&RecordId::new("rec_1").unwrap()).await.unwrap();
    let error = client.update_record(&record).await.unwrap_err();
    assert!(error.code() == "InvalidValue" && error.to_string().contains("last_updated"), "{error}");
    assert_eq!(server.lines().len(), 1);
}

#[tokio::test]
async fn an_update_whose_response_has_no_body_is_a_success() {
    let server = Server::start([support::json(200, record_json("rec_1")), empty(200), empty(204)]).await;
    let client = server.client();
    let record = client.get_record(&RecordId::new("rec_1").unwrap()).await.unwrap();
    assert_eq!(client.update_record(&record).await.unwrap(), None);
    client.delete_record(&record.record_id).await.unwrap();
    assert_eq!(server.lines()[2], "DELETE /v1/records/rec_1");
}

#[tokio::test]
async fn all_pages_of_records_are_listed_and_each_record_once() {
    let pages = [
        json!({"records": [record_json("rec_1"), record_json("rec_2")], "pagination": {"next": {"cursor": "a&b"}}}),
        json!({"records": [record_json("rec_2"), record_json("rec_3")], "pagination": {"next": null}, "links": {}}),
    ];
    let server = Server::start(pages.map(|page| support::json(200, page))).await;
    let query = ListRecords { filter: Some("Carts".to_owned()), status: Some(RecordStatus::Active) };
    let listing = server.client().list_records(&query, 100).await.unwrap();
    assert!(listing.is_complete);
    let ids: Vec<_> = listing.items.iter().map(|record| record.record_id.as_str()).collect();
    assert_eq!(ids, ["rec_1", "rec_2", "rec_3"]);
    assert_eq!(
        server.lines(),
        [
            "GET /v1/records?filter=Carts&status=ACTIVE&limit=20",
            "GET /v1/records?filter=Carts&status=ACTIVE&limit=20&cursor=a%26b",
        ]
    );
}

#[tokio::test]
async fn a_list_that_reaches_its_limit_is_not_complete() {
    let page = json!({"records": [record_json("rec_1"), record_json("rec_2")], "pagination": null});
    let server = Server::start([support::json(200, page)]).await;
    let listing = server.client().list_records(&ListRecords::default(), 1).await.unwrap();
    assert_eq!((listing.items.len(), listing.is_complete), (1, false));
}

#[tokio::test]
async fn users_are_read_listed_and_deleted() {
    let identity = json!({"userId": "slack|T0/U1", "name": "A", "email": null, "locale": "en"});
    let replies = [
        support::json(200, identity.clone()),
        full(
            200,
            &[("content-type", "application/links+json")],
            &json!({"users": [identity], "links": {}}).to_string(),
        ),
        empty(202),
    ];
    let server = Server::start(replies).await;
    let client = server.client();
    let read = client.get_user(&user()).await.unwrap();
    assert_eq!(
        (read.name.as_deref(), read.email.as_deref(), read.other["locale"].as_str()),
        (Some("A"), None, Some("en"))
    );
    let query = ListUsers { filter: None, tenant_id: Some(TenantId::new("ten_1").unwrap()) };
    assert_eq!(client.list_users(&query, 10).await.unwrap().items, [read]);
    client.delete_user(&user()).await.unwrap();
    assert_eq!(
        server.lines(),
        ["GET /v1/users/slack%7CT0%2FU1", "GET /v1/users?tenantId=ten_1&limit=100", "DELETE /v1/users/slack%7CT0%2FU1",]
    );
}

#[tokio::test]
async fn a_permission_is_granted_by_200_and_denied_by_404() {
    let replies = [support::json(200, json!({})), empty(200), support::json(404, json!({"errorCode": "NotFound"}))];
    let server = Server::start(replies).await;
    let client = server.client();
    let permission = Permission::new("documents:*").unwrap();
    for expected in [true, true, false] {
        let is_allowed = client.authorize_user(&user(), &uri("/carts/cart_1"), &permission).await.unwrap();
        assert_eq!(is_allowed, expected);
    }
    let line = "GET /v1/users/slack%7CT0%2FU1/resources/%2Fcarts%2Fcart_1/permissions/documents%3A%2A";
    assert_eq!(server.lines(), [line; 3]);
}

#[tokio::test]
async fn no_other_response_grants_a_permission() {
    for (reply, code) in [
        (support::json(403, json!({})), "Forbidden"),
        (support::json(422, json!({})), "InvalidRequest"),
        (empty(204), "UnexpectedResponse"),
        (empty(304), "UnexpectedResponse"),
        (full(200, &[("content-type", "text/html")], "<h1>Shop</h1>"), "UnexpectedResponse"),
    ] {
        let server = Server::start([reply]).await;
        let permission = Permission::new("READ").unwrap();
        let error = server.client().authorize_user(&user(), &uri("carts"), &permission).await.unwrap_err();
        assert_eq!(error.code(), code);
    }
}

#[tokio::test]
async fn the_resources_of_a_user_are_listed() {
    let pages = [
        json!({"userId": "u", "resources": [{"resourceUri": "carts/1"}], "pagination": {"next": {"cursor": "2"}}}),
        json!({"userId": "u", "resources": null}),
    ];
    let server = Server::start(pages.map(|page| support::json(200, page))).await;
    let query = ListUserResources {
        resource_uri: Some(uri("carts")),
        collection: Some(CollectionConfiguration::IncludeNested),
        permission: Some(Permission::new("READ").unwrap()),
    };
    let listing = server.client().list_user_resources(&user(), &query, 100).await.unwrap();
    assert_eq!((listing.items, listing.is_complete), (vec![uri("carts/1")], true));
    let first = "GET /v1/users/slack%7CT0%2FU1/resources\
                 ?resourceUri=carts&collectionConfiguration=INCLUDE_NESTED&permissions=READ&limit=20";
    assert_eq!(server.lines(), [first.to_owned(), format!("{first}&cursor=2")]);
}
