//! The sandbox and a verifier as WebAssembly, for the npm package in `sandbox-pkg`.
//!
//! JavaScript listens, reads requests and tells the time. Each request is a function call that responds at once: the
//! sandbox waits for nothing. Node's HTTP server serves what `LocalAuthress::handle` returns.

#![cfg(target_arch = "wasm32")]

mod built_in_verifier;
mod response;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use authress_sandbox::{Config, Dialect, InProcess};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use futures_util::FutureExt;
use serde_json::Value;
use tower::ServiceExt;
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

pub use response::LocalResponse;

/// A sandbox with its verifiers.
#[wasm_bindgen]
#[derive(Debug)]
pub struct LocalAuthress {
    router: Router,
    clock: Arc<AtomicU64>,
}

#[wasm_bindgen]
impl LocalAuthress {
    /// Makes a sandbox from its JSON configuration, and a verifier for each service client whose `authorizationUrl` is at
    /// the sandbox's own origin. `now_ms` is the time in milliseconds since 1970.
    ///
    /// # Errors
    /// The configuration is not valid, or JavaScript has no `crypto.getRandomValues`.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &str, now_ms: f64) -> Result<Self, JsError> {
        let mut config = Config::parse(config, Path::new(""))?;
        // For `set_dialect` and `advance_clock`, and for tests in other processes.
        config.control = true;
        let clock = Arc::new(AtomicU64::new(milliseconds(now_ms)));
        let sandbox = InProcess::new(&config, clock.clone())?;
        let verifiers = built_in_verifier::routes(&config, &sandbox.access_keys, &sandbox.clock())?;
        Ok(Self { router: sandbox.router(verifiers), clock })
    }

    /// Handles a request. `target` is its path and query; `headers` holds a name, its value, the next name and so on, as
    /// `rawHeaders` of Node's requests does.
    ///
    /// # Errors
    /// The request cannot be expressed: its method, target or a header is not valid.
    pub fn handle(
        &self,
        method: &str,
        target: &str,
        headers: Vec<String>,
        body: Vec<u8>,
        now_ms: f64,
    ) -> Result<LocalResponse, JsError> {
        self.clock.store(milliseconds(now_ms), Ordering::Relaxed);
        let mut request = Request::builder().method(method).uri(target);
        let mut fields = headers.into_iter();
        while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
            request = request.header(name, value);
        }
        self.send(request.body(Body::from(body))?)
    }

    /// Changes the dialect: the JSON of `"default"`, `"strict"` or an object of switches, each other switch being the
    /// default dialect's.
    ///
    /// # Errors
    /// There is no such dialect or switch.
    #[wasm_bindgen(js_name = setDialect)]
    pub fn set_dialect(&self, dialect: &str) -> Result<(), JsError> {
        let dialect =
            Dialect::from_json(&serde_json::from_str::<Value>(dialect)?).map_err(|text| JsError::new(&text))?;
        self.control("/sandbox/dialect", serde_json::to_vec(&dialect)?)
    }

    /// Advances the clock of sandbox and verifiers by whole seconds.
    ///
    /// # Errors
    /// The sandbox does not advance its clock so far.
    #[wasm_bindgen(js_name = advanceClock)]
    pub fn advance_clock(&self, seconds: u32) -> Result<(), JsError> {
        let body = serde_json::json!({ "advanceSeconds": seconds }).to_string();
        self.control("/sandbox/clock", body.into_bytes())
    }

    fn control(&self, path: &str, body: Vec<u8>) -> Result<(), JsError> {
        let request = Request::post(path).header(CONTENT_TYPE, "application/json");
        let response = self.send(request.body(Body::from(body))?)?;
        if response.is_success() { Ok(()) } else { Err(JsError::new(&response.error_title())) }
    }

    fn send(&self, request: Request<Body>) -> Result<LocalResponse, JsError> {
        let response = async {
            let Ok(response) = self.router.clone().oneshot(request).await;
            LocalResponse::read(response).await
        };
        response.now_or_never().ok_or_else(|| JsError::new("a handler of the sandbox waits for something"))
    }
}

/// JavaScript's times are whole numbers below 2^53.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn milliseconds(now_ms: f64) -> u64 {
    now_ms.max(0.0) as u64
}
