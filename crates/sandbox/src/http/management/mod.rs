//! The management API: `/v1/…`.

mod invites;
mod records;
mod users;

use axum::Json;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::{get, post};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::extract::JsonBody;
use super::shared_state::SharedState;
use crate::endpoints::management::claims::{self, ClaimBody};
use crate::endpoints::query::Query;
use crate::entropy::Entropy;
use crate::error::ApiError;
use crate::request_context::RequestContext;

/// Above the size of a record, so that a larger record is refused for that.
const MAX_BODY_BYTES: usize = 1024 * 1024;

pub(super) fn routes() -> Router<SharedState> {
    Router::new()
        .route("/v1/invites", post(invites::create))
        .route("/v1/invites/{id}", get(invites::get).patch(invites::respond).delete(invites::delete))
        .route("/v1/claims", post(create_claim))
        .route("/v1/records", get(records::list).post(records::create))
        .route("/v1/records/{id}", get(records::get).put(records::update).delete(records::delete))
        .route("/v1/users", get(users::list))
        .route("/v1/users/{id}", get(users::get).delete(users::delete))
        .route("/v1/users/{id}/resources", get(users::resources))
        .route("/v1/users/{id}/resources/{resource}/permissions/{permission}", get(users::permission))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}

/// Does what was accepted earlier and is due by the sandbox's clock.
pub(super) async fn finish_deletions(State(shared): State<SharedState>, request: Request, next: Next) -> Response {
    {
        let mut state = shared.lock();
        let now_ms = state.clock.now_ms();
        state.finish_user_deletions(now_ms);
    }
    next.run(request).await
}

async fn create_claim(
    State(shared): State<SharedState>,
    context: RequestContext,
    mut entropy: Entropy,
    JsonBody(body): JsonBody<ClaimBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    claims::create(&mut shared.lock(), &context, &body, &mut entropy)?;
    Ok((StatusCode::CREATED, Json(json!({}))))
}

/// The parameters of the path, percent-decoded.
struct PathParameters<T>(T);

impl<T: DeserializeOwned + Send> FromRequestParts<SharedState> for PathParameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, shared: &SharedState) -> Result<Self, Self::Rejection> {
        let path = Path::<T>::from_request_parts(parts, shared).await;
        let title = "The path is not valid: percent-encode its parameters in UTF-8.";
        path.map(|Path(parameters)| Self(parameters)).map_err(|_| ApiError::invalid_input("InvalidRequest", title))
    }
}

impl FromRequestParts<SharedState> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &SharedState) -> Result<Self, Self::Rejection> {
        let repeated = || ApiError::invalid_input("InvalidRequest", "A parameter occurs twice in the query.");
        Self::parse(parts.uri.query().unwrap_or_default()).ok_or_else(repeated)
    }
}
