//! The binary: its output, its start with valid and invalid arguments, and its end.
#![expect(clippy::unwrap_used, reason = "the helpers of a test fail like the test itself")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_authress-sandbox");

/// A folder with a configuration, removed at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, config: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("authress-sandbox-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.json"), config).unwrap();
        Self(folder)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(BINARY);
        command.arg("--config").arg(self.0.join("config.json"));
        command
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A process that is killed at the end of its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn config(listen: &str) -> String {
    format!(
        r#"{{"listen":"{listen}","applications":[{{"applicationId":"app_demo","redirectUrls":["http://localhost:5173"]}}],
        "serviceClients":[{{"clientId":"sc_shop","authorizationUrl":"http://127.0.0.1:9000/v1/login","accessKeyFile":"key"}}]}}"#
    )
}

fn assert_start_fails(output: &Output, sentence: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains(sentence), "{stderr}");
    assert!(output.stdout.is_empty());
}

#[cfg(unix)]
fn terminate(child: &Child) {
    Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap();
}

#[test]
#[cfg(unix)]
fn it_prints_ready_writes_a_private_access_key_and_stops_at_a_signal() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("ready", &config("127.0.0.1:0"));
    let mut running = Running(folder.command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    let mut stdout = BufReader::new(running.0.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    assert!(line.starts_with("ready http://127.0.0.1:"), "{line}");
    let key = folder.0.join("key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read_to_string(&key).unwrap().starts_with("sc_shop."));
    terminate(&running.0);
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
    let mut stderr = String::new();
    running.0.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert!(stderr.contains("for development only"));
    assert!(!stderr.contains("MC4CAQ"), "the access key stays in its file");
    line.clear();
    assert_eq!(stdout.read_line(&mut line).unwrap(), 0);
}

#[test]
fn the_error_names_a_port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = Folder::new("taken", &config(&taken.local_addr().unwrap().to_string()));
    assert_start_fails(&folder.command().output().unwrap(), "already in use");
}

#[test]
fn an_address_that_other_machines_can_reach_is_an_error() {
    let folder = Folder::new("reachable", &config("0.0.0.0:0"));
    assert_start_fails(&folder.command().output().unwrap(), "loopback");
}

#[test]
fn the_error_names_an_unknown_field() {
    let folder = Folder::new("unknown", r#"{"listen":"127.0.0.1:0","applications":[],"contol":true}"#);
    assert_start_fails(&folder.command().output().unwrap(), "contol");
}

#[test]
fn without_arguments_it_prints_its_usage() {
    let output = Command::new(BINARY).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.contains("--config <FILE>") && stderr.contains("certificate"), "{stderr}");
    assert!(output.stdout.is_empty());
}

#[test]
fn the_dialect_of_the_command_line_replaces_that_of_the_configuration() {
    let config = config("127.0.0.1:0").replacen('{', r#"{"control":true,"dialect":{"noSession":403},"#, 1);
    let folder = Folder::new("dialect", &config);
    for (arguments, status) in [(vec![], 403), (vec!["--dialect", "strict"], 400), (vec!["--dialect=default"], 404)] {
        let mut command = folder.command();
        let mut running =
            Running(command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
        let mut line = String::new();
        BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let dialect = send(line.trim().trim_start_matches("ready http://"), "GET /sandbox/dialect", "");
        assert!(dialect.contains(&format!(r#""noSession":{status},"#)), "{dialect}");
    }
    let unknown = folder.command().args(["--dialect", "lax"]).output().unwrap();
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("default or strict"));
}

/// Sends a request and returns the whole response.
fn send(host: &str, head: &str, body: &str) -> String {
    let mut connection = TcpStream::connect(host).unwrap();
    let length = body.len();
    write!(
        connection,
        "{head} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut response = String::new();
    // The connection may end or be reset.
    let _ = connection.read_to_string(&mut response);
    response
}

#[test]
fn a_dropped_response_sends_nothing_on_the_connection() {
    let config = config("127.0.0.1:0").replacen('{', r#"{"control":true,"#, 1);
    let folder = Folder::new("drop", &config);
    let mut running = Running(folder.command().stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let host = line.trim().trim_start_matches("ready http://").to_owned();
    let send = |head: &str, body: &str| send(&host, head, body);
    let fault = r#"{"faults":[{"path":"/api/session","drop":true}]}"#;
    assert!(send("POST /sandbox/faults", fault).starts_with("HTTP/1.1 200"));
    assert_eq!(send("DELETE /api/session", ""), "");
    assert!(send("DELETE /api/session", "").starts_with("HTTP/1.1 204"));
    assert!(send("GET /sandbox/log", "").contains(r#""status":204},{"method":"DELETE""#), "the request was processed");
}

#[test]
fn the_management_api_is_on_both_listeners() {
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (public, internal) = (free(), free());
    let internal_listen = format!(r#"{{"internalListen":"{internal}","#);
    let folder = Folder::new("listeners", &config(&public).replacen('{', &internal_listen, 1));
    let mut running = Running(folder.command().stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    for host in [&public, &internal] {
        let response = send(host, "GET /v1/users", "");
        assert!(
            response.starts_with("HTTP/1.1 401") && response.contains(r#""errorCode":"Unauthorized""#),
            "{response}"
        );
    }
}
