//! Several verifiers with one Redis, all of them real processes.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(unix)]

mod support;

use std::collections::HashSet;
use std::sync::Mutex;

use authress_jws::verify;
use support::program::{Running, code_in, eventually, start_with, status_of};
use support::redis_server::Redis;
use support::{Key, key};

fn start(key: &Key, redis: &Redis, more: &[(&str, &str)]) -> Running {
    let url = redis.url();
    // A slow machine must not look like a Redis that is down.
    let mut variables = vec![("REDIS_URL", url.as_str()), ("REDIS_TIMEOUT_MS", "5000")];
    variables.extend_from_slice(more);
    start_with(key, &variables)
}

fn statuses(verifiers: &[&Running], count: usize) -> Vec<u16> {
    (0..count).map(|number| status_of(&verifiers[number % verifiers.len()].login(&format!("s{number}"), &[]))).collect()
}

#[test]
fn the_limit_of_a_client_holds_across_two_processes() {
    let (key, redis) = (key(), Redis::start());
    let limit = [("RATE_LIMIT_CLIENT_BURST", "6"), ("RATE_LIMIT_CLIENT_PER_MINUTE", "1")];
    let (one, two) = (start(&key, &redis, &limit), start(&key, &redis, &limit));
    assert_eq!(statuses(&[&one, &two], 10), [302, 302, 302, 302, 302, 302, 429, 429, 429, 429]);
    let refused = two.login("late", &[]);
    let wait: u64 = refused.lines().find_map(|line| line.strip_prefix("retry-after: ")).unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{refused}");
}

#[test]
fn the_limit_of_all_holds_across_two_processes() {
    let (key, redis) = (key(), Redis::start());
    let limit =
        [("RATE_LIMIT_GLOBAL_BURST", "4"), ("RATE_LIMIT_GLOBAL_PER_MINUTE", "1"), ("CLIENT_ADDRESS_TRUSTED_HOPS", "1")];
    let (one, two) = (start(&key, &redis, &limit), start(&key, &redis, &limit));
    let answers: Vec<String> = (0..6)
        .map(|number| {
            let line = format!("X-Forwarded-For: 203.0.113.{number}");
            [&one, &two][number % 2].login(&format!("s{number}"), &[&line])
        })
        .collect();
    assert_eq!(answers.iter().map(|answer| status_of(answer)).collect::<Vec<_>>(), [302, 302, 302, 302, 429, 429]);
    assert!(answers[5].contains("GlobalRateLimited"), "{}", answers[5]);
}

#[test]
fn of_many_requests_with_one_state_to_two_processes_one_is_answered() {
    let (key, redis) = (key(), Redis::start());
    let (one, two) = (start(&key, &redis, &[]), start(&key, &redis, &[]));
    let statuses = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for number in 0..10 {
            let (verifier, statuses) = ([&one, &two][number % 2], &statuses);
            scope.spawn(move || statuses.lock().unwrap().push(status_of(&verifier.login("one-state", &[]))));
        }
    });
    let mut statuses = statuses.into_inner().unwrap();
    statuses.sort_unstable();
    assert_eq!(statuses, [302, 409, 409, 409, 409, 409, 409, 409, 409, 409]);
}

#[test]
fn what_one_process_answered_still_counts_after_it_was_killed() {
    let (key, redis) = (key(), Redis::start());
    let limit = [("RATE_LIMIT_CLIENT_BURST", "12"), ("RATE_LIMIT_CLIENT_PER_MINUTE", "1")];
    let (mut one, two) = (start(&key, &redis, &limit), start(&key, &redis, &limit));
    let answered: Vec<String> = (0..5).map(|number| one.login(&format!("s{number}"), &[])).collect();
    one.process.kill().unwrap();
    one.process.wait().unwrap();

    // Every answer is a good login, none of its states gets another one ...
    let users: HashSet<String> = answered
        .iter()
        .map(|answer| verify(&code_in(answer), &key.published, None).unwrap().claim_str("sub").unwrap().to_owned())
        .collect();
    assert_eq!(users.len(), 5);
    for number in 0..5 {
        assert_eq!(status_of(&two.login(&format!("s{number}"), &[])), 409);
    }
    // ... and the ten tokens that were taken by now are gone for the other process, too.
    assert_eq!(status_of(&two.login("a", &[])), 302);
    assert_eq!(status_of(&two.login("b", &[])), 302);
    assert_eq!(status_of(&two.login("c", &[])), 429);
}

#[test]
fn without_redis_each_process_goes_on_by_itself_and_says_so_once() {
    let (key, mut redis) = (key(), Redis::start());
    let verifier = start(&key, &redis, &[("RATE_LIMIT_CLIENT_BURST", "8"), ("RATE_LIMIT_CLIENT_PER_MINUTE", "1")]);
    assert_eq!(statuses(&[&verifier], 3), [302, 302, 302]);
    redis.stop();
    // The local limit knows of the three that were answered before.
    assert_eq!(status_of(&verifier.login("s1", &[])), 409, "a state that this process knows");
    let later: Vec<u16> = (0..6).map(|number| status_of(&verifier.login(&format!("later{number}"), &[]))).collect();
    assert_eq!(later, [302, 302, 302, 302, 429, 429]);
    assert!(verifier.get("/readyz").ends_with("ready, without the shared store\n"));

    redis.start_again();
    eventually("it finds Redis again", || verifier.get("/readyz").ends_with("\r\n\r\nready\n"));
    let log = verifier.stop();
    assert_eq!(log.matches("the shared store does not answer").count(), 1, "{log}");
    assert_eq!(log.matches("the shared store answers again").count(), 1, "{log}");
}

#[test]
fn who_wants_no_answers_without_redis_gives_none() {
    let (key, mut redis) = (key(), Redis::start());
    let verifier = start(&key, &redis, &[("REDIS_WHEN_DOWN", "refuse")]);
    assert_eq!(status_of(&verifier.login("a", &[])), 302);
    assert_eq!(status_of(&verifier.get("/readyz")), 200);
    redis.stop();
    let answer = verifier.login("b", &[]);
    assert!(status_of(&answer) == 503 && answer.contains("Unavailable"), "{answer}");
    assert_eq!(status_of(&verifier.get("/readyz")), 503);
    assert_eq!(status_of(&verifier.get("/healthz")), 200, "restarting it would not bring Redis back");
    redis.start_again();
    eventually("it finds Redis again", || status_of(&verifier.login("c", &[])) != 503);
}

#[test]
fn a_redis_that_was_never_there_stops_nobody() {
    let key = key();
    let verifier = start_with(&key, &[("REDIS_URL", "redis+unix:///nowhere/socket")]);
    assert_eq!(status_of(&verifier.login("a", &[])), 302);
    assert_eq!(status_of(&verifier.login("a", &[])), 409);
    let log = verifier.stop();
    assert!(log.contains("the shared store does not answer"), "{log}");
    assert!(!log.contains("/nowhere"), "a store's URL may have a password: {log}");
}
