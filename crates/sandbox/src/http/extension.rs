//! The OAuth endpoints of extensions: `/` and `/api/authentication/oauth/tokens`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::Shared;
use super::reply::{page, redirect};
use crate::entropy::Entropy;
use crate::extension::{self, Authorization, TokenBody};
use crate::html;
use crate::login::Query;
use crate::refusal::ExchangeRefusal;
use crate::state::Call;
use crate::tokens::TokenSet;

/// The issuer's root is also the authorization endpoint.
pub(super) async fn home(
    State(shared): State<Shared>,
    RawQuery(query): RawQuery,
    call: Call,
    mut entropy: Entropy,
) -> Response {
    let query = Query::parse(&query.unwrap_or_default());
    if query.as_ref().is_some_and(|query| query.get("client_id").is_none()) {
        let sentence = "A local Authress for development. Start a login from an application.";
        return page(StatusCode::OK, html::note_page("Sandbox", sentence));
    }
    let mut state = shared.lock();
    match extension::authorize(&mut state, &call, query.as_ref(), &mut entropy) {
        Authorization::Redirect(url) => redirect(StatusCode::FOUND, &url, &[]),
        Authorization::Picker(id) => page(StatusCode::OK, html::picker_page(&state.connections, &id)),
        Authorization::Refused(refused) => page(StatusCode::BAD_REQUEST, html::refused_page(&refused)),
    }
}

/// Takes a form, as RFC 6749 has it, and JSON, as the login client sends it.
pub(super) async fn exchange(
    State(shared): State<Shared>,
    call: Call,
    headers: HeaderMap,
    mut entropy: Entropy,
    body: Bytes,
) -> Result<Json<TokenSet>, ExchangeRefusal> {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    let body: Option<TokenBody> = if media_type.eq_ignore_ascii_case("application/json") {
        serde_json::from_slice(&body).ok()
    } else if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Some(TokenBody::from_form(&body))
    } else {
        None
    };
    let description = "Send the fields as JSON or as a form, with the Content-Type that says which.";
    let body = body.ok_or(ExchangeRefusal { error: "invalid_request", description })?;
    Ok(Json(extension::exchange(&mut shared.lock(), &call, &body, &mut entropy)?))
}
