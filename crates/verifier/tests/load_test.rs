//! The load test of `deploy/load-test`: its README is run as written, for two seconds, with wrk and a real Redis.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

mod support;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use authress_redis::test_server::{Redis, eventually};
use support::deploy::{Folder, deploy, deploy_folder, is_installed};
use support::program::{Running, start_command};

/// The commands of the README, in their order.
fn blocks() -> [String; 7] {
    let readme = deploy("load-test/README.md");
    let parts = readme.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
    parts.collect::<Vec<_>>().try_into().unwrap()
}

/// A folder with the operator's configuration and this repository's `deploy`, and a Redis.
struct Staging {
    folder: Folder,
    key_file: PathBuf,
    redis: Redis,
    redis_url: String,
}

impl Staging {
    fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        std::os::unix::fs::symlink(deploy_folder(), folder.0.join("deploy")).unwrap();
        folder.write("verifier.toml", &deploy("verifier.toml"));
        let key_file = folder.write_access_key();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let redis = Redis::start_with(&["--port", &port.to_string(), "--bind", "127.0.0.1"]);
        Self { folder, key_file, redis, redis_url: format!("redis://127.0.0.1:{port}/0") }
    }

    fn shell(&self, script: &str) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_authress-verifier")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("sh");
        command.args(["-euc", script]).current_dir(&self.folder.0).env("PATH", path).env("REDIS_URL", &self.redis_url);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The verifier by the README's command, on free ports. It takes the place of the shell, so that it is stopped.
    fn start(&self, block: &str) -> Running {
        let script = block.replacen("authress-verifier --config", "exec authress-verifier --config", 1);
        assert_ne!(script, *block, "{block}");
        let mut command = self.shell(&script);
        command.env("AUTHRESS_ACCESS_KEY_FILE", &self.key_file).env("LISTEN", "127.0.0.1:0");
        // A debug build on a busy machine; the load is measured nowhere here.
        command.env("METRICS_LISTEN", "127.0.0.1:0").env("REDIS_TIMEOUT_MS", "5000").env("LOG_LEVEL", "error");
        start_command(command)
    }

    /// What a block prints, with the README's variables and the addresses of this verifier.
    fn run(&self, verifier: &Running, variables: &str, block: &str) -> String {
        let script = format!(
            "{variables}\nVERIFIER=http://{}\nMETRICS=http://{}/metrics\nSECONDS_OF_LOAD=2\n{block}",
            verifier.address,
            verifier.metrics_address()
        );
        let output = self.shell(&script).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{script}\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
        text
    }
}

/// The statuses and their numbers in what wrk printed.
fn statuses(printed: &str) -> Vec<(u16, u64)> {
    let lines = printed.lines().filter_map(|line| line.strip_prefix("Status ")?.split_once(": "));
    let read =
        |(status, rest): (&str, &str)| (status.parse().unwrap(), rest.split(' ').next().unwrap().parse().unwrap());
    lines.map(read).collect()
}

/// The value of a series in what the README's command printed.
fn metric(printed: &str, series: &str) -> f64 {
    let line = printed.lines().find_map(|line| line.strip_prefix(series));
    line.unwrap_or_else(|| panic!("no {series} in {printed}")).trim().parse().unwrap()
}

fn has_tools() -> bool {
    ["wrk", "curl", "redis-cli"].into_iter().all(|tool| is_installed(Command::new(tool)))
}

#[test]
fn every_response_to_the_load_is_a_login_and_the_metrics_and_redis_show_them() {
    if !has_tools() {
        return;
    }
    let [start, variables, load, metrics, redis, _, _] = blocks();
    let staging = Staging::new("capacity");
    let verifier = staging.start(&start);
    // The first login finds a connection.
    eventually("Redis is connected", || staging.run(&verifier, &variables, &metrics).contains("shared_store_up 1"));

    let printed = staging.run(&verifier, &variables, &load);
    let [(302, logins)] = statuses(&printed)[..] else { panic!("{printed}") };
    assert!(logins > 10, "{printed}");
    assert!(!printed.contains("Socket errors"), "{printed}");

    let printed = staging.run(&verifier, &variables, &metrics);
    let answered = metric(&printed, "authress_verifier_decisions_total{code=\"Answered\"}");
    assert!(answered >= logins as f64, "{answered} of {logins}");
    assert_eq!(metric(&printed, "authress_verifier_decisions_total{code=\"GlobalRateLimited\"}"), 0.0);
    assert_eq!(metric(&printed, "authress_verifier_shared_store_up"), 1.0);
    assert_eq!(metric(&printed, "authress_verifier_client_address_doubts_total{reason=\"HeaderMissing\"}"), 0.0);

    let printed = staging.run(&verifier, &variables, &redis);
    for field in ["used_cpu_user:", "used_cpu_sys:", "used_memory:", "evicted_keys:0"] {
        assert!(printed.contains(field), "{field} {printed}");
    }
    let keys: Vec<String> = staging.redis.run(&["KEYS", "{authress-verifier-load-test}:state:*"]).unwrap();
    assert!(keys.len() as u64 >= logins, "{} of {logins}", keys.len());
}

#[test]
fn with_the_operators_own_limits_one_client_gets_its_burst() {
    if !has_tools() {
        return;
    }
    let [_, variables, _, _, _, start, load] = blocks();
    let staging = Staging::new("limits");
    let verifier = staging.start(&start);
    let printed = staging.run(&verifier, &variables, &load);
    let [(302, logins), (429, refused)] = statuses(&printed)[..] else { panic!("{printed}") };
    // The default: 30 at once and 10 a minute; wrk does not count the requests of its last moment.
    assert!((25..=31).contains(&logins), "{printed}");
    assert!(refused > 0, "{printed}");
}
