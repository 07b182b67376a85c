//! Why a reminder is not sent or confirmed.

use std::fmt;

use axum::http::StatusCode;

/// Why a reminder is not sent or confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReminderError {
    /// 404: this shop sends no mails.
    NotOffered,
    /// 400: the body is not `{"email": "…"}` with an address, or not `{"code": "…"}`.
    InvalidRequest,
    /// 409: there is nothing to remind of.
    EmptyCart,
    /// 429: this cart, address or client has had enough mails for now.
    TooManyMails {
        /// When to try again, in seconds.
        retry_after_s: i64,
    },
    /// 403: another code.
    WrongCode {
        /// How often another code may be tried.
        tries_left: u8,
    },
    /// 409: no code is waiting: it has expired, was used, or was tried too often.
    NoOpenReminder,
    /// 503: Authress or the mail server cannot be reached.
    Unavailable,
}

impl ReminderError {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::NotOffered => StatusCode::NOT_FOUND,
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::EmptyCart | Self::NoOpenReminder => StatusCode::CONFLICT,
            Self::TooManyMails { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::WrongCode { .. } => StatusCode::FORBIDDEN,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::NotOffered => "ReminderNotOffered",
            Self::InvalidRequest => "InvalidReminderRequest",
            Self::EmptyCart => "CartEmpty",
            Self::TooManyMails { .. } => "TooManyReminders",
            Self::WrongCode { .. } => "WrongReminderCode",
            Self::NoOpenReminder => "ReminderExpired",
            Self::Unavailable => "ReminderUnavailable",
        }
    }
}

impl fmt::Display for ReminderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOffered => f.write_str("this shop sends no reminders; set reminders in its configuration"),
            Self::InvalidRequest => f.write_str(r#"send JSON {"email": "name@example.com"}, or {"code": "123456"}"#),
            Self::EmptyCart => f.write_str("the cart is empty; add something first"),
            Self::TooManyMails { retry_after_s } => write!(f, "too many mails; try again in {retry_after_s} seconds"),
            Self::WrongCode { tries_left } => {
                write!(f, "this is not the code of the last mail; {tries_left} tries left")
            }
            Self::NoOpenReminder => f.write_str("no code is valid now; request another mail"),
            Self::Unavailable => f.write_str("the mail cannot be sent now; try again soon"),
        }
    }
}

impl std::error::Error for ReminderError {}
