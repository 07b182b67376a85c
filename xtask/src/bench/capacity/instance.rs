//! Verifiers as they are measured: with the settings of deploy/load-test, and real limits for clients and networks.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::redis::Redis;
use crate::bench::load::API_URL;
use crate::bench::process::Server;
use crate::workspace;

/// Starts verifiers with one access key.
#[derive(Debug)]
pub(super) struct Starter {
    key: String,
    load_test_settings: Vec<(String, String)>,
}

impl Starter {
    pub(super) fn new(key: String) -> Result<Self> {
        let file = workspace::root().join("deploy/load-test/settings.env");
        let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Self { key, load_test_settings: settings(&text) })
    }

    /// One on a free port, with these further settings.
    pub(super) fn start(&self, redis: Option<&Redis>, settings: &[(&str, &str)]) -> Result<Server> {
        Server::start("authress-verifier", self.command(redis, settings).stderr(Stdio::null()))
    }

    pub(super) fn command(&self, redis: Option<&Redis>, settings: &[(&str, &str)]) -> Command {
        let mut command = Command::new(program("authress-verifier"));
        command.env_clear().envs([
            ("AUTHRESS_API_URL", API_URL),
            ("AUTHRESS_ACCESS_KEY", &self.key),
            ("LISTEN", "127.0.0.1:0"),
            ("LOG_LEVEL", "warn"),
            ("TOKIO_WORKER_THREADS", "1"),
        ]);
        command.envs(self.load_test_settings.iter().map(|(name, value)| (name, value)));
        if let Some(redis) = redis {
            // On a busy machine the default of 100 ms could pass, and logins would do without Redis.
            command.env("REDIS_URL", &redis.server.url).env("REDIS_TIMEOUT_MS", "5000");
        }
        command.envs(settings.iter().copied());
        command
    }
}

/// A program of the `server` profile.
pub(super) fn program(name: impl AsRef<Path>) -> std::path::PathBuf {
    workspace::target().join("server").join(name)
}

/// The lines `NAME=value`.
fn settings(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_and_comments_are_not() {
        let read = settings("# A=1\n\nB=2\nC=a=b\n");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(read, [pair("B", "2"), pair("C", "a=b")]);
    }
}
