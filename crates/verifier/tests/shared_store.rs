//! Several verifiers with one Redis, all of them real processes.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(unix)]

mod support;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use authress_jws::verify;
use authress_single_use::{SingleUse, Use};
use authress_verifier::{SharedStates, SharedStore, StoreUrl, WhenDown};
use serde_json::{Value, json};
use support::program::{Running, code_in, eventually, exchange, start_with, status_of};
use support::redis_server::Redis;
use support::{Key, key, proof_of_work, query};

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
    assert_eq!(log.matches("the shared store cannot be used").count(), 1, "{log}");
    assert_eq!(log.matches("the shared store can be used again").count(), 1, "{log}");
}

#[test]
fn who_wants_no_answers_without_redis_gives_none() {
    let (key, mut redis) = (key(), Redis::start());
    // It is asked again and again below.
    let verifier = start(&key, &redis, &[("REDIS_WHEN_DOWN", "refuse"), ("RATE_LIMIT_CLIENT_BURST", "1000")]);
    assert_eq!(status_of(&verifier.login("a", &[])), 302);
    assert_eq!(status_of(&verifier.get("/readyz")), 200);
    redis.stop();
    let answer = verifier.login("b", &[]);
    assert!(status_of(&answer) == 503 && answer.contains("Unavailable"), "{answer}");
    assert_eq!(status_of(&verifier.get("/readyz")), 503);
    assert_eq!(status_of(&verifier.get("/healthz")), 200, "restarting it would not bring Redis back");
    redis.start_again();
    // And neither is the login used up that got no answer.
    eventually("it finds Redis again", || status_of(&verifier.login("b", &[])) == 302);
    assert_eq!(status_of(&verifier.login("b", &[])), 409);
    assert_eq!(status_of(&verifier.login("a", &[])), 409, "this process remembers what Redis has lost");
}

#[tokio::test]
async fn a_state_that_could_not_be_looked_up_is_not_used_up() {
    let mut redis = Redis::start();
    let store = Arc::new(shared_store(&redis));
    let states = SharedStates::new(Duration::from_secs(60), store, WhenDown::Refuse);
    redis.stop();
    assert_eq!(states.spend("a").await, Use::Unknown);
    redis.start_again();
    let mut answer = Use::Unknown;
    for _ in 0..400 {
        answer = states.spend("a").await;
        if answer != Use::Unknown {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(answer, Use::First);
    assert_eq!(states.spend("a").await, Use::Again);
}

#[tokio::test]
async fn readiness_that_is_asked_for_again_and_again_asks_redis_now_and_then() {
    let redis = Redis::start();
    let store = shared_store(&redis);
    for _ in 0..200 {
        assert!(store.is_usable().await);
    }
    let mut connection = redis::Client::open(redis.url()).unwrap().get_connection().unwrap();
    let statistics: String = redis::cmd("INFO").arg("commandstats").query(&mut connection).unwrap();
    let scripts = statistics.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls=")).unwrap();
    let scripts: u32 = scripts.split(',').next().unwrap().parse().unwrap();
    assert!((1..=20).contains(&scripts), "{scripts}");
}

fn shared_store(redis: &Redis) -> SharedStore {
    SharedStore::new(&StoreUrl::parse(&redis.url()).unwrap(), "test", Duration::from_secs(5))
}

#[test]
fn a_redis_that_was_never_there_stops_nobody() {
    let key = key();
    let verifier = start_with(&key, &[("REDIS_URL", "redis+unix:///nowhere/socket")]);
    assert_eq!(status_of(&verifier.login("a", &[])), 302);
    assert_eq!(status_of(&verifier.login("a", &[])), 409);
    let log = verifier.stop();
    assert!(log.contains("the shared store cannot be used"), "{log}");
    assert!(!log.contains("/nowhere"), "a store's URL may have a password: {log}");
}

/// A verifier that wants work and shares its secret, with nothing else in the way: no state is remembered.
fn start_with_work(key: &Key, redis: &Redis, more: &[(&str, &str)]) -> Running {
    let secret = "x".repeat(32);
    let mut variables = vec![
        ("HUMAN_CHECK_KIND", "proof-of-work"),
        ("HUMAN_CHECK_COST", "2"),
        ("HUMAN_CHECK_SECRET", secret.as_str()),
        ("STATE_REMEMBERED_S", "0"),
    ];
    variables.extend_from_slice(more);
    start(key, redis, &variables)
}

fn work_for(verifier: &Running, state: &str) -> String {
    let page = verifier.login(state, &["Accept: text/html"]);
    assert_eq!(status_of(&page), 200, "{page}");
    proof_of_work::solve(&page)
}

/// The status, and the code of a refusal.
fn hand_in(verifier: &Running, query: &str, work: &str) -> (u16, Option<String>) {
    let body = json!({ "answer": work }).to_string();
    let length = body.len();
    let answer = exchange(
        &verifier.address,
        &format!(
            "POST /v1/login?{query} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
    );
    let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(body["location"].is_string(), status_of(&answer) == 200, "{answer}");
    (status_of(&answer), body["code"].as_str().map(str::to_owned))
}

fn taken() -> (u16, Option<String>) {
    (200, None)
}

fn failed() -> (u16, Option<String>) {
    (403, Some("HumanCheckFailed".to_owned()))
}

#[test]
fn work_that_one_process_has_taken_is_refused_by_the_other() {
    let (key, redis) = (key(), Redis::start());
    let (one, two) = (start_with_work(&key, &redis, &[]), start_with_work(&key, &redis, &[]));
    let login = query(&[]);
    let work = work_for(&one, "S");
    assert_eq!(hand_in(&one, &login, &work), taken());
    for verifier in [&two, &one, &two] {
        assert_eq!(hand_in(verifier, &login, &work), failed());
    }
    // And of many at the same time one is taken.
    let (work, answers) = (work_for(&two, "S"), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (verifier, login, work, answers) = ([&one, &two][number % 2], &login, &work, &answers);
            scope.spawn(move || answers.lock().unwrap().push(hand_in(verifier, login, work)));
        }
    });
    let mut answers = answers.into_inner().unwrap();
    answers.sort_unstable();
    assert_eq!((answers.remove(0), answers.len()), (taken(), 7));
    assert!(answers.iter().all(|answer| *answer == failed()), "{answers:?}");
}

#[test]
fn work_for_one_login_opens_no_other_at_either_process() {
    let (key, redis) = (key(), Redis::start());
    let (one, two) = (start_with_work(&key, &redis, &[]), start_with_work(&key, &redis, &[]));
    let work = work_for(&one, "S");
    for verifier in [&one, &two] {
        for (name, value) in [("state", "T"), ("redirect_uri", "https://login.example.com/login?a=1")] {
            assert_eq!(hand_in(verifier, &query(&[(name, value)]), &work), failed(), "{name}");
        }
        let foreign = hand_in(verifier, &query(&[("client_id", "sc_other")]), &work);
        assert_eq!(foreign, (400, Some("ForeignClient".to_owned())));
    }
    assert_eq!(hand_in(&two, &query(&[]), &work), taken(), "the one it was done for, at whichever process");
}

#[test]
fn without_redis_work_is_taken_once_by_each_process() {
    let (key, mut redis) = (key(), Redis::start());
    let (one, two) = (start_with_work(&key, &redis, &[]), start_with_work(&key, &redis, &[]));
    let (login, before) = (query(&[]), work_for(&one, "S"));
    assert_eq!(hand_in(&one, &login, &before), taken());
    redis.stop();
    let work = work_for(&one, "S");
    for verifier in [&one, &two] {
        assert_eq!(hand_in(verifier, &login, &work), taken());
        assert_eq!(hand_in(verifier, &login, &work), failed());
    }
    assert_eq!(hand_in(&one, &login, &before), failed(), "what a process has taken it knows by itself");
}

#[test]
fn who_wants_no_answers_without_redis_takes_no_work_and_uses_none_up() {
    let (key, mut redis) = (key(), Redis::start());
    let more = [("REDIS_WHEN_DOWN", "refuse"), ("RATE_LIMIT_CLIENT_BURST", "1000")];
    let verifier = start_with_work(&key, &redis, &more);
    let (login, work) = (query(&[]), work_for(&verifier, "S"));
    redis.stop();
    assert_eq!(hand_in(&verifier, &login, &work), (503, Some("Unavailable".to_owned())));
    redis.start_again();
    eventually("it finds Redis again", || hand_in(&verifier, &login, &work) == taken());
    assert_eq!(hand_in(&verifier, &login, &work), failed());
}
