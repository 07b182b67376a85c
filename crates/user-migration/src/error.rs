//! Why a migration did not go on.

use std::fmt;

use crate::migration::Refused;
use crate::records::RecordsError;
use crate::unavailable::Unavailable;

/// Why a migration did not go on. Except for [`MigrationError::Refused`], it can be resumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MigrationError {
    /// It may not begin.
    Refused(Refused),
    /// The journal could not be used.
    Journal(Unavailable),
    /// The journal does not have this migration any more.
    JournalLost {
        /// The anonymous user.
        from: String,
    },
    /// The shop's data could not be moved.
    Data(Unavailable),
    /// Access records could not be changed, or the user not deleted.
    Records(RecordsError),
}

impl MigrationError {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::Refused(refused) => refused.code(),
            Self::Journal(_) => "JournalUnavailable",
            Self::JournalLost { .. } => "JournalLost",
            Self::Data(_) => "DataUnavailable",
            Self::Records(error) => error.code(),
        }
    }
}

impl fmt::Display for MigrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refused) => refused.fmt(f),
            Self::Journal(unavailable) => write!(f, "the journal cannot be used: {unavailable}"),
            Self::JournalLost { from } => write!(
                f,
                "the journal has lost the migration of {from}; start it again, and keep the journal in a Redis that \
                 saves its data"
            ),
            Self::Data(unavailable) => write!(f, "the shop's data cannot be moved now: {unavailable}"),
            Self::Records(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for MigrationError {}

impl From<Refused> for MigrationError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<RecordsError> for MigrationError {
    fn from(error: RecordsError) -> Self {
        Self::Records(error)
    }
}
