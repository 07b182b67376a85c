//! Why a callback brings no session.

use crate::error::{Error, ErrorCode};

/// Why a callback brings no session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackError {
    /// An error response of the authorization server.
    AuthorizationServer {
        /// The parameter `error` (RFC 6749 section 4.1.2.1).
        error: String,
        /// The parameter `errorCode`, Authress's own code.
        error_code: Option<String>,
        /// The parameter `error_description`.
        description: Option<String>,
    },
    /// The address is no valid callback: it names a foreign issuer (RFC 9207 section 2.4) or has a parameter twice. The
    /// login stays pending.
    Invalid,
    /// The shopper has signed in or out since the login began, or it began more than an hour ago.
    Outdated,
    /// The callback lacks the code that it announces, or has tokens of another host, application or user.
    Untrusted,
}

impl CallbackError {
    /// Returns the error to log.
    pub fn to_error(&self) -> Error {
        match self {
            Self::AuthorizationServer { error, error_code, .. } => {
                Error::from(ErrorCode::RequestRefused).with_server_code(error_code.as_ref().unwrap_or(error))
            }
            Self::Invalid => ErrorCode::InvalidCallback.into(),
            Self::Outdated => ErrorCode::LoginOutdated.into(),
            Self::Untrusted => ErrorCode::InvalidServerResponse.into(),
        }
    }
}
