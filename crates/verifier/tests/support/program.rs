//! The real program, started with its own configuration and killed at the end of the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use url::Url;

use super::{DOMAIN, Key, query};

pub(crate) struct Running {
    pub(crate) process: Child,
    pub(crate) address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Running {
    /// Sends SIGTERM, waits for the exit and returns the log.
    pub(crate) fn stop(mut self) -> String {
        self.signal("TERM");
        assert_eq!(self.process.wait().unwrap().code(), Some(0));
        let mut log = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log
    }

    pub(crate) fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        assert!(kill.arg(format!("-{name}")).arg(self.process.id().to_string()).status().unwrap().success());
    }

    /// Sends a login with this state and these additional header lines, and returns the response.
    pub(crate) fn login(&self, state: &str, lines: &[&str]) -> String {
        exchange(&self.address, &login_request(state, lines))
    }

    pub(crate) fn get(&self, path: &str) -> String {
        exchange(&self.address, &format!("GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"))
    }

    /// Returns the address of the internal listener: the other port on which the program listens.
    #[cfg(target_os = "linux")]
    pub(crate) fn metrics_address(&self) -> String {
        let id = self.process.id();
        let sockets: Vec<String> = std::fs::read_dir(format!("/proc/{id}/fd"))
            .unwrap()
            .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
            .filter_map(|target| Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
            .collect();
        let table = std::fs::read_to_string(format!("/proc/{id}/net/tcp")).unwrap();
        let listening = table.lines().skip(1).filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let is_ours = fields[3] == "0A" && sockets.iter().any(|socket| socket == fields[9]);
            is_ours.then(|| u16::from_str_radix(fields[1].split_once(':').unwrap().1, 16).unwrap())
        });
        let addresses = listening.map(|port| format!("127.0.0.1:{port}"));
        addresses.into_iter().find(|address| *address != self.address).expect("it listens for metrics")
    }

    /// The resident memory in kilobytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

pub(crate) fn command(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authress-verifier"));
    command.env_clear().env("LISTEN", "127.0.0.1:0").env("AUTHRESS_API_URL", DOMAIN);
    command.envs(variables.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn start(key: &Key) -> Running {
    start_with(key, &[])
}

pub(crate) fn start_with(key: &Key, variables: &[(&str, &str)]) -> Running {
    let mut all = vec![("AUTHRESS_ACCESS_KEY", key.text.as_str())];
    all.extend_from_slice(variables);
    start_command(command(&all))
}

pub(crate) fn start_command(mut command: Command) -> Running {
    let mut process = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let Some(address) = line.trim_end().strip_prefix("ready http://").map(str::to_owned) else {
        let mut message = String::new();
        process.stderr.take().unwrap().read_to_string(&mut message).unwrap();
        panic!("it did not start: {line}{message}");
    };
    Running { process, address }
}

pub(crate) fn exchange(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    read_all(stream)
}

/// Sends a request without `Connection: close`, and returns the connection, which stays open, and the head of the
/// response.
pub(crate) fn keep_open(address: &str, request: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    stream.write_all(request.replace("Connection: close\r\n", "").as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    (stream, String::from_utf8(head).unwrap())
}

pub(crate) fn read_all(mut stream: TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    String::from_utf8(response).unwrap()
}

pub(crate) fn login_request(state: &str, lines: &[&str]) -> String {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    let query = query(&[("state", state)]);
    format!("GET /v1/login?{query} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n{lines}\r\n")
}

pub(crate) fn status_of(response: &str) -> u16 {
    response.split(' ').nth(1).unwrap_or_else(|| panic!("no response: {response:?}")).parse().unwrap()
}

pub(crate) fn code_in(response: &str) -> String {
    let location = response.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
    Url::parse(location).unwrap().query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
}
