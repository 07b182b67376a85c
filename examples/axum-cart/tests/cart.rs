//! The example's program with an issuer beside it.

#![allow(clippy::unwrap_used, reason = "a failed helper is a failed test")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use authress_jws::{JwkSet, SigningKey};
use axum::routing::get;
use axum::{Json, Router};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

/// The running example; it ends with the test.
struct Example {
    program: Child,
    origin: String,
    issuer: String,
    key: SigningKey,
    client: Client,
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

impl Example {
    async fn start() -> Self {
        let key = SigningKey::generate("k1").unwrap();
        let keys = JwkSet { keys: vec![key.public_jwk()] };
        let jwks = Router::new().route("/.well-known/openid-configuration/jwks", get(async move || Json(keys)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, jwks).await });

        let mut command = Command::new(env!("CARGO_BIN_EXE_example-axum-cart"));
        command.env("AUTHRESS_API_URL", &issuer).env("AUTHRESS_APPLICATION_ID", "app_shop").env("PORT", "0");
        let mut program = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let origin = line.strip_prefix("ready ").unwrap().trim().to_owned();
        // The client wants a provider of TLS, although it uses plain HTTP. Another test may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Example { program, origin, issuer, key, client: Client::builder().no_proxy().build().unwrap() }
    }

    fn token(&self, user_id: &str, application: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let claims = json!({ "iss": self.issuer, "sub": user_id, "client_id": application, "exp": now + 600 });
        self.key.sign_jwt("at+jwt", &claims)
    }

    async fn send(&self, method: Method, path: &str, token: &str) -> (StatusCode, Value) {
        let request = self.client.request(method, format!("{}{path}", self.origin)).bearer_auth(token);
        let response = request.send().await.unwrap();
        (response.status(), serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
    }
}

#[tokio::test]
async fn a_cart_belongs_to_the_user_id_of_the_token() {
    let example = Example::start().await;
    let (ada, ben) = (example.token("user_ada", "app_shop"), example.token("user_ben", "app_shop"));
    assert_eq!(example.send(Method::GET, "/api/cart", &ada).await, (StatusCode::OK, json!({})));
    assert_eq!(example.send(Method::PUT, "/api/cart/mug", &ada).await, (StatusCode::OK, json!({ "mug": 1 })));
    assert_eq!(example.send(Method::PUT, "/api/cart/mug", &ada).await, (StatusCode::OK, json!({ "mug": 2 })));
    assert_eq!(example.send(Method::GET, "/api/cart", &ada).await, (StatusCode::OK, json!({ "mug": 2 })));
    assert_eq!(example.send(Method::GET, "/api/cart", &ben).await, (StatusCode::OK, json!({})));
    assert_eq!(example.send(Method::PUT, "/api/cart/nothing", &ada).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_cart_has_no_more_than_99_of_a_product() {
    let example = Example::start().await;
    let ada = example.token("user_ada", "app_shop");
    for count in (1..=99).chain([99]) {
        let expected = (StatusCode::OK, json!({ "mug": count }));
        assert_eq!(example.send(Method::PUT, "/api/cart/mug", &ada).await, expected);
    }
}

#[tokio::test]
async fn requests_without_a_token_for_this_shop_are_rejected() {
    let example = Example::start().await;
    let other = example.token("user_ada", "app_other");
    for (token, code) in [(other.as_str(), "TokenOtherApplication"), ("e30.e30.e30", "TokenMalformed")] {
        let (status, body) = example.send(Method::PUT, "/api/cart/mug", token).await;
        assert_eq!((status, body.get("errorCode")), (StatusCode::UNAUTHORIZED, Some(&json!(code))));
    }
    let response = example.client.get(format!("{}/api/cart", example.origin)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}
