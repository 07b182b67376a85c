//! The examples: the documentation shows them unchanged, and they work.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

#[path = "../examples/in_axum.rs"]
#[allow(dead_code)]
mod in_axum;
#[path = "../examples/lambda.rs"]
mod lambda;

use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use authress_jws::verify;
use authress_verifier::Config;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use support::{DOMAIN, Key, body, key, location, query};
use tokio::sync::mpsc;
use tower::ServiceExt;
use url::Url;

fn text_of(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Returns the code of an example without its module documentation.
fn code_of(example: &str) -> String {
    let text = text_of(&format!("examples/{example}.rs"));
    text.lines().skip_while(|line| line.starts_with("//!") || line.is_empty()).map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_documentation_shows_the_examples_unchanged() {
    for (document, example) in [("README.md", "in_axum"), ("../../docs/verifier.md", "lambda")] {
        let code = code_of(example);
        assert!(text_of(document).contains(&format!("\n{code}```\n")), "{document} does not have\n{code}");
    }
}

fn user_in(location: &str, key: &Key) -> String {
    let url = Url::parse(location).unwrap();
    let code = url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let verified = verify(&code, &key.published, Some("oauth-authz-req+jwt")).unwrap();
    verified.claim_str("sub").unwrap().to_owned()
}

#[tokio::test]
async fn an_axum_application_answers_logins_beside_its_own_routes() {
    let key = key();
    let shop = in_axum::shop(DOMAIN.parse().unwrap(), key.text.parse().unwrap()).unwrap();
    let send = async |path: &str, lines: &[(&str, &str)]| {
        let mut request = Request::get(path);
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        let peer: std::net::SocketAddr = "192.0.2.1:4711".parse().unwrap();
        let request = request.extension(ConnectInfo(peer)).body(Body::empty()).unwrap();
        shop.clone().oneshot(request).await.unwrap()
    };
    assert_eq!(body(send("/", &[]).await).await, b"the shop");
    let login = |number: usize| format!("/v1/login?{}", query(&[("state", &number.to_string())]));
    let response = send(&login(0), &[]).await;
    assert!(user_in(location(&response).unwrap(), &key).starts_with("user_"));
    assert_eq!(send(&login(0), &[]).await.status(), StatusCode::CONFLICT);
    assert_eq!(send(&login(1), &[("sec-purpose", "prefetch")]).await.status(), StatusCode::FORBIDDEN);
    let mut limited = 0;
    for number in 2..40 {
        limited += usize::from(send(&login(number), &[]).await.status() == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!((1..=38 - 28).contains(&limited), "thirty at once: {limited}");
}

/// The event of a Function URL or an HTTP API (payload format 2.0).
fn event(path: &str, query: &str, source_ip: &str, forwarded_for: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {
            "host": "id.lambda-url.eu-west-1.on.aws",
            "accept": "text/html,application/xhtml+xml",
            "sec-fetch-mode": "navigate",
            "x-forwarded-for": forwarded_for,
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "id",
            "domainName": "id.lambda-url.eu-west-1.on.aws",
            "domainPrefix": "id",
            "http": {
                "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": source_ip, "userAgent": "agent",
            },
            "requestId": "e1506fd5-9e7b-434f-bd42-4f8fa224b599",
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2026:19:03:58 +0000",
            "timeEpoch": 1_773_342_238_000_u64,
        },
        "isBase64Encoded": false,
    })
}

#[tokio::test]
async fn the_client_ip_of_a_function_is_the_source_ip_of_the_gateway_and_not_a_header() {
    let key = key();
    let environment = [
        ("AUTHRESS_API_URL", DOMAIN),
        ("AUTHRESS_ACCESS_KEY", &key.text),
        ("RATE_LIMIT_CLIENT_BURST", "2"),
        ("RATE_LIMIT_CLIENT_PER_MINUTE", "1"),
    ];
    let environment = environment.map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let mut function = lambda::function(Config::from_sources(environment, None, Instant::now()).unwrap()).unwrap();
    let mut statuses = Vec::new();
    for (number, source_ip) in ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2", "2001:db8::1"].iter().enumerate() {
        let query = query(&[("state", &number.to_string())]);
        let event = event("/v1/login", &query, source_ip, &format!("203.0.113.{number}"));
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        let response = lambda_http::tower::ServiceExt::ready(&mut function).await.unwrap();
        let response: Response = lambda_http::Service::call(response, request).await.unwrap();
        statuses.push(response.status().as_u16());
    }
    assert_eq!(statuses, [302, 302, 429, 302, 302]);
}

/// Runs in the child process of the next test, which sets the environment of a function.
#[test]
#[ignore = "a part of another test"]
fn the_function_itself() {
    // It handles events until the process is killed.
    let _ = lambda::main();
}

/// Kills the process at the end of the test.
struct Function(Child);

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A Lambda Runtime API that sends events and collects responses.
struct Runtime {
    events: Mutex<Vec<Value>>,
    responses: mpsc::UnboundedSender<Value>,
}

async fn next_event(State(runtime): State<Arc<Runtime>>) -> Response {
    let event = runtime.events.lock().unwrap().pop();
    match event {
        Some(event) => {
            let headers = [
                ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
                ("lambda-runtime-deadline-ms", "4102444800000"),
                ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-1:123456789012:function:verifier"),
            ];
            (headers, Json(event)).into_response()
        }
        None => std::future::pending().await,
    }
}

async fn collect_response(State(runtime): State<Arc<Runtime>>, response: Bytes) -> StatusCode {
    runtime.responses.send(serde_json::from_slice(&response).unwrap()).unwrap();
    StatusCode::ACCEPTED
}

#[tokio::test]
async fn the_function_responds_to_the_events_of_a_function_url() {
    let key = key();
    let (responses, mut answered) = mpsc::unbounded_channel();
    let foreign = query(&[("client_id", "sc_other")]);
    // In reverse order.
    let events = vec![
        event("/v1/login", &foreign, "192.0.2.1", ""),
        event("/v1/login", &query(&[]), "192.0.2.1", ""),
        event("/v1/login", &query(&[]), "192.0.2.1", ""),
    ];
    let router = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next_event))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(collect_response))
        .with_state(Arc::new(Runtime { events: Mutex::new(events), responses }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });

    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "the_function_itself", "--ignored"])
        .env_clear()
        .env("AUTHRESS_API_URL", DOMAIN)
        .env("AUTHRESS_ACCESS_KEY", &key.text)
        .env("AWS_LAMBDA_RUNTIME_API", address)
        .env("AWS_LAMBDA_FUNCTION_NAME", "verifier")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let _function = Function(command.spawn().unwrap());
    let mut responses = Vec::new();
    for _ in 0..3 {
        let response = tokio::time::timeout(Duration::from_secs(60), answered.recv()).await;
        responses.push(response.expect("a response of the function").unwrap());
    }

    assert_eq!(responses[0]["statusCode"], 302, "{}", responses[0]);
    let location = responses[0]["headers"][header::LOCATION.as_str()].as_str().unwrap();
    assert!(location.starts_with("https://login.example.com/login?code=eyJ"), "{location}");
    assert!(user_in(location, &key).starts_with("user_"));
    assert_eq!(responses[0]["headers"]["cache-control"], "no-store");
    assert_eq!(responses[1]["statusCode"], 409, "its state is used up: {}", responses[1]);
    assert_eq!(responses[2]["statusCode"], 400);
    let page = responses[2]["body"].as_str().unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("ForeignClient"), "{page}");
}
