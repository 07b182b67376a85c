//! A verifier with a new access key, and requests to it.

// Each test file is a separate program and uses a part of this.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[cfg(target_os = "linux")]
pub(crate) mod deploy;
pub(crate) mod human_check;
#[cfg(target_os = "linux")]
pub(crate) mod load;
#[cfg(target_os = "linux")]
pub(crate) mod nginx;
#[cfg(target_os = "linux")]
pub(crate) mod passed_sockets;
#[cfg(unix)]
pub(crate) mod program;
pub(crate) mod proof_of_work;
#[cfg(unix)]
pub(crate) mod redis_proxy;
pub(crate) mod siteverify;

use authress_jws::{JwkSet, SigningKey};
use authress_verifier::{QueryParameters, Verifier, standalone};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use axum::response::Response;
use base64ct::{Base64, Encoding};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;
use url::form_urlencoded;

pub(crate) const DOMAIN: &str = "https://login.example.com";
pub(crate) const LOGIN_URL: &str = "https://login.example.com/login";
pub(crate) const CLIENT_ID: &str = "sc_shop";

/// Prints that a test was not run, past the test harness, which hides what a successful test prints. `cargo xtask test`
/// counts these lines. On one core the harness has begun a line with the name of the test.
pub(crate) fn not_run(reason: &str) {
    use std::io::Write;
    // `println!` would be hidden.
    std::io::stdout().write_all(format!("\nnot run: {reason}\n").as_bytes()).unwrap();
}

/// An access key and the JWKS that verifies its signatures.
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) published: JwkSet,
}

pub(crate) fn key() -> Key {
    key_with_id("k1")
}

/// A key of the same service client, with this id.
pub(crate) fn key_with_id(key_id: &str) -> Key {
    let signing_key = SigningKey::generate(key_id).unwrap();
    let private_key = Base64::encode_string(&signing_key.to_pkcs8_der());
    Key {
        text: format!("{CLIENT_ID}.{key_id}.acc-1.{private_key}"),
        published: JwkSet { keys: vec![signing_key.public_jwk()] },
    }
}

/// A file that only its owner can read, in the temporary folder.
pub(crate) fn secret_file(name: &str, text: &str) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("authress-verifier-{name}-{}", std::process::id()));
    write_secret(&path, text);
    path
}

/// Writes a file that only its owner can read.
pub(crate) fn write_secret(path: &std::path::Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// A verifier that allows the parameters `a` and `b` in the query of a `redirect_uri`.
pub(crate) fn verifier(key: &Key) -> Verifier {
    let allowed = QueryParameters::new(["a", "b"]).unwrap();
    Verifier::new(DOMAIN.parse().unwrap(), key.text.parse().unwrap()).with_redirect_uri_parameters(allowed)
}

/// The query of a valid request, with some parameters replaced.
pub(crate) fn query(changes: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("state", "S"), ("redirect_uri", LOGIN_URL), ("client_id", CLIENT_ID)] {
        let changed = changes.iter().find(|(changed, _)| *changed == name);
        query.append_pair(name, changed.map_or(value, |(_, value)| value));
    }
    query.finish()
}

pub(crate) async fn send(method: Method, path_and_query: &str) -> Response {
    let request = Request::builder().method(method).uri(path_and_query).body(Body::empty()).unwrap();
    standalone(verifier(&key())).oneshot(request).await.unwrap()
}

pub(crate) async fn get(query: &str) -> Response {
    send(Method::GET, &format!("/v1/login?{query}")).await
}

pub(crate) fn location(response: &Response) -> Option<&str> {
    response.headers().get(header::LOCATION).map(|value| value.to_str().unwrap())
}

pub(crate) async fn body(response: Response) -> Vec<u8> {
    response.into_body().collect().await.unwrap().to_bytes().to_vec()
}

/// Asserts a refusal without a redirect.
pub(crate) async fn assert_refused(response: Response, status: u16, code: &str, parameter: Option<&str>) {
    assert_eq!(location(&response), None);
    assert_eq!(response.status(), StatusCode::from_u16(status).unwrap());
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    let body: Value = serde_json::from_slice(&body(response).await).unwrap();
    assert_eq!(body["code"], code);
    assert_eq!(body["status"], status);
    assert_eq!(body.get("parameter").and_then(Value::as_str), parameter);
    assert!(body["title"].as_str().is_some_and(|title| title.ends_with('.')));
}
