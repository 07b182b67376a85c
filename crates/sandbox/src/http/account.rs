//! `/api/session/profile`, `/api/session/credentials`, `/api/session/identities`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::shared_state::SharedState;
use crate::endpoints::account::{self, ConnectionCredentials, UserProfile};
use crate::error::ApiError;
use crate::request_context::RequestContext;

pub(super) async fn profile(
    State(shared): State<SharedState>,
    context: RequestContext,
) -> Result<Json<UserProfile>, ApiError> {
    Ok(Json(account::profile(&shared.lock(), &context)?))
}

pub(super) async fn credentials(
    State(shared): State<SharedState>,
    context: RequestContext,
) -> Result<Json<ConnectionCredentials>, ApiError> {
    Ok(Json(account::credentials(&shared.lock(), &context)?))
}

pub(super) async fn unlink(
    State(shared): State<SharedState>,
    Path(id): Path<String>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    account::unlink(&mut shared.lock(), &context, &id)?;
    Ok(StatusCode::NO_CONTENT)
}
