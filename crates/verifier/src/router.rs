//! The verifier as an axum router: supplies randomness and the time, writes the answers.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::decide::{Decision, ENTROPY_BYTES, Verifier, decide};
use crate::login_request::LoginRequest;
use crate::refusal::{Refusal, RefusalCode};

/// Where logins are answered.
pub const LOGIN_PATH: &str = "/v1/login";

/// Where [`standalone`] says that it is alive.
pub const HEALTH_PATH: &str = "/healthz";

/// The login route alone, to be merged into a shop's own router. Has no fallback, so it goes
/// together with any other router. Limits and bot checks belong around it, as layers.
pub fn router(verifier: Verifier) -> Router {
    Router::new()
        .route(LOGIN_PATH, get(login).fallback(method_not_allowed))
        .with_state(Arc::new(verifier))
        .layer(map_response(with_protective_headers))
}

/// What the binary serves: the login route, the health check, and a JSON 404 for the rest.
pub fn standalone(verifier: Verifier) -> Router {
    Router::new()
        .route(HEALTH_PATH, get(|| async { "ok\n" }).fallback(method_not_allowed))
        .fallback(|| async { Refusal::from(RefusalCode::NotFound) })
        .layer(map_response(with_protective_headers))
        .merge(router(verifier))
}

async fn login(State(verifier): State<Arc<Verifier>>, uri: Uri) -> Response {
    match answer(&verifier, uri.query().unwrap_or_default()) {
        Ok(location) => {
            tracing::info!("answered with a new user id");
            (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
        }
        Err(refusal) => {
            let parameter = refusal.parameter.map(|parameter| parameter.name());
            tracing::info!(code = refusal.code.name(), parameter, "refused");
            refusal.into_response()
        }
    }
}

fn answer(verifier: &Verifier, query: &str) -> Result<HeaderValue, Refusal> {
    let request = LoginRequest::parse(query)?;
    let mut entropy = [0; ENTROPY_BYTES];
    getrandom::fill(&mut entropy).map_err(|_| RefusalCode::Unavailable)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(|_| RefusalCode::Unavailable)?;
    match decide(&request, verifier, &entropy, now) {
        Decision::Redirect { location } => Ok(HeaderValue::try_from(location).map_err(|_| RefusalCode::Unavailable)?),
        Decision::Refuse(refusal) => Err(refusal),
    }
}

async fn method_not_allowed() -> Refusal {
    RefusalCode::MethodNotAllowed.into()
}

/// An answer holds a login in its address and is for one request only: no cache keeps it, no
/// referrer carries it on, no search engine lists it.
async fn with_protective_headers(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, HeaderValue); 4] = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    response.headers_mut().extend(HEADERS);
    response
}
