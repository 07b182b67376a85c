use serde_json::json;

use super::harness::{LOCAL_PAGE, Stage};

#[tokio::test]
async fn faults_count_down_are_listed_and_cleared() {
    let stage = Stage::local();
    let faults =
        json!({ "faults": [{ "method": "PATCH", "path": "/api/session", "status": 503, "times": 2, "body": "<b>" }] });
    stage.send("POST", "/sandbox/faults", &[], Some(faults)).await;
    let reply = stage.page_calls("PATCH", "/api/session", Some(json!({}))).await;
    assert_eq!((reply.status, reply.text.as_str()), (503, "<b>"));
    assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
    let left = stage.send("GET", "/sandbox/faults", &[], None).await.json();
    assert_eq!(left["faults"][0]["times"], json!(1));
    assert_eq!(stage.send("DELETE", "/sandbox/faults", &[], None).await.status, 204);
    stage.page_calls("PATCH", "/api/session", Some(json!({}))).await.assert_refused(404, "SessionNotFound");
}

#[tokio::test]
async fn the_log_has_methods_paths_and_statuses_and_nothing_secret() {
    let stage = Stage::local();
    stage.page_calls("PATCH", "/api/session", Some(json!({}))).await;
    stage.send("GET", "/login?code=secret&state=x", &[], None).await;
    let log = stage.send("GET", "/sandbox/log", &[], None).await;
    assert_eq!(
        log.json(),
        json!([
            { "method": "PATCH", "path": "/api/session", "status": 404 },
            { "method": "GET", "path": "/login", "status": 400 },
        ])
    );
    stage.send("DELETE", "/sandbox/log", &[], None).await;
    assert_eq!(stage.send("GET", "/sandbox/log", &[], None).await.json(), json!([]));
}

#[tokio::test]
async fn no_page_controls_the_sandbox() {
    let stage = Stage::local();
    let headers = [("origin", LOCAL_PAGE)];
    stage.send("DELETE", "/sandbox/log", &headers, None).await.assert_refused(403, "ControlRefused");
    let clock = stage.send("POST", "/sandbox/clock", &headers, Some(json!({ "advanceSeconds": 1 }))).await;
    clock.assert_refused(403, "ControlRefused");
}

#[tokio::test]
async fn mistaken_control_calls_are_refused() {
    let stage = Stage::local();
    let fault = json!({ "faults": [{ "path": "/", "status": 99 }] });
    stage.send("POST", "/sandbox/faults", &[], Some(fault)).await.assert_refused(400, "InvalidFault");
    let typo = json!({ "faults": [{ "path": "/", "status": 500, "time": 1 }] });
    stage.send("POST", "/sandbox/faults", &[], Some(typo)).await.assert_refused(400, "InvalidRequest");
    let far = json!({ "advanceSeconds": u64::MAX });
    stage.send("POST", "/sandbox/clock", &[], Some(far)).await.assert_refused(400, "InvalidClock");
}

#[tokio::test]
async fn a_foreign_host_name_is_not_served() {
    let stage = Stage::local();
    let reply = stage.send("GET", "/sandbox/log", &[("host", "rebound.evil.test:8888")], None).await;
    reply.assert_refused(421, "HostNotServed");
    assert_eq!(stage.send("GET", "/sandbox/log", &[("host", "127.0.0.1:8888")], None).await.status, 200);
}
