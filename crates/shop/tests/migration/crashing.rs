//! The real journal, carts and access records, with a crash before or after each of their changes.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use authress_user_migration::{
    AccessRecords, Entry, Journal, Migration, MigrationError, Moved, OwnedData, RecordsError, Step, StoredRecord,
    Unavailable, Written,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

/// Where this process ends: each change has two points, before and after it.
#[derive(Debug)]
pub(crate) struct CrashPoint {
    at: Option<usize>,
    passed: AtomicUsize,
}

impl CrashPoint {
    pub(crate) fn new(at: Option<usize>) -> Self {
        Self { at, passed: AtomicUsize::new(0) }
    }

    fn pass(&self) {
        if Some(self.passed.fetch_add(1, Ordering::SeqCst)) == self.at {
            std::process::abort();
        }
    }

    async fn around<T>(&self, change: impl Future<Output = T>) -> T {
        self.pass();
        let result = change.await;
        self.pass();
        result
    }
}

#[derive(Debug)]
pub(crate) struct CrashingJournal<J>(pub(crate) J, pub(crate) Arc<CrashPoint>);

impl<J: Journal> Journal for CrashingJournal<J> {
    fn begin<'a>(&'a self, migration: &'a Migration) -> BoxFuture<'a, Result<Entry, MigrationError>> {
        self.1.around(self.0.begin(migration)).boxed()
    }

    fn record<'a>(&'a self, entry: &'a Entry, step: Step) -> BoxFuture<'a, Result<Entry, MigrationError>> {
        self.1.around(self.0.record(entry, step)).boxed()
    }

    fn find<'a>(&'a self, from: &'a str) -> BoxFuture<'a, Result<Option<Entry>, MigrationError>> {
        self.0.find(from)
    }

    fn unfinished(&self) -> BoxFuture<'_, Result<Vec<Entry>, MigrationError>> {
        self.0.unfinished()
    }
}

#[derive(Debug)]
pub(crate) struct CrashingData<D>(pub(crate) D, pub(crate) Arc<CrashPoint>);

impl<D: OwnedData> OwnedData for CrashingData<D> {
    fn move_all<'a>(&'a self, from: &'a str, to: &'a str) -> BoxFuture<'a, Result<Moved, Unavailable>> {
        self.1.around(self.0.move_all(from, to)).boxed()
    }
}

pub(crate) struct CrashingRecords<R>(pub(crate) R, pub(crate) Arc<CrashPoint>);

impl<R> fmt::Debug for CrashingRecords<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CrashingRecords")
    }
}

impl<R: AccessRecords> AccessRecords for CrashingRecords<R> {
    fn naming<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<Vec<String>, RecordsError>> {
        self.0.naming(user)
    }

    fn read<'a>(&'a self, record: &'a str) -> BoxFuture<'a, Result<Option<StoredRecord>, RecordsError>> {
        self.0.read(record)
    }

    fn write<'a>(&'a self, id: &'a str, record: StoredRecord) -> BoxFuture<'a, Result<Written, RecordsError>> {
        self.1.around(self.0.write(id, record)).boxed()
    }

    fn has_identity<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<bool, RecordsError>> {
        self.0.has_identity(user)
    }

    fn delete_user<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<(), RecordsError>> {
        self.1.around(self.0.delete_user(user)).boxed()
    }
}
