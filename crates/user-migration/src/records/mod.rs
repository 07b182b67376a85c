//! Authress's access records, as far as a migration needs them.

#[cfg(feature = "authress")]
mod authress;
mod replace;

use std::fmt;

use futures_util::future::BoxFuture;
use serde_json::Value;

#[cfg(feature = "authress")]
pub use self::authress::AuthressRecords;
pub(crate) use self::replace::replace_in_all;
pub use self::replace::replace_user;
use crate::unavailable::Unavailable;

/// The access records and users of an Authress account.
///
/// Futures are boxed so that a program can choose the implementation at its start.
pub trait AccessRecords: fmt::Debug + Send + Sync {
    /// Returns the ids of all active records that name `user`: as a user or an administrator of the record, or as a user
    /// of a statement. The list may be some minutes old.
    ///
    /// # Errors
    /// [`RecordsError`].
    fn naming<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<Vec<String>, RecordsError>>;

    /// Reads a record as it is now. `None`: there is none, or it is deleted.
    ///
    /// # Errors
    /// [`RecordsError`].
    fn read<'a>(&'a self, record: &'a str) -> BoxFuture<'a, Result<Option<StoredRecord>, RecordsError>>;

    /// Replaces a record, unless it has changed since this version was read.
    ///
    /// # Errors
    /// [`RecordsError`].
    fn write<'a>(&'a self, id: &'a str, record: StoredRecord) -> BoxFuture<'a, Result<Written, RecordsError>>;

    /// Returns whether a user has an identity of a provider by now. Such a user is an account, and must not be deleted.
    ///
    /// # Errors
    /// [`RecordsError`].
    fn has_identity<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<bool, RecordsError>>;

    /// Deletes a user, or begins to. A user that does not exist is no error.
    ///
    /// # Errors
    /// [`RecordsError`].
    fn delete_user<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<(), RecordsError>>;
}

/// A record and its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// The record as Authress has it. What a migration does not know stays as it is.
    pub record: Value,
    /// When it was last changed, in the form that Authress sends and accepts. Without it, a write is not protected from
    /// changes by others.
    pub version: Option<String>,
}

/// The result of [`AccessRecords::write`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The record is replaced.
    Saved,
    /// The record was changed since it was read (412). It has to be read again.
    Changed,
}

/// Why access records could not be changed, or a user not deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordsError {
    /// The service client may not change this record (403).
    RecordRefused {
        /// Its id.
        record: String,
    },
    /// The record would be too large (413).
    RecordTooLarge {
        /// Its id.
        record: String,
    },
    /// The record was changed by others whenever it was to be written.
    RecordKeepsChanging {
        /// Its id.
        record: String,
    },
    /// The service client may not delete this user (403).
    UserRefused {
        /// Its user id.
        user: String,
    },
    /// The user that would be deleted has an identity of a provider by now: it was linked after the migration began.
    UserHasIdentity {
        /// Its user id.
        user: String,
    },
    /// Authress could not be used, or refuses a request that is not for one record or user.
    Unavailable(Unavailable),
}

impl RecordsError {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::RecordRefused { .. } => "RecordRefused",
            Self::RecordTooLarge { .. } => "RecordTooLarge",
            Self::RecordKeepsChanging { .. } => "RecordKeepsChanging",
            Self::UserRefused { .. } => "UserRefused",
            Self::UserHasIdentity { .. } => "UserHasIdentity",
            Self::Unavailable(unavailable) => &unavailable.code,
        }
    }
}

impl fmt::Display for RecordsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RecordRefused { record } => write!(
                f,
                "Authress refuses the change of the access record {record}; make the service client its administrator, \
                 with access to the resources that it grants, then resume"
            ),
            Self::RecordTooLarge { record } => {
                write!(f, "the access record {record} is too large to be changed; split it, then resume")
            }
            Self::RecordKeepsChanging { record } => {
                write!(f, "the access record {record} was changed by others at every attempt; resume later")
            }
            Self::UserRefused { user } => write!(
                f,
                "Authress refuses to delete the user {user}; give the service client the permission to delete users, \
                 then resume"
            ),
            Self::UserHasIdentity { user } => write!(
                f,
                "the user {user} has signed in with an identity since the migration began, so it is an account and is \
                 not deleted; decide which of both accounts the person keeps"
            ),
            Self::Unavailable(unavailable) => write!(f, "Authress cannot be used now: {unavailable}"),
        }
    }
}

impl std::error::Error for RecordsError {}
