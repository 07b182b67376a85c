//! Clients that send too much, too slowly, or from too many addresses, against the real program.

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
fn a_slow_client_is_disconnected_and_others_are_answered() {
    let verifier = start_with(&key(), &[("SERVER_HEADER_TIMEOUT_S", "1")]);
    let mut slow: Vec<TcpStream> = (0..50).map(|_| TcpStream::connect(&verifier.address).unwrap()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /v1/login?state=").unwrap();
    }
    assert_eq!(status_of(&verifier.login("a", &[])), 302);
    for mut stream in slow {
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        let mut rest = Vec::new();
        // The server closes the connection, with or without a response, or resets it. It must not time out.
        match stream.read_to_end(&mut rest) {
            Ok(_) => assert!(!String::from_utf8_lossy(&rest).contains(" 302 ")),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
        }
    }
}

#[test]
fn slow_clients_do_not_keep_every_connection() {
    let verifier = start_with(&key(), &[("SERVER_HEADER_TIMEOUT_S", "1"), ("SERVER_CONNECTIONS", "4")]);
    let slow: Vec<TcpStream> = (0..8).map(|_| TcpStream::connect(&verifier.address).unwrap()).collect();
    assert_eq!(status_of(&verifier.login("a", &[])), 302, "after they were disconnected");
    drop(slow);
}

#[test]
fn an_idle_connection_is_closed() {
    let verifier = start_with(&key(), &[("SERVER_IDLE_TIMEOUT_S", "1")]);
    let mut stream = TcpStream::connect(&verifier.address).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n").unwrap();
    // Reads to the end of the connection; the client did not send `Connection: close`.
    let response = read_all(stream);
    assert_eq!(status_of(&response), 200);
}

#[test]
fn idle_connections_are_kept_for_longer_than_incomplete_request_heads() {
    let verifier = start_with(&key(), &[("SERVER_HEADER_TIMEOUT_S", "1"), ("SERVER_IDLE_TIMEOUT_S", "60")]);
    let mut stream = TcpStream::connect(&verifier.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    let mut exchange_one = || {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n").unwrap();
        let mut response = Vec::new();
        let mut buffer = [0; 4096];
        while !response.ends_with(b"ok\n") {
            let count = stream.read(&mut buffer).unwrap();
            assert_ne!(count, 0, "the connection ended: {}", String::from_utf8_lossy(&response));
            response.extend_from_slice(&buffer[..count]);
        }
    };
    exchange_one();
    std::thread::sleep(Duration::from_millis(2500));
    exchange_one();
    // The next request head has the header timeout again.
    stream.write_all(b"GET /healthz HTT").unwrap();
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => assert!(!String::from_utf8_lossy(&rest).contains(" 200 ")),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
    }
}

#[test]
fn clients_that_never_read_responses_do_not_keep_their_connections() {
    let limits = [("SERVER_REQUEST_TIMEOUT_S", "1"), ("SERVER_CONNECTIONS", "2"), ("LOG_LEVEL", "error")];
    let verifier = start_with(&key(), &limits);
    let requests = "GET /elsewhere HTTP/1.1\r\nHost: shop\r\n\r\n".repeat(1000);
    let not_reading: Vec<TcpStream> = (0..2)
        .map(|_| {
            let mut stream = TcpStream::connect(&verifier.address).unwrap();
            stream.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
            // Until the buffers of both directions are full.
            let blocked = (0..10_000).find_map(|_| stream.write_all(requests.as_bytes()).err());
            assert!(blocked.is_some(), "the server reads requests without limit");
            stream
        })
        .collect();
    assert_eq!(status_of(&verifier.login("a", &[])), 302, "after they were disconnected");
    drop(not_reading);
}

#[test]
fn too_long_request_heads_and_too_many_header_lines_are_refused() {
    let verifier = start_with(&key(), &[]);
    let long = format!("X-Padding: {}", "x".repeat(64 * 1024));
    let many: Vec<String> = (0..150).map(|number| format!("X-{number}: x")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for lines in [&[long.as_str()][..], &many] {
        let mut stream = TcpStream::connect(&verifier.address).unwrap();
        // The server may close the connection before all of it is written.
        let _ = stream.write_all(login_request("a", lines).as_bytes());
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        let mut response = Vec::new();
        let _ = stream.read_to_end(&mut response);
        let response = String::from_utf8_lossy(&response);
        assert!(response.is_empty() || status_of(&response) == 431, "{response}");
    }
    assert_eq!(status_of(&verifier.login("a", &[])), 302);
}

#[test]
fn announced_large_bodies_are_refused() {
    let verifier = start_with(&key(), &[]);
    let request = format!(
        "GET /v1/login?{} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Length: 1000000000\r\n\r\n",
        query(&[])
    );
    assert_eq!(status_of(&exchange(&verifier.address, &request)), 413);
}

#[test]
fn ambiguous_requests_that_allow_smuggling_are_refused() {
    let verifier = start_with(&key(), &[]);
    for lines in [
        "Content-Length: 4\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\nTransfer-Encoding: x\r\n",
        "Bad Name: x\r\n",
        "X: a\0b\r\n",
    ] {
        let request = format!("GET /v1/login?{} HTTP/1.1\r\nHost: shop\r\n{lines}\r\n", query(&[]));
        let response = exchange(&verifier.address, &request);
        assert!(response.starts_with("HTTP/1.1 400"), "{lines:?}: {response}");
    }
}

#[test]
fn timed_out() {
    let verifier = start_with(&key(), &[("SERVER_REQUEST_TIMEOUT_S", "1"), ("HUMAN_CHECK_KIND", "proof-of-work")]);
    let request = format!(
        "POST /v1/login?{} HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
        query(&[])
    );
    let response = exchange(&verifier.address, &request);
    assert!(status_of(&response) == 503 && response.contains("TimedOut"), "{response}");
}

#[test]
fn bytes_that_are_not_http_are_refused() {
    let verifier = start_with(&key(), &[]);
    for bytes in
        [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"\r\n\r\n\r\n\0\0", b"GET /\xff HTTP/9.9\r\n\r\n"]
    {
        let mut stream = TcpStream::connect(&verifier.address).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let response = read_all(stream);
        assert!(response.is_empty() || status_of(&response) == 400, "{response}");
    }
    assert_eq!(status_of(&verifier.login("a", &[])), 302);
}

#[test]
fn a_flood_from_many_addresses_takes_bounded_memory() {
    let variables = [
        ("CLIENT_ADDRESS_TRUSTED_HOPS", "1"),
        ("RATE_LIMIT_NETWORK_BURST", "100000"),
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
    // For the debug build. The number of the release build is in docs/benchmarks-verifier.md.
    assert!(verifier.memory() < 40 * 1024, "{} kB", verifier.memory());
}
