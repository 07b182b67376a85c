//! A real Redis on a socket in a temporary folder, stopped and removed after the test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) struct Redis {
    folder: PathBuf,
    arguments: Vec<String>,
    process: Option<Child>,
}

impl Redis {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// With additional settings, such as `["--maxmemory", "1"]`.
    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        let mut redis = Self::prepare();
        redis.add_arguments(arguments);
        redis.start_again();
        redis
    }

    /// Creates its folder without starting it.
    pub(crate) fn prepare() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("authress-redis-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self { folder, arguments: Vec::new(), process: None }
    }

    /// For the next start.
    pub(crate) fn add_arguments(&mut self, arguments: &[&str]) {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// Runs a command as the default user without a password.
    pub(crate) fn run<T: redis::FromRedisValue>(&self, command: &[&str]) -> redis::RedisResult<T> {
        let mut connection = redis::Client::open(self.url()).unwrap().get_connection()?;
        let (name, arguments) = command.split_first().unwrap();
        redis::cmd(name).arg(arguments).query(&mut connection)
    }

    pub(crate) fn set(&self, setting: &str, value: &str) {
        self.run::<()>(&["CONFIG", "SET", setting, value]).unwrap();
    }

    /// Starts it again after [`Redis::stop`], without its data.
    pub(crate) fn start_again(&mut self) {
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
        super::program::eventually("Redis listens", || std::os::unix::net::UnixStream::connect(&socket).is_ok());
    }

    /// Stops this process, started by the test with other arguments, as if it were its own.
    pub(crate) fn stop_at_the_end(&mut self, process: Child) {
        self.process = Some(process);
    }

    pub(crate) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.folder.join("socket").display())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
