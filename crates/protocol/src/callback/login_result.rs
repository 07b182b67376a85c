//! The result of a login or link, for the application and for other tabs.

use crate::{
    authorization::pending::PendingAuthorization,
    callback::callback_error::CallbackError,
    error::{Error, ErrorCode},
    json::{JsonObject, ObjectWriter},
    secret::Secret,
    settings::is_service_client,
};

/// Authress's error code for an identity that has logged in before: it has a user id of its own.
const ALREADY_OWNED: &str = "IdentityAlreadyOwned";
/// What the codes and descriptions for a login that the shopper cancelled at the identity provider have in common:
/// `UserCancelled`, `user_cancelled_login`, "The user canceled the authentication".
const CANCEL: &[u8] = b"ancel";

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
    /// The identity is linked: it now logs in to this user id. A token or the profile shows it.
    Linked,
    /// The identity is not linked: Authress said that it has logged in before and has another user id. The session
    /// stays.
    AlreadyOwned,
    /// The shopper cancelled, as Authress said. The session stays.
    Cancelled,
    /// The login or link failed, or nothing shows that it succeeded. The session stays.
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
    /// The client's own reason, if it refused the callback.
    pub error_code: Option<ErrorCode>,
    /// What the application gave for its return; see [`PendingAuthorization::app_state`]. Other tabs do not get it.
    pub app_state: Option<Secret>,
}

impl LoginResult {
    /// Returns the result of a callback without an error response. `user_id` is that of the session afterwards.
    ///
    /// A link has succeeded only if a token or the profile shows it (`is_linked`): a callback without an error, of a
    /// user with the same id, is also what a refusal may look like. `error` says why a code was of no use.
    pub fn from_session(
        pending: &PendingAuthorization,
        user_id: Option<&str>,
        is_linked: bool,
        error: Option<&Error>,
    ) -> Self {
        let is_login = pending.link_user_id.is_none();
        let status = match error {
            _ if is_linked => LoginStatus::Linked,
            None if is_login && user_id.is_some() => LoginStatus::SignedIn,
            Some(_) | None => LoginStatus::Failed,
        };
        let error = error.filter(|_| !is_linked).and_then(|error| error.server_code.as_deref());
        let mut result = Self::new(pending, status, error);
        if status == LoginStatus::SignedIn {
            result.user_id = user_id.map(str::to_owned);
        }
        result
    }

    /// Whether it was a login with a service client, for an anonymous user id.
    pub fn is_anonymous_login(&self) -> bool {
        self.purpose == Purpose::Login && self.connection_id.as_deref().is_some_and(is_service_client)
    }

    /// Whether another user may own the identity: a link has failed, and the reason is not certain. Signing in with the
    /// identity leads to that user's account.
    pub fn may_be_owned(&self) -> bool {
        self.purpose == Purpose::Link && matches!(self.status, LoginStatus::AlreadyOwned | LoginStatus::Failed)
    }

    /// Returns the result of a callback that failed.
    pub fn from_error(pending: &PendingAuthorization, error: &CallbackError) -> Self {
        let CallbackError::AuthorizationServer { error, error_code, description } = error else {
            let error_code = Some(error.to_error().code);
            return Self { error_code, ..Self::new(pending, LoginStatus::Failed, None) };
        };
        let (code, is_link) = (error_code.as_deref().unwrap_or(error), pending.link_user_id.is_some());
        let is_cancelled = match (error_code, description) {
            (Some(_), _) => says_cancelled(code),
            (None, Some(description)) => says_cancelled(code) || says_cancelled(description),
            // Access can be denied by the shopper or by the server (RFC 6749 section 4.1.2.1). For a login the former is
            // likelier; a link that the server refused must not look like one that the shopper cancelled.
            (None, None) => says_cancelled(code) || (!is_link && code == "access_denied"),
        };
        let status = match code {
            ALREADY_OWNED if is_link => LoginStatus::AlreadyOwned,
            _ if is_cancelled => LoginStatus::Cancelled,
            _ => LoginStatus::Failed,
        };
        Self::new(pending, status, Some(code))
    }

    /// Returns the result of a login or link whose callback comes too late: the shopper has signed in or out since.
    pub fn outdated(pending: &PendingAuthorization) -> Self {
        Self::from_error(pending, &CallbackError::Outdated)
    }

    /// Returns the result of a login that came after another one had created the session of `user_id`. A login for an
    /// anonymous user id has what it was for, namely a session.
    pub fn after_sign_in(pending: &PendingAuthorization, user_id: &str) -> Self {
        if pending.is_anonymous_login() {
            Self::from_session(pending, Some(user_id), false, None)
        } else {
            Self::outdated(pending)
        }
    }

    /// Writes the message to other tabs. It has no secrets.
    pub fn to_json(&self) -> String {
        ObjectWriter::new()
            .bool("isLink", self.purpose == Purpose::Link)
            .string("status", self.status.as_str())
            .optional("connectionId", self.connection_id.as_deref())
            .optional("userId", self.user_id.as_deref())
            .optional("serverCode", self.server_code.as_deref())
            .optional("errorCode", self.error_code.map(ErrorCode::as_str))
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
            error_code: message.str("errorCode").and_then(|code| ErrorCode::from_name(&code)),
            app_state: None,
        })
    }

    fn new(pending: &PendingAuthorization, status: LoginStatus, server_code: Option<&str>) -> Self {
        Self {
            purpose: if pending.link_user_id.is_some() { Purpose::Link } else { Purpose::Login },
            status,
            connection_id: pending.connection_id.clone(),
            user_id: pending.link_user_id.clone(),
            server_code: server_code.map(str::to_owned),
            error_code: None,
            app_state: pending.app_state.clone(),
        }
    }
}

/// Whether a code or description says that the shopper cancelled.
fn says_cancelled(text: &str) -> bool {
    text.as_bytes().windows(CANCEL.len()).any(|part| part == CANCEL)
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
            user_id: None,
            generation: None,
            app_state: None,
            created_at_ms: 0,
            clock_skew_ms: 0,
        }
    }

    #[test]
    fn a_link_has_succeeded_only_if_something_shows_it() {
        let pending = pending(Some("user_a"));
        let refused = Error::from_refusal(400, r#"{"error":"invalid_grant"}"#);
        for (error, server_code) in [(None, None), (Some(&refused), Some("invalid_grant"))] {
            let linked = LoginResult::from_session(&pending, Some("user_a"), true, error);
            assert_eq!((linked.status, linked.user_id.as_deref()), (LoginStatus::Linked, Some("user_a")));
            assert_eq!((linked.may_be_owned(), linked.server_code), (false, None));
            for user_id in [Some("user_a"), Some("user_b"), None] {
                let failed = LoginResult::from_session(&pending, user_id, false, error);
                assert_eq!((failed.status, failed.user_id.as_deref()), (LoginStatus::Failed, Some("user_a")));
                assert_eq!((failed.may_be_owned(), failed.server_code.as_deref()), (true, server_code));
            }
        }
    }

    #[test]
    fn a_login_has_succeeded_if_there_is_a_user() {
        let result = |user_id, error| LoginResult::from_session(&pending(None), user_id, false, error);
        let signed_in = result(Some("user_a"), None);
        assert_eq!((signed_in.status, signed_in.user_id.as_deref()), (LoginStatus::SignedIn, Some("user_a")));
        let refused = Error::from_refusal(400, r#"{"error":"invalid_grant"}"#);
        for failed in [result(None, None), result(Some("user_a"), Some(&refused))] {
            assert_eq!((failed.status, failed.user_id.as_deref()), (LoginStatus::Failed, None));
            assert!(!failed.may_be_owned());
        }
    }

    fn of_error(link: Option<&str>, error: &str, error_code: Option<&str>, description: Option<&str>) -> LoginResult {
        let (error_code, description) = (error_code.map(str::to_owned), description.map(str::to_owned));
        let error = CallbackError::AuthorizationServer { error: error.into(), error_code, description };
        LoginResult::from_error(&pending(link), &error)
    }

    #[test]
    fn error_codes_decide_the_status() {
        let status = |link, error, error_code| of_error(link, error, error_code, Some("Cancelled or not")).status;
        for link in [Some("user_a"), None] {
            assert_eq!(status(link, "access_denied", Some("UserCancelled")), LoginStatus::Cancelled);
            assert_eq!(status(link, "access_denied", Some("user_cancelled_login")), LoginStatus::Cancelled);
            assert_eq!(status(link, "access_denied", Some("Other")), LoginStatus::Failed);
        }
        assert_eq!(status(Some("user_a"), "access_denied", Some("IdentityAlreadyOwned")), LoginStatus::AlreadyOwned);
        assert_eq!(status(None, "access_denied", Some("IdentityAlreadyOwned")), LoginStatus::Failed);
    }

    #[test]
    fn without_a_code_the_words_for_a_cancelled_login_decide() {
        for link in [Some("user_a"), None] {
            for (error, description) in [
                ("user_cancelled_authorize", None),
                ("access_denied", Some("The login was cancelled.")),
                ("access_denied", Some("AADSTS65004: the user canceled the authentication.")),
                ("access_denied", Some("User Cancelled")),
            ] {
                assert_eq!(of_error(link, error, None, description).status, LoginStatus::Cancelled, "{description:?}");
            }
            for (error, description) in [
                ("access_denied", Some("This identity already belongs to another user and cannot be linked.")),
                ("access_denied", Some("")),
                ("server_error", None),
                ("canc", Some("el")),
            ] {
                let result = of_error(link, error, None, description);
                assert_eq!((result.status, result.server_code.as_deref()), (LoginStatus::Failed, Some(error)));
                assert_eq!(result.may_be_owned(), link.is_some());
            }
        }
        let denied = |link| of_error(link, "access_denied", None, None);
        assert_eq!(denied(None).status, LoginStatus::Cancelled);
        assert_eq!(denied(Some("user_a")).status, LoginStatus::Failed, "nothing says who denied the link");
        assert!(denied(Some("user_a")).may_be_owned());
    }

    #[test]
    fn a_message_reads_back() {
        let result = |link, is_linked| LoginResult::from_session(&pending(link), Some("user_a"), is_linked, None);
        let login = result(None, false);
        let links = [true, false].map(|is_linked| result(Some("user_a"), is_linked));
        for result in links.into_iter().chain([login]) {
            assert_eq!(LoginResult::from_json(&result.to_json()), Some(result));
        }
        for text in ["", "{}", r#"{"status":"linked"}"#, r#"{"status":"moon","isLink":true}"#] {
            assert_eq!(LoginResult::from_json(text), None, "{text}");
        }
    }
}
