//! `/v1/users`, with the permissions and resources of a user.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::PathParameters;
use crate::endpoints::management::{permissions, users};
use crate::endpoints::query::Query;
use crate::error::ApiError;
use crate::http::shared_state::SharedState;
use crate::request_context::RequestContext;

pub(super) async fn list(
    State(shared): State<SharedState>,
    query: Query,
    context: RequestContext,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(users::list(&shared.lock(), &context, &query)?))
}

pub(super) async fn get(
    State(shared): State<SharedState>,
    PathParameters(id): PathParameters<String>,
    context: RequestContext,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(users::get(&shared.lock(), &context, &id)?))
}

pub(super) async fn delete(
    State(shared): State<SharedState>,
    PathParameters(id): PathParameters<String>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    users::delete(&mut shared.lock(), &context, &id)?;
    Ok(StatusCode::ACCEPTED)
}

pub(super) async fn resources(
    State(shared): State<SharedState>,
    PathParameters(id): PathParameters<String>,
    query: Query,
    context: RequestContext,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(permissions::resources(&shared.lock(), &context, &id, &query)?))
}

pub(super) async fn permission(
    State(shared): State<SharedState>,
    PathParameters((id, resource, permission)): PathParameters<(String, String, String)>,
    context: RequestContext,
) -> Result<Json<Value>, ApiError> {
    permissions::check(&shared.lock(), &context, &id, &resource, &permission)?;
    Ok(Json(json!({})))
}
