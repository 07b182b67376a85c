//! Moves everything that an anonymous user owns to another user id, and deletes the anonymous user.
//!
//! An anonymous shopper signs in with an identity that already has a user id. Authress cannot link the two, so the shop
//! moves its data (the cart), replaces the anonymous user by the account in the access records, and deletes the
//! anonymous user. Three systems take part, and a process may be killed at any time. So:
//!
//! - A [`Journal`] remembers each [`Migration`] and its [`Step`]. The first migration of a user wins.
//! - Each step is idempotent: [`OwnedData::move_all`] and the changes through [`AccessRecords`] have the same result if
//!   they run again, or twice at once. So a [`Migrator`] continues where another has stopped, and no lock is needed.
//!
//! The rules are pure: [`admit`] decides whether a migration may begin, [`Step`] what comes next, and
//! [`replace_user`] what an access record becomes.
//!
//! Not here: who may claim what. The shop verifies a claim ticket (`authress-access-token`) before it begins a migration.

pub mod anonymous_user_id;
mod clean_up;
mod error;
mod journal;
mod migration;
mod migrator;
mod owned_data;
mod records;
mod step;
mod unavailable;

pub use clean_up::{CleanUp, clean_up};
pub use error::MigrationError;
#[cfg(feature = "redis")]
pub use journal::RedisJournal;
pub use journal::{Journal, MemoryJournal};
pub use migration::{Admitted, Entry, InvalidUserId, Migration, Observed, Refused, admit};
pub use migrator::{Migrator, Progress};
pub use owned_data::{Moved, OwnedData};
#[cfg(feature = "authress")]
pub use records::AuthressRecords;
pub use records::{AccessRecords, RecordsError, StoredRecord, Written, replace_user};
pub use step::{Action, Outcome, SETTLING, Step};
pub use unavailable::Unavailable;
