use serde_json::json;

use super::harness::{LOCAL_PAGE, Reply, Stage};

fn assert_readable_with_credentials(reply: &Reply) {
    assert_eq!(reply.header("access-control-allow-origin"), Some(LOCAL_PAGE), "{}", reply.status);
    assert_eq!(reply.header("access-control-allow-credentials"), Some("true"));
    assert!(reply.headers.get_all("vary").iter().any(|value| value == "Origin"));
}

#[tokio::test]
async fn every_answer_can_be_read_by_an_application_page() {
    let stage = Stage::local();
    let fault = json!({ "faults": [{ "path": "/api/session/profile", "status": 500, "body": "{}" }] });
    assert_eq!(stage.send("POST", "/sandbox/faults", &[], Some(fault)).await.status, 200);
    let calls = [
        ("POST", "/api/authentication", Some(stage.login_body(Some("sc_shop"), 1)), 200),
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
        let reply = stage.page_calls(method, path, body).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text);
        assert_readable_with_credentials(&reply);
    }
}

#[tokio::test]
async fn a_preflight_allows_what_the_login_client_sends() {
    let stage = Stage::local();
    for path in ["/api/authentication", "/api/session", "/anything"] {
        let headers = [
            ("origin", LOCAL_PAGE),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "content-type,x-powered-by,authorization"),
            ("access-control-request-private-network", "true"),
        ];
        let reply = stage.send("OPTIONS", path, &headers, None).await;
        assert_eq!(reply.status, 204);
        assert_readable_with_credentials(&reply);
        for header in ["content-type", "x-powered-by", "authorization"] {
            assert!(reply.header("access-control-allow-headers").unwrap().contains(header));
        }
        assert!(reply.header("access-control-allow-methods").unwrap().contains("PATCH"));
        assert_eq!(reply.header("access-control-allow-private-network"), Some("true"));
    }
}

#[tokio::test]
async fn an_unknown_page_can_read_refusals_but_never_with_credentials() {
    let stage = Stage::local();
    for origin in ["https://evil.test", "null", "http://localhost:9999"] {
        let reply = stage.send("PATCH", "/api/session", &[("origin", origin)], Some(json!({}))).await;
        assert_eq!(reply.header("access-control-allow-origin"), Some(origin));
        assert_eq!(reply.header("access-control-allow-credentials"), None);
    }
}
