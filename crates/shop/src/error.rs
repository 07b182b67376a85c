//! What the cart API answers when it does not do what it was asked.

use authress_access_token::{TicketError, TokenError};
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A failed cart request: one status and one stable code each, sent as
/// `{"errorCode", "title"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiError {
    /// 401: the request names no shopper. 503: no token can be checked at the moment.
    Token(TokenError),
    /// 403: the ticket moves no cart to this shopper. 503: it cannot be known whether it was used.
    Ticket(TicketError),
    /// 403: tickets are for carts of shoppers without an account.
    NotAnonymous,
    /// 403: a cart is moved to an account, and this shopper has none.
    StillAnonymous,
    /// 400: the body is not `{"ticket": "…"}`.
    InvalidTicketRequest,
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
            Self::Token(refusal) => (refusal.status(), refusal.code(), refusal.to_string()),
            Self::Ticket(refusal @ TicketError::Unavailable) => {
                (StatusCode::SERVICE_UNAVAILABLE, refusal.code(), refusal.to_string())
            }
            Self::Ticket(refusal) => (StatusCode::FORBIDDEN, refusal.code(), refusal.to_string()),
            Self::NotAnonymous => {
                (StatusCode::FORBIDDEN, "NotAnonymous", "this cart belongs to an account and stays with it".into())
            }
            Self::StillAnonymous => (
                StatusCode::FORBIDDEN,
                "StillAnonymous",
                "sign in to the account the cart is for, then try again".into(),
            ),
            Self::InvalidTicketRequest => {
                (StatusCode::BAD_REQUEST, "InvalidTicketRequest", r#"send JSON {"ticket": "…"}"#.into())
            }
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
        // It knows the challenge that belongs to it.
        if let Self::Token(refusal) = self {
            return refusal.into_response();
        }
        let (status, code, title) = self.parts();
        (status, Json(json!({ "errorCode": code, "title": title }))).into_response()
    }
}

impl From<TokenError> for ApiError {
    fn from(refusal: TokenError) -> Self {
        Self::Token(refusal)
    }
}

impl From<TicketError> for ApiError {
    fn from(refusal: TicketError) -> Self {
        Self::Ticket(refusal)
    }
}
