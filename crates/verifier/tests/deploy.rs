//! The files in `deploy/`, tested with the programs that read them.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

mod support;

use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use authress_redis::test_server::eventually;
use support::program::{command, exchange, is_installed, login_request, start_with, status_of};
use support::{key, secret_file};
use yaml_rust2::{Yaml, YamlLoader};

fn deploy(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(name)).unwrap()
}

/// A temporary folder that is removed after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("authress-deploy-{name}-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Returns the contents of its log files.
    fn logs(&self) -> String {
        let files = std::fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        files
            .filter(|path| path.extension().is_some_and(|end| end == "log"))
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect()
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs `--check` on the settings, with an access key of the service client that they name.
fn check(name: &str, settings: &str) {
    let folder = Folder::new(name);
    let file = folder.write("verifier.toml", settings);
    let text = key().text.replacen("sc_shop", "sc_YOUR_SERVICE_CLIENT", 1);
    let key_file = secret_file(name, &text);
    let mut command = command(&[("AUTHRESS_ACCESS_KEY_FILE", key_file.to_str().unwrap())]);
    let Output { status, stderr, .. } = command.args(["--config", &file, "--check"]).output().unwrap();
    std::fs::remove_file(key_file).unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
}

#[test]
fn the_example_configuration_file_is_valid() {
    check("example", &deploy("verifier.toml"));
}

#[test]
fn the_references_in_the_kubernetes_manifest_are_consistent() {
    let documents = YamlLoader::load_from_str(&deploy("kubernetes.yaml")).unwrap();
    let of_kind = |kind: &str, name: &str| {
        let found = documents.iter().find(|document| {
            document["kind"].as_str() == Some(kind) && document["metadata"]["name"].as_str() == Some(name)
        });
        found.unwrap_or_else(|| panic!("no {kind} {name}")).clone()
    };
    for document in &documents {
        assert!(document["apiVersion"].as_str().is_some(), "{document:?}");
    }
    let deployment = of_kind("Deployment", "authress-verifier");
    let pod = &deployment["spec"]["template"];
    assert_eq!(deployment["spec"]["selector"]["matchLabels"], pod["metadata"]["labels"]);
    assert_eq!(of_kind("Service", "authress-verifier")["spec"]["selector"], pod["metadata"]["labels"]);

    let container = &pod["spec"]["containers"][0];
    let names = |list: &Yaml| -> Vec<String> {
        list.as_vec().unwrap().iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
    };
    let ports = names(&container["ports"]);
    for probe in ["readinessProbe", "livenessProbe"] {
        // Not on the public port, whose connections clients can occupy.
        assert_eq!(container[probe]["httpGet"]["port"].as_str(), Some("metrics"), "{probe}");
        assert!(ports.contains(&"metrics".to_owned()), "{probe}");
    }
    assert_eq!(names(&container["volumeMounts"]), names(&pod["spec"]["volumes"]));

    // The shutdown delay and the drain time fit into the termination grace period.
    let settings = of_kind("ConfigMap", "authress-verifier")["data"]["verifier.toml"].as_str().unwrap().to_owned();
    let table: toml::Table = settings.parse().unwrap();
    let delay = table["shutdown"]["delay_s"].as_integer().unwrap();
    assert!(delay + 10 < pod["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap());
    // Longer than the idle timeout of usual proxies, 60 seconds.
    assert!(table["server"]["idle_timeout_s"].as_integer().unwrap() > 60);
    check("kubernetes", &settings);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Returns the sources of each `COPY` from the working tree.
fn copied() -> Vec<String> {
    let text = deploy("Containerfile");
    let lines = text.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--from="));
    let mut names = Vec::new();
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        names.extend(words[..words.len() - 1].iter().map(|word| (*word).to_owned()));
    }
    names
}

/// The files of these folders that are in the repository.
fn tracked(names: &[String]) -> Vec<String> {
    match Command::new("git").current_dir(root()).arg("ls-files").args(names).output() {
        Ok(Output { stdout, status, .. }) if status.success() => {
            String::from_utf8(stdout).unwrap().lines().map(str::to_owned).collect()
        }
        Ok(_) | Err(_) => {
            eprintln!("no git, or no repository: skipped");
            Vec::new()
        }
    }
}

#[test]
fn the_image_contains_only_sources_and_all_that_it_needs() {
    let copied = copied();
    for (name, is_source) in copied.iter().map(|name| (name, root().join(name).exists() && !name.contains('.'))) {
        assert!(is_source || ["Cargo.toml", "Cargo.lock"].contains(&name.as_str()), "COPY {name}");
    }
    // Both ignore files are equal and allow the same files.
    let ignored = std::fs::read_to_string(root().join(".containerignore")).unwrap();
    assert_eq!(ignored, std::fs::read_to_string(root().join(".dockerignore")).unwrap());
    let rules: Vec<&str> = ignored.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(rules.first(), Some(&"*"));
    // The last rule that fits decides. One of the crates has the name of a secret.
    let (rules, of_secrets) = rules.split_at(rules.len() - 3);
    assert_eq!(of_secrets, ["**/access-key*", "!crates/access-key", "crates/access-key/**/access-key*"]);
    for file in tracked(&copied) {
        let path = file.strip_prefix("crates/access-key/").unwrap_or(&file);
        assert!(!path.split('/').any(|part| part.starts_with("access-key")), "the image lacks {file}");
    }
    let allowed: Vec<&str> = rules.iter().filter_map(|rule| rule.strip_prefix('!')).collect();
    assert_eq!(allowed, copied);

    let folder = Folder::new("image");
    for name in &copied {
        let status = Command::new("cp").arg("-r").arg(root().join(name)).arg(&folder.0).status().unwrap();
        assert!(status.success(), "{name}");
    }
    let mut cargo = Command::new(env!("CARGO"));
    let metadata = cargo.current_dir(&folder.0).args(["metadata", "--offline", "--locked", "--format-version=1"]);
    let Output { status, stdout, stderr } = metadata.stdin(Stdio::null()).output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&stdout).unwrap();
    let is_there =
        metadata["packages"].as_array().unwrap().iter().any(|package| package["name"] == "authress-verifier");
    assert!(is_there);
}

#[test]
fn git_ignores_access_keys_and_no_recipe_puts_one_into_the_working_tree() {
    let mut git = Command::new("git");
    git.current_dir(root()).args(["check-ignore", "access-key", "access-key.txt", "deploy/access-key"]);
    match git.output() {
        Ok(Output { stdout, status, .. }) if status.code() != Some(128) => {
            assert_eq!(String::from_utf8_lossy(&stdout).lines().count(), 3, "each of them is ignored");
        }
        Ok(_) | Err(_) => eprintln!("no git, or no repository: skipped"),
    }
    for path in ["README.md", "crates/verifier/README.md", "deploy/kubernetes.yaml", "deploy/authress-verifier.service"]
    {
        let text = std::fs::read_to_string(root().join(path)).unwrap();
        for relative in ["> access-key", "FILE=access-key", "--from-file=access-key\n", " access-key /etc"] {
            assert!(!text.contains(relative), "{path}: {relative:?}");
        }
    }
}

#[test]
fn containers_listen_on_ipv6_and_ipv4() {
    let containerfile = deploy("Containerfile");
    let listen = containerfile.split_whitespace().find_map(|word| word.strip_prefix("LISTEN=")).unwrap();
    let documents = YamlLoader::load_from_str(&deploy("kubernetes.yaml")).unwrap();
    let settings = documents.iter().find_map(|document| document["data"]["verifier.toml"].as_str()).unwrap();
    let table: toml::Table = settings.parse().unwrap();
    for listen in [listen, table["listen"].as_str().unwrap(), table["metrics"]["listen"].as_str().unwrap()] {
        let address: std::net::SocketAddr = listen.parse().unwrap();
        assert!(address.is_ipv6() && address.ip().is_unspecified(), "{listen}");
    }
}

#[test]
fn systemd_accepts_the_unit() {
    if !is_installed(Command::new("systemd-analyze")) {
        return;
    }
    let folder = Folder::new("systemd");
    let unit = deploy("authress-verifier.service");
    let unit = unit.replace("/usr/local/bin/authress-verifier", env!("CARGO_BIN_EXE_authress-verifier"));
    let verify = |unit: &str| {
        let file = folder.write("authress-verifier.service", unit);
        let Output { status, stdout, stderr } =
            Command::new("systemd-analyze").args(["verify", "--man=no", &file]).output().unwrap();
        let text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        let ours: Vec<String> =
            text.lines().filter(|line| line.contains("authress-verifier")).map(str::to_owned).collect();
        (status.success(), ours)
    };
    assert_eq!(verify(&unit), (true, Vec::new()));
    let broken = unit.replace("NoNewPrivileges=yes", "NoNewPrivileges=perhaps");
    assert!(!verify(&broken).1.is_empty(), "it reports errors");
}

/// nginx with the configuration of `deploy/`. Only addresses, paths and the certificate are replaced.
struct Nginx {
    process: Child,
    address: String,
    folder: Folder,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its worker process exits on SIGTERM, but not on SIGKILL.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}

impl Nginx {
    /// Starts nginx in front of the verifier at `upstream`.
    fn start(upstream: &str) -> Self {
        let folder = Folder::new("nginx");
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let here = folder.0.display();
        let site = deploy("nginx.conf")
            .replace("listen 443 ssl;", &format!("listen {address};"))
            .replace("listen [::]:443 ssl;", "")
            .replace("127.0.0.1:9000", upstream)
            .replace("/var/log/nginx/", &format!("{here}/"))
            .lines()
            .filter(|line| !line.contains("ssl_certificate"))
            .collect::<Vec<_>>()
            .join("\n");
        let main = format!(
            "pid {here}/pid; error_log {here}/error.log; daemon off; worker_processes 1;\n\
             events {{ worker_connections 64; }}\n\
             http {{\nclient_body_temp_path {here}/body; proxy_temp_path {here}/proxy; fastcgi_temp_path {here}/f;\n\
             uwsgi_temp_path {here}/u; scgi_temp_path {here}/s;\n{site}\n}}\n"
        );
        let file = folder.write("nginx.conf", &main);
        let test = nginx().args(["-t", "-q", "-e", "stderr", "-c", &file]).output().unwrap();
        assert!(test.status.success(), "{}", String::from_utf8_lossy(&test.stderr));
        let process = nginx().args(["-e", "stderr", "-c", &file]).stdin(Stdio::null()).spawn().unwrap();
        let nginx = Self { process, address, folder };
        eventually("nginx listens", || std::net::TcpStream::connect(&nginx.address).is_ok());
        nginx
    }
}

/// On Debian it is in /usr/sbin, which is not on the path of every user.
fn nginx() -> Command {
    let mut command = Command::new("nginx");
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin"));
    command
}

#[test]
fn behind_nginx_each_shopper_is_a_separate_client_and_only_logins_are_public() {
    if !is_installed(nginx()) {
        return;
    }
    let limits =
        [("CLIENT_ADDRESS_TRUSTED_HOPS", "1"), ("RATE_LIMIT_CLIENT_BURST", "2"), ("RATE_LIMIT_CLIENT_PER_MINUTE", "1")];
    let verifier = start_with(&key(), &limits);
    let nginx = Nginx::start(&verifier.address);
    let mut statuses = Vec::new();
    for number in 0..3 {
        // A forged entry does not count, because nginx appends the peer address.
        let line = format!("X-Forwarded-For: 203.0.113.{number}");
        let request = login_request(&format!("state-{number}"), &[&line]);
        statuses.push(status_of(&exchange(&nginx.address, &request)));
    }
    assert_eq!(statuses, [302, 302, 429]);
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");
    for path in ["/healthz", "/readyz", "/metrics", "/", "/v1/login/"] {
        assert_eq!(status_of(&exchange(&nginx.address, &get(path))), 404, "{path}");
    }
}

/// A relay between nginx and the verifier that records which of them closed each connection.
struct Relay {
    address: String,
    /// One entry for each closed connection: whether nginx closed it first.
    closed_by_nginx: Arc<Mutex<Vec<bool>>>,
    opened: Arc<AtomicUsize>,
}

impl Relay {
    /// Starts the relay. Its threads end with their connections, the accepting one with the process.
    fn start(verifier: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Self {
            address: listener.local_addr().unwrap().to_string(),
            closed_by_nginx: Arc::default(),
            opened: Arc::default(),
        };
        let (ends, opened, verifier) =
            (Arc::clone(&relay.closed_by_nginx), Arc::clone(&relay.opened), verifier.to_owned());
        std::thread::spawn(move || {
            for nginx in listener.incoming() {
                let nginx = nginx.unwrap();
                opened.fetch_add(1, Ordering::SeqCst);
                let verifier = TcpStream::connect(&verifier).unwrap();
                let first: Arc<Mutex<Option<bool>>> = Arc::default();
                let directions =
                    [(nginx.try_clone().unwrap(), verifier.try_clone().unwrap(), true), (verifier, nginx, false)];
                let threads = directions.map(|(mut from, mut to, is_nginx)| {
                    let first = Arc::clone(&first);
                    std::thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        first.lock().unwrap().get_or_insert(is_nginx);
                        let _ = to.shutdown(Shutdown::Write);
                    })
                });
                let ends = Arc::clone(&ends);
                std::thread::spawn(move || {
                    for thread in threads {
                        thread.join().unwrap();
                    }
                    ends.lock().unwrap().push(first.lock().unwrap().unwrap());
                });
            }
        });
        relay
    }
}

/// Sends logins of `clients` concurrently and returns the statuses of their responses.
fn logins_at_once(address: &str, clients: usize, round: usize) -> Vec<u16> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|client| {
                scope.spawn(move || status_of(&exchange(address, &login_request(&format!("r{round}c{client}"), &[]))))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

const MANY: [(&str, &str); 4] = [
    ("CLIENT_ADDRESS_TRUSTED_HOPS", "1"),
    ("RATE_LIMIT_CLIENT_BURST", "1000"),
    ("LOG_LEVEL", "error"),
    // Longer than the default, so that a slow machine does not fail the test.
    ("SERVER_IDLE_TIMEOUT_S", "8"),
];

#[test]
fn the_keepalive_timeout_of_nginx_is_less_than_the_default_idle_timeout() {
    let recipe = deploy("nginx.conf");
    let timeouts: Vec<u64> = recipe
        .lines()
        .filter_map(|line| line.trim().strip_prefix("keepalive_timeout ")?.strip_suffix("s;")?.parse().ok())
        .collect();
    let [timeout] = timeouts[..] else { panic!("one, in seconds: {timeouts:?}") };
    assert!(Duration::from_secs(timeout) < authress_verifier::ServerLimits::default().idle_timeout);
}

#[test]
fn nginx_closes_idle_connections_before_the_verifier() {
    if !is_installed(nginx()) {
        return;
    }
    let verifier = start_with(&key(), &MANY);
    let relay = Relay::start(&verifier.address);
    let nginx = Nginx::start(&relay.address);
    assert_eq!(logins_at_once(&nginx.address, 12, 0), [302; 12]);
    let ended = || relay.closed_by_nginx.lock().unwrap().clone();
    eventually("every connection to the verifier has ended", || ended().len() == relay.opened.load(Ordering::SeqCst));
    assert!(!ended().is_empty() && ended().iter().all(|by_nginx| *by_nginx), "closed by nginx: {:?}", ended());
}

#[test]
fn under_load_nginx_has_no_502() {
    if !is_installed(nginx()) {
        return;
    }
    let verifier = start_with(&key(), &MANY);
    let nginx = Nginx::start(&verifier.address);
    // Around the times at which either side closes idle connections.
    for (round, pause_ms) in [0, 3996, 4004, 7996, 0, 0].into_iter().enumerate() {
        std::thread::sleep(Duration::from_millis(pause_ms));
        assert_eq!(logins_at_once(&nginx.address, 18, round), [302; 18], "after {pause_ms} ms");
    }
}

#[test]
fn the_log_files_of_nginx_do_not_contain_the_state_of_a_login() {
    if !is_installed(nginx()) {
        return;
    }
    let verifier = start_with(&key(), &MANY);
    let nginx = Nginx::start(&verifier.address);
    assert_eq!(status_of(&exchange(&nginx.address, &login_request("secretstate", &[]))), 302);
    verifier.stop();
    assert_eq!(status_of(&exchange(&nginx.address, &login_request("secretstate", &[]))), 502);
    let long = "POST /v1/login?state=secretstate HTTP/1.1\r\nHost: shop\r\nContent-Length: 99999\r\n\r\n";
    assert_eq!(status_of(&exchange(&nginx.address, long)), 413);
    let mut logged = String::new();
    eventually("the access log has the requests", || {
        logged = nginx.folder.logs();
        logged.matches("/v1/login").count() >= 3
    });
    assert!(!logged.contains("secretstate"), "{logged}");
    assert!(logged.contains(" 502 "), "it contains the status of the upstream: {logged}");
}
