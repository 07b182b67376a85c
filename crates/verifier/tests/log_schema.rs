//! The table of log messages in the manual, compared with the sources and with what the program logs.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use authress_redis::test_server::{Redis, eventually};
use serde_json::Value;
use support::program::{command, exchange, start_command, status_of};
use support::{key, secret_file};

/// A row of the table.
struct Row {
    /// With `…` for any text.
    message: String,
    level: String,
    members: BTreeSet<String>,
}

impl Row {
    fn matches(&self, message: &str, level: &str) -> bool {
        let is_message = match self.message.split_once('…') {
            None => self.message == message,
            Some((start, end)) => message.starts_with(start) && message.ends_with(end),
        };
        is_message && self.level == level
    }
}

/// Returns the words in backticks.
fn quoted(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Returns the tables of the section on logs: the members of every line, and the messages.
fn manual() -> (BTreeSet<String>, Vec<Row>) {
    let manual = include_str!("../../../docs/verifier.md");
    let section = manual.split("\n### Logs\n").nth(1).unwrap().split("\n### ").next().unwrap();
    let rows_after = |heading: &str| {
        let table = section.split(heading).nth(1).unwrap().trim_start().lines().skip(1);
        let rows = table.take_while(|line| line.starts_with('|')).map(|line| line.split(" | ").collect::<Vec<_>>());
        rows.collect::<Vec<_>>()
    };
    let of_every_line = rows_after("| Member | Content |").iter().flat_map(|cells| quoted(cells[0])).collect();
    let rows = rows_after("| Message | Level | Members |").into_iter().map(|cells| {
        let only = |cell: &str| quoted(cell).into_iter().next().unwrap();
        // Words after the colon of a member are about its value.
        let members = cells[2].split(';').flat_map(|part| quoted(part.split(": ").next().unwrap())).collect();
        Row { message: only(cells[0]), level: only(cells[1]), members }
    });
    (of_every_line, rows.collect())
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    files.collect()
}

/// Returns the level, the message and the names of the members of each call of tracing in the sources.
fn calls() -> Vec<(String, String, BTreeSet<String>)> {
    let mut calls = Vec::new();
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = std::fs::read_to_string(&file).unwrap();
        for (position, _) in text.match_indices("tracing::") {
            let rest = &text[position + "tracing::".len()..];
            let Some((level, rest)) = rest.split_once("!(") else { continue };
            if !["error", "warn", "info", "debug", "trace"].contains(&level) {
                continue;
            }
            let (before, literal) = rest.split_once('"').unwrap();
            // No message contains a quotation mark. A backslash at the end of a line removes the line break.
            let message = literal.split('"').next().unwrap().split("\\\n").map(str::trim_start).collect();
            let names = before.split(',').map(str::trim).filter(|part| !part.is_empty()).map(|part| {
                part.split(|character: char| !character.is_ascii_lowercase() && character != '_')
                    .next()
                    .unwrap()
                    .to_owned()
            });
            calls.push((level.to_uppercase(), message, names.collect()));
        }
    }
    calls
}

#[test]
fn every_message_of_the_sources_has_a_row_with_its_members_and_every_row_a_message() {
    let (_, rows) = manual();
    let mut found = BTreeSet::new();
    let calls = calls();
    assert!(calls.len() > 15, "{calls:?}");
    for (level, message, members) in &calls {
        let matching: Vec<usize> = (0..rows.len()).filter(|index| rows[*index].matches(message, level)).collect();
        let [index] = matching[..] else { panic!("{level} {message:?} has {} rows", matching.len()) };
        assert_eq!(&rows[index].members, members, "{message}");
        found.insert(index);
    }
    for (index, row) in rows.iter().enumerate() {
        assert!(found.contains(&index), "no message is {} {:?}", row.level, row.message);
    }
}

/// Checks the lines of a program against the tables, and counts for each message its members.
fn check_lines(log: &str, seen: &mut BTreeMap<String, BTreeSet<String>>) {
    let (of_every_line, rows) = manual();
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let object = line.as_object().unwrap();
        let text = |name: &str| object[name].as_str().unwrap();
        assert!(text("target").starts_with("authress_verifier"), "{line}");
        let is_utc = text("timestamp").len() == "2026-01-01T00:00:00.000000Z".len() && text("timestamp").ends_with('Z');
        assert!(is_utc, "{line}");
        let row = rows.iter().find(|row| row.matches(text("message"), text("level")));
        let row = row.unwrap_or_else(|| panic!("the manual has no row for {line}"));
        let names: BTreeSet<String> = object.keys().cloned().collect();
        assert!(names.is_superset(&of_every_line), "{line}");
        let members: BTreeSet<String> = names.difference(&of_every_line).cloned().collect();
        assert!(members.is_subset(&row.members), "{line}");
        seen.entry(row.message.clone()).or_default().extend(members);
    }
}

#[test]
fn what_the_program_logs_is_in_the_manual() {
    let mut seen = BTreeMap::new();
    let (first, next) = (key(), key().text.replacen(".k1.", ".k2.", 1));
    let files = [secret_file("schema-key", &first.text), secret_file("schema-next", &next)];
    let mut redis = Redis::start();
    let verifier = start_command(command(&[
        ("AUTHRESS_ACCESS_KEY_FILE", files[0].to_str().unwrap()),
        ("AUTHRESS_NEXT_ACCESS_KEY_FILE", files[1].to_str().unwrap()),
        ("METRICS_LISTEN", "127.0.0.1:0"),
        ("LOG_FORMAT", "json"),
        ("LOG_LEVEL", "debug"),
        ("LOG_FILE", "a variable that is no setting"),
        ("REDIS_URL", &redis.url()),
        ("SHUTDOWN_DRAIN_S", "0"),
    ]));
    assert_eq!(status_of(&verifier.login("a", &["X-Forwarded-For: 192.0.2.1"])), 302);
    assert_eq!(status_of(&verifier.get("/v1/login?state=a&state=b")), 400);
    let metric = |line: &str| {
        let request = "GET /metrics HTTP/1.1\r\nHost: internal\r\nConnection: close\r\n\r\n";
        exchange(&verifier.metrics_address(), request).contains(line)
    };
    verifier.signal("HUP");
    eventually("the keys are reloaded", || metric("key_reloads_total{outcome=\"replaced\"} 1\n"));
    std::fs::write(&files[0], "nonsense").unwrap();
    verifier.signal("HUP");
    eventually("a reload fails", || metric("key_reloads_total{outcome=\"kept\"} 1\n"));
    redis.stop();
    eventually("Redis is down", || metric("shared_store_up 0\n"));
    redis.start_again();
    eventually("Redis is up", || metric("shared_store_up 1\n"));
    let mut unfinished = TcpStream::connect(&verifier.address).unwrap();
    unfinished.write_all(b"GET /v1/login?st").unwrap();
    eventually("the connection is open", || metric("connections_open 1\n"));
    check_lines(&verifier.stop(), &mut seen);
    for file in files {
        std::fs::remove_file(file).unwrap();
    }

    // With a limit of open files that is too low, and with one connection.
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -n 64; exec \"$0\"", env!("CARGO_BIN_EXE_authress-verifier")]).env_clear();
    limited.envs([("LISTEN", "127.0.0.1:0"), ("AUTHRESS_API_URL", support::DOMAIN), ("LOG_FORMAT", "json")]);
    limited.envs([("AUTHRESS_ACCESS_KEY", first.text.as_str()), ("SERVER_CONNECTIONS", "1")]);
    limited.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let verifier = start_command(limited);
    let _occupied = TcpStream::connect(&verifier.address).unwrap();
    let waiting = exchange(&verifier.address, "GET /healthz HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");
    assert_eq!(status_of(&waiting), 200, "after the idle timeout of the other");
    check_lines(&verifier.stop(), &mut seen);

    // Each of these was logged with all of its members.
    let (_, rows) = manual();
    for message in [
        "login",
        "answering logins",
        "serving metrics and health checks",
        "stopping",
        "the drain time is over: …",
        "the access keys were reloaded",
        "the access keys were not reloaded",
        "suspicious setting: …",
        "the limit of open files is too low for server.connections. …",
        "all connections are in use, …",
        "…. This is logged once and then only counted",
        "the shared store is unavailable, …",
        "the shared store is available again",
    ] {
        let row = rows.iter().find(|row| row.message == message).unwrap();
        assert_eq!(seen.get(message), Some(&row.members), "{message}");
    }
}
