//! Responses: errors, redirects, pages, and the headers of all of them.

use askama::Template;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, SET_COOKIE};
use axum::http::header::{X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use super::shared_state::SharedState;
use crate::dialect::InvalidInput;
use crate::entropy::Entropy;
use crate::error::{ApiError, TokenError};

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        // The id only serves to find the error in a log; it may be guessable.
        let mut entropy = Entropy::from_system().unwrap_or_else(|| Entropy::from_seed([0; 32]));
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.body(&mut entropy))).into_response();
        if let Some(unprocessable) = self.unprocessable() {
            response.extensions_mut().insert(unprocessable);
        }
        response
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, Json(self.body())).into_response()
    }
}

/// Writes the error of a response anew, if the dialect has another status for invalid input. The errors themselves do
/// not know the dialect: extractors and checks make them, without the sandbox's state.
pub(super) async fn status_of_invalid_input(
    State(shared): State<SharedState>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let unprocessable: Option<ApiError> = response.extensions_mut().remove();
    let is_unprocessable = shared.lock().dialect.invalid_input == InvalidInput::UnprocessableContent;
    match unprocessable {
        Some(error) if is_unprocessable => error.into_response(),
        Some(_) | None => response,
    }
}

/// A redirect. A parsed URL is always a valid header value.
pub(super) fn redirect(status: StatusCode, location: &str, cookies: &[String]) -> Response {
    let mut headers = set_cookies(cookies);
    match HeaderValue::from_str(location) {
        Ok(location) => headers.insert(LOCATION, location),
        Err(_) => {
            return ApiError::new(500, "InvalidRedirect", "The redirect cannot be written.").into_response();
        }
    };
    (status, headers).into_response()
}

pub(super) fn set_cookies(cookies: &[String]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for cookie in cookies {
        if let Ok(value) = HeaderValue::from_str(cookie) {
            headers.append(SET_COOKIE, value);
        }
    }
    headers
}

/// An HTML page that runs no scripts and cannot be framed.
pub(super) fn page(status: StatusCode, template: impl Template) -> Response {
    const POLICY: HeaderValue = HeaderValue::from_static(
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    );
    match template.render() {
        Ok(html) => (status, [(CONTENT_SECURITY_POLICY, POLICY)], Html(html)).into_response(),
        Err(_) => ApiError::new(500, "InvalidPage", "The page cannot be written.").into_response(),
    }
}

pub(super) async fn not_found() -> ApiError {
    ApiError::new(404, "NotFound", "The sandbox has no such path.")
}

pub(super) async fn method_not_allowed() -> ApiError {
    ApiError::new(405, "MethodNotAllowed", "This path does not have this method.")
}

/// Sets the headers of every response: it is for one browser, and not to be cached.
pub(super) async fn security_headers(request: Request, next: Next) -> Response {
    const HEADERS: [(HeaderName, HeaderValue); 4] = [
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ];
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}
