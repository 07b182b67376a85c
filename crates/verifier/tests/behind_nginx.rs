//! The recipe for nginx in `deploy/`, run by nginx.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

mod support;

use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use authress_redis::test_server::eventually;
use support::deploy::{deploy, is_installed};
use support::key;
use support::nginx::{Nginx, nginx};
use support::program::{exchange, login_request, start_with, status_of};

#[test]
fn behind_nginx_each_shopper_is_a_separate_client_and_only_logins_are_public() {
    if !is_installed(nginx()) {
        return;
    }
    let limits =
        [("CLIENT_ADDRESS_TRUSTED_HOPS", "1"), ("RATE_LIMIT_CLIENT_BURST", "2"), ("RATE_LIMIT_CLIENT_PER_MINUTE", "1")];
    let verifier = start_with(&key(), &limits);
    let nginx = Nginx::start(&verifier.address);
    let mut statuses = Vec::new();
    for number in 0..3 {
        // A forged entry does not count, because nginx appends the peer address.
        let line = format!("X-Forwarded-For: 203.0.113.{number}");
        let request = login_request(&format!("state-{number}"), &[&line]);
        statuses.push(status_of(&exchange(&nginx.address, &request)));
    }
    assert_eq!(statuses, [302, 302, 429]);
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");
    for path in ["/healthz", "/readyz", "/metrics", "/", "/v1/login/"] {
        assert_eq!(status_of(&exchange(&nginx.address, &get(path))), 404, "{path}");
    }
}

/// A relay between nginx and the verifier that records which of them closed each connection.
struct Relay {
    address: String,
    /// One entry for each closed connection: whether nginx closed it first.
    closed_by_nginx: Arc<Mutex<Vec<bool>>>,
    opened: Arc<AtomicUsize>,
}

impl Relay {
    /// Starts the relay. Its threads end with their connections, the accepting one with the process.
    fn start(verifier: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Self {
            address: listener.local_addr().unwrap().to_string(),
            closed_by_nginx: Arc::default(),
            opened: Arc::default(),
        };
        let (ends, opened, verifier) =
            (Arc::clone(&relay.closed_by_nginx), Arc::clone(&relay.opened), verifier.to_owned());
        std::thread::spawn(move || {
            for nginx in listener.incoming() {
                let nginx = nginx.unwrap();
                opened.fetch_add(1, Ordering::SeqCst);
                let verifier = TcpStream::connect(&verifier).unwrap();
                let first: Arc<Mutex<Option<bool>>> = Arc::default();
                let directions =
                    [(nginx.try_clone().unwrap(), verifier.try_clone().unwrap(), true), (verifier, nginx, false)];
                let threads = directions.map(|(mut from, mut to, is_nginx)| {
                    let first = Arc::clone(&first);
                    std::thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        first.lock().unwrap().get_or_insert(is_nginx);
                        let _ = to.shutdown(Shutdown::Write);
                    })
                });
                let ends = Arc::clone(&ends);
                std::thread::spawn(move || {
                    for thread in threads {
                        thread.join().unwrap();
                    }
                    ends.lock().unwrap().push(first.lock().unwrap().unwrap());
                });
            }
        });
        relay
    }
}

/// Sends logins of `clients` concurrently and returns the statuses of their responses.
fn logins_at_once(address: &str, clients: usize, round: usize) -> Vec<u16> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|client| {
                scope.spawn(move || status_of(&exchange(address, &login_request(&format!("r{round}c{client}"), &[]))))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

const MANY: [(&str, &str); 4] = [
    ("CLIENT_ADDRESS_TRUSTED_HOPS", "1"),
    ("RATE_LIMIT_CLIENT_BURST", "1000"),
    ("LOG_LEVEL", "error"),
    // Longer than the default, so that a slow machine does not fail the test.
    ("SERVER_IDLE_TIMEOUT_S", "8"),
];

#[test]
fn the_keepalive_timeout_of_nginx_is_less_than_the_default_idle_timeout() {
    let recipe = deploy("nginx.conf");
    let timeouts: Vec<u64> = recipe
        .lines()
        .filter_map(|line| line.trim().strip_prefix("keepalive_timeout ")?.strip_suffix("s;")?.parse().ok())
        .collect();
    let [timeout] = timeouts[..] else { panic!("one, in seconds: {timeouts:?}") };
    assert!(Duration::from_secs(timeout) < authress_verifier::ServerLimits::default().idle_timeout);
}

#[test]
fn nginx_closes_idle_connections_before_the_verifier() {
    if !is_installed(nginx()) {
        return;
    }
    let verifier = start_with(&key(), &MANY);
    let relay = Relay::start(&verifier.address);
    let nginx = Nginx::start(&relay.address);
    assert_eq!(logins_at_once(&nginx.address, 12, 0), [302; 12]);
    let ended = || relay.closed_by_nginx.lock().unwrap().clone();
    eventually("every connection to the verifier has ended", || ended().len() == relay.opened.load(Ordering::SeqCst));
    assert!(!ended().is_empty() && ended().iter().all(|by_nginx| *by_nginx), "closed by nginx: {:?}", ended());
}

#[test]
fn under_load_nginx_has_no_502() {
    if !is_installed(nginx()) {
        return;
    }
    let verifier = start_with(&key(), &MANY);
    let nginx = Nginx::start(&verifier.address);
    // Around the times at which either side closes idle connections.
    for (round, pause_ms) in [0, 3996, 4004, 7996, 0, 0].into_iter().enumerate() {
        std::thread::sleep(Duration::from_millis(pause_ms));
        assert_eq!(logins_at_once(&nginx.address, 18, round), [302; 18], "after {pause_ms} ms");
    }
}

#[test]
fn the_log_files_of_nginx_do_not_contain_the_state_of_a_login() {
    if !is_installed(nginx()) {
        return;
    }
    let verifier = start_with(&key(), &MANY);
    let nginx = Nginx::start(&verifier.address);
    assert_eq!(status_of(&exchange(&nginx.address, &login_request("secretstate", &[]))), 302);
    verifier.stop();
    assert_eq!(status_of(&exchange(&nginx.address, &login_request("secretstate", &[]))), 502);
    let long = "POST /v1/login?state=secretstate HTTP/1.1\r\nHost: shop\r\nContent-Length: 99999\r\n\r\n";
    assert_eq!(status_of(&exchange(&nginx.address, long)), 413);
    let mut logged = String::new();
    eventually("the access log has the requests", || {
        logged = nginx.folder.logs();
        logged.matches("/v1/login").count() >= 3
    });
    assert!(!logged.contains("secretstate"), "{logged}");
    assert!(logged.contains(" 502 "), "it contains the status of the upstream: {logged}");
}
