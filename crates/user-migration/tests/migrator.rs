//! Migrations against access records as Authress has them: lists that are old, and changes by others in between.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed helper is a failed test")]

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use authress_user_migration::{
    AccessRecords, Entry, Journal, MemoryJournal, Migration, Migrator, Moved, OwnedData, Progress, RecordsError, Step,
    StoredRecord, Unavailable, Written,
};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use serde_json::{Value, json};

const LAG: i64 = 300;

thread_local! {
    static NOW: Cell<i64> = const { Cell::new(1_000) };
}

fn now() -> i64 {
    NOW.get()
}

fn pass(seconds: i64) {
    NOW.set(NOW.get() + seconds);
}

/// Access records whose lists show the state of five minutes ago.
#[derive(Debug, Default)]
struct Records(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    records: BTreeMap<String, (Value, u64)>,
    /// Since when a list shows these records.
    visible: BTreeMap<String, i64>,
    deleted_users: BTreeSet<String>,
    accounts: BTreeSet<String>,
    /// How often others change a record between a read and a write.
    interruptions: u32,
    write_error: Option<RecordsError>,
    writes: u32,
}

impl Records {
    fn with(users: &[(&str, &[&str])]) -> Arc<Self> {
        let records = Arc::new(Self::default());
        for (id, users) in users {
            records.add(id, users, 0);
        }
        records
    }

    fn add(&self, id: &str, users: &[&str], visible_since: i64) {
        let users: Value = users.iter().map(|user| json!({ "userId": user })).collect();
        let mut state = self.0.lock().unwrap();
        state.records.insert(id.to_owned(), (json!({ "recordId": id, "users": users }), 0));
        state.visible.insert(id.to_owned(), visible_since);
    }

    fn users(&self, id: &str) -> Vec<String> {
        let state = self.0.lock().unwrap();
        let users = state.records[id].0["users"].as_array().unwrap();
        users.iter().map(|user| user["userId"].as_str().unwrap().to_owned()).collect()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.lock().unwrap());
    }

    fn is_deleted(&self, user: &str) -> bool {
        self.0.lock().unwrap().deleted_users.contains(user)
    }
}

impl AccessRecords for Records {
    /// Every visible record: as if its old state had named the user.
    fn naming<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<String>, RecordsError>> {
        let state = self.0.lock().unwrap();
        let visible = state.visible.iter().filter(|(_, since)| **since <= now());
        ready(Ok(visible.map(|(id, _)| id.clone()).collect())).boxed()
    }

    fn read<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<StoredRecord>, RecordsError>> {
        let mut state = self.0.lock().unwrap();
        let stored = state
            .records
            .get(id)
            .map(|(record, version)| StoredRecord { record: record.clone(), version: Some(version.to_string()) });
        if state.interruptions > 0 {
            state.interruptions -= 1;
            if let Some((_, version)) = state.records.get_mut(id) {
                *version += 1;
            }
        }
        ready(Ok(stored)).boxed()
    }

    fn write<'a>(&'a self, id: &'a str, stored: StoredRecord) -> BoxFuture<'a, Result<Written, RecordsError>> {
        let mut state = self.0.lock().unwrap();
        if let Some(error) = state.write_error.clone() {
            return ready(Err(error)).boxed();
        }
        state.writes += 1;
        let (record, version) = state.records.get_mut(id).unwrap();
        if Some(version.to_string()) != stored.version {
            return ready(Ok(Written::Changed)).boxed();
        }
        *record = stored.record;
        *version += 1;
        ready(Ok(Written::Saved)).boxed()
    }

    fn has_identity<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<bool, RecordsError>> {
        ready(Ok(self.0.lock().unwrap().accounts.contains(user))).boxed()
    }

    fn delete_user<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<(), RecordsError>> {
        self.0.lock().unwrap().deleted_users.insert(user.to_owned());
        ready(Ok(())).boxed()
    }
}

/// The number of things of each user.
#[derive(Debug, Default)]
struct Data(Mutex<BTreeMap<String, usize>>, Mutex<Option<Unavailable>>);

impl OwnedData for Data {
    fn move_all<'a>(&'a self, from: &'a str, to: &'a str) -> BoxFuture<'a, Result<Moved, Unavailable>> {
        if let Some(error) = self.1.lock().unwrap().clone() {
            return ready(Err(error)).boxed();
        }
        let mut data = self.0.lock().unwrap();
        let things = data.remove(from).unwrap_or_default();
        *data.entry(to.to_owned()).or_default() += things;
        ready(Ok(Moved { things })).boxed()
    }
}

fn a_to_b() -> Migration {
    Migration::new("user_a", "user_b", now(), true).unwrap()
}

fn migrator(records: &Arc<Records>) -> (Migrator, Arc<MemoryJournal>, Arc<Data>) {
    let (journal, data) = (Arc::new(MemoryJournal::default()), Arc::new(Data::default()));
    data.0.lock().unwrap().insert("user_a".to_owned(), 3);
    let migrator = Migrator::new(Arc::clone(&journal) as _, now)
        .with_data(Arc::clone(&data) as _)
        .with_records(Arc::clone(records) as _);
    (migrator, journal, data)
}

#[tokio::test]
async fn a_migration_moves_data_then_records_then_waits_then_deletes_the_user() {
    let records = Records::with(&[("r1", &["user_a"]), ("r2", &["user_x", "user_a", "user_b"]), ("r3", &["user_x"])]);
    let (migrator, journal, data) = migrator(&records);
    let settled = now() + 360;
    assert_eq!(migrator.run(&a_to_b()).await, Ok(Progress::WaitsUntil(settled)));
    assert_eq!(data.0.lock().unwrap()["user_b"], 3);
    assert_eq!(records.users("r1"), ["user_b"]);
    assert_eq!(records.users("r2"), ["user_x", "user_b"]);
    pass(359);
    assert_eq!(migrator.run(&a_to_b()).await, Ok(Progress::WaitsUntil(settled)));
    assert!(!records.is_deleted("user_a"));
    pass(1);
    assert_eq!(migrator.run(&a_to_b()).await, Ok(Progress::Finished));
    assert!(records.is_deleted("user_a"));
    assert!(journal.unfinished().await.unwrap().is_empty());
    assert_eq!(migrator.run(&a_to_b()).await, Ok(Progress::Finished));
    assert_eq!(records.0.lock().unwrap().writes, 2, "records without the user are not written");
}

#[tokio::test]
async fn a_record_that_no_list_shows_yet_is_replaced_before_the_user_is_deleted() {
    let records = Records::with(&[]);
    let (migrator, _, _) = migrator(&records);
    // Made just now: lists show it in five minutes.
    records.add("late", &["user_a"], now() + LAG);
    migrator.run(&a_to_b()).await.unwrap();
    assert_eq!(records.users("late"), ["user_a"]);
    pass(360);
    assert_eq!(migrator.run(&a_to_b()).await, Ok(Progress::WaitsUntil(now() + 360)));
    assert_eq!(records.users("late"), ["user_b"]);
    assert!(!records.is_deleted("user_a"), "other records may have been made at the same time");
    pass(360);
    assert_eq!(migrator.run(&a_to_b()).await, Ok(Progress::Finished));
}

#[tokio::test]
async fn a_record_that_others_change_at_the_same_time_is_read_again() {
    let records = Records::with(&[("r1", &["user_a"])]);
    let (migrator, _, _) = migrator(&records);
    records.change(|state| state.interruptions = 9);
    assert!(matches!(migrator.run(&a_to_b()).await, Ok(Progress::WaitsUntil(_))));
    assert_eq!(records.users("r1"), ["user_b"]);
}

#[tokio::test]
async fn a_failed_step_names_its_record_and_is_resumed() {
    let record = || "r1".to_owned();
    let errors = [
        (RecordsError::RecordRefused { record: record() }, "RecordRefused"),
        (RecordsError::RecordTooLarge { record: record() }, "RecordTooLarge"),
    ];
    for (error, code) in errors {
        let records = Records::with(&[("r1", &["user_a"])]);
        let (migrator, journal, _) = migrator(&records);
        records.change(|state| state.write_error = Some(error));
        let stopped = migrator.run(&a_to_b()).await.unwrap_err();
        assert_eq!(stopped.code(), code);
        assert!(stopped.to_string().contains("r1"), "{stopped}");
        assert_eq!(journal.find("user_a").await.unwrap().unwrap().step, Step::DataMoved);
        records.change(|state| state.write_error = None);
        let resumed = migrator.resume_unfinished().await.unwrap();
        assert_eq!(resumed, [(a_to_b(), Ok(Progress::WaitsUntil(now() + 360)))]);
    }
    let records = Records::with(&[("r1", &["user_a"])]);
    let (migrator, _, _) = migrator(&records);
    records.change(|state| state.interruptions = u32::MAX);
    assert_eq!(migrator.run(&a_to_b()).await.unwrap_err().code(), "RecordKeepsChanging");
}

#[tokio::test]
async fn data_that_cannot_be_moved_stop_the_migration_before_the_records() {
    let records = Records::with(&[("r1", &["user_a"])]);
    let (migrator, _, data) = migrator(&records);
    *data.1.lock().unwrap() = Some(Unavailable { code: "NoConnection".to_owned(), advice: "try again".to_owned() });
    assert_eq!(migrator.run(&a_to_b()).await.unwrap_err().code(), "DataUnavailable");
    assert_eq!(records.users("r1"), ["user_a"]);
    *data.1.lock().unwrap() = None;
    assert!(matches!(migrator.run(&a_to_b()).await, Ok(Progress::WaitsUntil(_))));
}

#[tokio::test]
async fn a_user_who_has_linked_an_identity_in_between_is_not_deleted() {
    let records = Records::with(&[("r1", &["user_a"])]);
    let (migrator, journal, _) = migrator(&records);
    migrator.run(&a_to_b()).await.unwrap();
    records.change(|state| state.accounts.insert("user_a".to_owned()).then_some(()).unwrap());
    pass(360);
    assert_eq!(migrator.run(&a_to_b()).await.unwrap_err().code(), "UserHasIdentity");
    assert!(!records.is_deleted("user_a"));
    assert_eq!(journal.unfinished().await.unwrap().len(), 1);
}

#[tokio::test]
async fn processes_with_a_part_of_the_work_wait_for_each_other() {
    let records = Records::with(&[("r1", &["user_a"])]);
    let (both, journal, data) = migrator(&records);
    let shop = Migrator::new(Arc::clone(&journal) as _, now).with_data(data);
    let operator = Migrator::new(Arc::clone(&journal) as _, now)
        .with_records(Arc::clone(&records) as _)
        .settling_for(Duration::ZERO);
    assert_eq!(operator.run(&a_to_b()).await, Ok(Progress::WaitsForData));
    assert_eq!(shop.resume_unfinished().await.unwrap(), [(a_to_b(), Ok(Progress::WaitsForRecords))]);
    assert_eq!(operator.resume_unfinished().await.unwrap(), [(a_to_b(), Ok(Progress::Finished))]);
    assert_eq!(both.resume_unfinished().await.unwrap(), []);
    let moved = operator.data_moved(&Migration::new("user_x", "user_b", 1, true).unwrap()).await.unwrap();
    assert_eq!(moved.step, Step::DataMoved);
}

#[tokio::test]
async fn a_slow_process_does_not_take_a_fast_one_back() {
    let records = Records::with(&[("r1", &["user_a"])]);
    let (migrator, journal, data) = migrator(&records);
    let slow: Entry = journal.begin(&a_to_b()).await.unwrap();
    migrator.run(&a_to_b()).await.unwrap();
    pass(360);
    migrator.run(&a_to_b()).await.unwrap();
    // The slow one goes on from what it read before.
    assert_eq!(migrator.resume(slow).await, Ok(Progress::Finished));
    assert_eq!(data.0.lock().unwrap()["user_b"], 3);
    assert_eq!(journal.find("user_a").await.unwrap().unwrap().step, Step::UserDeleted);
}
