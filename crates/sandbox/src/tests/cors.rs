//! Cross-origin access to every endpoint.

use serde_json::json;

use super::harness::{LOCAL_PAGE, TestResponse, TestSandbox};

fn assert_readable_with_credentials(response: &TestResponse) {
    assert_eq!(response.header("access-control-allow-origin"), Some(LOCAL_PAGE), "{}", response.status);
    assert_eq!(response.header("access-control-allow-credentials"), Some("true"));
    assert!(response.headers.get_all("vary").iter().any(|value| value == "Origin"));
}

#[tokio::test]
async fn every_response_can_be_read_by_a_page_of_an_application() {
    let sandbox = TestSandbox::local();
    let fault = json!({ "faults": [{ "path": "/api/session/profile", "status": 500, "body": "{}" }] });
    assert_eq!(sandbox.send("POST", "/sandbox/faults", &[], Some(fault)).await.status, 200);
    let calls = [
        ("POST", "/api/authentication", Some(sandbox.authentication_body(Some("sc_shop"), 1)), 200),
        ("POST", "/api/authentication", Some(json!({})), 400),
        ("POST", "/api/authentication", None, 415),
        ("POST", "/api/authentication/x/tokens", Some(json!({})), 400),
        ("PATCH", "/api/session", Some(json!({})), 404),
        ("GET", "/api/session/profile", None, 500),
        ("GET", "/api/session/profile", None, 401),
        ("GET", "/api/session/nothing", None, 404),
        ("PUT", "/api/session", None, 405),
        ("GET", "/no/such/place", None, 404),
        ("POST", "/api/authentication", Some(json!("x".repeat(70_000))), 413),
    ];
    for (method, path, body, status) in calls {
        let response = sandbox.page_request(method, path, body).await;
        assert_eq!(response.status, status, "{method} {path}: {}", response.text);
        assert_readable_with_credentials(&response);
    }
}

#[tokio::test]
async fn a_preflight_allows_the_headers_and_methods_of_the_login_client() {
    let sandbox = TestSandbox::local();
    for path in ["/api/authentication", "/api/session", "/anything"] {
        let headers = [
            ("origin", LOCAL_PAGE),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "content-type,x-powered-by,authorization"),
            ("access-control-request-private-network", "true"),
        ];
        let response = sandbox.send("OPTIONS", path, &headers, None).await;
        assert_eq!(response.status, 204);
        assert_readable_with_credentials(&response);
        for header in ["content-type", "x-powered-by", "authorization"] {
            assert!(response.header("access-control-allow-headers").unwrap().contains(header));
        }
        assert!(response.header("access-control-allow-methods").unwrap().contains("PATCH"));
        assert_eq!(response.header("access-control-allow-private-network"), Some("true"));
    }
}

#[tokio::test]
async fn an_unknown_page_can_read_errors_but_never_with_credentials() {
    let sandbox = TestSandbox::local();
    for origin in ["https://evil.test", "null", "http://localhost:9999"] {
        let response = sandbox.send("PATCH", "/api/session", &[("origin", origin)], Some(json!({}))).await;
        assert_eq!(response.header("access-control-allow-origin"), Some(origin));
        assert_eq!(response.header("access-control-allow-credentials"), None);
    }
}
