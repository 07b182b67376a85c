//! Access records.

use serde_json::{Value, json};

use super::super::harness::{TestResponse, TestSandbox};
use super::{USER_IDS, has_permission, send, send_with, shop, shop_with, statement};

fn record(id: &str, user_id: &str, resource_uri: &str) -> Value {
    json!({
        "recordId": id, "name": "A cart", "users": [{ "userId": user_id }],
        "statements": [statement("Authress:Owner", resource_uri)],
    })
}

async fn create(sandbox: &TestSandbox, record: Value) -> Value {
    let response = send(sandbox, "POST", "/v1/records", Some(record)).await;
    assert_eq!(response.status, 201, "{}", response.text);
    response.json()
}

async fn put(sandbox: &TestSandbox, id: &str, record: Value, known: Option<&str>) -> TestResponse {
    let token = sandbox.verifier_key.sign_jwt("at+jwt", &super::client_claims(sandbox));
    let authorization = format!("Bearer {token}");
    let mut headers = vec![("authorization", authorization.as_str())];
    headers.extend(known.map(|known| ("if-unmodified-since", known)));
    sandbox.send("PUT", &format!("/v1/records/{id}"), &headers, Some(record)).await
}

#[tokio::test]
async fn a_record_gives_access_until_it_is_changed_or_deleted() {
    let sandbox = shop(json!("default"));
    for (index, user_id) in USER_IDS.into_iter().enumerate() {
        let (id, cart) = (format!("rec:{index}|~"), format!("carts/{index}"));
        let created = create(&sandbox, record(&id, user_id, &cart)).await;
        assert_eq!((&created["recordId"], &created["status"]), (&json!(id), &json!("ACTIVE")));
        assert!(
            created["lastUpdated"].as_str().is_some_and(|time| time.ends_with('Z')) && created["capacity"].is_number()
        );
        assert!(has_permission(&sandbox, user_id, &cart, "READ").await, "{user_id}");
        let path = format!("/v1/records/{}", super::encode(&id));
        assert_eq!(send(&sandbox, "GET", &path, None).await.json(), created);
        let moved = put(&sandbox, &super::encode(&id), record(&id, "another", &cart), None).await;
        assert_eq!((moved.status, &moved.json()["users"]), (200, &json!([{ "userId": "another" }])));
        assert!(!has_permission(&sandbox, user_id, &cart, "READ").await, "{user_id}");
        assert_eq!(send(&sandbox, "DELETE", &path, None).await.status, 204);
        assert!(!has_permission(&sandbox, "another", &cart, "READ").await);
        assert_eq!(send(&sandbox, "GET", &path, None).await.json()["status"], json!("DELETED"));
        assert_eq!(send(&sandbox, "DELETE", &path, None).await.status, 204);
        put(&sandbox, &super::encode(&id), record(&id, user_id, &cart), None)
            .await
            .assert_error(404, "AccessRecordNotFound");
        let taken = send(&sandbox, "POST", "/v1/records", Some(record(&id, user_id, &cart))).await;
        taken.assert_error(409, "AccessRecordAlreadyExists");
    }
}

#[tokio::test]
async fn a_record_without_an_id_gets_one_and_read_only_fields_are_ignored() {
    let sandbox = shop(json!("default"));
    let mut body = record("x", "user_1", "carts/1");
    body.as_object_mut().unwrap().remove("recordId");
    body["status"] = json!("DELETED");
    body["lastUpdated"] = json!("2001-01-01T00:00:00Z");
    body["capacity"] = json!(1);
    let created = create(&sandbox, body).await;
    assert!(created["recordId"].as_str().unwrap().starts_with("rec_"));
    assert_eq!((&created["status"], &created["capacity"]), (&json!("ACTIVE"), &json!(0.0)));
    assert!(!created["lastUpdated"].as_str().unwrap().starts_with("2001"));
}

#[tokio::test]
async fn a_concurrent_change_is_not_overwritten() {
    let sandbox = shop(json!("default"));
    let created = create(&sandbox, record("rec_1", "user_1", "carts/1")).await;
    let known = created["lastUpdated"].as_str().unwrap();
    let first = put(&sandbox, "rec_1", record("rec_1", "user_2", "carts/1"), Some(known)).await;
    assert_eq!(first.status, 200);
    let second = put(&sandbox, "rec_1", record("rec_1", "user_3", "carts/1"), Some(known)).await;
    second.assert_error(412, "PreconditionFailed");
    let known = first.json()["lastUpdated"].as_str().unwrap().to_owned();
    assert_eq!(put(&sandbox, "rec_1", record("rec_1", "user_3", "carts/1"), Some(&known)).await.status, 200);
    for invalid in ["yesterday", "Thu, 01 Jan 1970 00:00:00 GMT"] {
        let response = put(&sandbox, "rec_1", record("rec_1", "user_4", "carts/1"), Some(invalid)).await;
        response.assert_error(400, "InvalidRequest");
    }
}

#[tokio::test]
async fn invalid_and_large_records_are_rejected() {
    for (dialect, status) in [("default", 400), ("strict", 422)] {
        let sandbox = shop(json!(dialect));
        create(&sandbox, record("rec_1", "user_1", "carts/1")).await;
        let mut both = record("rec_2", "user_1", "carts/1");
        both["statements"][0]["users"] = json!([{ "userId": "user_2" }]);
        let mut unnamed = record("rec_2", "user_1", "carts/1");
        unnamed["name"] = json!("");
        for body in [both, unnamed, json!({ "name": "x" }), json!([]), record("rec/2", "user_1", "carts/1")] {
            send(&sandbox, "POST", "/v1/records", Some(body.clone())).await.assert_error(status, "InvalidRequest");
            put(&sandbox, "rec_1", body, None).await.assert_error(status, "InvalidRequest");
        }
        let mut large = record("rec_2", "user_1", "carts/1");
        let users: Vec<Value> = (0..1000).map(|number| json!({ "userId": format!("{number:0>100}") })).collect();
        large["users"] = json!(users);
        send(&sandbox, "POST", "/v1/records", Some(large.clone())).await.assert_error(413, "AccessRecordTooLarge");
        put(&sandbox, "rec_1", large.clone(), None).await.assert_error(413, "AccessRecordTooLarge");
        large["users"] = json!(users[..700]);
        let full = create(&sandbox, large).await["capacity"].as_f64().unwrap();
        assert!((0.7..=0.9).contains(&full), "{full}");
    }
}

#[tokio::test]
async fn users_of_a_statement_have_its_access_only() {
    let sandbox = shop(json!("default"));
    let of = |uri: &str, user_id: &str| {
        let mut one = statement("ro_viewer", uri);
        one["users"] = json!([{ "userId": user_id }]);
        one
    };
    create(&sandbox, json!({ "name": "x", "statements": [of("carts/1", "ada"), of("carts/2", "eve")] })).await;
    assert!(has_permission(&sandbox, "ada", "carts/1", "read").await);
    assert!(!has_permission(&sandbox, "ada", "carts/2", "READ").await);
    assert!(!has_permission(&sandbox, "ada", "carts/1", "UPDATE").await);
}

#[tokio::test]
async fn only_owners_of_the_resources_and_admins_of_the_record_change_it() {
    let sandbox = shop_with(json!("strict"), &["carts"]);
    let foreign = send(&sandbox, "POST", "/v1/records", Some(record("rec_x", "user_1", "orders/1"))).await;
    foreign.assert_error(403, "Forbidden");
    let mut shared = record("rec_1", "reader", "carts/1");
    shared["statements"][0]["roles"] = json!(["ro_viewer"]);
    shared["admins"] = json!([{ "userId": "admin" }]);
    create(&sandbox, shared.clone()).await;
    let [reader, admin, stranger] = [("reader", 1), ("admin", 2), ("stranger", 3)];
    let reader = sandbox.anonymous_token(reader.0, reader.1).await;
    let admin = sandbox.anonymous_token(admin.0, admin.1).await;
    let stranger = sandbox.anonymous_token(stranger.0, stranger.1).await;
    let get = async |token: &str| send_with(&sandbox, token, "GET", "/v1/records/rec_1", None).await;
    assert_eq!(get(&admin).await.status, 200);
    get(&reader).await.assert_error(403, "Forbidden");
    get(&stranger).await.assert_error(404, "AccessRecordNotFound");
    let put = async |token: &str, body: &Value| {
        send_with(&sandbox, token, "PUT", "/v1/records/rec_1", Some(body.clone())).await
    };
    shared["users"] = json!([{ "userId": "reader" }, { "userId": "friend" }]);
    assert_eq!(put(&admin, &shared).await.status, 202);
    put(&reader, &shared).await.assert_error(403, "Forbidden");
    // An admin gives no more than the record did.
    shared["statements"] = json!([statement("Authress:Owner", "carts/2")]);
    put(&admin, &shared).await.assert_error(403, "Forbidden");
}

#[tokio::test]
async fn lists_are_cut_into_pages_filtered_and_limited_to_what_the_caller_can_read() {
    let sandbox = shop_with(json!("default"), &["carts", "Authress:UserPermissions"]);
    for number in 10..33 {
        create(&sandbox, record(&format!("rec_{number}"), "user_1", &format!("carts/Nr{number}"))).await;
    }
    assert_eq!(send(&sandbox, "DELETE", "/v1/records/rec_11", None).await.status, 204);
    let list = async |query: &str| send(&sandbox, "GET", &format!("/v1/records{query}"), None).await;
    let ids = |page: &Value| -> Vec<String> {
        page["records"].as_array().unwrap().iter().map(|one| one["recordId"].as_str().unwrap().to_owned()).collect()
    };
    let first = list("").await.json();
    assert_eq!(ids(&first).len(), 20);
    let cursor = first["pagination"]["next"]["cursor"].as_str().unwrap();
    assert!(first["links"]["next"]["href"].as_str().unwrap().ends_with(&format!("/v1/records?cursor={cursor}")));
    let second = list(&format!("?cursor={cursor}")).await.json();
    // The last one is that of the service client itself.
    assert_eq!(ids(&second), ["rec_30", "rec_31", "rec_32", "rec_sc_shop"]);
    assert_eq!(second.get("pagination"), None);
    assert_eq!(ids(&list("?status=DELETED").await.json()), ["rec_11"]);
    assert_eq!(ids(&list("?status=ACTIVE&filter=nR1&limit=3").await.json()), ["rec_10", "rec_12", "rec_13"]);
    let ada = sandbox.anonymous_token("user_1", 1).await;
    let own = send_with(&sandbox, &ada, "GET", "/v1/records?filter=Nr15", None).await.json();
    assert_eq!(ids(&own), ["rec_15"], "an owner can read the record");
    let stranger = sandbox.anonymous_token("user_2", 2).await;
    send_with(&sandbox, &stranger, "GET", "/v1/records", None).await.assert_error(403, "Forbidden");
    for query in ["?limit=0", "?limit=21", "?cursor=x", "?status=GONE", "?limit=1&limit=2"] {
        list(query).await.assert_error(400, "InvalidRequest");
    }
    list(&format!("?filter={}", "f".repeat(65))).await.assert_error(400, "InvalidRequest");
}

#[tokio::test]
async fn the_json_with_links_of_an_sdk_is_accepted() {
    let sandbox = shop(json!("default"));
    let token = sandbox.verifier_key.sign_jwt("at+jwt", &super::client_claims(&sandbox));
    let request = axum::http::Request::post("/v1/records")
        .header("authorization", format!("bearer {token}"))
        .header("content-type", "application/links+json; charset=utf-8")
        .body(axum::body::Body::from(record("rec_1", "user_1", "carts/1").to_string()));
    assert_eq!(sandbox.send_request(request.unwrap()).await.status, 201);
}
