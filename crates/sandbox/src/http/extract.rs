//! Extractors: the request context, a JSON body, fresh randomness.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, ORIGIN, REFERER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use serde::de::DeserializeOwned;

use super::shared_state::SharedState;
use crate::entropy::Entropy;
use crate::error::ApiError;
use crate::request_context::RequestContext;

impl FromRequestParts<SharedState> for RequestContext {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &SharedState) -> Result<Self, Self::Rejection> {
        let headers = &parts.headers;
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut context = Self::with_cookies(cookies.map(str::to_owned).collect());
        context.origin = text(headers, ORIGIN).map(str::to_owned);
        context.referrer = text(headers, REFERER).map(str::to_owned);
        context.bearer = text(headers, AUTHORIZATION).and_then(bearer);
        context.now_ms = shared.lock().clock.now_ms();
        Ok(context)
    }
}

impl FromRequestParts<SharedState> for Entropy {
    type Rejection = ApiError;

    async fn from_request_parts(_: &mut Parts, _: &SharedState) -> Result<Self, Self::Rejection> {
        let none = || ApiError::new(500, "EntropyUnavailable", "The operating system gave no randomness.");
        Self::from_system().ok_or_else(none)
    }
}

/// A JSON body. The media type must be JSON's: any site's page can post a form without a preflight.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<SharedState> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, shared: &SharedState) -> Result<Self, Self::Rejection> {
        if !is_json(media_type(request.headers())) {
            let title = "Send the body as JSON with Content-Type: application/json.";
            return Err(ApiError::new(415, "UnsupportedMediaType", title));
        }
        let bytes = Bytes::from_request(request, shared).await.map_err(|rejection: BytesRejection| {
            ApiError::new(rejection.status().as_u16(), "InvalidRequest", "The body is too large or incomplete.")
        })?;
        let invalid = |error| ApiError::invalid_input("InvalidRequest", format!("The body is not valid: {error}."));
        serde_json::from_slice(&bytes).map(Self).map_err(invalid)
    }
}

/// JSON, also in the form with links that one of Authress's SDKs sends.
fn is_json(media_type: &str) -> bool {
    ["application/json", "application/links+json"].iter().any(|json| media_type.eq_ignore_ascii_case(json))
}

/// The media type of the body, without parameters; empty if the header is missing.
pub(super) fn media_type(headers: &HeaderMap) -> &str {
    text(headers, CONTENT_TYPE).and_then(|value| value.split(';').next()).unwrap_or_default().trim()
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// RFC 6750 section 2.1; the scheme's case does not matter (RFC 9110 section 11.1).
fn bearer(header: &str) -> Option<String> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}
