//! `/sandbox/*` for tests: faults, clock, log, code lifetime, switches of the dialect.
//!
//! Browsers may not use it: requests with an `Origin` are rejected, so that a website that the developer
//! visits cannot control the sandbox.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, ORIGIN, RETRY_AFTER};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body::Frame;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::extract::JsonBody;
use super::shared_state::SharedState;
use crate::control::faults::Fault;
use crate::control::request_log::Entry;
use crate::dialect::Dialect;
use crate::error::ApiError;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultsBody {
    faults: Vec<Fault>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ClockBody {
    advance_seconds: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeLifetimeBody {
    seconds: u32,
}

/// The paths of [`routes`], which are neither logged nor failed.
const CONTROL_PATHS: [&str; 5] =
    ["/sandbox/faults", "/sandbox/clock", "/sandbox/log", "/sandbox/code-lifetime", "/sandbox/dialect"];

pub(super) fn routes() -> Router<SharedState> {
    Router::new()
        .route("/sandbox/faults", get(list_faults).post(add_faults).delete(clear_faults))
        .route("/sandbox/clock", get(read_clock).post(advance_clock))
        .route("/sandbox/log", get(read_log).delete(clear_log))
        .route("/sandbox/code-lifetime", post(set_code_lifetime))
        .route("/sandbox/dialect", get(read_dialect).post(set_switches).delete(reset_dialect))
        .route_layer(from_fn(reject_browsers))
}

/// Applies the first waiting fault that matches the request.
pub(super) async fn inject_faults(State(shared): State<SharedState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if CONTROL_PATHS.contains(&path) {
        return next.run(request).await;
    }
    let fault = shared.lock().faults.take(request.method().as_str(), path);
    let Some(fault) = fault else {
        return next.run(request).await;
    };
    let response = match fault.status {
        Some(status) => fault_response(status, fault.retry_after_seconds, fault.body),
        None => next.run(request).await,
    };
    let response = if fault.drop { dropped_response(response.status()) } else { response };
    delay(Duration::from_millis(fault.delay_ms), response).await
}

#[cfg(feature = "server")]
async fn delay(delay: Duration, response: Response) -> Response {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    response
}

#[cfg(not(feature = "server"))]
async fn delay(delay: Duration, mut response: Response) -> Response {
    response.extensions_mut().insert(Delay(delay));
    response
}

/// The time that a response must wait because of a fault, among the response's extensions. With the feature `server`,
/// the router itself waits; without it, the surrounding program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay(pub Duration);

/// The status of the response that was dropped.
#[derive(Debug, Clone, Copy)]
struct DroppedStatus(StatusCode);

/// A body that fails at its first byte: the server then closes the connection before it has sent anything of the
/// response.
#[derive(Debug)]
struct FailingBody;

impl HttpBody for FailingBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionAborted.into())))
    }
}

/// Its status is 200 whatever the real one was: a response whose status has no body would be sent.
fn dropped_response(status: StatusCode) -> Response {
    let mut response = Response::new(Body::new(FailingBody));
    response.extensions_mut().insert(DroppedStatus(status));
    response
}

/// Logs method, path and status of every request.
pub(super) async fn log(State(shared): State<SharedState>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    let response = next.run(request).await;
    if !CONTROL_PATHS.contains(&path.as_str()) {
        let dropped = response.extensions().get::<DroppedStatus>();
        let status = dropped.map_or(response.status(), |dropped| dropped.0).as_u16();
        shared.lock().log.add(Entry { method, path, status });
    }
    response
}

async fn reject_browsers(request: Request, next: Next) -> Response {
    if request.headers().contains_key(ORIGIN) {
        let title = "Pages may not control the sandbox; call it from the test itself.";
        return ApiError::new(403, "ControlRefused", title).into_response();
    }
    next.run(request).await
}

async fn list_faults(State(shared): State<SharedState>) -> Json<Value> {
    Json(json!({ "faults": shared.lock().faults.waiting() }))
}

async fn add_faults(
    State(shared): State<SharedState>,
    JsonBody(body): JsonBody<FaultsBody>,
) -> Result<Json<Value>, ApiError> {
    let mut state = shared.lock();
    if !state.faults.add(body.faults) {
        let title = "A fault needs a path that begins with / and a status of 200 to 599, a delayMs of at most 60000, \
                     or drop without a status, and retryAfterSeconds only with a status; at most 100 may wait.";
        return Err(ApiError::new(400, "InvalidFault", title));
    }
    Ok(Json(json!({ "faults": state.faults.waiting() })))
}

async fn clear_faults(State(shared): State<SharedState>) -> StatusCode {
    shared.lock().faults.clear();
    StatusCode::NO_CONTENT
}

async fn read_clock(State(shared): State<SharedState>) -> Json<Value> {
    Json(json!({ "now": shared.lock().clock.now_ms() / 1000 }))
}

async fn advance_clock(
    State(shared): State<SharedState>,
    JsonBody(body): JsonBody<ClockBody>,
) -> Result<Json<Value>, ApiError> {
    let mut state = shared.lock();
    if !state.clock.advance(body.advance_seconds) {
        return Err(ApiError::new(400, "InvalidClock", "The clock moves forward, by ten years in total."));
    }
    Ok(Json(json!({ "now": state.clock.now_ms() / 1000 })))
}

async fn read_log(State(shared): State<SharedState>) -> Json<Value> {
    Json(json!(shared.lock().log.entries()))
}

async fn clear_log(State(shared): State<SharedState>) -> StatusCode {
    shared.lock().log.clear();
    StatusCode::NO_CONTENT
}

async fn set_code_lifetime(
    State(shared): State<SharedState>,
    JsonBody(body): JsonBody<CodeLifetimeBody>,
) -> StatusCode {
    shared.lock().code_lifetime_ms = u64::from(body.seconds) * 1000;
    StatusCode::NO_CONTENT
}

async fn read_dialect(State(shared): State<SharedState>) -> Json<Dialect> {
    Json(shared.lock().dialect.clone())
}

/// Changes some switches of the dialect and keeps the others.
async fn set_switches(
    State(shared): State<SharedState>,
    JsonBody(switches): JsonBody<Map<String, Value>>,
) -> Result<Json<Dialect>, ApiError> {
    let mut state = shared.lock();
    let invalid = |sentence| ApiError::new(400, "InvalidDialect", sentence);
    state.dialect = state.dialect.with(switches).map_err(invalid)?;
    Ok(Json(state.dialect.clone()))
}

/// Restores the dialect of the configuration.
async fn reset_dialect(State(shared): State<SharedState>) -> StatusCode {
    let mut state = shared.lock();
    state.dialect = state.configured_dialect.clone();
    StatusCode::NO_CONTENT
}

fn fault_response(status: u16, retry_after_seconds: Option<u32>, body: String) -> Response {
    let is_json = serde_json::from_str::<Value>(&body).is_ok();
    let media_type = if is_json { "application/json" } else { "text/plain; charset=utf-8" };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let retry_after = retry_after_seconds.map(|seconds| [(RETRY_AFTER, seconds.to_string())]);
    (status, [(CONTENT_TYPE, media_type)], retry_after, body).into_response()
}
