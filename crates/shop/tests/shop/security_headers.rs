//! The security headers, on every kind of response.

use crate::support::{Setup, TestResponse};
use axum::http::StatusCode;
use serde_json::{Value, json};

/// One request for each kind of response: pages, files, the API, and errors of all of them.
const KINDS: [(&str, &str, &str, StatusCode); 12] = [
    ("GET", "/", "", StatusCode::OK),
    ("GET", "/app.js", "", StatusCode::OK),
    ("GET", "/pictures/mug.svg", "", StatusCode::OK),
    ("GET", "/config.json", "", StatusCode::OK),
    ("GET", "/node_modules/authress-login-wasm/package.json", "", StatusCode::OK),
    ("GET", "/no-such-file", "", StatusCode::NOT_FOUND),
    ("POST", "/", "", StatusCode::METHOD_NOT_ALLOWED),
    ("GET", "/api/products", "", StatusCode::OK),
    ("GET", "/api/cart", "", StatusCode::UNAUTHORIZED),
    ("GET", "/api/no-such-path", "", StatusCode::NOT_FOUND),
    ("DELETE", "/api/cart", "", StatusCode::METHOD_NOT_ALLOWED),
    ("PUT", "/api/cart/items/mug", "no token, no JSON", StatusCode::UNAUTHORIZED),
];

async fn every_kind(setup: &Setup) -> Vec<(&'static str, TestResponse)> {
    let mut responses = Vec::new();
    for (method, path, body, status) in KINDS {
        let response = setup.send(method, path, None, body).await;
        assert_eq!(response.status, status, "{method} {path}");
        responses.push((path, response));
    }
    let token = setup.anonymous("user_a");
    responses.push(("a cart", setup.read_cart(&token).await));
    responses.push(("a body that is no change", setup.put(&token, "mug", "{}").await));
    responses.push(("a body that is too large", setup.put(&token, "mug", &"x".repeat(2000)).await));
    responses
}

#[tokio::test]
async fn every_response_has_the_security_headers() {
    let setup = Setup::new().await;
    for (path, response) in every_kind(&setup).await {
        for (name, expected) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "strict-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(response.header(name), expected, "{name} of {path}");
        }
        let policy = response.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(response.header("permissions-policy").contains("geolocation=()"), "{path}");
    }
}

#[tokio::test]
async fn a_shop_on_https_is_never_opened_without_it_and_one_on_http_says_nothing() {
    let tls = json!({ "certificate": "cert.pem", "privateKey": "key.pem" });
    let shops: [(&[(&str, Value)], &str); 4] = [
        (&[], ""),
        (&[("publicUrl", json!("http://localhost:5173"))], ""),
        (&[("publicUrl", json!("https://shop.example"))], "max-age=31536000"),
        (&[("tls", tls)], "max-age=31536000"),
    ];
    for (settings, expected) in shops {
        let setup = Setup::with(settings).await;
        for (path, response) in every_kind(&setup).await {
            assert_eq!(response.header("strict-transport-security"), expected, "{path} with {settings:?}");
        }
    }
}
