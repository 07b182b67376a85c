//! The load: wrk, with a bounded number of connections for a bounded time.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::process::pinned;
use crate::{programs, workspace};

/// The Authress host of the verifiers that are measured. It gets no requests: wrk follows no redirect.
pub(crate) const API_URL: &str = "https://login.example.com";

/// How much load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// How long it is measured.
    pub(crate) seconds: u32,
    /// Requests at once, each on a connection of its own that is kept.
    pub(crate) connections: u32,
    /// The core where the load is made; `None`: any.
    pub(crate) core: Option<u32>,
    /// From where the logins seem to come.
    pub(crate) addresses: Addresses,
}

/// The client addresses of the logins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Addresses {
    /// That of the connection.
    One,
    /// A random one for each login, in `X-Forwarded-For`.
    Many,
}

/// What wrk saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measured {
    /// Requests that got a response.
    pub(crate) requests: f64,
    /// Requests a second.
    pub(crate) rate: f64,
    /// Half of all requests took less, in milliseconds.
    pub(crate) p50_ms: f64,
    /// 99 of 100 requests took less, in milliseconds.
    pub(crate) p99_ms: f64,
}

impl Load {
    /// Asks `url` for logins for `seconds`. A response that is no redirect is a failure of the benchmark.
    pub(crate) fn run(&self, url: &str, seconds: u32) -> Result<Measured> {
        let script = workspace::root().join("deploy/load-test/logins.lua");
        let mut command = match self.core {
            Some(core) => pinned(Path::new("wrk"), core),
            None => Command::new("wrk"),
        };
        command.envs([("CLIENT_ID", "sc_shop"), ("AUTHRESS_API_URL", API_URL), ("STATUSES", "off")]);
        command.env(
            "ADDRESSES",
            match self.addresses {
                Addresses::One => "one",
                Addresses::Many => "many",
            },
        );
        command.args(["--threads", "1", "--latency", "--connections", &self.connections.to_string()]);
        command.args(["--duration", &format!("{seconds}s"), "--script"]).arg(script).arg(url);
        let text = programs::output(&mut command).context("wrk failed: run it by hand to see why")?;
        if text.contains("Non-2xx") || text.contains("Socket errors") {
            bail!("not every request got a redirect:\n{text}");
        }
        read(&text)
    }
}

fn read(text: &str) -> Result<Measured> {
    let after = |label: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(label));
        line.map(str::trim).with_context(|| format!("wrk printed no {label}"))
    };
    let rate = after("Requests/sec:")?.parse().context("cannot read the rate")?;
    let requests = text.lines().find_map(|line| line.split_once(" requests in ")).map(|(number, _)| number.trim());
    let requests = requests.context("wrk printed no number of requests")?.parse().context("cannot read it")?;
    Ok(Measured { requests, rate, p50_ms: milliseconds(after("50%")?)?, p99_ms: milliseconds(after("99%")?)? })
}

fn milliseconds(text: &str) -> Result<f64> {
    let units = [("us", 0.001), ("ms", 1.0), ("s", 1000.0)];
    let found = units.iter().find_map(|(unit, factor)| text.strip_suffix(unit).map(|number| (number, factor)));
    let (number, factor) = found.with_context(|| format!("{text:?} is no time"))?;
    Ok(number.parse::<f64>().with_context(|| format!("cannot read the time {text:?}"))? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wrk_prints_is_read() {
        let text = "  Latency Distribution\n     50%  850.00us\n     75%    1.00ms\n     99%    1.25s\n\
                    \x20 61728 requests in 5.00s, 52.10MB read\nRequests/sec:  12345.67\n";
        let requests = 61728.0;
        assert_eq!(read(text).unwrap(), Measured { requests, rate: 12345.67, p50_ms: 0.85, p99_ms: 1250.0 });
        assert!(read("").is_err());
    }
}
