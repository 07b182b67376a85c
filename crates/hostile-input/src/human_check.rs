//! Responses to the human check.

use std::ffi::OsString;
use std::time::Instant;

use authress_verifier::{Config, Service};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use base64ct::{Base64, Encoding};
use serde_json::json;
use tower::ServiceExt;

use crate::PRIVATE_KEY;

/// Every body is rejected, also a valid one with any solution in it: no login is redirected.
pub fn human_check(data: &[u8]) {
    thread_local! {
        static SERVICE: (tokio::runtime::Runtime, Router) = service();
    }
    let from_page = json!({ "answer": Base64::encode_string(data) }).to_string().into_bytes();
    SERVICE.with(|(runtime, app)| {
        for body in [data.to_vec(), from_page] {
            let request = Request::post(PATH).header(header::CONTENT_TYPE, "application/json").body(Body::from(body));
            let response = runtime.block_on(app.clone().oneshot(request.expect("a request"))).expect("a response");
            assert!([403, 413].contains(&response.status().as_u16()), "{}", response.status());
            assert!(!response.headers().contains_key(header::LOCATION));
        }
    });
}

fn service() -> (tokio::runtime::Runtime, Router) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let environment = [
        ("AUTHRESS_API_URL", "https://login.example.com".to_owned()),
        ("AUTHRESS_ACCESS_KEY", format!("sc_shop.k1.acc-1.{PRIVATE_KEY}")),
        ("HUMAN_CHECK_KIND", "proof-of-work".to_owned()),
        ("HUMAN_CHECK_COST", "1".to_owned()),
        ("HUMAN_CHECK_SECRET", "x".repeat(32)),
        ("RATE_LIMIT_CLIENT_BURST", "4000000000".to_owned()),
        ("RATE_LIMIT_GLOBAL_BURST", "4000000000".to_owned()),
        ("RATE_LIMIT_CLIENT_PER_MINUTE", "60000000".to_owned()),
        ("RATE_LIMIT_GLOBAL_PER_MINUTE", "60000000".to_owned()),
    ];
    let environment = environment.into_iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let config = Config::from_sources(environment, None, Instant::now()).expect("settings");
    let app = Service::new(config).expect("a service").1;
    (runtime, app)
}

const PATH: &str = "/v1/login?state=s&client_id=sc_shop&redirect_uri=https%3A%2F%2Flogin.example.com%2Flogin";
