//! Conditions that must not stop the program: clients that occupy every connection, too few open files, a key file that
//! is a pipe.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use authress_jws::verify;
use authress_redis::test_server::eventually;
use support::program::{Running, code_in, command, exchange, start_command, start_with, status_of};
use support::{DOMAIN, key};

/// Sends a request to the internal listener.
fn internal(verifier: &Running, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: internal\r\nConnection: close\r\n\r\n");
    exchange(&verifier.metrics_address(), &request)
}

fn metric(verifier: &Running, name: &str) -> i64 {
    let text = internal(verifier, "/metrics");
    let prefix = format!("authress_verifier_{name} ");
    text.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_else(|| panic!("{text}")).parse().unwrap()
}

/// Opens connections with one response and an incomplete second request.
fn hold(verifier: &Running, count: usize) -> Vec<TcpStream> {
    let connect = || {
        let mut stream = TcpStream::connect(&verifier.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n").unwrap();
        let mut status = [0; 15];
        stream.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 200 OK");
        stream.write_all(b"GET /healthz HTTP/1.1\r\n").unwrap();
        stream
    };
    (0..count).map(|_| connect()).collect()
}

const PATIENT: [(&str, &str); 2] = [("METRICS_LISTEN", "127.0.0.1:0"), ("SERVER_HEADER_TIMEOUT_S", "3600")];

#[test]
fn health_checks_work_while_clients_occupy_every_connection_and_the_log_has_one_warning() {
    let verifier = start_with(&key(), &[PATIENT[0], PATIENT[1], ("SERVER_CONNECTIONS", "4")]);
    assert_eq!((metric(&verifier, "connections_open"), metric(&verifier, "connections_limit")), (0, 4));
    let held = hold(&verifier, 4);
    let waiting: Vec<TcpStream> = (0..8).map(|_| TcpStream::connect(&verifier.address).unwrap()).collect();
    for _ in 0..5 {
        assert!(internal(&verifier, "/healthz").ends_with("\r\n\r\nok\n"));
        assert!(internal(&verifier, "/readyz").ends_with("\r\n\r\nready\n"));
        assert_eq!(metric(&verifier, "connections_open"), 4);
    }
    assert_eq!(status_of(&internal(&verifier, "/v1/login")), 404, "no logins there");
    drop(held);
    drop(waiting);
    assert_eq!(status_of(&verifier.login("a", &[])), 302);
    eventually("all are closed", || metric(&verifier, "connections_open") == 0);
    let log = verifier.stop();
    assert_eq!(log.matches("all connections are in use").count(), 1, "{log}");
}

/// Starts the program under limits that the shell sets.
fn start_under(limits: &str, more: &[(&str, &str)]) -> Running {
    let mut program = Command::new("sh");
    program.arg("-c").arg(format!("{limits} && exec \"$0\"")).arg(env!("CARGO_BIN_EXE_authress-verifier"));
    program
        .env_clear()
        .env("LISTEN", "127.0.0.1:0")
        .env("AUTHRESS_API_URL", DOMAIN)
        .env("AUTHRESS_ACCESS_KEY", key().text);
    program.envs(more.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    start_command(program)
}

#[test]
fn too_few_open_files_are_logged_at_the_start_and_once_when_they_run_out() {
    let verifier = start_under("ulimit -n 40", &PATIENT);
    // More connections than open files; the rest waits in the operating system.
    let mut held: Vec<TcpStream> = (0..60).map(|_| TcpStream::connect(&verifier.address).unwrap()).collect();
    for stream in &mut held {
        stream.write_all(b"GET /healthz HTTP/1.1\r\n").unwrap();
    }
    std::thread::sleep(Duration::from_secs(2));
    drop(held);
    assert_eq!(status_of(&verifier.login("a", &[])), 302);
    let log = verifier.stop();
    assert!(log.contains("the limit of open files is too low for server.connections"), "{log}");
    assert!(log.contains("EMFILE") && log.contains("LimitNOFILE"), "{log}");
    assert_eq!(log.matches("cannot accept connections").count(), 1, "{log}");
}

#[test]
fn the_soft_limit_of_open_files_is_raised() {
    let verifier = start_under("ulimit -S -n 40", &PATIENT);
    let held = hold(&verifier, 100);
    assert_eq!(metric(&verifier, "connections_open"), 100);
    drop(held);
    let log = verifier.stop();
    assert!(!log.contains("EMFILE") && !log.contains("limit of open files"), "{log}");
}

/// Writes into a pipe. Blocks until a reader opens it.
fn write_into(pipe: &Path, text: &str) {
    std::fs::File::options().write(true).open(pipe).unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn a_key_file_that_is_a_pipe_blocks_neither_health_checks_nor_logins_nor_the_shutdown() {
    let (first, second) = (key(), key());
    let second_text = second.text.replacen(".k1.", ".k2.", 1);
    let pipe = std::env::temp_dir().join(format!("authress-verifier-pipe-{}", std::process::id()));
    let _ = std::fs::remove_file(&pipe);
    assert!(Command::new("mkfifo").args(["-m", "600"]).arg(&pipe).status().unwrap().success());
    let writer = std::thread::spawn({
        let (pipe, text) = (pipe.clone(), first.text.clone());
        move || write_into(&pipe, &text)
    });
    let variables = [("AUTHRESS_ACCESS_KEY_FILE", pipe.to_str().unwrap()), ("TOKIO_WORKER_THREADS", "1")];
    let mut verifier = start_command(command(&variables));
    writer.join().unwrap();

    // Nothing is written into the pipe, so its reader blocks.
    verifier.signal("HUP");
    for number in 0..10 {
        assert_eq!(status_of(&verifier.get("/healthz")), 200);
        assert!(verify(&code_in(&verifier.login(&format!("a{number}"), &[])), &first.published, None).is_ok());
    }
    write_into(&pipe, &second_text);
    let mut number = 0;
    eventually("the other key signs", || {
        number += 1;
        verify(&code_in(&verifier.login(&format!("b{number}"), &[])), &first.published, None).is_err()
    });

    verifier.signal("HUP");
    assert_eq!(status_of(&verifier.get("/healthz")), 200);
    verifier.signal("TERM");
    eventually("it ends", || verifier.process.try_wait().unwrap().is_some_and(|status| status.code() == Some(0)));
    std::fs::remove_file(&pipe).unwrap();
}
