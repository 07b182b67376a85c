//! Clients that send too much, too slowly, or from too many addresses; against the real program.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use support::program::{exchange, login_request, read_all, start_with, status_of};
use support::{key, query};

#[test]
fn a_client_that_sends_its_request_slowly_is_cut_off_and_others_are_answered() {
    let verifier = start_with(&key(), &[("SERVER_HEADER_TIMEOUT_S", "1")]);
    let mut slow: Vec<TcpStream> = (0..50).map(|_| TcpStream::connect(&verifier.address).unwrap()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /v1/login?state=").unwrap();
    }
    assert_eq!(status_of(&verifier.login("a", &[])), 302);
    for mut stream in slow {
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        let mut rest = Vec::new();
        // The end of the connection: with an answer 408, without one, or reset. A time-out is none of them.
        match stream.read_to_end(&mut rest) {
            Ok(_) => assert!(!String::from_utf8_lossy(&rest).contains(" 302 ")),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
        }
    }
}

#[test]
fn slow_clients_that_take_every_connection_do_not_keep_them() {
    let verifier = start_with(&key(), &[("SERVER_HEADER_TIMEOUT_S", "1"), ("SERVER_CONNECTIONS", "4")]);
    let slow: Vec<TcpStream> = (0..8).map(|_| TcpStream::connect(&verifier.address).unwrap()).collect();
    assert_eq!(status_of(&verifier.login("a", &[])), 302, "after they were cut off");
    drop(slow);
}

#[test]
fn a_connection_on_which_nothing_more_is_asked_is_closed() {
    let verifier = start_with(&key(), &[("SERVER_IDLE_TIMEOUT_S", "1")]);
    let mut stream = TcpStream::connect(&verifier.address).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n").unwrap();
    // To the end of the connection, which the client does not ask for.
    let answer = read_all(stream);
    assert_eq!(status_of(&answer), 200);
}

#[test]
fn an_idle_connection_is_kept_for_longer_than_a_slow_head() {
    let verifier = start_with(&key(), &[("SERVER_HEADER_TIMEOUT_S", "1"), ("SERVER_IDLE_TIMEOUT_S", "60")]);
    let mut stream = TcpStream::connect(&verifier.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    let mut ask = || {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        let mut buffer = [0; 4096];
        while !answer.ends_with(b"ok\n") {
            let count = stream.read(&mut buffer).unwrap();
            assert_ne!(count, 0, "the connection ended: {}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&buffer[..count]);
        }
    };
    ask();
    std::thread::sleep(Duration::from_millis(2500));
    ask();
    // And a head that begins after that has its own time again.
    stream.write_all(b"GET /healthz HTT").unwrap();
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => assert!(!String::from_utf8_lossy(&rest).contains(" 200 ")),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
    }
}

#[test]
fn clients_that_ask_and_never_read_do_not_keep_their_connections() {
    let limits = [("SERVER_REQUEST_TIMEOUT_S", "1"), ("SERVER_CONNECTIONS", "2"), ("LOG_LEVEL", "error")];
    let verifier = start_with(&key(), &limits);
    let requests = "GET /elsewhere HTTP/1.1\r\nHost: shop\r\n\r\n".repeat(1000);
    let deaf: Vec<TcpStream> = (0..2)
        .map(|_| {
            let mut stream = TcpStream::connect(&verifier.address).unwrap();
            stream.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
            // Until both directions are full of what nobody takes.
            let blocked = (0..10_000).find_map(|_| stream.write_all(requests.as_bytes()).err());
            assert!(blocked.is_some(), "it takes requests without end");
            stream
        })
        .collect();
    assert_eq!(status_of(&verifier.login("a", &[])), 302, "after they were cut off");
    drop(deaf);
}

#[test]
fn heads_that_are_too_long_or_have_too_many_lines_are_refused() {
    let verifier = start_with(&key(), &[]);
    let long = format!("X-Padding: {}", "x".repeat(64 * 1024));
    let many: Vec<String> = (0..150).map(|number| format!("X-{number}: x")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for lines in [&[long.as_str()][..], &many] {
        let mut stream = TcpStream::connect(&verifier.address).unwrap();
        // It may be refused before all of it is written.
        let _ = stream.write_all(login_request("a", lines).as_bytes());
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || status_of(&answer) == 431, "{answer}");
    }
    assert_eq!(status_of(&verifier.login("a", &[])), 302);
}

#[test]
fn bodies_are_not_read() {
    let verifier = start_with(&key(), &[]);
    let request = format!(
        "GET /v1/login?{} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Length: 1000000000\r\n\r\n",
        query(&[])
    );
    assert_eq!(status_of(&exchange(&verifier.address, &request)), 413);
}

#[test]
fn requests_that_two_servers_could_read_differently_are_refused() {
    let verifier = start_with(&key(), &[]);
    for lines in [
        "Content-Length: 4\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\nTransfer-Encoding: x\r\n",
        "Bad Name: x\r\n",
        "X: a\0b\r\n",
    ] {
        let request = format!("GET /v1/login?{} HTTP/1.1\r\nHost: shop\r\n{lines}\r\n", query(&[]));
        let answer = exchange(&verifier.address, &request);
        assert!(answer.starts_with("HTTP/1.1 400"), "{lines:?}: {answer}");
    }
}

#[test]
fn timed_out() {
    let verifier = start_with(&key(), &[("SERVER_REQUEST_TIMEOUT_S", "1"), ("HUMAN_CHECK_KIND", "proof-of-work")]);
    let request = format!(
        "POST /v1/login?{} HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
        query(&[])
    );
    let answer = exchange(&verifier.address, &request);
    assert!(status_of(&answer) == 503 && answer.contains("TimedOut"), "{answer}");
}

#[test]
fn bytes_that_are_no_request_are_refused() {
    let verifier = start_with(&key(), &[]);
    for bytes in
        [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"\r\n\r\n\r\n\0\0", b"GET /\xff HTTP/9.9\r\n\r\n"]
    {
        let mut stream = TcpStream::connect(&verifier.address).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let answer = read_all(stream);
        assert!(answer.is_empty() || status_of(&answer) == 400, "{answer}");
    }
    assert_eq!(status_of(&verifier.login("a", &[])), 302);
}

#[test]
fn a_flood_from_many_addresses_takes_bounded_memory() {
    let variables = [
        ("CLIENT_ADDRESS_TRUSTED_HOPS", "1"),
        ("RATE_LIMIT_GLOBAL_PER_MINUTE", "100000000"),
        ("RATE_LIMIT_GLOBAL_BURST", "100000000"),
        ("LOG_LEVEL", "error"),
    ];
    let verifier = start_with(&key(), &variables);
    let mut stream = TcpStream::connect(&verifier.address).unwrap();
    let mut answered = 0;
    for number in 0..10_000_u32 {
        let [a, b, c, d] = number.to_be_bytes();
        let query = query(&[("state", &format!("state-{number}"))]);
        let line = format!("X-Forwarded-For: 2001:db8:{a:x}{b:02x}:{c:x}{d:02x}::1");
        let request = format!("GET /v1/login?{query} HTTP/1.1\r\nHost: shop\r\n{line}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        let mut buffer = [0; 4096];
        while !head.ends_with(b"\r\n\r\n") {
            let count = stream.read(&mut buffer).unwrap();
            assert_ne!(count, 0, "the connection ended");
            head.extend_from_slice(&buffer[..count]);
        }
        answered += usize::from(head.starts_with(b"HTTP/1.1 302"));
    }
    assert_eq!(answered, 10_000, "no shopper pays for the others");
    // Unoptimised; the number for what a shop runs is in docs/benchmarks-verifier.md.
    assert!(verifier.memory() < 40 * 1024, "{} kB", verifier.memory());
}
