//! `/v1/records`.

use axum::Json;
use axum::extract::State;
use axum::http::header::IF_UNMODIFIED_SINCE;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::PathParameters;
use crate::endpoints::management::records;
use crate::endpoints::query::Query;
use crate::entropy::Entropy;
use crate::error::ApiError;
use crate::http::extract::JsonBody;
use crate::http::shared_state::SharedState;
use crate::model::access_record::AccessRecord;
use crate::request_context::RequestContext;

pub(super) async fn create(
    State(shared): State<SharedState>,
    context: RequestContext,
    mut entropy: Entropy,
    JsonBody(record): JsonBody<AccessRecord>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let created = records::create(&mut shared.lock(), &context, record, &mut entropy)?;
    Ok((StatusCode::CREATED, Json(created)))
}

pub(super) async fn list(
    State(shared): State<SharedState>,
    query: Query,
    context: RequestContext,
    mut entropy: Entropy,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(records::list(&shared.lock(), &context, &query, &mut entropy)?))
}

pub(super) async fn get(
    State(shared): State<SharedState>,
    PathParameters(id): PathParameters<String>,
    context: RequestContext,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(records::get(&shared.lock(), &context, &id)?))
}

/// `If-Unmodified-Since` has a time as in JSON here, not an HTTP date.
pub(super) async fn update(
    State(shared): State<SharedState>,
    PathParameters(id): PathParameters<String>,
    context: RequestContext,
    headers: HeaderMap,
    JsonBody(record): JsonBody<AccessRecord>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let known = headers.get(IF_UNMODIFIED_SINCE).map(|value| value.to_str().unwrap_or_default());
    let mut state = shared.lock();
    let updated = records::update(&mut state, &context, &id, record, known)?;
    let status = if state.dialect.accepts_record_updates { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(updated)))
}

pub(super) async fn delete(
    State(shared): State<SharedState>,
    PathParameters(id): PathParameters<String>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    records::delete(&mut shared.lock(), &context, &id)?;
    Ok(StatusCode::NO_CONTENT)
}
