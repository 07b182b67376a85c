//! The result of a login or link, for the application and for other tabs.

use crate::{
    authorization::pending::PendingAuthorization,
    callback::decision::CallbackError,
    error::Error,
    json::{JsonObject, ObjectWriter},
};

/// Authress's error code for an identity that has logged in before: it has a user id of its own.
const ALREADY_OWNED: &str = "IdentityAlreadyOwned";
/// Authress's error code for a login that the shopper cancelled at the identity provider.
const CANCELLED: &str = "UserCancelled";

/// The purpose of an authorization request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in.
    Login,
    /// To add an identity to the user of the session.
    Link,
}

/// How a login or link ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginStatus {
    /// The login created a session.
    SignedIn,
    /// The identity is linked: it now logs in to this user id.
    Linked,
    /// The identity is not linked: it has logged in before and has another user id. The session stays.
    AlreadyOwned,
    /// The shopper cancelled. The session stays.
    Cancelled,
    /// The login or link failed. The session stays.
    Failed,
}

impl LoginStatus {
    const ALL: [Self; 5] = [Self::SignedIn, Self::Linked, Self::AlreadyOwned, Self::Cancelled, Self::Failed];

    /// Returns the status as in JavaScript.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed-in",
            Self::Linked => "linked",
            Self::AlreadyOwned => "already-owned",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

/// The result of a login or link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginResult {
    /// What was requested.
    pub purpose: Purpose,
    /// How it ended.
    pub status: LoginStatus,
    /// The requested connection.
    pub connection_id: Option<String>,
    /// For a login the user id of the new session; for a link the user id to which the identity was to be added.
    pub user_id: Option<String>,
    /// The error code of the authorization server.
    pub server_code: Option<String>,
}

impl LoginResult {
    /// Returns the result of a callback that created a session. A link has succeeded if the user id is still the same.
    pub fn from_session(pending: &PendingAuthorization, session_user_id: Option<&str>) -> Self {
        let status = match (pending.link_user_id.as_deref(), session_user_id) {
            (None, Some(_)) => LoginStatus::SignedIn,
            (Some(expected), Some(user_id)) if expected == user_id => LoginStatus::Linked,
            (_, Some(_) | None) => LoginStatus::Failed,
        };
        let result = Self::new(pending, status, None);
        match result.purpose {
            Purpose::Login => Self { user_id: session_user_id.map(str::to_owned), ..result },
            Purpose::Link => result,
        }
    }

    /// Returns the result of a callback that failed.
    pub fn from_error(pending: &PendingAuthorization, error: &CallbackError) -> Self {
        let CallbackError::AuthorizationServer { error, error_code } = error else {
            return Self::new(pending, LoginStatus::Failed, None);
        };
        let is_link = pending.link_user_id.is_some();
        let status = match (error.as_str(), error_code.as_deref()) {
            (_, Some(ALREADY_OWNED)) if is_link => LoginStatus::AlreadyOwned,
            (_, Some(CANCELLED)) | ("access_denied", None) => LoginStatus::Cancelled,
            _ => LoginStatus::Failed,
        };
        Self::new(pending, status, Some(error_code.as_deref().unwrap_or(error)))
    }

    /// Returns the result of a code exchange that failed.
    pub fn from_failed_exchange(pending: &PendingAuthorization, error: &Error) -> Self {
        Self::new(pending, LoginStatus::Failed, error.server_code.as_deref())
    }

    /// Writes the message to other tabs. It has no secrets.
    pub fn to_json(&self) -> String {
        ObjectWriter::new()
            .bool("isLink", self.purpose == Purpose::Link)
            .string("status", self.status.as_str())
            .optional("connectionId", self.connection_id.as_deref())
            .optional("userId", self.user_id.as_deref())
            .optional("serverCode", self.server_code.as_deref())
            .finish()
    }

    /// Reads a message of another tab. Returns `None` if it is no login result.
    pub fn from_json(text: &str) -> Option<Self> {
        let message = JsonObject::parse(text)?;
        let status = message.str("status")?;
        Some(Self {
            purpose: if message.bool("isLink")? { Purpose::Link } else { Purpose::Login },
            status: LoginStatus::ALL.into_iter().find(|known| known.as_str() == status)?,
            connection_id: message.str("connectionId"),
            user_id: message.str("userId"),
            server_code: message.str("serverCode"),
        })
    }

    fn new(pending: &PendingAuthorization, status: LoginStatus, server_code: Option<&str>) -> Self {
        Self {
            purpose: if pending.link_user_id.is_some() { Purpose::Link } else { Purpose::Login },
            status,
            connection_id: pending.connection_id.clone(),
            user_id: pending.link_user_id.clone(),
            server_code: server_code.map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorization::pkce::CodeVerifier;

    fn pending(link_user_id: Option<&str>) -> PendingAuthorization {
        PendingAuthorization {
            nonce: "R".into(),
            code_verifier: CodeVerifier::restore("v"),
            connection_id: Some("con_a".into()),
            tenant_lookup_identifier: None,
            issuer: None,
            application_id: None,
            redirect_url: String::new(),
            page_url: None,
            enable_credentials: None,
            multi_account: None,
            link_user_id: link_user_id.map(str::to_owned),
            created_at_ms: 0,
            clock_skew_ms: 0,
        }
    }

    #[test]
    fn a_link_has_succeeded_only_if_the_user_id_is_the_same() {
        let status = |user| LoginResult::from_session(&pending(Some("user_a")), user).status;
        assert_eq!(status(Some("user_a")), LoginStatus::Linked);
        assert_eq!(status(Some("user_b")), LoginStatus::Failed);
        assert_eq!(status(None), LoginStatus::Failed);
    }

    #[test]
    fn a_login_has_succeeded_if_there_is_a_user() {
        let result = LoginResult::from_session(&pending(None), Some("user_a"));
        assert_eq!((result.status, result.user_id.as_deref()), (LoginStatus::SignedIn, Some("user_a")));
        assert_eq!(LoginResult::from_session(&pending(None), None).status, LoginStatus::Failed);
    }

    #[test]
    fn error_codes_decide_the_status() {
        let status = |link: Option<&str>, error: &str, error_code: Option<&str>| {
            let error =
                CallbackError::AuthorizationServer { error: error.into(), error_code: error_code.map(str::to_owned) };
            LoginResult::from_error(&pending(link), &error).status
        };
        for link in [Some("user_a"), None] {
            assert_eq!(status(link, "access_denied", Some("UserCancelled")), LoginStatus::Cancelled);
            assert_eq!(status(link, "access_denied", None), LoginStatus::Cancelled);
            assert_eq!(status(link, "server_error", None), LoginStatus::Failed);
            assert_eq!(status(link, "access_denied", Some("Other")), LoginStatus::Failed);
        }
        assert_eq!(status(Some("user_a"), "access_denied", Some("IdentityAlreadyOwned")), LoginStatus::AlreadyOwned);
        assert_eq!(status(None, "access_denied", Some("IdentityAlreadyOwned")), LoginStatus::Failed);
    }

    #[test]
    fn a_message_reads_back() {
        for link in [Some("user_a"), None] {
            let result = LoginResult::from_session(&pending(link), Some("user_a"));
            assert_eq!(LoginResult::from_json(&result.to_json()), Some(result));
        }
        for text in ["", "{}", r#"{"status":"linked"}"#, r#"{"status":"moon","isLink":true}"#] {
            assert_eq!(LoginResult::from_json(text), None, "{text}");
        }
    }
}
