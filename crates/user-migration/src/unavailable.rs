//! A store or service that could not be used.

use std::fmt;

/// A store that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// The stable code of the failure.
    pub code: String,
    /// What to do, as a sentence without a full stop. No secrets.
    pub advice: String,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.advice)
    }
}

impl std::error::Error for Unavailable {}

#[cfg(feature = "redis")]
impl From<authress_redis::StoreFailure> for Unavailable {
    fn from(failure: authress_redis::StoreFailure) -> Self {
        Self { code: failure.code().to_owned(), advice: failure.to_string() }
    }
}
