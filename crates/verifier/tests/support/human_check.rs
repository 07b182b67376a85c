//! A service with a human check, and a browser that opens its page and submits a solution.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::time::Instant;

use authress_verifier::{Config, Service};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{DOMAIN, body, key, proof_of_work};

pub(crate) fn app(variables: &[(&str, &str)]) -> Router {
    let key = key();
    let environment =
        [("AUTHRESS_API_URL", DOMAIN), ("AUTHRESS_ACCESS_KEY", &key.text)].into_iter().chain(variables.iter().copied());
    let environment = environment.map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Service::new(Config::from_sources(environment, None, Instant::now()).unwrap()).unwrap().1
}

pub(crate) const PROOF_OF_WORK: (&str, &str) = ("HUMAN_CHECK_KIND", "proof-of-work");
/// Two rounds instead of a thousand, for fast tests.
pub(crate) const CHEAP: (&str, &str) = ("HUMAN_CHECK_COST", "2");
pub(crate) const PAGE: (&str, &str) = ("accept", "text/html");

pub(crate) async fn send(app: &Router, method: Method, query: &str, lines: &[(&str, &str)], body: String) -> Response {
    let mut request = Request::builder().method(method).uri(format!("/v1/login?{query}"));
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    let peer: SocketAddr = "192.0.2.1:4711".parse().unwrap();
    let request = request.extension(ConnectInfo(peer)).body(Body::from(body)).unwrap();
    app.clone().oneshot(request).await.unwrap()
}

pub(crate) async fn open(app: &Router, query: &str) -> Response {
    send(app, Method::GET, query, &[PAGE], String::new()).await
}

pub(crate) async fn submit(app: &Router, query: &str, solution: &str) -> Response {
    let lines = [("content-type", "application/json"), ("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")];
    send(app, Method::POST, query, &lines, json!({ "answer": solution }).to_string()).await
}

pub(crate) async fn page_in(response: Response) -> String {
    assert_eq!(response.status(), StatusCode::OK);
    String::from_utf8(body(response).await).unwrap()
}

pub(crate) async fn settings(response: Response) -> Value {
    proof_of_work::settings(&page_in(response).await)
}

pub(crate) async fn solve(response: Response) -> String {
    proof_of_work::solve(&page_in(response).await)
}

pub(crate) async fn location_in(response: Response) -> String {
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let body: Value = serde_json::from_slice(&body(response).await).unwrap();
    body["location"].as_str().unwrap().to_owned()
}
