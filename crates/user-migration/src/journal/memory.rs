//! A journal in the memory of one process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use super::{Journal, oldest_first};
use crate::error::MigrationError;
use crate::migration::{Admitted, Entry, Migration, Observed, admit};
use crate::step::Step;

/// A journal for tests and demonstrations. A restart loses it, and nothing expires.
#[derive(Debug, Default)]
pub struct MemoryJournal(Mutex<HashMap<String, Entry>>);

impl MemoryJournal {
    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        // Each change is a single insertion, so the entries behind a poisoned lock are whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin_now(&self, migration: &Migration) -> Result<Entry, MigrationError> {
        let mut entries = self.entries();
        let observed = Observed {
            of_from: entries.get(migration.from()).cloned(),
            of_to: entries.get(migration.to()).cloned(),
            from_receives: entries
                .values()
                .any(|entry| !entry.step.is_finished() && entry.migration.to() == migration.from()),
        };
        Ok(match admit(migration, observed)? {
            Admitted::Existing(entry) => entry,
            Admitted::New => {
                let entry = Entry { migration: migration.clone(), step: Step::Begun };
                entries.insert(migration.from().to_owned(), entry.clone());
                entry
            }
        })
    }

    fn record_now(&self, entry: &Entry, step: Step) -> Result<Entry, MigrationError> {
        let from = entry.migration.from();
        let mut entries = self.entries();
        let stored = entries.get_mut(from).ok_or_else(|| MigrationError::JournalLost { from: from.to_owned() })?;
        if stored == entry {
            stored.step = step;
        }
        Ok(stored.clone())
    }
}

impl Journal for MemoryJournal {
    fn begin<'a>(&'a self, migration: &'a Migration) -> BoxFuture<'a, Result<Entry, MigrationError>> {
        ready(self.begin_now(migration)).boxed()
    }

    fn record<'a>(&'a self, entry: &'a Entry, step: Step) -> BoxFuture<'a, Result<Entry, MigrationError>> {
        ready(self.record_now(entry, step)).boxed()
    }

    fn find<'a>(&'a self, from: &'a str) -> BoxFuture<'a, Result<Option<Entry>, MigrationError>> {
        ready(Ok(self.entries().get(from).cloned())).boxed()
    }

    fn unfinished(&self) -> BoxFuture<'_, Result<Vec<Entry>, MigrationError>> {
        let unfinished = self.entries().values().filter(|entry| !entry.step.is_finished()).cloned().collect();
        ready(Ok(oldest_first(unfinished))).boxed()
    }
}
