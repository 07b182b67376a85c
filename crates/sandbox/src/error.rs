//! The two forms of error responses: Authress's own, and that of OAuth's token endpoint.

use serde_json::{Value, json};

use crate::entropy::Entropy;

/// An error response of Authress's API: `{title, errorCode, errorId}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Stable, unlike the title.
    pub(crate) code: &'static str,
    pub(crate) title: String,
    /// The code that Authress is known to use with status 422, if this is invalid input.
    unprocessable_as: Option<&'static str>,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: &'static str, title: impl Into<String>) -> Self {
        Self { status, code, title: title.into(), unprocessable_as: None }
    }

    /// Invalid input: 400, or 422 with the same code, as the dialect has it.
    pub(crate) fn invalid_input(code: &'static str, title: impl Into<String>) -> Self {
        Self { unprocessable_as: Some(code), ..Self::new(400, code, title) }
    }

    /// The same with another code for status 422.
    pub(crate) fn unprocessable_as(self, code: &'static str) -> Self {
        Self { unprocessable_as: Some(code), ..self }
    }

    /// The same error with status 422, if this is invalid input.
    pub(crate) fn unprocessable(&self) -> Option<Self> {
        let code = self.unprocessable_as?;
        Some(Self::new(422, code, self.title.clone()))
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Send a valid access token, or the session cookie from an application's page.")
    }

    pub(crate) fn body(&self, entropy: &mut Entropy) -> Value {
        json!({ "title": self.title, "errorCode": self.code, "errorId": entropy.id() })
    }
}

/// An error response of a token endpoint, RFC 6749 section 5.2: `{error, error_description}`.
///
/// To an application Authress responds with `invalid_request` to expired, used and tampered codes alike, and the login
/// client treats only that value as "not logged in".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenError {
    /// One of RFC 6749 section 5.2.
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
}

impl TokenError {
    pub(crate) fn body(&self) -> Value {
        json!({ "error": self.error, "error_description": self.description })
    }
}
