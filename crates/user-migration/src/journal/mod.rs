//! Remembers which migrations have begun and what is done of each.

mod memory;
#[cfg(feature = "redis")]
mod redis;

use std::fmt;

use futures_util::future::BoxFuture;

pub use self::memory::MemoryJournal;
#[cfg(feature = "redis")]
pub use self::redis::RedisJournal;
use crate::error::MigrationError;
use crate::migration::{Entry, Migration};
use crate::step::Step;

/// The migrations of a shop. Unfinished ones must never get lost: without them, data stay at a user that is not signed in
/// any more.
///
/// Futures are boxed so that a program can choose the implementation at its start.
pub trait Journal: fmt::Debug + Send + Sync {
    /// Writes a migration if [`admit`](crate::admit) lets it begin, and returns what the journal has. Of two at once, the
    /// first one wins.
    ///
    /// # Errors
    /// [`MigrationError::Refused`], or [`MigrationError::Journal`]: the call may be repeated.
    fn begin<'a>(&'a self, migration: &'a Migration) -> BoxFuture<'a, Result<Entry, MigrationError>>;

    /// Records the next step of an entry, unless the journal has another one by now: then another process was faster.
    /// Returns what the journal has.
    ///
    /// # Errors
    /// [`MigrationError::JournalLost`], or [`MigrationError::Journal`]: the call may be repeated.
    fn record<'a>(&'a self, entry: &'a Entry, step: Step) -> BoxFuture<'a, Result<Entry, MigrationError>>;

    /// Returns what the journal has of a user's migration.
    ///
    /// # Errors
    /// [`MigrationError::Journal`].
    fn find<'a>(&'a self, from: &'a str) -> BoxFuture<'a, Result<Option<Entry>, MigrationError>>;

    /// Returns all unfinished migrations, the oldest first.
    ///
    /// # Errors
    /// [`MigrationError::Journal`].
    fn unfinished(&self) -> BoxFuture<'_, Result<Vec<Entry>, MigrationError>>;
}

fn oldest_first(mut entries: Vec<Entry>) -> Vec<Entry> {
    let key = |entry: &Entry| (entry.migration.begun_at(), entry.migration.from().to_owned());
    entries.sort_by_cached_key(key);
    entries
}
