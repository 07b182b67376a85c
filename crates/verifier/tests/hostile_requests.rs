//! Hostile requests against the real program: each gets a response, and none redirects anywhere but to Authress.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(unix)]

mod support;

use support::program::{Running, exchange, start_with, status_of};
use support::{LOGIN_URL, key};

/// Hostile values for each of the three parameters.
fn hostile_values() -> Vec<String> {
    let hosts = [
        "https://LOGIN.example.com.",
        "https://login.example.com.:443",
        "https://login.ехample.com",
        "https://xn--lgin-5qa.example.com",
        "https://login.example.com:444",
        "https://login.example.com:0443",
        "https://login.example.com:",
        "https://a@login.example.com",
        "https://login.example.com@evil.test",
        "https://evil.test#login.example.com",
        "https://evil.test?https://login.example.com",
        "//login.example.com",
        "http://login.example.com",
        "https://login.example.com\\.evil.test",
        "https://login.example.com%2f.evil.test",
        "https://[::ffff:127.0.0.1]",
        "javascript://login.example.com",
        "https://https://login.example.com",
    ];
    let paths = [
        "/login/",
        "/login/../evil",
        "/./login",
        "/%6cogin",
        "//login",
        "/login;x",
        "/login#",
        "/login%3f",
        "/Login",
        "",
    ];
    let mut values: Vec<String> = hosts.iter().map(|host| format!("{host}/login")).collect();
    values.extend(paths.iter().map(|path| format!("https://login.example.com{path}")));
    values.extend(
        ["", " ", "a b", "\u{202e}", "ä", "<script>", "{{7*7}}", "${jndi:ldap://x}", "' OR 1=1", "../../etc/passwd"]
            .map(str::to_owned),
    );
    values.extend([100, 513, 1025, 3000, 9000].map(|length| "x".repeat(length)));
    values
}

/// Invalid and unusual encodings.
const RAW: [&str; 12] = [
    "%",
    "%0",
    "%zz",
    "%ff",
    "%c0%ae",
    "%00",
    "%0d%0aLocation:%20https://evil.test",
    "%ed%a0%80",
    "%u0041",
    "+",
    "%2500",
    "a%26state=b",
];

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

fn send(verifier: &Running, query: &str) -> String {
    exchange(&verifier.address, &format!("GET /v1/login?{query} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"))
}

#[track_caller]
fn assert_harmless(response: &str, query: &str) {
    let status = status_of(response);
    let heads: Vec<&str> = response.split("\r\n\r\n").next().unwrap().lines().skip(1).collect();
    let location = heads.iter().find_map(|line| line.strip_prefix("location: "));
    match location {
        Some(location) => {
            assert!(status == 302 && location.split('?').next() == Some(LOGIN_URL), "{query}: {response}")
        }
        None => assert!((400..=431).contains(&status), "{query}: {response}"),
    }
    assert_eq!(heads.iter().filter(|line| line.starts_with("location")).count(), usize::from(location.is_some()));
    assert!(!heads.iter().any(|line| line.starts_with("set-cookie")), "{response}");
    // A redirect contains the encoded `state`; an error response contains nothing of the request.
    let is_repeated = response.contains("<script>") || (location.is_none() && response.contains("jndi"));
    assert!(!is_repeated, "{response}");
}

#[test]
fn hostile_missing_and_duplicate_parameters_at_every_position() {
    let variables = [("RATE_LIMIT_CLIENT_BURST", "1000000"), ("LOG_LEVEL", "error")];
    let verifier = start_with(&key(), &variables);
    let good = [("state", "S".to_owned()), ("redirect_uri", encode(LOGIN_URL)), ("client_id", "sc_shop".to_owned())];
    let pairs = |without: usize| -> Vec<String> {
        let kept = good.iter().enumerate().filter(|(at, _)| *at != without);
        kept.map(
            |(at, (name, value))| if at == 0 { format!("state={value}{without}") } else { format!("{name}={value}") },
        )
        .collect()
    };
    let values = hostile_values();
    let raw = values.iter().map(|value| encode(value)).chain(RAW.map(str::to_owned));
    let mut sent = 0;
    for value in raw {
        for (at, (name, _)) in good.iter().enumerate() {
            for duplicate in [false, true] {
                let mut query = pairs(if duplicate { usize::MAX } else { at });
                query.insert(sent % (query.len() + 1), format!("{name}={value}"));
                let query = query.join("&");
                assert_harmless(&send(&verifier, &query), &query);
                sent += 1;
            }
        }
    }
    for (at, (name, _)) in good.iter().enumerate() {
        let query = pairs(at).join("&").replace("state=S2", "state=without-client-id");
        // A missing `client_id` counts as the access key's.
        let expected = if *name == "client_id" { 302 } else { 400 };
        assert_eq!(status_of(&send(&verifier, &query)), expected, "{query}");
    }
    assert!(sent > 300, "{sent}");
    assert_eq!(status_of(&verifier.login("afterwards", &[])), 302, "it still answers");
}
