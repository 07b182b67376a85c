//! The error responses of the cart API.

use authress_access_token::{TicketError, TokenError};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::ownership::OwnershipError;
use crate::reminder::ReminderError;

/// Why a request failed. Each error has one status and one stable code; the response is
/// `{"errorCode", "title"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiError {
    /// 401: the request has no valid access token. 503: tokens cannot be verified now.
    Token(TokenError),
    /// 403: the ticket is not valid for this shopper. 503: it is unknown whether it was redeemed.
    Ticket(TicketError),
    /// 401: the anonymous session is older than the account that its user id has by now.
    SessionOutdated,
    /// 403: the cart belongs to another user. 503: Authress cannot be asked whose it is.
    Ownership(OwnershipError),
    /// A reminder is not sent or confirmed; see [`ReminderError`].
    Reminder(ReminderError),
    /// 403: tickets are for the carts of anonymous shoppers.
    NotAnonymous,
    /// 403: a cart can be moved to an account only, and this shopper is anonymous.
    StillAnonymous,
    /// 400: the body is not `{"ticket": "…"}`.
    InvalidTicketRequest,
    /// 404: there is no such product.
    UnknownProduct,
    /// 400: the body is not `{"quantity": n}` with n from 0 to 99.
    InvalidQuantity,
    /// 404: the API has no such path.
    UnknownRoute,
    /// 405: the path does not have this method.
    MethodNotAllowed,
}

impl ApiError {
    fn parts(self) -> (StatusCode, &'static str, String) {
        match self {
            Self::Token(error) => (error.status(), error.code(), error.to_string()),
            Self::Ticket(error @ TicketError::Unavailable) => {
                (StatusCode::SERVICE_UNAVAILABLE, error.code(), error.to_string())
            }
            Self::Ticket(error) => (StatusCode::FORBIDDEN, error.code(), error.to_string()),
            Self::SessionOutdated => (
                StatusCode::UNAUTHORIZED,
                "SessionOutdated",
                "this user id has an account by now; sign in to it".into(),
            ),
            Self::Ownership(OwnershipError::OtherOwner) => {
                (StatusCode::FORBIDDEN, "CartOfAnotherUser", "this cart belongs to another user".into())
            }
            Self::Ownership(OwnershipError::Unavailable) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "OwnershipUnavailable",
                "the owner of this cart cannot be checked now; try again soon".into(),
            ),
            Self::Reminder(error) => (error.status(), error.code(), error.to_string()),
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
            Self::UnknownRoute => (StatusCode::NOT_FOUND, "UnknownRoute", "the API has no such path".into()),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "use GET for the cart and PUT for an item".into())
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        // It has a `WWW-Authenticate` header too.
        if let Self::Token(error) = self {
            return error.into_response();
        }
        let (status, code, title) = self.parts();
        let mut response = (status, Json(json!({ "errorCode": code, "title": title }))).into_response();
        match self {
            Self::SessionOutdated => {
                let challenge = HeaderValue::from_static(r#"Bearer error="invalid_token""#);
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            Self::Reminder(ReminderError::TooManyMails { retry_after_s }) => {
                response.headers_mut().insert(header::RETRY_AFTER, retry_after_s.into());
            }
            Self::Token(_)
            | Self::Ticket(_)
            | Self::Reminder(_)
            | Self::Ownership(_)
            | Self::NotAnonymous
            | Self::StillAnonymous
            | Self::InvalidTicketRequest
            | Self::UnknownProduct
            | Self::InvalidQuantity
            | Self::UnknownRoute
            | Self::MethodNotAllowed => {}
        }
        response
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl From<TicketError> for ApiError {
    fn from(error: TicketError) -> Self {
        Self::Ticket(error)
    }
}

impl From<ReminderError> for ApiError {
    fn from(error: ReminderError) -> Self {
        Self::Reminder(error)
    }
}

impl From<OwnershipError> for ApiError {
    fn from(error: OwnershipError) -> Self {
        Self::Ownership(error)
    }
}
