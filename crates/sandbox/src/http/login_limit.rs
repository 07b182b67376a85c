//! The limit on requests to the routes of a login, for pages that meet one.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::shared_state::SharedState;
use crate::error::ApiError;

pub(super) async fn check(State(shared): State<SharedState>, request: Request, next: Next) -> Response {
    let is_allowed = {
        let mut state = shared.lock();
        let now_ms = state.clock.now_ms();
        let limit = state.dialect.login_limit;
        state.logins.count(now_ms, limit)
    };
    if is_allowed {
        return next.run(request).await;
    }
    ApiError::new(429, "TooManyRequests", "Too many logins were started; try again in a minute.").into_response()
}
