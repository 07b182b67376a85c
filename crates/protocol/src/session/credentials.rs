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
    /// Whether an identity may be linked to the user: a login of this browser has begun the session, or it is a
    /// customer's.
    pub may_link: bool,
}

impl SessionCredentials {
    /// Checks that the session is of the user that the application knows, `None` if it knows of none.
    ///
    /// Fails with [`ErrorCode::UserChanged`]: the call was meant for another user.
    pub fn check_user(self, known_user: Option<&str>) -> Result<Self, Error> {
        if known_user.is_some_and(|known| known != self.user_id) {
            Err(ErrorCode::UserChanged.into())
        } else {
            Ok(self)
        }
    }

    /// Returns the access token for a request. It goes beside the session cookie, since it says whose session the request
    /// is for: the cookie may have been replaced.
    ///
    /// Fails with [`ErrorCode::NotLoggedIn`] if there is neither token nor cookie.
    pub(crate) fn bearer(self) -> Result<Option<Secret>, Error> {
        match (self.access_token, self.with_credentials) {
            (None, false) => Err(ErrorCode::NotLoggedIn.into()),
            (token, _) => Ok(token),
        }
    }
}
