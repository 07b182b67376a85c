//! The command `healthcheck` of the real program, and its use in the container image.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

mod support;

use std::net::TcpListener;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use support::program::{command, start_with};
use support::{key, secret_file};

/// Runs it with these variables and no others, and returns the exit code and what it printed.
fn health_check(variables: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authress-verifier"));
    command.env_clear().envs(variables.iter().copied()).arg("healthcheck").args(arguments);
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
}

/// An address that refuses connections.
fn closed_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn it_asks_the_address_of_the_settings_and_needs_no_access_key() {
    let verifier = start_with(&key(), &[("METRICS_LISTEN", "127.0.0.1:0")]);
    let (public, internal) = (verifier.address.clone(), verifier.metrics_address());
    let public = public.as_str();
    let healthy = |address: &str| (Some(0), format!("http://{address}/healthz responds with 200.\n"));
    assert_eq!(health_check(&[("LISTEN", public)], &[]), healthy(public));
    assert_eq!(
        health_check(&[("LISTEN", &closed_address()), ("METRICS_LISTEN", &internal)], &[]),
        healthy(&internal),
        "the internal listener is preferred"
    );
    let file =
        secret_file("healthcheck", &format!("listen = {public:?}\n[authress]\naccess_key_file = \"/missing\"\n"));
    assert_eq!(health_check(&[], &["--config", file.to_str().unwrap()]), healthy(public));
    std::fs::remove_file(file).unwrap();
    let url = format!("http://{internal}/readyz");
    assert_eq!(health_check(&[], &["--url", &url]), (Some(0), format!("{url} responds with 200.\n")));
    verifier.stop();
    let (code, message) = health_check(&[("LISTEN", public)], &[]);
    assert!(code == Some(1) && message.contains(&format!("NoHealthResponse: no verifier responds at {public}")));
}

#[test]
fn a_verifier_that_is_not_ready_fails_the_check_of_its_readiness_alone() {
    let redis = format!("redis://{}", closed_address());
    let verifier = start_with(&key(), &[("REDIS_URL", &redis), ("REDIS_WHEN_DOWN", "refuse")]);
    let url = format!("http://{}/readyz", verifier.address);
    let (code, message) = health_check(&[], &["--url", &url]);
    assert_eq!(
        (code, message.as_str()),
        (Some(1), &*format!("authress-verifier: NotHealthy: {url} responds with 503 instead of 200\n"))
    );
    assert_eq!(health_check(&[("LISTEN", &verifier.address)], &[]).0, Some(0), "it is alive");
}

#[test]
fn a_server_that_accepts_and_does_not_respond_fails_the_check_within_seconds() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let start = Instant::now();
    let (code, message) = health_check(&[("LISTEN", &silent.local_addr().unwrap().to_string())], &[]);
    assert!(code == Some(1) && message.contains("NoHealthResponse"), "{message}");
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_wrong_command_line_fails_with_the_reason_and_does_not_print_it() {
    for (variables, arguments, code) in [
        (&[][..], &["--url", "https://hunter2/healthz"][..], "InvalidHealthUrl"),
        (&[], &["--url"], "UnexpectedArgument"),
        (&[], &["--check"], "UnexpectedArgument"),
        (&[], &["hunter2"], "UnexpectedArgument"),
        (&[("LISTEN", "127.0.0.1:0")], &[], "NoFixedPort"),
        (&[("LISTEN", "hunter2")], &[], "InvalidSetting: LISTEN"),
    ] {
        let (exit, message) = health_check(variables, arguments);
        assert!(exit == Some(1) && message.contains(code) && !message.contains("hunter2"), "{message}");
    }
    let Output { status, .. } = command(&[]).args(["--config", "file", "healthcheck"]).output().unwrap();
    assert_eq!(status.code(), Some(1), "it is the first argument");
}

#[test]
fn the_health_check_of_the_image_runs_there() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/Containerfile");
    let text = std::fs::read_to_string(path).unwrap().replace("\\\n", " ");
    let instruction = text.lines().find_map(|line| line.strip_prefix("HEALTHCHECK ")).unwrap();
    // As JSON, because the image has no shell.
    let words: Vec<String> = serde_json::from_str(instruction.split_once(" CMD ").unwrap().1).unwrap();
    let entry = text.lines().find_map(|line| line.strip_prefix("ENTRYPOINT ")).unwrap();
    assert_eq!(words[..1], serde_json::from_str::<Vec<String>>(entry).unwrap());
    let listen = text.split_whitespace().find_map(|word| word.strip_prefix("LISTEN=")).unwrap();

    // On the port of the test in place of the image's.
    let verifier = start_with(&key(), &[("LISTEN", "127.0.0.1:0")]);
    let port = verifier.address.rsplit(':').next().unwrap();
    let listen = listen.replace(":9000", &format!(":{port}"));
    assert!(listen.contains(port));
    let mut command = Command::new(env!("CARGO_BIN_EXE_authress-verifier"));
    let Output { status, stdout, .. } = command.env_clear().env("LISTEN", listen).args(&words[1..]).output().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(String::from_utf8(stdout).unwrap().ends_with("/healthz responds with 200.\n"));
}
