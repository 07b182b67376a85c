//! Refusals of the API in Authress's two error shapes.

use serde_json::{Value, json};

use crate::entropy::Entropy;

/// A refused API call: `{title, errorCode, errorId}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Stable; the sentence is not.
    pub(crate) code: &'static str,
    pub(crate) title: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, title: impl Into<String>) -> Self {
        Self { status, code, title: title.into() }
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Send a valid access token, or the session cookie from an application's page.")
    }

    pub(crate) fn body(&self, entropy: &mut Entropy) -> Value {
        json!({ "title": self.title, "errorCode": self.code, "errorId": entropy.id() })
    }
}

/// A refused token exchange, RFC 6749 section 5.2: `{error, error_description}`.
///
/// To an application Authress answers `invalid_request` for expired, used and tampered codes alike, and the login
/// client treats only that value as "not logged in".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExchangeRefusal {
    /// One of RFC 6749 section 5.2.
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
}

impl ExchangeRefusal {
    pub(crate) fn body(&self) -> Value {
        json!({ "error": self.error, "error_description": self.description })
    }
}
