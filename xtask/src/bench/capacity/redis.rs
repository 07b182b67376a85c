//! A Redis of the benchmark's own, and what it says about itself. `redis-cli` asks, so that the benchmark needs no client.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::bench::process::Server;
use crate::{ports, programs, workspace};

/// A Redis on a free loopback port that ends with the benchmark, and stores nothing on disk.
#[derive(Debug)]
pub(super) struct Redis {
    pub(super) server: Server,
    pub(super) port: u16,
    folder: PathBuf,
}

impl Redis {
    pub(super) fn start() -> Result<Self> {
        let [port] = ports::free()?;
        let folder = workspace::scratch("redis")?;
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        // Allows `populate`.
        command.args(["--enable-debug-command", "yes", "--dir"]).arg(&folder);
        let server = Server::silent("redis-server", &mut command, format!("redis://127.0.0.1:{port}/0"))?;
        let redis = Self { server, port, folder };
        let start = Instant::now();
        while redis.cli(&["ping"]).ok().as_deref() != Some("PONG") {
            if start.elapsed() > Duration::from_secs(20) {
                bail!("redis-server does not respond on port {port}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(redis)
    }

    /// What a command returns, as text.
    pub(super) fn cli(&self, words: &[&str]) -> Result<String> {
        let mut command = self.cli_command();
        programs::output(command.args(words)).with_context(|| format!("redis-cli {} failed", words.join(" ")))
    }

    pub(super) fn cli_command(&self) -> Command {
        let mut command = Command::new("redis-cli");
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]).stdin(Stdio::null());
        command
    }

    pub(super) fn info(&self) -> Result<Info> {
        Ok(Info(self.cli(&["info", "all"])?))
    }

    pub(super) fn keys(&self) -> Result<f64> {
        self.cli(&["dbsize"])?.parse().context("cannot read the number of keys")
    }

    /// Adds keys as long as those of used states.
    pub(super) fn populate(&self, keys: u32) -> Result<()> {
        self.cli(&["debug", "populate", &keys.to_string(), &"x".repeat(80), "1"]).map(drop)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It is empty: nothing is stored.
        let _ = workspace::remove(&self.folder);
    }
}

/// The response to `INFO all`.
#[derive(Debug)]
pub(super) struct Info(String);

impl Info {
    fn field(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.trim_end().strip_prefix(name)?.strip_prefix(':'))
    }

    pub(super) fn text(&self, name: &str) -> Result<&str> {
        self.field(name).with_context(|| format!("INFO has no {name}"))
    }

    pub(super) fn number(&self, name: &str) -> Result<f64> {
        self.text(name)?.parse().with_context(|| format!("cannot read {name}"))
    }

    /// How often each command was called since the start, also by scripts.
    pub(super) fn calls(&self) -> BTreeMap<String, f64> {
        let lines = self.0.lines().filter_map(|line| line.strip_prefix("cmdstat_")?.split_once(":calls="));
        let calls = lines.filter_map(|(name, rest)| Some((name.to_owned(), rest.split(',').next()?.parse().ok()?)));
        calls.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_calls_are_read_from_what_redis_says() {
        let info = Info(
            "# Memory\r\nused_memory:1048576\r\nused_memory_human:1.00M\r\n# Commandstats\r\n\
             cmdstat_evalsha:calls=12,usec=340,usec_per_call=28.33,rejected_calls=0\r\n\
             cmdstat_config|get:calls=1,usec=3\r\n"
                .to_owned(),
        );
        assert_eq!(info.number("used_memory").unwrap(), 1_048_576.0);
        assert_eq!(info.text("used_memory_human").unwrap(), "1.00M");
        assert!(info.number("used").is_err(), "a part of a name is not the name");
        assert_eq!(info.calls(), BTreeMap::from([("evalsha".to_owned(), 12.0), ("config|get".to_owned(), 1.0)]));
    }
}
