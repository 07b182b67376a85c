//! What tests control: faults, the clock, the log.

use serde_json::json;

use super::harness::{LOCAL_PAGE, TestSandbox};

#[tokio::test]
async fn faults_count_down_and_can_be_listed_and_cleared() {
    let sandbox = TestSandbox::local();
    let faults =
        json!({ "faults": [{ "method": "PATCH", "path": "/api/session", "status": 503, "times": 2, "body": "<b>" }] });
    sandbox.send("POST", "/sandbox/faults", &[], Some(faults)).await;
    let response = sandbox.page_request("PATCH", "/api/session", Some(json!({}))).await;
    assert_eq!((response.status, response.text.as_str()), (503, "<b>"));
    assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"));
    let left = sandbox.send("GET", "/sandbox/faults", &[], None).await.json();
    assert_eq!(left["faults"][0]["times"], json!(1));
    assert_eq!(sandbox.send("DELETE", "/sandbox/faults", &[], None).await.status, 204);
    sandbox.page_request("PATCH", "/api/session", Some(json!({}))).await.assert_error(404, "SessionNotFound");
}

#[tokio::test]
async fn the_log_has_methods_paths_and_statuses_and_no_secrets() {
    let sandbox = TestSandbox::local();
    sandbox.page_request("PATCH", "/api/session", Some(json!({}))).await;
    sandbox.send("GET", "/login?code=secret&state=x", &[], None).await;
    let log = sandbox.send("GET", "/sandbox/log", &[], None).await;
    assert_eq!(
        log.json(),
        json!([
            { "method": "PATCH", "path": "/api/session", "status": 404 },
            { "method": "GET", "path": "/login", "status": 400 },
        ])
    );
    sandbox.send("DELETE", "/sandbox/log", &[], None).await;
    assert_eq!(sandbox.send("GET", "/sandbox/log", &[], None).await.json(), json!([]));
}

#[tokio::test]
async fn a_browser_cannot_control_the_sandbox() {
    let sandbox = TestSandbox::local();
    let headers = [("origin", LOCAL_PAGE)];
    sandbox.send("DELETE", "/sandbox/log", &headers, None).await.assert_error(403, "ControlRefused");
    let clock = sandbox.send("POST", "/sandbox/clock", &headers, Some(json!({ "advanceSeconds": 1 }))).await;
    clock.assert_error(403, "ControlRefused");
}

#[tokio::test]
async fn invalid_control_requests_are_rejected() {
    let sandbox = TestSandbox::local();
    let fault = json!({ "faults": [{ "path": "/", "status": 99 }] });
    sandbox.send("POST", "/sandbox/faults", &[], Some(fault)).await.assert_error(400, "InvalidFault");
    let typo = json!({ "faults": [{ "path": "/", "status": 500, "time": 1 }] });
    sandbox.send("POST", "/sandbox/faults", &[], Some(typo)).await.assert_error(400, "InvalidRequest");
    let far = json!({ "advanceSeconds": u64::MAX });
    sandbox.send("POST", "/sandbox/clock", &[], Some(far)).await.assert_error(400, "InvalidClock");
}

#[tokio::test]
async fn another_host_name_is_not_served() {
    let sandbox = TestSandbox::local();
    let response = sandbox.send("GET", "/sandbox/log", &[("host", "rebound.evil.test:8888")], None).await;
    response.assert_error(421, "HostNotServed");
    assert_eq!(sandbox.send("GET", "/sandbox/log", &[("host", "127.0.0.1:8888")], None).await.status, 200);
}

#[tokio::test]
async fn switches_of_the_dialect_can_be_changed_and_restored() {
    let sandbox = TestSandbox::local();
    let renew = || sandbox.page_request("PATCH", "/api/session", Some(json!({})));
    for status in [409, 403] {
        let switches = json!({ "noSession": status, "renewal": "cookies" });
        let dialect = sandbox.send("POST", "/sandbox/dialect", &[], Some(switches)).await.json();
        assert_eq!((&dialect["noSession"], &dialect["checksInvites"]), (&json!(status), &json!(false)));
        renew().await.assert_error(status, "SessionNotFound");
    }
    let typo = sandbox.send("POST", "/sandbox/dialect", &[], Some(json!({ "noSesion": 400 }))).await;
    typo.assert_error(400, "InvalidDialect");
    assert_eq!(sandbox.send("GET", "/sandbox/dialect", &[], None).await.json()["noSession"], json!(403));
    assert_eq!(sandbox.send("DELETE", "/sandbox/dialect", &[], None).await.status, 204);
    renew().await.assert_error(404, "SessionNotFound");
}
