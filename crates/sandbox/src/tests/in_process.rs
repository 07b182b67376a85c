//! The sandbox inside another program, with routes of that program.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{Request, StatusCode};
use axum::routing::get;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::config::Config;
use crate::sandbox::InProcess;

async fn send(router: &Router, method: &str, path: &str, host: &str, body: Value) -> (StatusCode, String) {
    let request =
        Request::builder().method(method).uri(path).header(HOST, host).header(CONTENT_TYPE, "application/json");
    let response = router.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
    let status = response.status();
    (status, String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
}

#[tokio::test]
async fn routes_of_the_program_have_the_checks_faults_and_log_of_the_others() {
    let config = json!({ "listen": "127.0.0.1:8888", "applications": [], "serviceClients": [], "control": true });
    let config = Config::parse(&config.to_string(), Path::new("")).unwrap();
    let sandbox = InProcess::new(&config, Arc::new(AtomicU64::new(1_000_000))).unwrap();
    let now_ms = sandbox.clock();
    let router = sandbox.router(Router::new().route("/own", get(|| async { "own" })));
    let own = |host| send(&router, "GET", "/own", host, Value::Null);

    assert_eq!(own("127.0.0.1:8888").await, (StatusCode::OK, "own".to_owned()));
    assert_eq!(own("evil.test").await.0, StatusCode::MISDIRECTED_REQUEST);
    let fault = json!({ "faults": [{ "path": "/own", "status": 429 }] });
    send(&router, "POST", "/sandbox/faults", "localhost", fault).await;
    assert_eq!(own("localhost").await.0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(own("localhost").await.0, StatusCode::OK);
    let log: Value =
        serde_json::from_str(&send(&router, "GET", "/sandbox/log", "localhost", Value::Null).await.1).unwrap();
    let statuses: Vec<&Value> = log.as_array().unwrap().iter().map(|entry| &entry["status"]).collect();
    assert_eq!(statuses, [200, 429, 200]);

    assert_eq!(now_ms(), 1_000_000);
    send(&router, "POST", "/sandbox/clock", "localhost", json!({ "advanceSeconds": 60 })).await;
    assert_eq!(now_ms(), 1_060_000);
}
