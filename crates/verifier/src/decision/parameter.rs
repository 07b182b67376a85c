//! The three query parameters of a login request.

use std::fmt;

/// A parameter of a login request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// `state`: Authress's id of the pending login, returned unchanged.
    State,
    /// `redirect_uri`: where the response redirects to.
    RedirectUri,
    /// `client_id`: the service client. It may be missing.
    ClientId,
}

impl Parameter {
    /// Returns the name in the query.
    pub fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::RedirectUri => "redirect_uri",
            Self::ClientId => "client_id",
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
