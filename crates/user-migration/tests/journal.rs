//! Both journals follow the same rules, one at a time and all at once.

#![cfg(all(unix, feature = "redis"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed helper is a failed test")]

use std::sync::Arc;
use std::time::Duration;

use authress_redis::StoreUrl;
use authress_redis::test_server::{Redis, eventually};
use authress_user_migration::{Entry, Journal, MemoryJournal, Migration, RedisJournal, Step};
use proptest::prelude::*;

const USERS: [&str; 4] = ["user_a", "user_b", "user_c", "user_d"];

fn migration(from: &str, to: &str) -> Migration {
    Migration::new(from, to, 1_800_000_000, true).unwrap()
}

fn redis_journal(redis: &Redis) -> RedisJournal {
    RedisJournal::new(&StoreUrl::parse(&redis.url()).unwrap()).unwrap()
}

#[derive(Clone, Debug)]
enum Operation {
    Begin(usize, usize),
    /// Records a step of what the journal has, or of an outdated entry.
    Record {
        user: usize,
        step: Step,
        is_outdated: bool,
    },
}

fn any_operation() -> impl Strategy<Value = Operation> {
    let steps = [Step::DataMoved, Step::RecordsReplaced { settled_after: 7 }, Step::RecordsSettled, Step::UserDeleted];
    prop_oneof![
        (0..USERS.len(), 0..USERS.len())
            .prop_filter("two users", |(from, to)| from != to)
            .prop_map(|(from, to)| Operation::Begin(from, to)),
        (0..USERS.len(), prop::sample::select(steps.to_vec()), any::<bool>())
            .prop_map(|(user, step, is_outdated)| Operation::Record { user, step, is_outdated }),
    ]
}

async fn apply(journal: &dyn Journal, operation: &Operation) -> String {
    match operation {
        Operation::Begin(from, to) => format!("{:?}", journal.begin(&migration(USERS[*from], USERS[*to])).await),
        Operation::Record { user, step, is_outdated } => {
            let Some(entry) = journal.find(USERS[*user]).await.unwrap() else { return "none".to_owned() };
            let entry = if *is_outdated {
                Entry { step: Step::RecordsReplaced { settled_after: 99 }, ..entry }
            } else if entry.step.is_finished() {
                return "finished".to_owned();
            } else {
                entry
            };
            format!("{:?}", journal.record(&entry, *step).await)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn both_journals_decide_alike_and_never_have_a_chain(operations in prop::collection::vec(any_operation(), 0..40)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let redis = Redis::start();
            let (memory, shared) = (MemoryJournal::default(), redis_journal(&redis));
            for operation in &operations {
                assert_eq!(apply(&memory, operation).await, apply(&shared, operation).await, "{operation:?}");
                let unfinished = memory.unfinished().await.unwrap();
                assert_eq!(unfinished, shared.unfinished().await.unwrap());
                let sources = sources(&unfinished);
                let is_chain = unfinished.iter().any(|entry| sources.contains(&entry.migration.to()));
                assert!(!is_chain, "{unfinished:?}");
            }
        });
    }
}

fn sources(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.migration.from()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_migrations_that_begin_at_once_exactly_one_wins() {
    let redis = Redis::start();
    let shared = redis_journal(&redis);
    let journals: [Arc<dyn Journal>; 2] = [Arc::new(MemoryJournal::default()), Arc::new(shared)];
    for journal in journals {
        for round in 0..20 {
            let from = format!("user_{round}");
            let tasks: Vec<_> = (0..16)
                .map(|task| {
                    let (journal, from, to) = (Arc::clone(&journal), from.clone(), format!("account_{}", task % 4));
                    tokio::spawn(async move { journal.begin(&migration(&from, &to)).await })
                })
                .collect();
            let mut winners = Vec::new();
            for task in tasks {
                match task.await.unwrap() {
                    Ok(entry) => winners.push(entry.migration.to().to_owned()),
                    Err(error) => assert_eq!(error.code(), "MigratesElsewhere"),
                }
            }
            assert_eq!(winners.len(), 4, "all of one account: a repeated begin has the same result");
            assert!(winners.iter().all(|winner| *winner == winners[0]), "{winners:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_that_begins_from_both_sides_at_once_has_one_half() {
    let redis = Redis::start();
    let journal = redis_journal(&redis);
    for round in 0..50 {
        let (a, b) = (format!("a_{round}"), format!("b_{round}"));
        let (there, back) = (migration(&a, &b), migration(&b, &a));
        let (there, back) = tokio::join!(journal.begin(&there), journal.begin(&back));
        assert_eq!([there.is_ok(), back.is_ok()].iter().filter(|is_ok| **is_ok).count(), 1, "{there:?} {back:?}");
    }
}

#[tokio::test]
async fn finished_migrations_expire_and_unfinished_ones_do_not() {
    let redis = Redis::start();
    let journal = redis_journal(&redis).remembering(Duration::from_millis(50));
    let mut entry = journal.begin(&migration("user_a", "user_b")).await.unwrap();
    journal.begin(&migration("user_c", "user_b")).await.unwrap();
    for step in [Step::DataMoved, Step::RecordsReplaced { settled_after: 5 }, Step::RecordsSettled, Step::UserDeleted] {
        entry = journal.record(&entry, step).await.unwrap();
        assert_eq!(entry.step, step);
    }
    eventually("the entry expires", || redis.run::<Vec<String>>(&["KEYS", "*:finished:*"]).unwrap().is_empty());
    assert_eq!(journal.find("user_a").await.unwrap(), None);
    assert_eq!(sources(&journal.unfinished().await.unwrap()), ["user_c"]);
    for key in redis.run::<Vec<String>>(&["KEYS", "*"]).unwrap() {
        assert_eq!(redis.run::<i64>(&["PTTL", &key]).unwrap(), -1, "{key}");
    }
    // Nothing is unfinished of `user_a` any more, and `user_b` still receives.
    assert!(journal.begin(&migration("user_x", "user_a")).await.is_ok());
    assert_eq!(journal.begin(&migration("user_b", "user_y")).await.unwrap_err().code(), "SourceReceives");
}

#[tokio::test]
async fn finished_migrations_are_remembered_for_90_days() {
    let redis = Redis::start();
    let journal = redis_journal(&redis);
    let entry = journal.begin(&migration("user_a", "user_b")).await.unwrap();
    let entry = journal.record(&entry, Step::UserDeleted).await.unwrap();
    let ttl = redis.run::<u64>(&["TTL", "{authress-user-migration}:finished:user_a"]).unwrap();
    assert!((89 * 86_400..=90 * 86_400).contains(&ttl), "{ttl}");
    assert_eq!(journal.find("user_a").await.unwrap(), Some(entry));
    assert_eq!(journal.begin(&migration("user_a", "user_c")).await.unwrap_err().code(), "MigratesElsewhere");
}

#[tokio::test]
async fn an_unreadable_entry_and_a_lost_one_are_errors_and_are_kept() {
    let redis = Redis::start();
    let journal = redis_journal(&redis);
    let entry = journal.begin(&migration("user_a", "user_b")).await.unwrap();
    redis.run::<()>(&["HSET", "{authress-user-migration}:unfinished", "user_a", "{}"]).unwrap();
    assert_eq!(journal.begin(&migration("user_a", "user_b")).await.unwrap_err().code(), "JournalUnavailable");
    assert_eq!(journal.record(&entry, Step::DataMoved).await.unwrap_err().code(), "JournalUnavailable");
    redis.run::<()>(&["FLUSHALL"]).unwrap();
    assert_eq!(journal.record(&entry, Step::DataMoved).await.unwrap_err().code(), "JournalLost");
}

#[tokio::test]
async fn without_redis_the_journal_is_unavailable() {
    let mut redis = Redis::start();
    let journal = redis_journal(&redis);
    redis.stop();
    let error = journal.begin(&migration("user_a", "user_b")).await.unwrap_err();
    assert_eq!(error.code(), "JournalUnavailable");
}
