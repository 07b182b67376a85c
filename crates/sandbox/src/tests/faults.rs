use std::time::Instant;

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::harness::{LOCAL_PAGE, Stage};

async fn add(stage: &Stage, fault: Value) {
    let reply = stage.send("POST", "/sandbox/faults", &[], Some(json!({ "faults": [fault] }))).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

#[tokio::test]
async fn a_late_answer_is_the_real_one_or_the_given_one() {
    let stage = Stage::local();
    let (real, given) =
        (json!({ "path": "/api/session", "delayMs": 40 }), json!({ "path": "/api", "delayMs": 40, "status": 503 }));
    for (fault, status) in [(real, 404), (given, 503)] {
        add(&stage, fault).await;
        let started = Instant::now();
        let reply = stage.page_calls("PATCH", "/api/session", Some(json!({}))).await;
        assert_eq!(reply.status, status);
        assert!(started.elapsed().as_millis() >= 40);
        assert_eq!(reply.header("access-control-allow-origin"), Some(LOCAL_PAGE));
    }
}

#[tokio::test]
async fn a_dropped_answer_was_processed_and_is_logged_with_its_status() {
    let stage = Stage::cross_site();
    let pending = stage.start("sc_shop", 1).await;
    let code = stage.vouch(&pending, "user_1").await.param("code").unwrap();
    let path = format!("/api/authentication/{}/tokens", pending.id);
    add(&stage, json!({ "path": path, "drop": true })).await;
    let body = stage.exchange_body(&pending, &code);
    let request = Request::post(&path).header("origin", stage.page).header("content-type", "application/json");
    let response = stage.raw_answer(request.body(Body::from(body.to_string())).unwrap()).await;
    assert!(response.into_body().collect().await.is_err());
    stage.exchange(&pending, body).await.assert_invalid_request("used before");
    let log = stage.send("GET", "/sandbox/log", &[], None).await.json();
    let statuses: Vec<_> = log.as_array().unwrap().iter().filter(|entry| entry["path"] == path.as_str()).collect();
    assert_eq!((&statuses[0]["status"], &statuses[1]["status"]), (&json!(200), &json!(400)));
}

#[tokio::test]
async fn a_fault_says_what_to_do_and_nothing_contradictory() {
    let stage = Stage::local();
    let impossible = [
        json!({ "path": "/" }),
        json!({ "path": "/", "drop": true, "status": 500 }),
        json!({ "path": "/", "delayMs": 60_001 }),
    ];
    for fault in impossible {
        let reply = stage.send("POST", "/sandbox/faults", &[], Some(json!({ "faults": [fault] }))).await;
        reply.assert_refused(400, "InvalidFault");
    }
}
