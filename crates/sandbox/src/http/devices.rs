//! `/api/session/devices`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::extract::JsonBody;
use super::shared_state::SharedState;
use crate::endpoints::devices::{self, DeviceBody};
use crate::entropy::Entropy;
use crate::error::ApiError;
use crate::model::device::Device;
use crate::request_context::RequestContext;

pub(super) async fn list(State(shared): State<SharedState>, context: RequestContext) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({ "devices": devices::list(&shared.lock(), &context)? })))
}

pub(super) async fn register(
    State(shared): State<SharedState>,
    context: RequestContext,
    mut entropy: Entropy,
    JsonBody(body): JsonBody<DeviceBody>,
) -> Result<Json<Device>, ApiError> {
    Ok(Json(devices::register(&mut shared.lock(), &context, body, &mut entropy)?))
}

pub(super) async fn remove(
    State(shared): State<SharedState>,
    Path(id): Path<String>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    devices::remove(&mut shared.lock(), &context, &id)?;
    Ok(StatusCode::NO_CONTENT)
}
