//! `/api/authentication`.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::call::JsonBody;
use super::reply::{Problem, set_cookies};
use crate::authentication::{self, AuthenticationBody, Started, UpdateBody};
use crate::entropy::Entropy;
use crate::exchange::{self, ExchangeBody, Exchanged};
use crate::refusal::ExchangeRefusal;
use crate::state::Call;

pub(super) async fn start(
    State(shared): State<Shared>,
    call: Call,
    mut entropy: Entropy,
    JsonBody(body): JsonBody<AuthenticationBody>,
) -> Result<Json<Started>, Problem> {
    Ok(Json(authentication::start(&mut shared.lock(), &call, body, &mut entropy)?))
}

pub(super) async fn update(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    call: Call,
    JsonBody(body): JsonBody<UpdateBody>,
) -> Result<Json<Started>, Problem> {
    Ok(Json(authentication::update(&mut shared.lock(), &call, &id, body)?))
}

pub(super) async fn exchange(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    call: Call,
    mut entropy: Entropy,
    JsonBody(body): JsonBody<ExchangeBody>,
) -> Result<Response, ExchangeRefusal> {
    let Exchanged { tokens, cookies } = exchange::exchange(&mut shared.lock(), &call, &id, &body, &mut entropy)?;
    Ok((set_cookies(&cookies), Json(tokens)).into_response())
}
