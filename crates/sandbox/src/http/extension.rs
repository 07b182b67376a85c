//! The OAuth endpoints of extensions: `/` and `/api/authentication/oauth/tokens`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::extract::media_type;
use super::html::{LoginErrorPage, MessagePage, ProviderListPage};
use super::response::{page, redirect, set_cookies};
use super::shared_state::SharedState;
use crate::endpoints::extension::{self, AuthorizeResponse, ExtensionTokenRequest};
use crate::endpoints::query::Query;
use crate::entropy::Entropy;
use crate::error::TokenError;
use crate::request_context::RequestContext;
use crate::tokens::TokenSet;

/// The issuer's root is also the authorization endpoint.
pub(super) async fn home(
    State(shared): State<SharedState>,
    RawQuery(query): RawQuery,
    context: RequestContext,
    mut entropy: Entropy,
) -> Response {
    let query = Query::parse(&query.unwrap_or_default());
    if query.as_ref().is_some_and(|query| query.get("client_id").is_none()) {
        let message = "A local Authress for development. Start a login from an application.";
        return page(StatusCode::OK, MessagePage { heading: "Sandbox", message });
    }
    let mut state = shared.lock();
    match extension::authorize(&mut state, &context, query.as_ref(), &mut entropy) {
        AuthorizeResponse::Redirect { url, cookie } => redirect(StatusCode::FOUND, &url, cookie.as_slice()),
        AuthorizeResponse::ProviderList { request_id, cookie } => {
            let list = ProviderListPage { connections: &state.connections, request_id: &request_id };
            (set_cookies(cookie.as_slice()), page(StatusCode::OK, list)).into_response()
        }
        AuthorizeResponse::Error(error) => page(StatusCode::BAD_REQUEST, LoginErrorPage { error: &error }),
    }
}

/// Accepts a form, as RFC 6749 section 4.1.3 defines it, and JSON, as the login client sends it.
pub(super) async fn token(
    State(shared): State<SharedState>,
    context: RequestContext,
    headers: HeaderMap,
    mut entropy: Entropy,
    body: Bytes,
) -> Result<Json<TokenSet>, TokenError> {
    let media_type = media_type(&headers);
    let body: Option<ExtensionTokenRequest> = if media_type.eq_ignore_ascii_case("application/json") {
        serde_json::from_slice(&body).ok()
    } else if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Some(ExtensionTokenRequest::from_form(&body))
    } else {
        None
    };
    let description = "Send the fields as JSON or as a form, with the Content-Type that says which.";
    let body = body.ok_or(TokenError { error: "invalid_request", description })?;
    Ok(Json(extension::exchange(&mut shared.lock(), &context, &body, &mut entropy)?))
}
