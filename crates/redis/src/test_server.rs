//! A real Redis on a socket in a temporary folder, stopped and removed after the test.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed helper is a failed test")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A Redis that ends with the test.
#[derive(Debug)]
pub struct Redis {
    folder: PathBuf,
    arguments: Vec<String>,
    process: Option<Child>,
}

impl Redis {
    /// Starts one without data.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// With additional settings, such as `["--maxmemory", "1"]`.
    pub fn start_with(arguments: &[&str]) -> Self {
        let mut redis = Self::prepare();
        redis.add_arguments(arguments);
        redis.start_again();
        redis
    }

    /// Creates its folder without starting it.
    pub fn prepare() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("authress-redis-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self { folder, arguments: Vec::new(), process: None }
    }

    /// For the next start.
    pub fn add_arguments(&mut self, arguments: &[&str]) {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    }

    /// The folder of its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// Runs a command as the default user without a password.
    pub fn run<T: redis::FromRedisValue>(&self, command: &[&str]) -> redis::RedisResult<T> {
        let mut connection = redis::Client::open(self.url()).unwrap().get_connection()?;
        let (name, arguments) = command.split_first().unwrap();
        redis::cmd(name).arg(arguments).query(&mut connection)
    }

    /// Changes a setting while it runs.
    pub fn set(&self, setting: &str, value: &str) {
        self.run::<()>(&["CONFIG", "SET", setting, value]).unwrap();
    }

    /// Starts it again after [`Redis::stop`], without its data.
    pub fn start_again(&mut self) {
        let socket = self.folder.join("socket");
        let _ = std::fs::remove_file(&socket);
        let process = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
            .arg(&socket)
            .arg("--dir")
            .arg(&self.folder)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        self.process = Some(process.expect("redis-server is missing: run `cargo xtask setup`"));
        eventually("Redis listens", || std::os::unix::net::UnixStream::connect(&socket).is_ok());
    }

    /// Stops this process, started by the test with other arguments, as if it were its own.
    pub fn stop_at_the_end(&mut self, process: Child) {
        self.process = Some(process);
    }

    /// Kills it.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Its address, for a `StoreUrl`.
    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.folder.join("socket").display())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Waits until the condition is true, for at most two minutes.
///
/// # Panics
/// If it is not.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..4800 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("not within two minutes: {what}");
}
