//! The real program: start, refusal to start, and stop.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
#![cfg(unix)]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use authress_jws::verify;
use support::{Key, key, query};
use url::Url;

struct Running {
    process: Child,
    address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authress-verifier"));
    command.env_clear().env("LISTEN", "127.0.0.1:0").env("AUTHRESS_API_URL", support::DOMAIN);
    command.envs(variables.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn start(key: &Key) -> Running {
    let mut process = command(&[("AUTHRESS_ACCESS_KEY", &key.text)]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("ready http://").unwrap().to_owned();
    Running { process, address }
}

fn exchange(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    read_all(stream)
}

fn read_all(mut stream: TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

fn login_request() -> String {
    format!("GET /v1/login?{} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n", query(&[]))
}

fn code_in(answer: &str) -> String {
    let location = answer.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
    Url::parse(location).unwrap().query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
}

fn terminate(process: &Child) {
    assert!(Command::new("kill").arg("-TERM").arg(process.id().to_string()).status().unwrap().success());
}

/// Runs a program that is expected to stop by itself and returns what it printed.
fn refuses_to_start(mut command: Command, key: &Key) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(stdout.is_empty(), "nothing is ready");
    let message = String::from_utf8(stderr).unwrap();
    assert!(!message.contains(&key.text[40..60]), "the access key was printed: {message}");
    message
}

#[test]
fn a_good_key_gives_answers() {
    let key = key();
    let verifier = start(&key);
    let answer = exchange(&verifier.address, &login_request());
    assert!(answer.starts_with("HTTP/1.1 302 Found\r\n"), "{answer}");
    assert!(verify(&code_in(&answer), &key.published, Some("oauth-authz-req+jwt")).is_ok());
    let health = exchange(&verifier.address, "GET /healthz HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");
    assert!(health.starts_with("HTTP/1.1 200 OK\r\n"), "{health}");
}

#[test]
fn the_key_can_come_from_a_file_with_a_line_break() {
    let key = key();
    let file = support::secret_file("key", &format!("{}\n", key.text));
    let mut process = command(&[("AUTHRESS_ACCESS_KEY_FILE", file.to_str().unwrap())]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    terminate(&process);
    assert_eq!(process.wait().unwrap().code(), Some(0));
    std::fs::remove_file(file).unwrap();
    assert!(line.starts_with("ready http://127.0.0.1:"), "{line}");
}

#[test]
fn a_head_request_has_no_body_on_the_wire() {
    let verifier = start(&key());
    let answer = exchange(&verifier.address, &login_request().replacen("GET", "HEAD", 1).replace("state=", "x="));
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[test]
fn a_broken_key_stops_it_with_the_wrong_part_and_without_the_key() {
    let key = key();
    let cut = &key.text[..key.text.len() - 4];
    let message = refuses_to_start(command(&[("AUTHRESS_ACCESS_KEY", cut)]), &key);
    assert!(message.contains("AccessKeyPrivateKeyNotEd25519: AUTHRESS_ACCESS_KEY: part 4"), "{message}");
}

#[test]
fn a_missing_key_stops_it_with_the_names_of_the_variables() {
    let message = refuses_to_start(command(&[]), &key());
    assert!(
        message.contains("MissingAccessKey: neither AUTHRESS_ACCESS_KEY nor AUTHRESS_ACCESS_KEY_FILE"),
        "{message}"
    );
}

#[test]
fn the_key_is_not_taken_from_the_command_line_and_not_repeated() {
    let key = key();
    let mut with_argument = command(&[]);
    with_argument.arg(format!("--access-key={}", key.text));
    let message = refuses_to_start(with_argument, &key);
    assert!(message.contains("UnexpectedArgument"), "{message}");
}

#[test]
fn an_occupied_port_stops_it_with_a_sentence() {
    let key = key();
    let verifier = start(&key);
    let second = command(&[("AUTHRESS_ACCESS_KEY", &key.text), ("LISTEN", &verifier.address)]);
    let message = refuses_to_start(second, &key);
    assert!(message.contains("CannotListen") && message.contains("Set LISTEN"), "{message}");
}

#[test]
fn a_request_in_flight_is_answered_after_sigterm() {
    let key = key();
    let mut verifier = start(&key);
    let request = login_request();
    let (first, second) = request.split_at(request.len() / 2);
    let mut stream = TcpStream::connect(&verifier.address).unwrap();
    stream.write_all(first.as_bytes()).unwrap();
    sleep(Duration::from_millis(300));

    terminate(&verifier.process);
    sleep(Duration::from_millis(300));
    assert!(TcpStream::connect(&verifier.address).is_err(), "no new connection is taken");
    assert_eq!(verifier.process.try_wait().unwrap(), None, "it waits for the request");

    stream.write_all(second.as_bytes()).unwrap();
    let answer = read_all(stream);
    assert!(answer.starts_with("HTTP/1.1 302 Found\r\n"), "{answer}");
    assert!(verify(&code_in(&answer), &key.published, None).is_ok());
    assert_eq!(verifier.process.wait().unwrap().code(), Some(0));
}

#[test]
fn an_idle_connection_does_not_delay_the_stop() {
    let mut verifier = start(&key());
    let mut stream = TcpStream::connect(&verifier.address).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n").unwrap();
    let mut status = [0; 15];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200 OK");

    terminate(&verifier.process);
    for _ in 0..50 {
        if let Some(status) = verifier.process.try_wait().unwrap() {
            assert_eq!(status.code(), Some(0));
            return;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("still running after 5 seconds");
}

#[test]
fn nothing_secret_is_logged() {
    let key = key();
    let mut verifier = start(&key);
    let answer = exchange(&verifier.address, &login_request().replace("state=S", "state=secretstate"));
    exchange(&verifier.address, &login_request().replace("client_id=", "client_id=sc_secretclient&y="));
    terminate(&verifier.process);
    assert_eq!(verifier.process.wait().unwrap().code(), Some(0));
    let mut log = String::new();
    verifier.process.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("Answered") && log.contains("ForeignClient"), "{log}");
    let code = code_in(&answer);
    for secret in [&key.text[40..60], "secretstate", "sc_secretclient", "user_", &code[code.len() - 20..]] {
        assert!(!log.contains(secret), "{log}");
    }
}
