//! Real Redis servers that respond with errors, or disappear without closing their connections.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(unix)]

mod support;

use std::net::TcpListener;
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use authress_redis::test_server::{Redis, eventually};
use authress_single_use::{SingleUse, Use};
use authress_verifier::{SharedStates, SharedStore, StoreUrl, WhenDown};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use support::program::{Running, command, exchange, start_with, status_of};
use support::redis_proxy::RedisProxy;
use support::{key, secret_file};

/// Starts a verifier that requires Redis. The long timeout prevents failures on a slow machine.
fn start(url: &str, more: &[(&str, &str)]) -> Running {
    let mut variables = vec![
        ("REDIS_URL", url),
        ("REDIS_TIMEOUT_MS", "5000"),
        ("REDIS_WHEN_DOWN", "refuse"),
        ("RATE_LIMIT_CLIENT_BURST", "100000"),
        ("LOG_FORMAT", "json"),
        ("METRICS_LISTEN", "127.0.0.1:0"),
    ];
    variables.extend_from_slice(more);
    start_with(&key(), &variables)
}

/// Returns the status of a login with a new state.
fn login(verifier: &Running, number: &mut u32) -> u16 {
    *number += 1;
    status_of(&verifier.login(&format!("s{number}"), &[]))
}

fn assert_recovers(verifier: &Running, number: &mut u32) {
    eventually("logins are answered again", || login(verifier, number) == 302);
    eventually("it is ready", || status_of(&verifier.get("/readyz")) == 200);
}

/// Returns the codes of the failures in the log, and the number of recoveries.
fn reports(log: &str) -> (Vec<String>, usize) {
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let with = |text: &str| {
        let text = text.to_owned();
        lines.iter().filter(move |line| line["message"].as_str().is_some_and(|message| message.contains(&text)))
    };
    let codes = with("the shared store is unavailable").map(|line| line["code"].as_str().unwrap().to_owned()).collect();
    (codes, with("the shared store is available again").count())
}

/// Runs `--check` and returns the exit code and the output.
fn check(url: &str, more: &[(&str, &str)]) -> (Option<i32>, String) {
    let key = key();
    let mut variables =
        vec![("AUTHRESS_ACCESS_KEY", key.text.as_str()), ("REDIS_URL", url), ("REDIS_TIMEOUT_MS", "5000")];
    variables.extend_from_slice(more);
    let Output { status, stdout, stderr } = command(&variables).arg("--check").output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
}

#[test]
fn after_a_failover_the_new_primary_is_used_although_the_old_connection_stays_open() {
    let (old, new) = (Redis::start(), Redis::start());
    let proxy = RedisProxy::new(&old);
    let verifier = start(&proxy.url(), &[]);
    let mut number = 0;
    assert_recovers(&verifier, &mut number);
    let before = proxy.connections();

    proxy.forward_to(&new);
    old.run::<()>(&["REPLICAOF", "127.0.0.1", "1"]).unwrap();
    assert_recovers(&verifier, &mut number);
    assert!(proxy.connections() > before, "by a new connection");
    for _ in 0..10 {
        assert_eq!(login(&verifier, &mut number), 302);
    }
    assert_eq!(reports(&verifier.stop()), (vec!["READONLY".to_owned()], 1));
}

#[test]
fn a_redis_that_disappears_without_a_reset_is_replaced_by_a_new_connection() {
    let redis = Redis::start();
    let proxy = RedisProxy::new(&redis);
    let verifier = start(&proxy.url(), &[]);
    let mut number = 0;
    assert_recovers(&verifier, &mut number);
    let before = proxy.connections();

    proxy.vanish();
    assert_eq!(login(&verifier, &mut number), 503);
    assert_recovers(&verifier, &mut number);
    assert!(proxy.connections() > before, "by a new connection");
    assert_eq!(reports(&verifier.stop()), (vec!["NoResponse".to_owned()], 1));
}

#[tokio::test]
async fn a_dead_connection_is_replaced_although_callers_disconnect_before_the_timeout() {
    let redis = Redis::start();
    let proxy = RedisProxy::new(&redis);
    let url = StoreUrl::parse(&proxy.url()).unwrap();
    let store = Arc::new(SharedStore::new(&url, "test", Duration::from_secs(3)));
    let states = SharedStates::new(Duration::from_secs(60), store, WhenDown::Refuse);
    assert_eq!(states.spend("before").await, Use::First);
    proxy.vanish();
    for number in 0..100 {
        let state = format!("state-{number}");
        let spent = tokio::time::timeout(Duration::from_millis(400), states.spend(&state)).await;
        if spent == Ok(Use::First) {
            return;
        }
    }
    panic!("the connection was not replaced: {} was made", proxy.connections());
}

/// Asserts how a failing Redis is reported: not ready and down in the metrics while it lasts, one log line with the
/// reason, and recovery afterwards.
fn assert_reported(redis: &Redis, code: &str, breaks: impl FnOnce(&Redis), repairs: impl FnOnce(&Redis)) {
    let verifier = start(&redis.url(), &[]);
    let metrics = verifier.metrics_address();
    let get =
        |path: &str| exchange(&metrics, &format!("GET {path} HTTP/1.1\r\nHost: internal\r\nConnection: close\r\n\r\n"));
    let mut number = 0;
    assert_recovers(&verifier, &mut number);
    assert!(get("/metrics").contains("authress_verifier_shared_store_up 1\n"));

    breaks(redis);
    eventually("it is not ready", || status_of(&verifier.get("/readyz")) == 503);
    // For longer than the circuit breaker is open.
    for _ in 0..25 {
        assert_eq!(status_of(&verifier.get("/readyz")), 503, "{code}");
        assert_eq!(status_of(&get("/readyz")), 503, "{code}");
        assert_eq!(login(&verifier, &mut number), 503, "{code}");
        assert!(get("/metrics").contains("authress_verifier_shared_store_up 0\n"), "{code}");
        std::thread::sleep(Duration::from_millis(100));
    }
    let (status, text) = check(&redis.url(), &[]);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains(&format!("RedisUnusable: {code}: ")), "{text}");

    repairs(redis);
    assert_recovers(&verifier, &mut number);
    assert!(get("/metrics").contains("authress_verifier_shared_store_up 1\n"));
    let (status, text) = check(&redis.url(), &[]);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("# ok: redis: Redis is available; "), "{text}");
    assert_eq!(reports(&verifier.stop()), (vec![code.to_owned()], 1));
}

#[test]
fn with_a_replica_it_is_not_ready() {
    assert_reported(
        &Redis::start(),
        "READONLY",
        |redis| redis.run::<()>(&["REPLICAOF", "127.0.0.1", "1"]).unwrap(),
        |redis| redis.run::<()>(&["REPLICAOF", "NO", "ONE"]).unwrap(),
    );
}

#[test]
fn with_a_full_redis_it_is_not_ready() {
    assert_reported(&Redis::start(), "OOM", |redis| redis.set("maxmemory", "1"), |redis| redis.set("maxmemory", "0"));
}

#[test]
fn with_a_redis_that_cannot_save_it_is_not_ready() {
    assert_reported(
        &Redis::start(),
        "MISCONF",
        |redis| {
            // Redis rejects writes after a failed save, here because the name of the file is taken by a folder.
            std::fs::create_dir(redis.folder().join("dump.rdb")).unwrap();
            redis.set("save", "3600 1");
            redis.run::<()>(&["BGSAVE"]).unwrap();
            eventually("the save fails", || {
                redis.run::<String>(&["INFO", "persistence"]).unwrap().contains("rdb_last_bgsave_status:err")
            });
        },
        |redis| redis.set("stop-writes-on-bgsave-error", "no"),
    );
}

#[test]
fn without_write_permission_it_is_not_ready() {
    assert_reported(
        &Redis::start(),
        "NOPERM",
        // The open connections have this user.
        |redis| redis.run::<()>(&["ACL", "SETUSER", "default", "-set"]).unwrap(),
        |redis| redis.run::<()>(&["ACL", "SETUSER", "default", "+set"]).unwrap(),
    );
}

#[test]
fn the_acl_in_the_manual_is_sufficient() {
    let manual = include_str!("../../../docs/verifier.md");
    let line = manual.lines().find(|line| line.starts_with("ACL SETUSER verifier ")).unwrap();
    let redis = Redis::start();
    redis.run::<()>(&line.split(' ').collect::<Vec<_>>()).unwrap();
    let url = format!("{}?user=verifier&pass=PASSWORD", redis.url());
    let (status, text) = check(&url, &[]);
    assert_eq!(status, Some(0), "{text}");
    let verifier = start(&url, &[]);
    assert_eq!(status_of(&verifier.login("a", &[])), 302);
    assert_eq!(status_of(&verifier.login("a", &[])), 409);
    verifier.stop();
}

#[test]
fn it_recovers_when_redis_has_loaded_its_data() {
    let mut redis = Redis::start_with(&["--dbfilename", "dump.rdb"]);
    let fill = "for i = 1, 2000 do redis.call('SET', 'k' .. i, 'v') end";
    redis.run::<()>(&["EVAL", fill, "0"]).unwrap();
    redis.run::<()>(&["SAVE"]).unwrap();
    redis.stop();
    // Five milliseconds for each key, and an event loop iteration after each.
    redis.add_arguments(&["--key-load-delay", "5000", "--loading-process-events-interval-bytes", "1024"]);
    redis.start_again();
    let verifier = start(&redis.url(), &[]);
    let mut number = 0;
    assert_eq!(login(&verifier, &mut number), 503);
    assert_eq!(status_of(&verifier.get("/readyz")), 503);
    let (status, text) = check(&redis.url(), &[]);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("RedisUnusable: LOADING: "), "{text}");
    for _ in 0..10 {
        if login(&verifier, &mut number) == 302 {
            break;
        }
        std::thread::sleep(Duration::from_secs(2));
    }
    assert_recovers(&verifier, &mut number);
    assert_eq!(reports(&verifier.stop()), (vec!["LOADING".to_owned()], 1));
}

#[test]
fn a_wrong_password_is_reported_and_the_right_one_works_without_a_restart() {
    let redis = Redis::start();
    redis.set("requirepass", "right");
    let wrong = format!("{}?pass=hunter2", redis.url());
    let (status, text) = check(&wrong, &[]);
    assert!(status == Some(1) && text.contains("RedisUnusable: WRONGPASS: "), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    let (status, text) = check(&redis.url(), &[]);
    assert!(status == Some(1) && text.contains("RedisUnusable: NOAUTH: "), "{text}");

    let verifier = start(&wrong, &[]);
    let mut number = 0;
    assert_eq!(login(&verifier, &mut number), 503);
    let mut connection = redis::Client::open(format!("{}?pass=right", redis.url())).unwrap().get_connection().unwrap();
    redis::cmd("CONFIG").arg(&["SET", "requirepass", "hunter2"]).exec(&mut connection).unwrap();
    assert_recovers(&verifier, &mut number);
    let log = verifier.stop();
    assert_eq!(reports(&log), (vec!["WRONGPASS".to_owned()], 1));
    assert!(!log.contains("hunter2"), "{log}");
}

#[test]
fn errors_in_the_url_are_reported() {
    let redis = Redis::start();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // The program's own port speaks HTTP.
    let verifier = start_with(&key(), &[]);
    for (url, code) in [
        (format!("{}?db=99", redis.url()), "NoSuchDatabase"),
        (format!("redis://{free}"), "ConnectionRefused"),
        ("redis+unix:///nowhere/socket".to_owned(), "ConnectionFailed"),
        (format!("redis://{}", verifier.address), "NotRedis"),
        (format!("rediss://{}", verifier.address), "TlsFailed"),
        ("redis://no-such-host.invalid".to_owned(), "NameNotResolved"),
    ] {
        let (status, text) = check(&url, &[]);
        assert_eq!(status, Some(1), "{text}");
        assert!(text.contains(&format!("RedisUnusable: {code}: ")), "{url}: {text}");
    }
    for (url, message) in [
        (
            "redis://:hun#ter2@127.0.0.1",
            "InvalidSetting: REDIS_URL must have its user name and password percent-encoded",
        ),
        ("hunter2", "InvalidSetting: REDIS_URL must be a URL such as"),
    ] {
        let (status, text) = check(url, &[]);
        assert_eq!(status, Some(1), "{text}");
        assert!(text.contains(message) && !text.contains("ter2"), "{text}");
    }
    let file = secret_file("redis-url", "redis://:hun/ter2@127.0.0.1\n");
    let (status, text) = check("", &[("REDIS_URL_FILE", file.to_str().unwrap())]);
    std::fs::remove_file(file).unwrap();
    assert_eq!(status, Some(1), "{text}");
    let message = "InvalidSetting: the URL in the file of REDIS_URL_FILE must have its user name and password";
    assert!(text.contains(message) && !text.contains("ter2"), "{text}");
}

#[test]
fn tls_works_only_with_a_valid_certificate() {
    let authority = || {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    };
    // Two authorities with the same name, as after a renewal.
    let (authority, other_authority) = (authority(), authority());
    let server_key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&server_key, &authority).unwrap();

    let mut redis = Redis::prepare();
    let file = |name: &str, text: &str| {
        let path = redis.folder().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let ca = file("ca.pem", &authority.pem());
    let other_ca = file("other-ca.pem", &other_authority.pem());
    let (certificate, server_key) =
        (file("server.pem", &certificate.pem()), file("key.pem", &server_key.serialize_pem()));
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    redis.add_arguments(&["--tls-port", &port.to_string(), "--bind", "127.0.0.1", "--tls-auth-clients", "no"]);
    redis.add_arguments(&["--tls-cert-file", &certificate, "--tls-key-file", &server_key, "--tls-ca-cert-file", &ca]);
    redis.start_again();

    let url = format!("rediss://localhost:{port}/0");
    let (status, text) = check(&url, &[("REDIS_CA_FILE", &ca)]);
    assert_eq!(status, Some(0), "{text}");
    for (url, ca, code) in [
        (&url, "", "UnknownIssuer"),
        (&url, other_ca.as_str(), "UnknownIssuer"),
        (&format!("rediss://127.0.0.1:{port}"), ca.as_str(), "WrongHostName"),
    ] {
        let (status, text) = check(url, &[("REDIS_CA_FILE", ca)]);
        assert_eq!(status, Some(1), "{text}");
        assert!(text.contains(&format!("RedisUnusable: {code}: ")), "{text}");
    }
    // Redis may respond to a missing handshake with an alert, or close the connection.
    let (status, text) = check(&format!("redis://localhost:{port}"), &[]);
    assert!(status == Some(1) && text.contains("must begin with rediss://"), "{text}");
    let verifier = start(&url, &[("REDIS_CA_FILE", &ca)]);
    let mut number = 0;
    assert_recovers(&verifier, &mut number);
    assert_eq!(status_of(&verifier.login("a", &[])), 302);
    assert_eq!(status_of(&verifier.login("a", &[])), 409);
    redis.stop();
    assert_eq!(login(&verifier, &mut number), 503);
    redis.start_again();
    assert_recovers(&verifier, &mut number);
    verifier.stop();
}

#[test]
fn a_stored_limit_does_not_outlast_its_configuration() {
    let redis = Redis::start();
    let slow = [("RATE_LIMIT_GLOBAL_PER_MINUTE", "1"), ("RATE_LIMIT_GLOBAL_BURST", "5")];
    let verifier = start(&redis.url(), &slow);
    let statuses: Vec<u16> = (0..6).map(|number| status_of(&verifier.login(&format!("a{number}"), &[]))).collect();
    assert_eq!(statuses, [302, 302, 302, 302, 302, 429]);
    verifier.stop();

    let verifier = start(&redis.url(), &[("RATE_LIMIT_GLOBAL_PER_MINUTE", "3000"), ("RATE_LIMIT_GLOBAL_BURST", "5")]);
    eventually("a token of the new rate is back", || status_of(&verifier.login("b", &[])) == 302);
    verifier.stop();
}

#[test]
fn a_stored_time_beyond_an_empty_bucket_is_reduced_and_invalid_values_are_ignored() {
    let redis = Redis::start();
    let limit = [("RATE_LIMIT_GLOBAL_PER_MINUTE", "6"), ("RATE_LIMIT_GLOBAL_BURST", "3")];
    let verifier = start(&redis.url(), &limit);
    let global = "{authress-verifier:login.example.com/v1/clients/sc_shop}:global";
    for (value, retry_after) in [("9007199254740992", Some(10)), ("nonsense", None)] {
        redis.run::<()>(&["SET", global, value]).unwrap();
        let response = verifier.login(&format!("state-{value}"), &[]);
        let wait =
            response.lines().find_map(|line| line.strip_prefix("retry-after: ")).map(|wait| wait.parse().unwrap());
        assert_eq!(wait, retry_after, "{value}: {response}");
    }
    // A key of another type is ignored, too.
    redis.run::<()>(&["DEL", global]).unwrap();
    redis.run::<()>(&["LPUSH", global, "x"]).unwrap();
    assert_eq!(status_of(&verifier.login("after-a-list", &[])), 302);
    verifier.stop();
}
