//! Restarts of the verifier behind nginx, under load: no request is lost.
//!
//! `RESTARTS=50 cargo test -p authress-verifier --test restarts -- --nocapture` restarts more often than the default.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

mod support;

use std::time::{Duration, Instant};

use authress_redis::test_server::Redis;
use support::deploy::{deploy, is_installed};
use support::key;
use support::load::Load;
use support::nginx::{Nginx, nginx};
use support::passed_sockets::ServiceManager;
use support::program::{Running, start_with};

/// The settings of a verifier for which no limit is in the way.
fn settings<'a>(key: &'a str, delay_s: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("AUTHRESS_ACCESS_KEY", key),
        ("SHUTDOWN_DELAY_S", delay_s),
        ("CLIENT_ADDRESS_TRUSTED_HOPS", "1"),
        ("RATE_LIMIT_CLIENT_BURST", "1000000"),
        ("RATE_LIMIT_CLIENT_PER_MINUTE", "1000000"),
        ("RATE_LIMIT_NETWORK_BURST", "1000000"),
        ("RATE_LIMIT_NETWORK_PER_MINUTE", "1000000"),
        ("RATE_LIMIT_GLOBAL_BURST", "1000000"),
        ("RATE_LIMIT_GLOBAL_PER_MINUTE", "1000000"),
        ("LOG_LEVEL", "error"),
    ]
}

fn restarts() -> usize {
    std::env::var("RESTARTS").map_or(5, |text| text.parse().unwrap())
}

/// Restarts under load, and demands that every response is a redirect.
fn lose_no_request(name: &str, nginx: &Nginx, mut restart: impl FnMut(usize)) {
    let load = Load::start(&nginx.address);
    let mut longest_restart = Duration::ZERO;
    for number in 0..restarts() {
        load.wait_for_requests(200);
        let start = Instant::now();
        restart(number);
        longest_restart = longest_restart.max(start.elapsed());
    }
    load.wait_for_requests(200);
    let outcomes = load.stop();
    eprintln!("{name}: {} restarts of {longest_restart:?} at most; {outcomes:?}", restarts());
    let log = nginx.folder.logs();
    let failed: Vec<&str> = log.lines().filter(|line| !line.contains("\" 302 ")).collect();
    assert_eq!(outcomes.count.keys().collect::<Vec<_>>(), ["302"], "{outcomes:?}\n{}", failed.join("\n"));
}

/// The recipe with a shorter time for idle connections, so that a delay of a second is longer.
fn with_short_keepalive(recipe: &str) -> String {
    assert!(recipe.contains("keepalive_timeout 4s;"));
    recipe.replace("keepalive_timeout 4s;", "keepalive_timeout 500ms;")
}

/// The recipe without retries.
fn without_retries(recipe: &str) -> String {
    assert!(recipe.contains("proxy_next_upstream error;"));
    recipe.replace("proxy_next_upstream error;", "proxy_next_upstream off;")
}

#[test]
fn with_a_passed_socket_and_a_delay_a_restart_loses_no_request_and_nginx_repeats_none() {
    if !is_installed(nginx()) {
        return;
    }
    let key = key();
    let mut manager = ServiceManager::start(&settings(&key.text, "1"));
    let nginx = Nginx::start_changed(&manager.address(), |recipe| without_retries(&with_short_keepalive(&recipe)));
    lose_no_request("with a delay", &nginx, |_| manager.restart());
}

#[test]
fn with_a_passed_socket_and_without_a_delay_nginx_repeats_what_met_a_closing_connection() {
    if !is_installed(nginx()) {
        return;
    }
    let key = key();
    let mut manager = ServiceManager::start(&settings(&key.text, "0"));
    let nginx = Nginx::start(&manager.address());
    lose_no_request("without a delay", &nginx, |_| manager.restart());
}

/// An address that belongs to no other process: a port that was free a moment ago on 127.0.0.1 may be taken by another
/// test while the verifier restarts.
fn own_address(number: u8) -> String {
    let id = std::process::id();
    format!("127.{}.{}.{number}:9000", 1 + (id >> 8) % 250, id % 250)
}

#[test]
fn two_verifiers_that_restart_in_turn_lose_no_request() {
    if !is_installed(nginx()) {
        return;
    }
    let (key, redis) = (key(), Redis::start());
    let (addresses, url) = ([own_address(1), own_address(2)], redis.url());
    let start = |number: usize| -> Running {
        let mut variables = settings(&key.text, "1");
        variables.extend([("LISTEN", addresses[number].as_str()), ("REDIS_URL", &url), ("REDIS_TIMEOUT_MS", "5000")]);
        start_with(&key, &variables)
    };
    let mut verifiers = [0, 1].map(|number| Some(start(number)));
    let nginx = Nginx::start_changed(&addresses[0], |recipe| {
        let second = "# server 127.0.0.1:9001 max_fails=0;";
        assert!(recipe.contains(second));
        with_short_keepalive(&recipe).replace(second, &format!("server {} max_fails=0;", addresses[1]))
    });
    lose_no_request("two in turn", &nginx, |number| {
        let verifier = &mut verifiers[number % 2];
        verifier.take().unwrap().stop();
        *verifier = Some(start(number % 2));
    });
}

#[test]
fn without_a_passed_socket_a_restart_of_the_only_verifier_loses_requests() {
    if !is_installed(nginx()) {
        return;
    }
    let (key, address) = (key(), own_address(3));
    let mut variables = settings(&key.text, "1");
    variables.push(("LISTEN", &address));
    let verifier = start_with(&key, &variables);
    let nginx = Nginx::start(&address);
    let load = Load::start(&nginx.address);
    load.wait_for_requests(200);
    verifier.stop();
    // No connection is accepted now.
    load.wait_for_requests(200);
    let _verifier = start_with(&key, &variables);
    load.wait_for_requests(200);
    let outcomes = load.stop().count;
    assert!(outcomes.contains_key("502") && outcomes.contains_key("302"), "{outcomes:?}");
}

#[test]
fn the_delay_of_the_example_is_longer_than_nginx_keeps_idle_connections() {
    let recipe = deploy("nginx.conf");
    let keepalive = recipe.lines().find_map(|line| line.trim().strip_prefix("keepalive_timeout ")).unwrap();
    let keepalive: u64 = keepalive.strip_suffix("s;").unwrap().parse().unwrap();
    let table: toml::Table = deploy("verifier.toml").parse().unwrap();
    let delay = u64::try_from(table["shutdown"]["delay_s"].as_integer().unwrap()).unwrap();
    assert!(delay > keepalive, "{delay} {keepalive}");
    let unit = deploy("authress-verifier.service");
    let stop = unit.lines().find_map(|line| line.strip_prefix("TimeoutStopSec=")).unwrap().parse::<u64>().unwrap();
    let drain = authress_verifier::ServerLimits::default().drain.as_secs();
    assert!(stop > delay + drain, "systemd kills it after {stop} seconds");
}
