//! The real program: start, errors at the start, and shutdown.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(unix)]

mod support;

use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

use authress_jws::verify;
use authress_redis::test_server::eventually;
use support::program::{
    code_in, command, exchange, keep_open, login_request, read_all, start, start_command, start_with,
};
use support::{Key, key};

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n";

/// Runs a program that must fail at the start, and returns its error message.
fn start_error(mut command: Command, key: &Key) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(stdout.is_empty(), "nothing is ready");
    let message = String::from_utf8(stderr).unwrap();
    assert!(!message.contains(&key.text[40..60]), "the access key was printed: {message}");
    message
}

#[test]
fn a_valid_key_answers_logins() {
    let key = key();
    let verifier = start(&key);
    let response = exchange(&verifier.address, &login_request("S", &[]));
    assert!(response.starts_with("HTTP/1.1 302 Found\r\n"), "{response}");
    assert!(verify(&code_in(&response), &key.published, Some("oauth-authz-req+jwt")).is_ok());
    let health = exchange(&verifier.address, "GET /healthz HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");
    assert!(health.starts_with("HTTP/1.1 200 OK\r\n"), "{health}");
}

#[test]
fn the_key_can_come_from_a_file_with_a_line_break() {
    let key = key();
    let file = support::secret_file("key", &format!("{}\n", key.text));
    let verifier = start_command(command(&[("AUTHRESS_ACCESS_KEY_FILE", file.to_str().unwrap())]));
    std::fs::remove_file(file).unwrap();
    let response = verifier.login("S", &[]);
    assert!(verify(&code_in(&response), &key.published, None).is_ok());
    verifier.stop();
}

#[test]
fn each_named_host_gets_its_own_responses_also_without_a_client_id() {
    let key = key();
    let hosts = "https://login.example.com, https://acc-1.login.authress.io";
    let verifier = start_with(&key, &[("AUTHRESS_API_URL", hosts)]);
    for (state, host) in [("1", "https://login.example.com"), ("2", "https://acc-1.login.authress.io")] {
        let path = format!("/v1/login?state={state}&redirect_uri={host}/login");
        let response = verifier.get(&path);
        assert!(response.contains(&format!("\r\nlocation: {host}/login?code=")), "{response}");
        let statement = verify(&code_in(&response), &key.published, None).unwrap();
        assert_eq!(statement.claim_str("iss"), Some(&*format!("{host}/v1/clients/sc_shop")));
        assert_eq!(statement.claim_str("client_id"), Some("sc_shop"));
    }
    let other = verifier.get("/v1/login?state=3&redirect_uri=https://acc-2.login.authress.io/login");
    assert!(other.starts_with("HTTP/1.1 400 ") && other.contains("RedirectUriNotAllowed"), "{other}");
    let log = verifier.stop();
    assert!(log.contains("https://acc-1.login.authress.io/login"), "{log}");
}

#[test]
fn a_host_that_is_named_twice_is_a_start_error() {
    let key = key();
    let hosts = "https://login.example.com https://login.example.com";
    let message = start_error(command(&[("AUTHRESS_ACCESS_KEY", &key.text), ("AUTHRESS_API_URL", hosts)]), &key);
    assert!(message.contains("DuplicateApiUrl: host 2 of AUTHRESS_API_URL"), "{message}");
}

#[test]
fn a_head_request_has_no_body_on_the_wire_and_uses_up_no_state() {
    let verifier = start(&key());
    let response = exchange(&verifier.address, &login_request("S", &[]).replacen("GET", "HEAD", 1));
    assert!(
        response.starts_with("HTTP/1.1 405 Method Not Allowed\r\n") && response.ends_with("\r\n\r\n"),
        "{response}"
    );
    assert!(verifier.login("S", &[]).starts_with("HTTP/1.1 302 Found\r\n"));
}

#[test]
fn an_invalid_key_is_a_start_error_that_names_the_part_and_not_the_key() {
    let key = key();
    let cut = &key.text[..key.text.len() - 4];
    let message = start_error(command(&[("AUTHRESS_ACCESS_KEY", cut)]), &key);
    assert!(message.contains("AccessKeyPrivateKeyNotEd25519: AUTHRESS_ACCESS_KEY: part 4"), "{message}");
}

#[test]
fn a_missing_key_is_a_start_error_that_names_the_variables() {
    let message = start_error(command(&[]), &key());
    assert!(
        message.contains("MissingAccessKey: neither AUTHRESS_ACCESS_KEY nor AUTHRESS_ACCESS_KEY_FILE"),
        "{message}"
    );
}

#[test]
fn a_key_on_the_command_line_is_a_start_error_and_not_printed() {
    let key = key();
    let mut with_argument = command(&[]);
    with_argument.arg(format!("--access-key={}", key.text));
    let message = start_error(with_argument, &key);
    assert!(message.contains("UnexpectedArgument"), "{message}");
}

#[test]
fn an_occupied_port_is_a_start_error_with_advice() {
    let key = key();
    let verifier = start(&key);
    let second = command(&[("AUTHRESS_ACCESS_KEY", &key.text), ("LISTEN", &verifier.address)]);
    let message = start_error(second, &key);
    assert!(message.contains("CannotListen") && message.contains("Set LISTEN"), "{message}");
}

#[test]
fn a_request_in_flight_is_answered_after_sigterm() {
    let key = key();
    let mut verifier = start(&key);
    let request = login_request("S", &[]);
    let (first, second) = request.split_at(request.len() / 2);
    let mut stream = TcpStream::connect(&verifier.address).unwrap();
    stream.write_all(first.as_bytes()).unwrap();
    sleep(Duration::from_millis(300));

    verifier.signal("TERM");
    eventually("no new connection is accepted", || TcpStream::connect(&verifier.address).is_err());
    assert_eq!(verifier.process.try_wait().unwrap(), None, "it waits for the request in flight");

    stream.write_all(second.as_bytes()).unwrap();
    let response = read_all(stream);
    assert!(response.starts_with("HTTP/1.1 302 Found\r\n"), "{response}");
    assert!(verify(&code_in(&response), &key.published, None).is_ok());
    assert_eq!(verifier.process.wait().unwrap().code(), Some(0));
}

#[test]
fn the_first_request_of_a_new_connection_is_answered_after_sigterm() {
    let mut verifier = start(&key());
    let mut stream = TcpStream::connect(&verifier.address).unwrap();
    let silent = TcpStream::connect(&verifier.address).unwrap();
    sleep(Duration::from_millis(300));
    verifier.signal("TERM");
    eventually("no new connection is accepted", || TcpStream::connect(&verifier.address).is_err());
    sleep(Duration::from_millis(100));
    stream.write_all(login_request("S", &[]).replace("Connection: close\r\n", "").as_bytes()).unwrap();
    let response = read_all(stream);
    assert!(response.starts_with("HTTP/1.1 302 Found\r\n"), "{response}");
    // One that brings nothing does not keep the process for the drain time, nor for the time of a request head.
    let start = Instant::now();
    assert_eq!(verifier.process.wait().unwrap().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    drop(silent);
}

#[test]
fn a_request_whose_head_has_begun_on_a_kept_connection_gets_its_response_after_sigterm() {
    let mut verifier = start_with(&key(), &[("SHUTDOWN_DRAIN_S", "300"), ("SERVER_HEADER_TIMEOUT_S", "120")]);
    let request = login_request("second", &[]).replace("Connection: close\r\n", "");
    let (first, second) = request.split_at(request.len() / 2);
    let [mut finished, unfinished] = ["a", "b"].map(|state| {
        let (mut kept, _) = keep_open(&verifier.address, &login_request(state, &[]));
        kept.write_all(first.as_bytes()).unwrap();
        kept
    });
    let mut first_of_its_connection = TcpStream::connect(&verifier.address).unwrap();
    first_of_its_connection.write_all(first.as_bytes()).unwrap();
    sleep(Duration::from_millis(300));
    verifier.signal("TERM");
    eventually("no new connection is accepted", || TcpStream::connect(&verifier.address).is_err());
    finished.write_all(second.as_bytes()).unwrap();
    let response = read_all(finished);
    assert!(response.starts_with("HTTP/1.1 302 Found\r\n"), "{response}");
    assert!(response.contains("\r\nconnection: close\r\n"), "{response}");
    // A head that does not arrive keeps the process neither for the drain time nor for the time of a request head.
    let start = Instant::now();
    assert_eq!(verifier.process.wait().unwrap().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    drop((unfinished, first_of_its_connection));
}

#[test]
fn connections_that_wait_for_a_free_one_get_their_responses_after_sigterm_and_silent_ones_are_closed() {
    let limits = [
        ("SERVER_CONNECTIONS", "1"),
        ("SHUTDOWN_DRAIN_S", "300"),
        ("SERVER_HEADER_TIMEOUT_S", "120"),
        ("SERVER_IDLE_TIMEOUT_S", "120"),
    ];
    let mut verifier = start_with(&key(), &limits);
    let (_only_one, _) = keep_open(&verifier.address, HEALTH);
    let silent = TcpStream::connect(&verifier.address).unwrap();
    let waiting: Vec<TcpStream> = (0..100)
        .map(|_| {
            let mut stream = TcpStream::connect(&verifier.address).unwrap();
            stream.write_all(HEALTH.as_bytes()).unwrap();
            stream
        })
        .collect();
    sleep(Duration::from_millis(300));
    verifier.signal("TERM");
    for stream in waiting {
        let response = read_all(stream);
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    }
    let start = Instant::now();
    assert_eq!(verifier.process.wait().unwrap().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    drop(silent);
}

#[test]
fn during_the_shutdown_delay_every_response_ends_its_connection_and_new_ones_are_accepted() {
    let verifier = start_with(&key(), &[("SHUTDOWN_DELAY_S", "3600")]);
    let request = login_request("kept", &[]).replace("Connection: close\r\n", "");
    let (mut kept, head) = keep_open(&verifier.address, &request);
    assert!(!head.contains("connection: close"));
    verifier.signal("TERM");
    eventually("it is stopping", || verifier.get("/readyz").starts_with("HTTP/1.1 503 "));

    kept.write_all(request.replace("kept", "kept-again").as_bytes()).unwrap();
    for response in [read_all(kept), exchange(&verifier.address, &request.replace("kept", "new"))] {
        assert!(response.starts_with("HTTP/1.1 302 Found\r\n"), "{response}");
        assert!(response.contains("\r\nconnection: close\r\n"), "{response}");
    }
}

#[test]
fn an_idle_connection_does_not_delay_the_shutdown() {
    let mut verifier = start_with(&key(), &[("SHUTDOWN_DRAIN_S", "300")]);
    let (_idle, head) = keep_open(&verifier.address, HEALTH);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");

    verifier.signal("TERM");
    for _ in 0..600 {
        if let Some(status) = verifier.process.try_wait().unwrap() {
            assert_eq!(status.code(), Some(0));
            return;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("still running after a minute");
}

#[test]
fn an_incomplete_request_delays_the_shutdown_by_the_drain_time_at_most() {
    let mut verifier = start_with(&key(), &[("SHUTDOWN_DRAIN_S", "1"), ("SERVER_HEADER_TIMEOUT_S", "120")]);
    let mut stream = TcpStream::connect(&verifier.address).unwrap();
    stream.write_all(b"GET /v1/login?st").unwrap();
    sleep(Duration::from_millis(300));
    let start = Instant::now();
    verifier.signal("TERM");
    assert_eq!(verifier.process.wait().unwrap().code(), Some(0));
    let time = start.elapsed();
    assert!((Duration::from_millis(900)..Duration::from_secs(100)).contains(&time), "{time:?}");
}

#[test]
fn new_connections_do_not_prevent_the_shutdown() {
    let mut verifier = start_with(&key(), &[("LOG_LEVEL", "error"), ("SHUTDOWN_DRAIN_S", "1")]);
    let address = verifier.address.clone();
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    drop(TcpStream::connect(&address));
                }
            });
        }
        sleep(Duration::from_millis(300));
        verifier.signal("TERM");
        let start = Instant::now();
        let mut ended = None;
        while ended.is_none() && start.elapsed() < Duration::from_secs(120) {
            sleep(Duration::from_millis(50));
            ended = verifier.process.try_wait().unwrap();
        }
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(ended.and_then(|status| status.code()), Some(0));
    });
}

#[test]
fn secrets_and_personal_data_are_not_logged() {
    let key = key();
    let verifier = start(&key);
    let response = verifier.login("secretstate", &["User-Agent: secretagent", "X-Forwarded-For: 203.0.113.77"]);
    exchange(&verifier.address, &login_request("S", &[]).replace("client_id=", "client_id=sc_secretclient&y="));
    let log = verifier.stop();
    assert!(log.contains("Answered") && log.contains("ForeignClient"), "{log}");
    let code = code_in(&response);
    for secret in [
        &key.text[40..60],
        "secretstate",
        "sc_secretclient",
        "user_",
        "secretagent",
        "203.0.113.77",
        "127.0.0.1:",
        &code[code.len() - 20..],
    ] {
        assert!(!log.contains(secret), "{log}");
    }
}
