//! A browser, a network and a clock in memory, around the real sandbox and the real verifier.

mod browser;
mod cookie_jar;
mod lifecycle;
mod locks;
mod page;
mod ports;
mod tab;
mod world;

pub(crate) use browser::Browser;
pub(crate) use tab::{Call, Choice, Client, Tab, login};
pub(crate) use world::{Fault, Site, World};

use futures_util::FutureExt;
use std::{cell::Cell, panic::AssertUnwindSafe, time::Duration};

thread_local! {
    static HAS_FAILED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a test on one thread. Its clock jumps to the next timer whenever all tasks wait.
pub(crate) fn run(test: impl Future<Output = ()>) {
    HAS_FAILED.set(false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, test);
    assert!(!HAS_FAILED.get(), "a task beside the test has failed");
}

/// Runs `task` beside the test. If it panics, the test fails at its end.
fn spawn(task: impl Future<Output = ()> + 'static) {
    tokio::task::spawn_local(async {
        if AssertUnwindSafe(task).catch_unwind().await.is_err() {
            HAS_FAILED.set(true);
        }
    });
}

/// Advances the simulated time by this many milliseconds and runs everything that is due.
pub(crate) async fn pass_ms(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

pub(crate) const MINUTE_MS: u64 = 60 * 1000;
pub(crate) const HOUR_MS: u64 = 60 * MINUTE_MS;
pub(crate) const DAY_MS: u64 = 24 * HOUR_MS;
