//! Whole migrations in processes that are killed: with carts and journal in a real Redis, and access records in the
//! sandbox over HTTP.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed helper is a failed test")]

mod crashing;
#[path = "../shop/support.rs"]
#[allow(dead_code, reason = "the shop's own tests use all of it")]
mod support;
mod world;

use std::sync::Arc;
use std::time::Duration;

use authress_demo_shop::{MergePolicy, RedisCarts};
use authress_redis::StoreUrl;
use authress_user_migration::{Migration, Migrator, Progress, RedisJournal};

use crate::crashing::{CrashPoint, CrashingData, CrashingJournal, CrashingRecords};
use crate::world::{World, management_client, records};

/// The process that the other tests start: one migration, with a crash at the chosen point.
#[tokio::test]
#[ignore = "the other tests start it, with its settings in the environment"]
async fn child() {
    let setting = |name: &str| std::env::var(name).unwrap();
    let redis_url = StoreUrl::parse(&setting("MIGRATION_REDIS")).unwrap();
    let crash = Arc::new(CrashPoint::new(setting("MIGRATION_CRASH").parse().ok()));
    let client = management_client(&setting("MIGRATION_API"), &setting("MIGRATION_KEY"));
    let journal = CrashingJournal(RedisJournal::new(&redis_url).unwrap(), Arc::clone(&crash));
    let data = CrashingData(RedisCarts::new(&redis_url, MergePolicy::AddQuantities).unwrap(), Arc::clone(&crash));
    let migrator = Migrator::new(Arc::new(journal), world::now)
        .with_data(Arc::new(data))
        .with_records(Arc::new(CrashingRecords(records(client), crash)))
        .settling_for(Duration::ZERO);
    let migration = Migration::new(&setting("MIGRATION_FROM"), &setting("MIGRATION_TO"), world::now(), true).unwrap();
    assert_eq!(migrator.run(&migration).await, Ok(Progress::Finished));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_before_or_after_any_change_is_continued_without_a_loss() {
    let world = World::start().await;
    let mut crash_points = 0;
    loop {
        let users = world.prepare(crash_points).await;
        let is_finished = world.child(&users, Some(crash_points)).wait_with_output().unwrap().status.success();
        if !is_finished {
            let output = world.child(&users, None).wait_with_output().unwrap();
            assert!(output.status.success(), "{crash_points}: {}", String::from_utf8_lossy(&output.stdout));
        }
        world.assert_migrated(&users).await;
        if is_finished {
            break;
        }
        crash_points += 1;
    }
    // Before and after: begin, move the cart, 3 records, delete the user, and 4 steps in the journal.
    assert_eq!(crash_points, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_at_once_have_the_same_result_as_one() {
    let world = World::start().await;
    for round in 0..6 {
        let users = world.prepare(round).await;
        let processes = [world.child(&users, None), world.child(&users, None)];
        for process in processes {
            let output = process.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        }
        world.assert_migrated(&users).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_at_once_one_is_killed() {
    let world = World::start().await;
    for round in 0..6 {
        let users = world.prepare(round).await;
        let killed = world.child(&users, Some(3 * round + 1));
        let output = world.child(&users, None).wait_with_output().unwrap();
        killed.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        world.assert_migrated(&users).await;
    }
}
