//! Injected faults.

#[cfg(not(feature = "server"))]
use std::time::Duration;
#[cfg(feature = "server")]
use std::time::Instant;

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};

#[cfg(feature = "server")]
use super::harness::LOCAL_PAGE;
use super::harness::TestSandbox;

async fn add(sandbox: &TestSandbox, fault: Value) {
    let response = sandbox.send("POST", "/sandbox/faults", &[], Some(json!({ "faults": [fault] }))).await;
    assert_eq!(response.status, 200, "{}", response.text);
}

#[cfg(feature = "server")]
#[tokio::test]
async fn a_delayed_response_is_the_real_one_or_the_injected_one() {
    let sandbox = TestSandbox::local();
    let (real, given) =
        (json!({ "path": "/api/session", "delayMs": 40 }), json!({ "path": "/api", "delayMs": 40, "status": 503 }));
    for (fault, status) in [(real, 404), (given, 503)] {
        add(&sandbox, fault).await;
        let started = Instant::now();
        let response = sandbox.page_request("PATCH", "/api/session", Some(json!({}))).await;
        assert_eq!(response.status, status);
        assert!(started.elapsed().as_millis() >= 40);
        assert_eq!(response.header("access-control-allow-origin"), Some(LOCAL_PAGE));
    }
}

#[cfg(not(feature = "server"))]
#[tokio::test]
async fn the_surrounding_program_learns_the_delay_of_a_response() {
    let sandbox = TestSandbox::local();
    add(&sandbox, json!({ "path": "/settings", "delayMs": 40 })).await;
    let response = sandbox.send_unread(Request::get("/settings").body(Body::empty()).unwrap()).await;
    assert_eq!(response.extensions().get(), Some(&crate::Delay(Duration::from_millis(40))));
}

#[tokio::test]
async fn a_dropped_request_is_processed_and_logged_with_its_status() {
    let sandbox = TestSandbox::cross_site();
    let pending = sandbox.start("sc_shop", 1).await;
    let code = sandbox.verifier_login(&pending, "user_1").await.param("code").unwrap();
    let path = format!("/api/authentication/{}/tokens", pending.id);
    add(&sandbox, json!({ "path": path, "drop": true })).await;
    let body = sandbox.exchange_body(&pending, &code);
    let request = Request::post(&path).header("origin", sandbox.page).header("content-type", "application/json");
    let response = sandbox.send_unread(request.body(Body::from(body.to_string())).unwrap()).await;
    assert!(response.into_body().collect().await.is_err());
    sandbox.exchange(&pending, body).await.assert_invalid_request("used before");
    let log = sandbox.send("GET", "/sandbox/log", &[], None).await.json();
    let statuses: Vec<_> = log.as_array().unwrap().iter().filter(|entry| entry["path"] == path.as_str()).collect();
    assert_eq!((&statuses[0]["status"], &statuses[1]["status"]), (&json!(200), &json!(400)));
}

#[tokio::test]
async fn a_fault_without_an_effect_or_with_contradictory_ones_is_rejected() {
    let sandbox = TestSandbox::local();
    let impossible = [
        json!({ "path": "/" }),
        json!({ "path": "/", "drop": true, "status": 500 }),
        json!({ "path": "/", "delayMs": 60_001 }),
    ];
    for fault in impossible {
        let response = sandbox.send("POST", "/sandbox/faults", &[], Some(json!({ "faults": [fault] }))).await;
        response.assert_error(400, "InvalidFault");
    }
}
