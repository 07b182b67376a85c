//! What a link came to, in words an application can show.

use crate::{callback::Refusal, error::Error, pending::PendingRequest};

/// The server's code for an identity that has logged in before and so has a user id of its own.
const ALREADY_OWNED: &str = "IdentityAlreadyOwned";
/// The server's code for a shopper who turned back at the provider.
const CANCELLED: &str = "UserCancelled";

/// How a link ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkStatus {
    /// The identity now logs in to this user id.
    Linked,
    /// The identity has logged in before and owns another user id; nothing has changed.
    AlreadyOwned,
    /// The shopper turned back; nothing has changed.
    Cancelled,
    /// It did not work; nothing has changed.
    Failed,
}

impl LinkStatus {
    /// The status as JavaScript sees it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linked => "linked",
            Self::AlreadyOwned => "already-owned",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

/// The result of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkResult {
    /// How it ended.
    pub status: LinkStatus,
    /// The connection that was asked for.
    pub connection_id: Option<String>,
    /// The user id that the link was for.
    pub user_id: String,
    /// The server's code for a refusal.
    pub server_code: Option<String>,
}

impl LinkResult {
    /// The result of a return with a session: a link has succeeded if the user id stayed the same.
    /// `None` if the request was no link.
    pub fn of_session(pending: &PendingRequest, session_user_id: Option<&str>) -> Option<Self> {
        let is_same = session_user_id == pending.link_user_id.as_deref();
        Self::new(pending, if is_same { LinkStatus::Linked } else { LinkStatus::Failed }, None)
    }

    /// The result of a refusal; `None` if the request was no link.
    pub fn of_refusal(pending: &PendingRequest, refusal: &Refusal) -> Option<Self> {
        let Refusal::ByServer { error, error_code } = refusal else {
            return Self::new(pending, LinkStatus::Failed, None);
        };
        let status = match (error.as_str(), error_code.as_deref()) {
            (_, Some(ALREADY_OWNED)) => LinkStatus::AlreadyOwned,
            (_, Some(CANCELLED)) | ("access_denied", None) => LinkStatus::Cancelled,
            _ => LinkStatus::Failed,
        };
        Self::new(pending, status, Some(error_code.as_deref().unwrap_or(error)))
    }

    /// The result of a code exchange that failed; `None` if the request was no link.
    pub fn of_failure(pending: &PendingRequest, error: &Error) -> Option<Self> {
        Self::new(pending, LinkStatus::Failed, error.server_code.as_deref())
    }

    fn new(pending: &PendingRequest, status: LinkStatus, server_code: Option<&str>) -> Option<Self> {
        Some(Self {
            status,
            connection_id: pending.connection_id.clone(),
            user_id: pending.link_user_id.clone()?,
            server_code: server_code.map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pkce::CodeVerifier;

    fn pending(link_user_id: Option<&str>) -> PendingRequest {
        PendingRequest {
            nonce: "R".into(),
            code_verifier: CodeVerifier::restore("v"),
            connection_id: Some("con_a".into()),
            tenant_lookup_identifier: None,
            redirect_url: String::new(),
            enable_credentials: None,
            multi_account: None,
            link_user_id: link_user_id.map(str::to_owned),
            created_at_ms: 0,
        }
    }

    #[test]
    fn a_link_has_succeeded_only_if_the_user_id_stayed() {
        let status = |user| LinkResult::of_session(&pending(Some("user_a")), user).map(|result| result.status);
        assert_eq!(status(Some("user_a")), Some(LinkStatus::Linked));
        assert_eq!(status(Some("user_b")), Some(LinkStatus::Failed));
        assert_eq!(status(None), Some(LinkStatus::Failed));
        assert_eq!(LinkResult::of_session(&pending(None), Some("user_a")), None);
    }

    #[test]
    fn refusals_are_told_apart() {
        let status = |error: &str, error_code: Option<&str>| {
            let refusal = Refusal::ByServer { error: error.into(), error_code: error_code.map(str::to_owned) };
            LinkResult::of_refusal(&pending(Some("user_a")), &refusal).map(|result| result.status)
        };
        assert_eq!(status("access_denied", Some("IdentityAlreadyOwned")), Some(LinkStatus::AlreadyOwned));
        assert_eq!(status("access_denied", Some("UserCancelled")), Some(LinkStatus::Cancelled));
        assert_eq!(status("access_denied", None), Some(LinkStatus::Cancelled));
        assert_eq!(status("server_error", None), Some(LinkStatus::Failed));
        assert_eq!(status("access_denied", Some("Other")), Some(LinkStatus::Failed));
    }
}
