//! `/api/authentication`.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use super::extract::JsonBody;
use super::response::set_cookies;
use super::shared_state::SharedState;
use crate::endpoints::authentication::{self, AuthenticationBody, AuthenticationResponse, Started, UpdateBody};
use crate::endpoints::token::{self, TokenRequest, TokenResponse};
use crate::entropy::Entropy;
use crate::error::{ApiError, TokenError};
use crate::request_context::RequestContext;

pub(super) async fn start(
    State(shared): State<SharedState>,
    context: RequestContext,
    mut entropy: Entropy,
    JsonBody(body): JsonBody<AuthenticationBody>,
) -> Result<Response, ApiError> {
    let Started { response, cookie } = authentication::start(&mut shared.lock(), &context, body, &mut entropy)?;
    Ok((set_cookies(cookie.as_slice()), Json(response)).into_response())
}

pub(super) async fn update(
    State(shared): State<SharedState>,
    Path(id): Path<String>,
    context: RequestContext,
    JsonBody(body): JsonBody<UpdateBody>,
) -> Result<Json<AuthenticationResponse>, ApiError> {
    Ok(Json(authentication::update(&mut shared.lock(), &context, &id, body)?))
}

pub(super) async fn token(
    State(shared): State<SharedState>,
    Path(id): Path<String>,
    context: RequestContext,
    mut entropy: Entropy,
    JsonBody(body): JsonBody<TokenRequest>,
) -> Result<Response, TokenError> {
    let TokenResponse { tokens, cookies } = token::exchange(&mut shared.lock(), &context, &id, &body, &mut entropy)?;
    Ok((set_cookies(&cookies), Json(tokens)).into_response())
}
