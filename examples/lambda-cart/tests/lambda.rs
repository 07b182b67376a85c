//! The function as AWS Lambda runs it: the built program asks a Runtime API on loopback for events, which are those of an
//! HTTP API of API Gateway, and its carts are in a real Redis, on a socket of Unix.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a failed helper is a failed test"
)]

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use authress_jws::{JwkSet, SigningKey};
use authress_redis::test_server::Redis;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc};

/// For the response to one event.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Serves a router until the test ends, and returns its address.
async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// The issuer of access tokens.
struct Issuer {
    origin: String,
    key: SigningKey,
}

impl Issuer {
    async fn start() -> Self {
        let key = SigningKey::generate("k1").unwrap();
        let keys = JwkSet { keys: vec![key.public_jwk()] };
        let jwks = get(async move || Json(keys));
        let address = serve(Router::new().route("/.well-known/openid-configuration/jwks", jwks)).await;
        Issuer { origin: format!("http://{address}"), key }
    }

    fn token(&self, user_id: &str, application: &str) -> String {
        self.signed_with(&self.key, user_id, application)
    }

    fn signed_with(&self, key: &SigningKey, user_id: &str, application: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let claims = json!({ "iss": self.origin, "sub": user_id, "client_id": application, "exp": now + 600 });
        key.sign_jwt("at+jwt", &claims)
    }
}

/// The Lambda Runtime API of one instance.
struct RuntimeApi {
    events: Mutex<mpsc::Receiver<Value>>,
    results: mpsc::Sender<Result<Value, Value>>,
}

async fn next_event(State(api): State<Arc<RuntimeApi>>) -> Response {
    let Some(event) = api.events.lock().await.recv().await else { return StatusCode::GONE.into_response() };
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-1:123456789012:function:cart"),
    ];
    (headers, Json(event)).into_response()
}

async fn take_result(
    State(api): State<Arc<RuntimeApi>>,
    Path((_, kind)): Path<(String, String)>,
    body: Bytes,
) -> StatusCode {
    let body = serde_json::from_slice(&body).unwrap();
    api.results.send(if kind == "response" { Ok(body) } else { Err(body) }).await.unwrap();
    StatusCode::ACCEPTED
}

/// A running instance of the function; it ends with the test.
struct Instance {
    program: Child,
    events: mpsc::Sender<Value>,
    results: mpsc::Receiver<Result<Value, Value>>,
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

impl Instance {
    async fn start(issuer: &Issuer, redis: &Redis) -> Self {
        let (events, incoming) = mpsc::channel(1);
        let (outgoing, results) = mpsc::channel(1);
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next_event))
            .route("/2018-06-01/runtime/invocation/{id}/{kind}", post(take_result))
            .with_state(Arc::new(RuntimeApi { events: Mutex::new(incoming), results: outgoing }));
        let program = Command::new(env!("CARGO_BIN_EXE_example-lambda-cart"))
            .env_clear()
            .env("AUTHRESS_API_URL", &issuer.origin)
            .env("AUTHRESS_APPLICATION_ID", "app_shop")
            .env("REDIS_URL", redis.url())
            .env("AWS_LAMBDA_RUNTIME_API", serve(router).await)
            .env("AWS_LAMBDA_FUNCTION_NAME", "cart")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Instance { program, events, results }
    }

    /// Returns the status and the JSON of the response, `null` without a body.
    async fn send(&mut self, method: &str, path: &str, token: Option<&str>) -> (u16, Value) {
        self.events.send(event(method, path, token)).await.unwrap();
        let result = tokio::time::timeout(TIME_LIMIT, self.results.recv()).await.expect("a result").unwrap();
        let response = result.expect("the function handles the event");
        assert_eq!(response["isBase64Encoded"], false);
        let body = response["body"].as_str().unwrap_or_default();
        let status = response["statusCode"].as_u64().unwrap();
        (u16::try_from(status).unwrap(), serde_json::from_str(body).unwrap_or_default())
    }
}

/// The event of an HTTP API of API Gateway with the route `ANY /api/{proxy+}`.
fn event(method: &str, path: &str, token: Option<&str>) -> Value {
    let mut headers = json!({
        "accept": "*/*",
        "content-length": "0",
        "host": "id.execute-api.eu-west-1.amazonaws.com",
        "user-agent": "agent",
        "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
        "x-forwarded-for": "192.0.2.1",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    });
    if let Some(token) = token {
        headers["authorization"] = json!(format!("Bearer {token}"));
    }
    json!({
        "version": "2.0",
        "routeKey": "ANY /api/{proxy+}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "id",
            "domainName": "id.execute-api.eu-west-1.amazonaws.com",
            "domainPrefix": "id",
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "agent",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "ANY /api/{proxy+}",
            "stage": "$default",
            "time": "10/Mar/2026:05:16:23 +0000",
            "timeEpoch": 1_773_119_783_000_u64,
        },
        "pathParameters": { "proxy": path.trim_start_matches("/api/") },
        "isBase64Encoded": false,
    })
}

#[tokio::test]
async fn a_cart_belongs_to_the_user_id_of_the_token_in_every_instance() {
    let (issuer, redis) = (Issuer::start().await, Redis::start());
    let mut first = Instance::start(&issuer, &redis).await;
    let (ada, ben) = (issuer.token("user_ada", "app_shop"), issuer.token("user_ben", "app_shop"));
    assert_eq!(first.send("GET", "/api/cart", Some(&ada)).await, (200, json!({})));
    assert_eq!(first.send("PUT", "/api/cart/mug", Some(&ada)).await, (200, json!({ "mug": 1 })));
    let mut second = Instance::start(&issuer, &redis).await;
    assert_eq!(second.send("PUT", "/api/cart/mug", Some(&ada)).await, (200, json!({ "mug": 2 })));
    drop(second);
    assert_eq!(first.send("GET", "/api/cart", Some(&ada)).await, (200, json!({ "mug": 2 })));
    assert_eq!(first.send("GET", "/api/cart", Some(&ben)).await, (200, json!({})));
    assert_eq!(first.send("PUT", "/api/cart/nothing", Some(&ada)).await.0, 404);
}

#[tokio::test]
async fn a_cart_has_no_more_than_99_of_a_product() {
    let (issuer, redis) = (Issuer::start().await, Redis::start());
    let mut function = Instance::start(&issuer, &redis).await;
    let ada = issuer.token("user_ada", "app_shop");
    for count in (1..=99).chain([99]) {
        assert_eq!(function.send("PUT", "/api/cart/mug", Some(&ada)).await, (200, json!({ "mug": count })));
    }
}

#[tokio::test]
async fn requests_without_a_token_for_this_shop_are_rejected() {
    let (issuer, redis) = (Issuer::start().await, Redis::start());
    let mut function = Instance::start(&issuer, &redis).await;
    let forged = issuer.signed_with(&SigningKey::generate("k1").unwrap(), "user_ada", "app_shop");
    let other = issuer.token("user_ada", "app_other");
    for (token, code) in [
        (None, "TokenMissing"),
        (Some("e30.e30.e30"), "TokenMalformed"),
        (Some(forged.as_str()), "TokenInvalidSignature"),
        (Some(other.as_str()), "TokenOtherApplication"),
    ] {
        let (status, body) = function.send("PUT", "/api/cart/mug", token).await;
        assert_eq!((status, &body["errorCode"]), (401, &json!(code)));
    }
    assert_eq!(redis.run::<u64>(&["DBSIZE"]).unwrap(), 0);
}

#[tokio::test]
async fn without_redis_the_response_is_503_and_the_instance_goes_on_once_it_is_back() {
    let (issuer, mut redis) = (Issuer::start().await, Redis::start());
    let mut function = Instance::start(&issuer, &redis).await;
    let ada = issuer.token("user_ada", "app_shop");
    assert_eq!(function.send("PUT", "/api/cart/mug", Some(&ada)).await.0, 200);
    redis.stop();
    assert_eq!(function.send("PUT", "/api/cart/mug", Some(&ada)).await.0, 503);
    redis.start_again();
    let mut statuses = Vec::new();
    while statuses.last() != Some(&200) && statuses.len() < 20 {
        statuses.push(function.send("GET", "/api/cart", Some(&ada)).await.0);
    }
    assert_eq!(statuses.last(), Some(&200), "{statuses:?}");
}
