//! The error responses of the cart API.

use authress_access_token::{TicketError, TokenError};
use authress_user_migration::{MigrationError, Refused, Unavailable};
use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::ownership::OwnershipError;
use crate::reminder::ReminderError;

/// Why a request failed. Each error has one status and one stable code; the response is
/// `{"errorCode", "title"}`.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// 409: the cart belongs to a user whose data move elsewhere, or may not move.
    Refused(Refused),
    /// 503: carts cannot be read or changed now.
    CartsUnavailable,
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
            Self::Refused(refused) => (StatusCode::CONFLICT, refused.code(), refused.to_string()),
            Self::CartsUnavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "CartsUnavailable",
                "carts cannot be read or changed now; try again soon".into(),
            ),
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
        let mut headers = HeaderMap::new();
        if let Self::SessionOutdated = self {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"Bearer error="invalid_token""#));
        }
        if let Self::Reminder(ReminderError::TooManyMails { retry_after_s }) = self {
            headers.insert(header::RETRY_AFTER, retry_after_s.into());
        }
        let (status, code, title) = self.parts();
        (status, headers, Json(json!({ "errorCode": code, "title": title }))).into_response()
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

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Unavailable> for ApiError {
    fn from(unavailable: Unavailable) -> Self {
        tracing::warn!(code = unavailable.code, "carts are unavailable: {unavailable}");
        Self::CartsUnavailable
    }
}

impl From<MigrationError> for ApiError {
    fn from(error: MigrationError) -> Self {
        match error {
            MigrationError::Refused(refused) => Self::Refused(refused),
            MigrationError::Journal(unavailable) | MigrationError::Data(unavailable) => unavailable.into(),
            MigrationError::JournalLost { .. } | MigrationError::Records(_) => {
                tracing::warn!(code = error.code(), "{error}");
                Self::CartsUnavailable
            }
        }
    }
}
