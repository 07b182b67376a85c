//! `/v1/invites`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;

use super::PathParameters;
use crate::endpoints::management::invites::{self, InviteBody};
use crate::entropy::Entropy;
use crate::error::ApiError;
use crate::http::extract::JsonBody;
use crate::http::shared_state::SharedState;
use crate::request_context::RequestContext;

pub(super) async fn create(
    State(shared): State<SharedState>,
    context: RequestContext,
    mut entropy: Entropy,
    JsonBody(body): JsonBody<InviteBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let invite = invites::create(&mut shared.lock(), &context, body, &mut entropy)?;
    Ok((StatusCode::CREATED, Json(invite)))
}

pub(super) async fn get(
    State(shared): State<SharedState>,
    PathParameters(id): PathParameters<String>,
    context: RequestContext,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(invites::get(&shared.lock(), &context, &id)?))
}

pub(super) async fn respond(
    State(shared): State<SharedState>,
    PathParameters(id): PathParameters<String>,
    context: RequestContext,
    mut entropy: Entropy,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(invites::respond(&mut shared.lock(), &context, &id, &mut entropy)?))
}

pub(super) async fn delete(
    State(shared): State<SharedState>,
    PathParameters(id): PathParameters<String>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    invites::delete(&mut shared.lock(), &context, &id)?;
    Ok(StatusCode::NO_CONTENT)
}
