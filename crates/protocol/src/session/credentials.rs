//! How a request to Authress proves which session it is for: by access token, by cookie, or by both.

use crate::{
    error::{Error, ErrorCode},
    secret::Secret,
};

/// The credentials of the current session.
#[derive(Clone, Debug)]
pub struct SessionCredentials {
    /// The user id of the session.
    pub user_id: String,
    /// The access token, if script can read it.
    pub access_token: Option<Secret>,
    /// Whether the request carries the session cookie.
    pub with_credentials: bool,
}

impl SessionCredentials {
    /// Returns the access token for a request that accepts the session cookie alone: `None` where the cookie is sent.
    ///
    /// Fails with [`ErrorCode::NotLoggedIn`] if there is neither.
    pub(crate) fn bearer_unless_cookies(self) -> Result<Option<Secret>, Error> {
        if self.with_credentials { Ok(None) } else { self.bearer() }
    }

    /// Returns the access token for a request that should carry it wherever script can read it.
    ///
    /// Fails with [`ErrorCode::NotLoggedIn`] if there is neither token nor cookie.
    pub(crate) fn bearer(self) -> Result<Option<Secret>, Error> {
        match (self.access_token, self.with_credentials) {
            (None, false) => Err(ErrorCode::NotLoggedIn.into()),
            (token, _) => Ok(token),
        }
    }
}
