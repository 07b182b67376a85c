//! What the cart API answers when it does not do what it was asked.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::keys::KeysUnavailable;
use crate::token::Refusal;

/// A failed cart request: one status and one stable code each, sent as
/// `{"errorCode", "title"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiError {
    /// 401: the request names no shopper.
    Token(Refusal),
    /// 503: no token can be checked at the moment.
    KeysUnavailable,
    /// 404: the shop does not sell this.
    UnknownProduct,
    /// 400: the body is not `{"quantity": n}` with n from 0 to 99.
    InvalidQuantity,
    /// 404: nothing is at this address of the API.
    UnknownRoute,
    /// 405: the address exists, but not for this method.
    MethodNotAllowed,
}

impl ApiError {
    fn parts(self) -> (StatusCode, &'static str, String) {
        match self {
            Self::Token(refusal) => (StatusCode::UNAUTHORIZED, refusal.code(), refusal.to_string()),
            Self::KeysUnavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "KeysUnavailable",
                "tokens cannot be checked now; try again soon".into(),
            ),
            Self::UnknownProduct => {
                (StatusCode::NOT_FOUND, "UnknownProduct", "there is no such product; see GET /api/products".into())
            }
            Self::InvalidQuantity => (
                StatusCode::BAD_REQUEST,
                "InvalidQuantity",
                r#"send JSON {"quantity": n} with a whole number from 0 to 99"#.into(),
            ),
            Self::UnknownRoute => (StatusCode::NOT_FOUND, "UnknownRoute", "there is nothing at this address".into()),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "use GET for the cart and PUT for an item".into())
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code, title) = self.parts();
        let mut response = (status, Json(json!({ "errorCode": code, "title": title }))).into_response();
        // RFC 6750 section 3.
        if matches!(self, Self::Token(_)) {
            let challenge = HeaderValue::from_static(r#"Bearer error="invalid_token""#);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::Token(refusal)
    }
}

impl From<KeysUnavailable> for ApiError {
    fn from(KeysUnavailable: KeysUnavailable) -> Self {
        Self::KeysUnavailable
    }
}
