//! Operation of the real program: --check, key rotation, logs, metrics.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(unix)]

mod support;

use std::io::{BufRead, BufReader};
use std::process::Output;

use authress_jws::verify;
use authress_redis::test_server::{Redis, eventually};
use base64ct::{Base64, Encoding};
use support::program::{Running, code_in, command, exchange, start_command, start_with, status_of};
use support::{Key, key, key_with_id, secret_file};

/// Returns whether the text contains a usable piece of the private key, in any form in which it may be printed.
fn contains_key_material(text: &str, key: &Key) -> bool {
    let private_key = key.text.rsplit('.').next().unwrap();
    let der = Base64::decode_vec(private_key).unwrap();
    let seed = &der[der.len() - 32..];
    let hex: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = seed.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
    // The first 20 characters are the same for all keys.
    let pieces = private_key.as_bytes()[24..].windows(10).map(|piece| String::from_utf8(piece.to_vec()).unwrap());
    let pieces = pieces.chain(hex.as_bytes().windows(12).map(|piece| String::from_utf8(piece.to_vec()).unwrap()));
    pieces.chain([list]).any(|piece| text.contains(&piece) || text.to_ascii_lowercase().contains(&piece))
}

#[test]
fn key_material_is_recognised() {
    let key = key();
    assert!(contains_key_material(&key.text, &key));
    assert!(!contains_key_material("sc_shop.k1.acc-1.MC4CAQAwBQYDK2VwBCIEI", &key));
}

#[test]
fn check_prints_the_effective_settings_without_secrets() {
    let (key, next) = (key(), key_with_id("k2"));
    let next_file = secret_file("check-next", &next.text);
    let config = std::env::temp_dir().join(format!("authress-verifier-check-{}.toml", std::process::id()));
    std::fs::write(&config, "[rate_limit]\nclient_burst = 7\n[log]\nformat = \"json\"\n").unwrap();
    let redis = Redis::start_with(&["--requirepass", "hunter2"]);
    let url = format!("{}?pass=hunter2", redis.url());
    let mut command = command(&[
        ("AUTHRESS_ACCESS_KEY", &key.text),
        ("AUTHRESS_NEXT_ACCESS_KEY_FILE", next_file.to_str().unwrap()),
        ("REDIS_URL", &url),
        ("REDIS_TIMEOUT_MS", "5000"),
    ]);
    let Output { status, stdout, stderr } = command.arg("--check").arg("--config").arg(&config).output().unwrap();
    std::fs::remove_file(config).unwrap();
    std::fs::remove_file(next_file).unwrap();
    let text = String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(0), "{text}");
    assert!(text.contains("rate_limit.client_burst = \"7\"  # file"), "{text}");
    assert!(text.contains("listen = \"127.0.0.1:0\"  # environment"), "{text}");
    assert!(text.contains("authress.access_key = (set, not shown)"), "{text}");
    assert!(text.contains("key k1 signs; after five minutes k2 signs"), "{text}");
    assert!(text.contains("# ok: redis: Redis is available"), "{text}");
    assert!(!text.contains("hunter2") && !contains_key_material(&text, &key) && !contains_key_material(&text, &next));
}

#[test]
fn check_prints_what_to_compare_with_the_set_up_checklist() {
    let key = key();
    let hosts = "https://login.example.com https://acc-2.login.authress.io";
    let mut command = command(&[("AUTHRESS_ACCESS_KEY", &key.text), ("AUTHRESS_API_URL", hosts)]);
    let Output { status, stdout, .. } = command.arg("--check").output().unwrap();
    assert_eq!(status.code(), Some(0));
    let text = String::from_utf8(stdout).unwrap();
    for line in [
        "# warning: ApiUrlOfOtherAccount: ",
        "# responses redirect to https://login.example.com/login\n",
        "# responses redirect to https://acc-2.login.authress.io/login\n",
        "the set-up checklist is docs/set-up.md\n",
        "# step 1: pages have authressApiUrl https://login.example.com or https://acc-2.login.authress.io,",
        "# step 4: service client sc_shop of account acc-1 ",
        "# step 8: it has the access key k1,",
    ] {
        assert!(text.contains(line), "{line:?}\n{text}");
    }
    // Every step that is printed is a heading of the checklist.
    let checklist = include_str!("../../../docs/set-up.md");
    for step in text.lines().filter_map(|line| line.strip_prefix("# step ")) {
        let number = step.split(':').next().unwrap();
        assert!(checklist.contains(&format!("\n## {number}. ")), "{step}");
    }
}

#[test]
fn check_fails_for_invalid_settings() {
    for (variables, code) in [
        (&[("AUTHRESS_ACCESS_KEY", "x")][..], "AccessKeyWrongNumberOfParts"),
        (&[("AUTHRESS_ACCESS_KEY", &key().text), ("REDIS_URL", "hunter2")], "InvalidSetting"),
        (&[("AUTHRESS_ACCESS_KEY", &key().text), ("AUTHRESS_API_URL", "https://a.test hunter2")], "InvalidApiUrl"),
        (
            &[("AUTHRESS_ACCESS_KEY", &key().text), ("AUTHRESS_API_URL", "https://a.test,https://A.test")],
            "DuplicateApiUrl",
        ),
        (&[("AUTHRESS_ACCESS_KEY", &key().text), ("SERVER_CONNECTIONS", "many")], "InvalidSetting"),
    ] {
        let Output { status, stderr, .. } = command(variables).arg("--check").output().unwrap();
        let message = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(1), "{message}");
        assert!(message.contains(code) && !message.contains("hunter2"), "{message}");
    }
}

#[test]
fn a_key_file_that_others_can_read_is_a_start_error() {
    use std::os::unix::fs::PermissionsExt;
    let key = key();
    let file = secret_file("open", &key.text);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let Output { status, stderr, .. } =
        command(&[("AUTHRESS_ACCESS_KEY_FILE", file.to_str().unwrap())]).output().unwrap();
    std::fs::remove_file(file).unwrap();
    let message = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(
        message.contains("SecretFileTooOpen") && message.contains("644") && message.contains("chmod 600"),
        "{message}"
    );
}

#[test]
fn sighup_replaces_the_key_without_losing_a_request() {
    let (first, second) = (key(), key_with_id("k2"));
    let file = secret_file("rotated", &first.text);
    let verifier = start_command(command(&[("AUTHRESS_ACCESS_KEY_FILE", file.to_str().unwrap())]));
    assert!(verify(&code_in(&verifier.login("a", &[])), &first.published, None).is_ok());

    // An invalid key changes nothing.
    std::fs::write(&file, "nonsense").unwrap();
    verifier.signal("HUP");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(verify(&code_in(&verifier.login("b", &[])), &first.published, None).is_ok());

    std::fs::write(&file, &second.text).unwrap();
    verifier.signal("HUP");
    let mut number = 0;
    eventually("the new key signs", || {
        number += 1;
        let response = verifier.login(&format!("c{number}"), &[]);
        assert_eq!(status_of(&response), 302);
        verify(&code_in(&response), &second.published, None).is_ok()
    });
    std::fs::remove_file(&file).unwrap();
    let log = verifier.stop();
    assert!(log.contains("AccessKeyWrongNumberOfParts") && log.contains("reloaded"), "{log}");
    assert!(!contains_key_material(&log, &first) && !contains_key_material(&log, &second), "{log}");
}

/// The steps of a key rotation in docs/verifier.md. The activation after five minutes is tested in `decide.rs`.
#[test]
fn the_documented_key_rotation_works_and_so_does_the_next_start() {
    let (old, new) = (key(), key_with_id("k2"));
    let first = secret_file("rotation-first", &old.text);
    let second = first.with_file_name(format!("authress-verifier-rotation-second-{}", std::process::id()));
    let (first_name, second_name) = (first.to_str().unwrap(), second.to_str().unwrap());
    let environment = [("AUTHRESS_ACCESS_KEY_FILE", first_name), ("AUTHRESS_NEXT_ACCESS_KEY_FILE", second_name)];
    let key_of = |verifier: &Running, state: &str| {
        let code = code_in(&verifier.login(state, &[]));
        [&old, &new].into_iter().find(|key| verify(&code, &key.published, None).is_ok()).unwrap().text.clone()
    };
    let check = || {
        let Output { status, stdout, stderr } = command(&environment).arg("--check").output().unwrap();
        assert_eq!(status.code(), Some(0), "{}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    };

    // The setting may exist before the second key.
    assert!(check().contains("# warning: NextKeyMissing: the file in AUTHRESS_NEXT_ACCESS_KEY_FILE does not exist"));
    let verifier = start_command(command(&environment));
    assert_eq!(key_of(&verifier, "a"), old.text);

    // Step 1: write the second key to its file, and send SIGHUP.
    std::fs::rename(secret_file("rotation-new", &new.text), &second).unwrap();
    assert!(check().contains("# key k1 signs; after five minutes k2 signs"));
    verifier.signal("HUP");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(key_of(&verifier, "b"), old.text, "step 2: it becomes active after five minutes");

    // Step 3: copy it to the first file, and remove the second file.
    std::fs::copy(&second, &first).unwrap();
    std::fs::remove_file(&second).unwrap();
    verifier.signal("HUP");
    let mut number = 0;
    eventually("the new key signs", || {
        number += 1;
        key_of(&verifier, &format!("c{number}")) == new.text
    });
    let log = verifier.stop();
    assert!(!log.contains("ERROR") && log.contains("NextKeyMissing"), "{log}");
    assert!(!contains_key_material(&log, &old) && !contains_key_material(&log, &new), "{log}");

    // The next start with the same environment, also if the second file still exists.
    for (left, code) in
        [(None, "NextKeyMissing"), (Some(new.text.as_str()), "NextKeyIsTheSame"), (Some("\n"), "NextKeyEmpty")]
    {
        if let Some(text) = left {
            std::fs::rename(secret_file("rotation-left", text), &second).unwrap();
        }
        let text = check();
        assert!(text.contains(&format!("# warning: {code}: ")) && text.contains("# key k2 signs\n"), "{text}");
        let verifier = start_command(command(&environment));
        assert_eq!(key_of(&verifier, "d"), new.text);
        assert!(verifier.stop().contains(code));
    }

    // An empty setting in the configuration file counts as not set and gives no warning.
    let config = first.with_extension("toml");
    std::fs::write(&config, format!("[authress]\naccess_key_file = {first_name:?}\nnext_access_key_file = \"\"\n"))
        .unwrap();
    let Output { status, stdout, .. } =
        command(&[("CLIENT_ADDRESS_TRUSTED_HOPS", "1")]).arg("--check").arg("--config").arg(&config).output().unwrap();
    let text = String::from_utf8(stdout).unwrap();
    assert!(status.success() && !text.contains("warning") && text.contains("# key k2 signs\n"), "{text}");

    // An invalid next key is still an error.
    std::fs::rename(secret_file("rotation-left", "nonsense"), &second).unwrap();
    let Output { status, stderr, .. } = command(&environment).arg("--check").output().unwrap();
    assert!(!status.success());
    assert!(String::from_utf8(stderr).unwrap().contains("AUTHRESS_NEXT_ACCESS_KEY_FILE"));
    for file in [first, second, config] {
        std::fs::remove_file(file).unwrap();
    }
}

#[test]
fn a_misspelt_variable_is_a_start_error() {
    let key = key();
    for (name, meant) in [
        ("RATE_LIMIT_CLIENT_BURTS", "RATE_LIMIT_CLIENT_BURST"),
        ("TRUSTED_HOPS", "CLIENT_ADDRESS_TRUSTED_HOPS"),
        ("AUTHRESS_ACCESS_KEY_FIEL", "AUTHRESS_ACCESS_KEY_FILE"),
    ] {
        for arguments in [&["--check"][..], &[]] {
            let mut command = command(&[("AUTHRESS_ACCESS_KEY", key.text.as_str()), (name, "hunter2")]);
            let Output { status, stdout, stderr } = command.args(arguments).output().unwrap();
            let message = String::from_utf8(stderr).unwrap();
            assert_eq!((status.code(), stdout.len()), (Some(1), 0), "{message}");
            let expected = format!("UnknownVariable: the environment contains {name}, which is not a setting");
            assert!(message.contains(&expected) && message.contains(&format!("Did you mean {meant}?")), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
    // Variables of other programs, and those that Kubernetes sets for Services, are not errors.
    let environment = [
        ("AUTHRESS_ACCESS_KEY", key.text.as_str()),
        ("REDIS_PASSWORD", "hunter2"),
        ("AUTHRESS_VERIFIER_SERVICE_HOST", "10.0.0.1"),
        ("AUTHRESS_VERIFIER_REDIS_PORT_6379_TCP", "tcp://10.0.0.2:6379"),
    ];
    let log = start_command(command(&environment)).stop();
    assert!(log.contains("REDIS_PASSWORD") && !log.contains("hunter2") && !log.contains("SERVICE_HOST"), "{log}");
}

#[test]
fn key_material_is_not_printed_at_the_most_verbose_level() {
    let key = key();
    for format in ["text", "json"] {
        let variables = [
            ("LOG_LEVEL", "trace"),
            ("LOG_FORMAT", format),
            ("RUST_BACKTRACE", "1"),
            ("METRICS_LISTEN", "127.0.0.1:0"),
        ];
        let verifier = start_with(&key, &variables);
        let mut printed = String::new();
        for state in ["a", "a", "b\0", ""] {
            printed.push_str(&verifier.login(state, &[]));
        }
        printed.push_str(&verifier.get("/readyz"));
        let log = verifier.stop();
        assert!(log.contains("answering logins"), "{log}");
        // The responses contain a signature, which is not part of the key.
        assert!(!contains_key_material(&log, &key) && !contains_key_material(&printed, &key));
    }
}

#[test]
fn json_logs_have_one_object_per_line_with_a_request_id_and_no_personal_data() {
    let verifier = start_with(&key(), &[("LOG_FORMAT", "json")]);
    let response = verifier.login("secretstate", &["User-Agent: secretagent", "X-Forwarded-For: 203.0.113.77"]);
    let id = response.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap().to_owned();
    let log = verifier.stop();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let login = lines.iter().find(|line| line["request_id"] == id.as_str()).unwrap();
    assert_eq!((login["code"].as_str(), login["status"].as_u64()), (Some("Answered"), Some(302)));
    for personal in ["secretstate", "secretagent", "203.0.113.77", "user_", "127.0.0.1:"] {
        assert!(!login.to_string().contains(personal), "{login}");
    }
}

#[test]
fn metrics_are_served_on_the_internal_listener() {
    let mut verifier = start_with(&key(), &[("METRICS_LISTEN", "127.0.0.1:0"), ("LOG_FORMAT", "json")]);
    let address = metrics_address(&mut verifier);
    for state in ["a", "a", "b"] {
        verifier.login(state, &[]);
    }
    assert_eq!(status_of(&verifier.get("/metrics")), 404, "not on the public listener");
    let response = exchange(&address, "GET /metrics HTTP/1.1\r\nHost: internal\r\nConnection: close\r\n\r\n");
    assert_eq!(status_of(&response), 200);
    let (head, text) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0"), "{head}");
    for line in [
        "authress_verifier_decisions_total{code=\"Answered\"} 2",
        "authress_verifier_decisions_total{code=\"StateAlreadyUsed\"} 1",
        "authress_verifier_login_seconds_count 3",
    ] {
        assert!(text.lines().any(|other| other == line), "{line} is not in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"), "OpenMetrics ends with it");
    verifier.stop();
}

/// Returns the address that the program logs; its port was chosen by the system.
fn metrics_address(verifier: &mut Running) -> String {
    let mut lines = BufReader::new(verifier.process.stderr.as_mut().unwrap()).lines();
    lines
        .find_map(|line| {
            let line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
            (line["message"] == "serving metrics and health checks")
                .then(|| line["address"].as_str().unwrap().to_owned())
        })
        .unwrap()
}

#[test]
fn a_wrong_number_of_proxies_is_logged_once() {
    let verifier = start_with(&key(), &[("CLIENT_ADDRESS_TRUSTED_HOPS", "2")]);
    for state in ["a", "b", "c"] {
        verifier.login(state, &["X-Forwarded-For: 203.0.113.77"]);
    }
    let log = verifier.stop();
    assert_eq!(log.matches("client_address.trusted_hops").count(), 1, "{log}");
    assert!(log.contains("TooFewEntries") && !log.contains("203.0.113.77"), "{log}");
}

#[test]
fn the_help_lists_every_log_level() {
    let Output { stdout, .. } = command(&[]).arg("--help").output().unwrap();
    assert!(String::from_utf8(stdout).unwrap().contains("error, warn, info, debug or trace"));
}

#[test]
fn the_secret_of_a_human_check_is_not_printed() {
    let file = secret_file("check-secret", "hunter2-hunter2-hunter2-hunter2-hunter2");
    let key = key();
    let Output { status, stdout, stderr } = command(&[
        ("AUTHRESS_ACCESS_KEY", &key.text),
        ("HUMAN_CHECK_KIND", "proof-of-work"),
        ("HUMAN_CHECK_SECRET_FILE", file.to_str().unwrap()),
    ])
    .arg("--check")
    .output()
    .unwrap();
    std::fs::remove_file(file).unwrap();
    let text = String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(0), "{text}");
    assert!(
        text.contains("human_check.kind = \"proof-of-work\"  # environment") && !text.contains("hunter2"),
        "{text}"
    );
}
