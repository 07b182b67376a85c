//! Several instances with one Redis, as real processes.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(unix)]

mod support;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use authress_jws::verify;
use authress_redis::test_server::{Redis, eventually};
use authress_single_use::{SingleUse, Use};
use authress_verifier::{SharedStates, SharedStore, StoreUrl, WhenDown};
use serde_json::{Value, json};
use support::program::{Running, code_in, exchange, start_with, status_of};
use support::{Key, key, proof_of_work, query};

fn start(key: &Key, redis: &Redis, more: &[(&str, &str)]) -> Running {
    let url = redis.url();
    // The long timeout prevents failures on a slow machine.
    let mut variables = vec![("REDIS_URL", url.as_str()), ("REDIS_TIMEOUT_MS", "5000")];
    variables.extend_from_slice(more);
    start_with(key, &variables)
}

fn statuses(verifiers: &[&Running], count: usize) -> Vec<u16> {
    (0..count).map(|number| status_of(&verifiers[number % verifiers.len()].login(&format!("s{number}"), &[]))).collect()
}

#[test]
fn the_client_rate_limit_holds_across_two_processes() {
    let (key, redis) = (key(), Redis::start());
    let limit = [("RATE_LIMIT_CLIENT_BURST", "6"), ("RATE_LIMIT_CLIENT_PER_MINUTE", "1")];
    let (one, two) = (start(&key, &redis, &limit), start(&key, &redis, &limit));
    assert_eq!(statuses(&[&one, &two], 10), [302, 302, 302, 302, 302, 302, 429, 429, 429, 429]);
    let refused = two.login("late", &[]);
    let wait: u64 = refused.lines().find_map(|line| line.strip_prefix("retry-after: ")).unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{refused}");
}

#[test]
fn the_global_rate_limit_holds_across_two_processes() {
    let (key, redis) = (key(), Redis::start());
    let limit =
        [("RATE_LIMIT_GLOBAL_BURST", "4"), ("RATE_LIMIT_GLOBAL_PER_MINUTE", "1"), ("CLIENT_ADDRESS_TRUSTED_HOPS", "1")];
    let (one, two) = (start(&key, &redis, &limit), start(&key, &redis, &limit));
    let responses: Vec<String> = (0..6)
        .map(|number| {
            let line = format!("X-Forwarded-For: 203.0.113.{number}");
            [&one, &two][number % 2].login(&format!("s{number}"), &[&line])
        })
        .collect();
    assert_eq!(
        responses.iter().map(|response| status_of(response)).collect::<Vec<_>>(),
        [302, 302, 302, 302, 429, 429]
    );
    assert!(responses[5].contains("GlobalRateLimited"), "{}", responses[5]);
}

#[test]
fn the_network_rate_limit_holds_across_two_processes() {
    let (key, redis) = (key(), Redis::start());
    let limit = [
        ("RATE_LIMIT_CLIENT_BURST", "1"),
        ("RATE_LIMIT_CLIENT_PER_MINUTE", "1"),
        ("RATE_LIMIT_NETWORK_BURST", "4"),
        ("RATE_LIMIT_NETWORK_PER_MINUTE", "1"),
        ("CLIENT_ADDRESS_TRUSTED_HOPS", "1"),
    ];
    let (one, two) = (start(&key, &redis, &limit), start(&key, &redis, &limit));
    let login = |number: usize| {
        let line = format!("X-Forwarded-For: 2001:db8:1:{number}::1");
        [&one, &two][number % 2].login(&format!("s{number}"), &[&line])
    };
    let responses: Vec<String> = (0..6).map(login).collect();
    let statuses: Vec<u16> = responses.iter().map(|response| status_of(response)).collect();
    assert_eq!(statuses, [302, 302, 302, 302, 429, 429]);
    assert!(responses[5].contains("NetworkRateLimited"), "{}", responses[5]);
    assert_eq!(status_of(&two.login("other", &["X-Forwarded-For: 2001:db8:2::1"])), 302);
}

#[test]
fn tokens_of_refused_logins_are_given_back_across_two_processes() {
    let (key, redis) = (key(), Redis::start());
    let limit = [
        ("RATE_LIMIT_CLIENT_BURST", "2"),
        ("RATE_LIMIT_CLIENT_PER_MINUTE", "1"),
        ("RATE_LIMIT_GLOBAL_BURST", "3"),
        ("RATE_LIMIT_GLOBAL_PER_MINUTE", "1"),
        ("CLIENT_ADDRESS_TRUSTED_HOPS", "1"),
    ];
    let (one, two) = (start(&key, &redis, &limit), start(&key, &redis, &limit));
    let login = |verifier: &Running, client: u8, state: &str| {
        verifier.login(state, &[&format!("X-Forwarded-For: 203.0.113.{client}")])
    };
    assert_eq!(status_of(&login(&one, 1, "a")), 302);
    // The first replay at the other process asks Redis, the others do not.
    for _ in 0..5 {
        assert_eq!(status_of(&login(&two, 2, "a")), 409);
    }
    assert_eq!(status_of(&login(&two, 2, "b")), 302);
    assert_eq!(status_of(&login(&one, 2, "c")), 302);
    for _ in 0..5 {
        let refused = login(&two, 3, "d");
        assert!(refused.contains("GlobalRateLimited"), "not the client's limit: {refused}");
    }
}

#[test]
fn one_of_many_requests_with_one_state_to_two_processes_is_answered() {
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
fn the_logins_of_a_killed_process_still_count() {
    let (key, redis) = (key(), Redis::start());
    let limit = [("RATE_LIMIT_CLIENT_BURST", "7"), ("RATE_LIMIT_CLIENT_PER_MINUTE", "1")];
    let (mut one, two) = (start(&key, &redis, &limit), start(&key, &redis, &limit));
    let answered: Vec<String> = (0..5).map(|number| one.login(&format!("s{number}"), &[])).collect();
    one.process.kill().unwrap();
    one.process.wait().unwrap();

    // Every response is a valid login, and no state is answered again ...
    let users: HashSet<String> = answered
        .iter()
        .map(|response| verify(&code_in(response), &key.published, None).unwrap().claim_str("sub").unwrap().to_owned())
        .collect();
    assert_eq!(users.len(), 5);
    for number in 0..5 {
        assert_eq!(status_of(&two.login(&format!("s{number}"), &[])), 409);
    }
    // ... and the five tokens are also taken for the other process, which got those of the used states back.
    assert_eq!(status_of(&two.login("a", &[])), 302);
    assert_eq!(status_of(&two.login("b", &[])), 302);
    assert_eq!(status_of(&two.login("c", &[])), 429);
}

#[test]
fn without_redis_each_process_uses_its_own_memory_and_logs_it_once() {
    let (key, mut redis) = (key(), Redis::start());
    let verifier = start(&key, &redis, &[("RATE_LIMIT_CLIENT_BURST", "8"), ("RATE_LIMIT_CLIENT_PER_MINUTE", "1")]);
    assert_eq!(statuses(&[&verifier], 3), [302, 302, 302]);
    redis.stop();
    // The local limit has counted the three logins before. A used state does not count.
    assert_eq!(status_of(&verifier.login("s1", &[])), 409, "a state in the memory of this process");
    let later: Vec<u16> = (0..6).map(|number| status_of(&verifier.login(&format!("later{number}"), &[]))).collect();
    assert_eq!(later, [302, 302, 302, 302, 302, 429]);
    assert!(verifier.get("/readyz").ends_with("ready, without the shared store\n"));

    redis.start_again();
    eventually("it uses Redis again", || verifier.get("/readyz").ends_with("\r\n\r\nready\n"));
    let log = verifier.stop();
    assert_eq!(log.matches("the shared store is unavailable").count(), 1, "{log}");
    assert_eq!(log.matches("the shared store is available again").count(), 1, "{log}");
}

#[test]
fn with_refuse_logins_are_refused_without_redis() {
    let (key, mut redis) = (key(), Redis::start());
    // Many requests follow below.
    let verifier = start(&key, &redis, &[("REDIS_WHEN_DOWN", "refuse"), ("RATE_LIMIT_CLIENT_BURST", "1000")]);
    assert_eq!(status_of(&verifier.login("a", &[])), 302);
    assert_eq!(status_of(&verifier.get("/readyz")), 200);
    redis.stop();
    let response = verifier.login("b", &[]);
    assert!(status_of(&response) == 503 && response.contains("Unavailable"), "{response}");
    assert_eq!(status_of(&verifier.get("/readyz")), 503);
    assert_eq!(status_of(&verifier.get("/healthz")), 200, "restarting it would not bring Redis back");
    redis.start_again();
    // The refused login is not used up.
    eventually("it uses Redis again", || status_of(&verifier.login("b", &[])) == 302);
    assert_eq!(status_of(&verifier.login("b", &[])), 409);
    assert_eq!(status_of(&verifier.login("a", &[])), 409, "the memory of this process still contains it");
}

#[tokio::test]
async fn a_state_is_not_used_up_while_redis_is_unavailable() {
    let mut redis = Redis::start();
    let store = Arc::new(shared_store(&redis));
    let states = SharedStates::new(Duration::from_secs(60), store, WhenDown::Refuse);
    redis.stop();
    assert_eq!(states.spend("a").await, Use::Unknown);
    redis.start_again();
    let mut response = Use::Unknown;
    for _ in 0..400 {
        response = states.spend("a").await;
        if response != Use::Unknown {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(response, Use::First);
    assert_eq!(states.spend("a").await, Use::Again);
}

#[tokio::test]
async fn frequent_readiness_checks_probe_redis_rarely() {
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
fn logins_work_with_a_redis_that_never_existed() {
    let key = key();
    let verifier = start_with(&key, &[("REDIS_URL", "redis+unix:///nowhere/socket")]);
    assert_eq!(status_of(&verifier.login("a", &[])), 302);
    assert_eq!(status_of(&verifier.login("a", &[])), 409);
    let log = verifier.stop();
    assert!(log.contains("the shared store is unavailable"), "{log}");
    assert!(!log.contains("/nowhere"), "the URL may contain a password: {log}");
}

/// Starts a verifier with a proof of solution and a shared secret, without a memory of used states.
fn start_with_proof_of_work(key: &Key, redis: &Redis, more: &[(&str, &str)]) -> Running {
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

fn solution_for(verifier: &Running, state: &str) -> String {
    let page = verifier.login(state, &["Accept: text/html"]);
    assert_eq!(status_of(&page), 200, "{page}");
    proof_of_work::solve(&page)
}

/// Submits a solution and returns the status and the error code.
fn submit(verifier: &Running, query: &str, solution: &str) -> (u16, Option<String>) {
    let body = json!({ "answer": solution }).to_string();
    let length = body.len();
    let response = exchange(
        &verifier.address,
        &format!(
            "POST /v1/login?{query} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
    );
    let body: Value = serde_json::from_str(response.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(body["location"].is_string(), status_of(&response) == 200, "{response}");
    (status_of(&response), body["code"].as_str().map(str::to_owned))
}

fn passed() -> (u16, Option<String>) {
    (200, None)
}

fn failed() -> (u16, Option<String>) {
    (403, Some("HumanCheckFailed".to_owned()))
}

#[test]
fn a_solution_that_one_process_accepted_is_refused_by_the_other() {
    let (key, redis) = (key(), Redis::start());
    let (one, two) = (start_with_proof_of_work(&key, &redis, &[]), start_with_proof_of_work(&key, &redis, &[]));
    let login = query(&[]);
    let solution = solution_for(&one, "S");
    assert_eq!(submit(&one, &login, &solution), passed());
    for verifier in [&two, &one, &two] {
        assert_eq!(submit(verifier, &login, &solution), failed());
    }
    // One of many concurrent submissions is accepted.
    let (solution, responses) = (solution_for(&two, "S"), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (verifier, login, solution, responses) = ([&one, &two][number % 2], &login, &solution, &responses);
            scope.spawn(move || responses.lock().unwrap().push(submit(verifier, login, solution)));
        }
    });
    let mut responses = responses.into_inner().unwrap();
    responses.sort_unstable();
    assert_eq!((responses.remove(0), responses.len()), (passed(), 7));
    assert!(responses.iter().all(|response| *response == failed()), "{responses:?}");
}

#[test]
fn a_solution_for_one_login_passes_for_no_other_at_either_process() {
    let (key, redis) = (key(), Redis::start());
    let (one, two) = (start_with_proof_of_work(&key, &redis, &[]), start_with_proof_of_work(&key, &redis, &[]));
    let solution = solution_for(&one, "S");
    for verifier in [&one, &two] {
        for (name, value) in [("state", "T"), ("redirect_uri", "HTTPS://login.example.com/login")] {
            assert_eq!(submit(verifier, &query(&[(name, value)]), &solution), failed(), "{name}");
        }
        let foreign = submit(verifier, &query(&[("client_id", "sc_other")]), &solution);
        assert_eq!(foreign, (400, Some("ForeignClient".to_owned())));
    }
    assert_eq!(submit(&two, &query(&[]), &solution), passed(), "it passes for its own login at either process");
}

#[test]
fn without_redis_a_solution_passes_once_at_each_process() {
    let (key, mut redis) = (key(), Redis::start());
    let (one, two) = (start_with_proof_of_work(&key, &redis, &[]), start_with_proof_of_work(&key, &redis, &[]));
    let (login, before) = (query(&[]), solution_for(&one, "S"));
    assert_eq!(submit(&one, &login, &before), passed());
    redis.stop();
    let solution = solution_for(&one, "S");
    for verifier in [&one, &two] {
        assert_eq!(submit(verifier, &login, &solution), passed());
        assert_eq!(submit(verifier, &login, &solution), failed());
    }
    assert_eq!(submit(&one, &login, &before), failed(), "each process remembers the solutions that it accepted");
}

#[test]
fn with_refuse_a_solution_is_not_used_up_without_redis() {
    let (key, mut redis) = (key(), Redis::start());
    let more = [("REDIS_WHEN_DOWN", "refuse"), ("RATE_LIMIT_CLIENT_BURST", "1000")];
    let verifier = start_with_proof_of_work(&key, &redis, &more);
    let (login, solution) = (query(&[]), solution_for(&verifier, "S"));
    redis.stop();
    assert_eq!(submit(&verifier, &login, &solution), (503, Some("Unavailable".to_owned())));
    redis.start_again();
    eventually("it uses Redis again", || submit(&verifier, &login, &solution) == passed());
    assert_eq!(submit(&verifier, &login, &solution), failed());
}
