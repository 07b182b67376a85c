//! What a login or link came to, in words an application can show.

use crate::{
    authorization::pending::PendingRequest,
    callback::decision::Refusal,
    error::Error,
    json::{JsonObject, ObjectWriter},
};

/// The server's code for an identity that has logged in before and so has a user id of its own.
const ALREADY_OWNED: &str = "IdentityAlreadyOwned";
/// The server's code for a shopper who turned back at the provider.
const CANCELLED: &str = "UserCancelled";

/// What the browser had left the page for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A session.
    Login,
    /// One more identity for the session that was here.
    Link,
}

/// How a login or link ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginStatus {
    /// A login brought a session.
    SignedIn,
    /// A link: the identity now logs in to this user id.
    Linked,
    /// A link: the identity has logged in before and owns another user id; nothing has changed.
    AlreadyOwned,
    /// The shopper turned back; nothing has changed.
    Cancelled,
    /// It did not work; nothing has changed.
    Failed,
}

impl LoginStatus {
    const ALL: [Self; 5] = [Self::SignedIn, Self::Linked, Self::AlreadyOwned, Self::Cancelled, Self::Failed];

    /// The status as JavaScript sees it.
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
    /// What the browser had left for.
    pub purpose: Purpose,
    /// How it ended.
    pub status: LoginStatus,
    /// The connection that was asked for.
    pub connection_id: Option<String>,
    /// For a link the user id that it was for; for a login the one that it brought.
    pub user_id: Option<String>,
    /// The server's code for a refusal.
    pub server_code: Option<String>,
}

impl LoginResult {
    /// The result of a return with a session: a link has succeeded if the user id stayed the same.
    pub fn of_session(pending: &PendingRequest, session_user_id: Option<&str>) -> Self {
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

    /// The result of a refusal.
    pub fn of_refusal(pending: &PendingRequest, refusal: &Refusal) -> Self {
        let Refusal::ByServer { error, error_code } = refusal else {
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

    /// The result of a code exchange that failed.
    pub fn of_failure(pending: &PendingRequest, error: &Error) -> Self {
        Self::new(pending, LoginStatus::Failed, error.server_code.as_deref())
    }

    /// The result as a message to other tabs. It holds nothing secret.
    pub fn to_json(&self) -> String {
        ObjectWriter::new()
            .bool("isLink", self.purpose == Purpose::Link)
            .string("status", self.status.as_str())
            .optional("connectionId", self.connection_id.as_deref())
            .optional("userId", self.user_id.as_deref())
            .optional("serverCode", self.server_code.as_deref())
            .finish()
    }

    /// Reads a message of another tab; `None` if it is none.
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

    fn new(pending: &PendingRequest, status: LoginStatus, server_code: Option<&str>) -> Self {
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

    fn pending(link_user_id: Option<&str>) -> PendingRequest {
        PendingRequest {
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
    fn a_link_has_succeeded_only_if_the_user_id_stayed() {
        let status = |user| LoginResult::of_session(&pending(Some("user_a")), user).status;
        assert_eq!(status(Some("user_a")), LoginStatus::Linked);
        assert_eq!(status(Some("user_b")), LoginStatus::Failed);
        assert_eq!(status(None), LoginStatus::Failed);
    }

    #[test]
    fn a_login_has_succeeded_if_it_brought_anybody() {
        let result = LoginResult::of_session(&pending(None), Some("user_a"));
        assert_eq!((result.status, result.user_id.as_deref()), (LoginStatus::SignedIn, Some("user_a")));
        assert_eq!(LoginResult::of_session(&pending(None), None).status, LoginStatus::Failed);
    }

    #[test]
    fn refusals_are_told_apart() {
        let status = |link: Option<&str>, error: &str, error_code: Option<&str>| {
            let refusal = Refusal::ByServer { error: error.into(), error_code: error_code.map(str::to_owned) };
            LoginResult::of_refusal(&pending(link), &refusal).status
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
    fn another_tab_reads_the_same_result() {
        for link in [Some("user_a"), None] {
            let result = LoginResult::of_session(&pending(link), Some("user_a"));
            assert_eq!(LoginResult::from_json(&result.to_json()), Some(result));
        }
        for text in ["", "{}", r#"{"status":"linked"}"#, r#"{"status":"moon","isLink":true}"#] {
            assert_eq!(LoginResult::from_json(text), None, "{text}");
        }
    }
}
