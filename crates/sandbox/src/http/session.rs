//! `/api/session`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};

use serde_json::{Value, json};

use super::Shared;
use super::call::JsonBody;
use super::reply::{Problem, set_cookies};
use crate::account::{self, ConnectionCredentials, UserProfile};
use crate::device::{self, Device, DeviceBody};
use crate::entropy::Entropy;
use crate::state::Call;
use crate::tokens::TokenSet;

pub(super) async fn extend(
    State(shared): State<Shared>,
    call: Call,
    mut entropy: Entropy,
) -> Result<(HeaderMap, Json<TokenSet>), Problem> {
    let (tokens, cookies) = account::extend_session(&mut shared.lock(), &call, &mut entropy)?;
    Ok((set_cookies(&cookies), Json(tokens)))
}

pub(super) async fn end(State(shared): State<Shared>, call: Call) -> (StatusCode, HeaderMap) {
    let cookies = account::end_session(&mut shared.lock(), &call);
    (StatusCode::NO_CONTENT, set_cookies(&cookies))
}

pub(super) async fn profile(State(shared): State<Shared>, call: Call) -> Result<Json<UserProfile>, Problem> {
    Ok(Json(account::profile(&shared.lock(), &call)?))
}

pub(super) async fn unlink(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<StatusCode, Problem> {
    account::unlink(&mut shared.lock(), &call, &id)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn credentials(
    State(shared): State<Shared>,
    call: Call,
) -> Result<Json<ConnectionCredentials>, Problem> {
    Ok(Json(account::credentials(&shared.lock(), &call)?))
}

pub(super) async fn devices(State(shared): State<Shared>, call: Call) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "devices": device::list(&shared.lock(), &call)? })))
}

pub(super) async fn register_device(
    State(shared): State<Shared>,
    call: Call,
    mut entropy: Entropy,
    JsonBody(body): JsonBody<DeviceBody>,
) -> Result<Json<Device>, Problem> {
    Ok(Json(device::register(&mut shared.lock(), &call, body, &mut entropy)?))
}

pub(super) async fn remove_device(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<StatusCode, Problem> {
    device::remove(&mut shared.lock(), &call, &id)?;
    Ok(StatusCode::NO_CONTENT)
}
