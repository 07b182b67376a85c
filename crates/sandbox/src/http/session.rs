//! `PATCH` and `DELETE /api/session`, `/logout`.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::html::MessagePage;
use super::response::{page, redirect, set_cookies};
use super::shared_state::SharedState;
use crate::endpoints::query::Query;
use crate::endpoints::session::{self, Renewal};
use crate::entropy::Entropy;
use crate::error::ApiError;
use crate::request_context::RequestContext;

pub(super) async fn renew(
    State(shared): State<SharedState>,
    context: RequestContext,
    mut entropy: Entropy,
) -> Result<Response, ApiError> {
    let Renewal { tokens, cookies } = session::renew(&mut shared.lock(), &context, &mut entropy)?;
    let headers = set_cookies(&cookies);
    Ok(match tokens {
        Some(tokens) => (headers, Json(tokens)).into_response(),
        None => (headers, Json(json!({}))).into_response(),
    })
}

pub(super) async fn end(State(shared): State<SharedState>, context: RequestContext) -> (StatusCode, HeaderMap) {
    let cookies = session::end(&mut shared.lock(), &context);
    (StatusCode::NO_CONTENT, set_cookies(&cookies))
}

pub(super) async fn logout(
    State(shared): State<SharedState>,
    RawQuery(query): RawQuery,
    context: RequestContext,
) -> Response {
    let query = Query::parse(&query.unwrap_or_default()).unwrap_or_default();
    let (application_id, redirect_uri) = (query.get("client_id"), query.get("redirect_uri"));
    let (redirect_url, cookies) = session::logout(&mut shared.lock(), &context, application_id, redirect_uri);
    let (status, message) = match (redirect_url, redirect_uri) {
        (Some(url), _) => return redirect(StatusCode::FOUND, &url, &cookies),
        (None, None) => (StatusCode::OK, "You can close this page."),
        (None, Some(_)) => {
            (StatusCode::BAD_REQUEST, "The redirect_uri is not below any of the application's redirectUrls.")
        }
    };
    (set_cookies(&cookies), page(status, MessagePage { heading: "You are signed out", message })).into_response()
}
