//! The verifier as an axum router, for a shop's own server.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{any, get};

use super::login::{Answer, Login};
use crate::decision::{Refusal, RefusalCode, only};
use crate::http::{Policy, with_protective_headers};

/// Where logins are answered.
pub const LOGIN_PATH: &str = "/v1/login";

/// Where [`standalone`] says that it is alive.
pub const HEALTH_PATH: &str = "/healthz";

/// The login route alone, to be merged into a shop's own router. Has no fallback, so it goes
/// together with any other router. It limits nothing: see [`router_with_policy`].
pub fn router(login: impl Into<Login>) -> Router {
    router_with_policy(login, ())
}

/// The login route with a [`Policy`] such as `(NavigationsOnly, RateLimit::new(…))`. The policy sees only requests that
/// could be answered: a limit counts neither wrong methods nor wrong parameters.
pub fn router_with_policy<P: Policy>(login: impl Into<Login>, policy: P) -> Router {
    let (login, policy) = (login.into(), Arc::new(policy));
    let answer = async move |request: Request| -> Result<Response, Refusal> {
        let (head, body) = request.into_parts();
        login.answer(&*policy, &head, body).await.map(Answer::into_response)
    };
    Router::new().route(LOGIN_PATH, any(answer)).layer(map_response(with_protective_headers))
}

/// The login route, the health check, and a JSON 404 for the rest; without limits.
pub fn standalone(login: impl Into<Login>) -> Router {
    Router::new()
        .route(HEALTH_PATH, get(|| async { "ok\n" }).fallback(method_not_allowed))
        .fallback(not_found)
        .layer(map_response(with_protective_headers))
        .merge(router(login))
}

pub(crate) async fn method_not_allowed() -> Refusal {
    only("GET, HEAD")
}

pub(crate) async fn not_found() -> Refusal {
    RefusalCode::NotFound.into()
}
