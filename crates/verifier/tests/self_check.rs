//! `--check` of the real program, with a real Redis and an HTTP server in place of the Authress domain.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(unix)]

mod support;

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::TcpListener;
use std::process::Output;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use authress_redis::test_server::Redis;
use support::key;
use support::program::command;

/// Answers one request with these additional header lines. Returns its origin, and its thread, which returns the head
/// of the request.
fn domain(lines: String) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let head: Vec<String> = BufReader::new(stream.try_clone().unwrap())
            .lines()
            .map(|line| line.unwrap())
            .take_while(|line| !line.is_empty())
            .collect();
        let response = format!("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n{lines}\r\n");
        stream.write_all(response.as_bytes()).unwrap();
        head.join("\n")
    });
    (origin, thread)
}

fn date(time: SystemTime) -> String {
    format!("Date: {}\r\n", httpdate::fmt_http_date(time))
}

/// Returns the exit code, the report and the message.
fn check(origin: &str, more: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let key = key();
    let mut command = command(&[("AUTHRESS_ACCESS_KEY", &key.text), ("AUTHRESS_API_URL", origin)]);
    let Output { status, stdout, stderr } = command.envs(more.iter().copied()).arg("--check").output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn with_everything_in_order_each_check_has_its_line() {
    let redis = Redis::start();
    let (origin, request) = domain(date(SystemTime::now()));
    // It sends nothing to the verifier's own address.
    let own = TcpListener::bind("127.0.0.1:0").unwrap();
    own.set_nonblocking(true).unwrap();
    let (code, report, message) = check(
        &origin,
        &[
            ("REDIS_URL", &redis.url()),
            ("REDIS_PREFIX", "shop"),
            ("REDIS_TIMEOUT_MS", "5000"),
            ("CLIENT_ADDRESS_TRUSTED_HOPS", "1"),
            ("LISTEN", &own.local_addr().unwrap().to_string()),
        ],
    );
    assert_eq!((code, message.as_str()), (Some(0), ""), "{report}");
    let lines: Vec<&str> = report.lines().filter(|line| line.starts_with("# ok: ")).collect();
    assert_eq!(lines[0], "# ok: key: the access key k1 signs a user id");
    assert_eq!(lines[1], format!("# ok: clock: the same as at {origin}"));
    assert!(
        lines[2].starts_with("# ok: redis: Redis is available; keys begin with {shop}; a command took "),
        "{report}"
    );
    assert!(lines[3].starts_with("# ok: proxies: 1 of your own "), "{report}");
    assert!(report.contains("# skipped: public address: "), "{report}");
    assert!(!report.contains("failed"), "{report}");
    assert_eq!(own.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    let request = request.join().unwrap();
    assert!(request.starts_with("HEAD / HTTP/1.1\n") && !request.contains("k1"), "{request}");
    // What it wrote expires at once.
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(redis.run::<Vec<String>>(&["KEYS", "*"]).unwrap(), Vec::<String>::new());
}

#[test]
fn a_wrong_clock_fails() {
    let (origin, _) = domain(date(SystemTime::now() + Duration::from_secs(600)));
    let (code, report, message) = check(&origin, &[]);
    assert_eq!(code, Some(1));
    let line = report.lines().find(|line| line.starts_with("# failed: clock: ")).unwrap();
    assert!(line.contains(&format!("s behind {origin}. ")) && line.contains("NTP"), "{line}");
    assert_eq!(message, "authress-verifier: CheckFailed: clock. The report has the reason and what to do\n");
}

#[test]
fn without_a_date_the_clock_is_skipped_and_the_check_passes() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let long_ago = date(SystemTime::now() - Duration::from_secs(86_400));
    for (origin, reason) in [
        (format!("http://{closed}"), "no connection, or no response in time"),
        (domain(String::new()).0, "the response has no date"),
        (domain("Date: yesterday\r\n".to_owned()).0, "the response has no date"),
        (domain(format!("{long_ago}Age: 86400\r\n")).0, "the response is from a cache"),
    ] {
        let (code, report, _) = check(&origin, &[]);
        let line = format!("# skipped: clock: {origin} was not asked for its time: {reason}. ");
        assert!(code == Some(0) && report.contains(&line), "{line}\n{report}");
        assert!(report.contains("# skipped: redis: none is configured"), "{report}");
        assert!(report.contains("# warning: proxies: CLIENT_ADDRESS_TRUSTED_HOPS is 0"), "{report}");
    }
}

#[test]
fn an_unusable_redis_and_a_foreign_host_of_the_human_check_fail_together() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (origin, _) = domain(date(SystemTime::now()));
    let (code, report, message) = check(
        &origin,
        &[
            ("REDIS_URL", &format!("redis://:hunter2@{closed}")),
            ("HUMAN_CHECK_KIND", "turnstile"),
            ("HUMAN_CHECK_SITE_KEY", "site"),
            ("HUMAN_CHECK_SECRET", "hunter2"),
            ("HUMAN_CHECK_HOSTNAME", "127.0.0.1"),
        ],
    );
    assert_eq!(code, Some(1), "{report}{message}");
    assert!(report.contains("# failed: redis: RedisUnusable: ConnectionRefused: "), "{report}");
    assert!(report.contains("# failed: public address: HUMAN_CHECK_HOSTNAME is the Authress domain"), "{report}");
    assert!(message.contains("CheckFailed: redis, public address. "), "{message}");
    assert!(!report.contains("hunter2") && !message.contains("hunter2"));
}
