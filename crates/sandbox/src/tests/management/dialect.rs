//! What differs between dialects in the management API.

use serde_json::{Value, json};

use super::super::harness::TestSandbox;
use super::{send, send_with, shop, statement};

fn record(id: &str) -> Value {
    json!({ "recordId": id, "name": "x", "statements": [statement("ro_viewer", &format!("carts/{id}"))] })
}

async fn listed(sandbox: &TestSandbox, query: &str) -> Vec<String> {
    let mut ids = vec![];
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/records?filter=carts&limit=4{query}{cursor}");
        let page = send(sandbox, "GET", &path, None).await.json();
        let records = page["records"].as_array().unwrap_or_else(|| panic!("{page}"));
        let own = records.iter().filter(|one| one["recordId"] != "rec_sc_shop");
        ids.extend(own.map(|one| one["recordId"].as_str().unwrap().to_owned()));
        match page["pagination"]["next"]["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

async fn create(sandbox: &TestSandbox, id: &str) {
    assert_eq!(send(sandbox, "POST", "/v1/records", Some(record(id))).await.status, 201);
}

#[tokio::test]
async fn lists_of_records_lag_behind_as_the_dialect_says() {
    for (dialect, lag_s) in [(json!("default"), 0), (json!("strict"), 3), (json!({ "listLagSeconds": 240 }), 240)] {
        let mut sandbox = shop(dialect);
        sandbox.advance(10).await;
        create(&sandbox, "one").await;
        assert_eq!(listed(&sandbox, "").await.len(), usize::from(lag_s == 0));
        // The record itself is there at once.
        assert_eq!(send(&sandbox, "GET", "/v1/records/one", None).await.status, 200);
        sandbox.advance(lag_s + 1).await;
        assert_eq!(listed(&sandbox, "").await, ["one"]);
        assert_eq!(send(&sandbox, "DELETE", "/v1/records/one", None).await.status, 204);
        assert_eq!(listed(&sandbox, "&status=ACTIVE").await.len(), usize::from(lag_s != 0));
        sandbox.advance(lag_s + 1).await;
        assert_eq!(listed(&sandbox, "&status=DELETED").await, ["one"]);
    }
}

#[tokio::test]
async fn lists_of_records_have_another_order_with_every_walk_in_a_strict_dialect() {
    let ids: Vec<String> = (10..30).map(|number| number.to_string()).collect();
    for (dialect, is_stable) in [("default", true), ("strict", false)] {
        let mut sandbox = shop(json!(dialect));
        for id in &ids {
            create(&sandbox, id).await;
        }
        sandbox.advance(10).await;
        let mut orders = vec![];
        for _ in 0..4 {
            let order = listed(&sandbox, "").await;
            let mut sorted = order.clone();
            sorted.sort();
            assert_eq!(sorted, ids, "a walk has every record once");
            orders.push(order);
        }
        orders.dedup();
        assert_eq!(orders.len() == 1, is_stable);
    }
}

#[tokio::test]
async fn the_status_of_an_updated_record_is_that_of_the_dialect() {
    for (dialect, status) in [("default", 200), ("strict", 202)] {
        let sandbox = shop(json!(dialect));
        create(&sandbox, "one").await;
        let updated = send(&sandbox, "PUT", "/v1/records/one", Some(record("one"))).await;
        assert_eq!((updated.status, &updated.json()["recordId"]), (status, &json!("one")));
    }
}

#[tokio::test]
async fn a_user_is_deleted_after_the_delay_of_the_dialect() {
    for (dialect, delay_s) in [(json!("strict"), 5), (json!({ "userDeletionDelaySeconds": 60 }), 60)] {
        let mut sandbox = shop(dialect);
        let token = sandbox.anonymous_token("user_1", 1).await;
        let claim = json!({ "collectionResource": "carts", "resourceId": "1" });
        assert_eq!(send_with(&sandbox, &token, "POST", "/v1/claims", Some(claim)).await.status, 201);
        let request =
            async |sandbox: &TestSandbox, method: &str| send(sandbox, method, "/v1/users/user_1", None).await.status;
        assert_eq!(request(&sandbox, "DELETE").await, 202);
        assert_eq!(request(&sandbox, "GET").await, 200);
        sandbox.advance(delay_s - 2).await;
        // To ask again does not put it off.
        assert_eq!(request(&sandbox, "DELETE").await, 202);
        assert!(super::has_permission(&sandbox, "user_1", "carts/1", "READ").await);
        sandbox.advance(3).await;
        assert_eq!(request(&sandbox, "GET").await, 404);
        assert!(!super::has_permission(&sandbox, "user_1", "carts/1", "READ").await);
        // The anonymous shopper comes back and is a user again.
        sandbox.anonymous_token("user_1", 2).await;
        assert_eq!(request(&sandbox, "GET").await, 200);
    }
}
