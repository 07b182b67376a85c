//! Writing answers.

use axum::Json;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, SET_COOKIE};
use axum::http::header::{X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use crate::entropy::Entropy;
use crate::refusal::{ExchangeRefusal, Refusal};

/// A refusal as an HTTP answer.
#[derive(Debug)]
pub(crate) struct Problem(pub(super) Refusal);

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // The id only serves to find one failure again; it may be guessed.
        let mut entropy = Entropy::from_system().unwrap_or_else(|| Entropy::from_seed([0; 32]));
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.0.body(&mut entropy))).into_response()
    }
}

impl IntoResponse for ExchangeRefusal {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, Json(self.body())).into_response()
    }
}

/// A redirect. Values that are no header text cannot come from a parsed URL.
pub(super) fn redirect(status: StatusCode, location: &str, cookies: &[String]) -> Response {
    let mut headers = set_cookies(cookies);
    match HeaderValue::from_str(location) {
        Ok(location) => headers.insert(LOCATION, location),
        Err(_) => {
            return Problem(Refusal::new(500, "InvalidRedirect", "The redirect cannot be written.")).into_response();
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

pub(super) fn page(status: StatusCode, html: String) -> Response {
    const POLICY: HeaderValue = HeaderValue::from_static(
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    );
    (status, [(CONTENT_SECURITY_POLICY, POLICY)], Html(html)).into_response()
}

pub(super) async fn not_found() -> Problem {
    Problem(Refusal::new(404, "NotFound", "The sandbox has no such address."))
}

pub(super) async fn method_not_allowed() -> Problem {
    Problem(Refusal::new(405, "MethodNotAllowed", "This address does not take this method."))
}

/// Headers for every answer: what it holds is for one browser, once.
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
