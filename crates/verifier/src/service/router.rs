//! The verifier as an axum router, for a shop's own server.

use axum::Router;
use axum::middleware::{from_fn, map_response};
use axum::routing::get;

use super::login::Login;
use super::login_service::LoginService;
use crate::decision::{self, Refusal, RefusalCode};
use crate::http::{Policy, html_error_pages, with_protective_headers};

/// The path of login requests.
pub const LOGIN_PATH: &str = "/v1/login";

/// The path of the liveness check.
pub const HEALTH_PATH: &str = "/healthz";

/// Returns the login route alone, to be merged into a shop's own router. It has no fallback, so it fits any other
/// router. It has no rate limit: see [`router_with_policy`].
pub fn router(login: impl Into<Login>) -> Router {
    router_with_policy(login, ())
}

/// Returns the login route with a [`Policy`] such as `(NavigationsOnly::default(), RateLimit::new(…))`. The policy sees only
/// requests that could be answered: a rate limit counts neither wrong methods nor wrong parameters.
pub fn router_with_policy<P: Policy>(login: impl Into<Login>, policy: P) -> Router {
    Router::new().route_service(LOGIN_PATH, LoginService::new(login.into(), policy))
}

/// Returns the login route, the health check, and a 404 for everything else, without rate limits.
pub fn standalone(login: impl Into<Login>) -> Router {
    health_check()
        .fallback(not_found)
        .layer(map_response(with_protective_headers))
        .layer(from_fn(html_error_pages))
        .merge(router(login))
}

/// Returns the route of the liveness check.
pub(crate) fn health_check<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route(HEALTH_PATH, get(|| async { "ok\n" }).fallback(method_not_allowed))
}

pub(crate) async fn method_not_allowed() -> Refusal {
    decision::method_not_allowed("GET, HEAD")
}

pub(crate) async fn not_found() -> Refusal {
    RefusalCode::NotFound.into()
}
