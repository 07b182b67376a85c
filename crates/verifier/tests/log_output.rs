//! A log that cannot be written or is not read does not stop the program.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

mod support;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::key;
use support::program::{Running, command, exchange, start_command, status_of};

/// Starts the program with these variables and this standard error.
fn start(stderr: impl Into<Stdio>, more: &[(&str, &str)]) -> Running {
    let key = key();
    let mut variables = vec![
        ("AUTHRESS_ACCESS_KEY", key.text.as_str()),
        ("METRICS_LISTEN", "127.0.0.1:0"),
        ("RATE_LIMIT_CLIENT_BURST", "100000"),
        ("RATE_LIMIT_GLOBAL_BURST", "100000"),
    ];
    variables.extend_from_slice(more);
    let mut command = command(&variables);
    command.stderr(stderr);
    start_command(command)
}

fn assert_answers(verifier: &Running, logins: std::ops::Range<u32>) {
    for number in logins {
        assert_eq!(status_of(&verifier.login(&format!("s{number}"), &[])), 302, "login {number}");
    }
    assert_eq!(status_of(&verifier.get("/healthz")), 200);
}

fn dropped_lines(verifier: &Running) -> u64 {
    let request = "GET /metrics HTTP/1.1\r\nHost: internal\r\nConnection: close\r\n\r\n";
    let text = exchange(&verifier.metrics_address(), request);
    let name = "authress_verifier_log_lines_dropped_total ";
    text.lines().find_map(|line| line.strip_prefix(name)).unwrap().parse().unwrap()
}

/// Asserts that the program exits with code 0 on SIGTERM, although the log is not written.
fn assert_exits(mut verifier: Running) {
    verifier.signal("TERM");
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(30) {
        if let Some(status) = verifier.process.try_wait().unwrap() {
            assert_eq!(status.code(), Some(0));
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("still running after 30 seconds");
}

#[test]
fn a_closed_pipe_drops_log_lines_only() {
    for threads in ["1", "2"] {
        let mut reader = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let verifier = start(reader.stdin.take().unwrap(), &[("TOKIO_WORKER_THREADS", threads)]);
        assert_answers(&verifier, 0..3);
        reader.kill().unwrap();
        reader.wait().unwrap();
        assert_answers(&verifier, 3..23);
        authress_redis::test_server::eventually("dropped lines are counted", || dropped_lines(&verifier) >= 10);
        assert_exits(verifier);
    }
}

#[test]
fn a_full_disk_drops_log_lines_only() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let verifier = start(full, &[]);
    assert_answers(&verifier, 0..20);
    authress_redis::test_server::eventually("dropped lines are counted", || dropped_lines(&verifier) >= 10);
    assert_exits(verifier);
}

#[test]
fn a_closed_standard_error_drops_log_lines_only() {
    // The shell closes it before the program starts.
    let key = key();
    let mut program = Command::new("sh");
    program.args(["-c", "exec \"$0\" 2>&-", env!("CARGO_BIN_EXE_authress-verifier")]).env_clear();
    program.env("LISTEN", "127.0.0.1:0").env("AUTHRESS_API_URL", support::DOMAIN).env("AUTHRESS_ACCESS_KEY", key.text);
    let verifier = start_command({
        program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        program
    });
    assert_answers(&verifier, 0..20);
    assert_exits(verifier);
}

#[test]
fn a_log_that_is_not_read_blocks_neither_logins_nor_health_checks_nor_signals() {
    for threads in ["1", "2"] {
        let verifier = start(Stdio::piped(), &[("TOKIO_WORKER_THREADS", threads)]);
        // Some hundred lines fill a pipe.
        assert_answers(&verifier, 0..1500);
        assert_exits(verifier);
    }
}

#[test]
fn a_log_that_is_read_late_is_complete() {
    let mut verifier = start(Stdio::piped(), &[("LOG_FORMAT", "json")]);
    assert_answers(&verifier, 0..1500);
    let log = BufReader::new(verifier.process.stderr.take().unwrap());
    let reader =
        std::thread::spawn(move || log.lines().filter(|line| line.as_ref().unwrap().contains("\"Answered\"")).count());
    verifier.signal("TERM");
    assert_eq!(verifier.process.wait().unwrap().code(), Some(0));
    assert_eq!(reader.join().unwrap(), 1500);
}
