//! Long steps of the set-up: says what runs and why, reports progress, and keeps the output in a file, which is shown
//! if the step fails.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, anyhow};

use crate::workspace;

/// How often a step reports when its output is not a terminal.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// How much of a failed step's output is shown.
const TAIL_LINES: usize = 30;

/// One long step of the set-up.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    what: &'a str,
    why: &'a str,
    expect: &'a str,
    /// After this time the step counts as failed; `None`: it may take as long as it likes.
    limit: Option<Duration>,
    /// There is another way if this one fails: then its output only goes to the log file.
    may_fail: bool,
}

impl<'a> Step<'a> {
    /// `what` is being done (for instance "wasm-pack 0.15.1"; it names the log file too) because of `why`, and takes
    /// about `expect` on two cores.
    pub(crate) fn new(what: &'a str, why: &'a str, expect: &'a str) -> Self {
        Step { what, why, expect, limit: None, may_fail: false }
    }

    /// There is another way if this step fails or takes longer than `limit`.
    pub(crate) fn dispensable(self, limit: Duration) -> Self {
        Step { limit: Some(limit), may_fail: true, ..self }
    }

    /// Announces the step and runs it to its end; its output goes to a file in the cache, whose end is shown if it
    /// fails.
    pub(crate) fn run(&self, command: &mut Command) -> Result<()> {
        println!("set-up: {}: {} ({})", self.what, self.why, self.expect);
        let logs = workspace::cache()?.join("logs");
        std::fs::create_dir_all(&logs).with_context(|| format!("cannot create {}", logs.display()))?;
        let log_path = logs.join(format!("{}.log", file_name(self.what)));
        let log = File::create(&log_path).with_context(|| format!("cannot write {}", log_path.display()))?;
        let log_too = log.try_clone().with_context(|| format!("cannot write {}", log_path.display()))?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(log_too)
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let start = Instant::now();
        match self.wait(&mut child, start, &log_path)? {
            Some(status) if status.success() => {
                println!("        done in {}", seconds(start.elapsed()));
                Ok(())
            }
            Some(status) => Err(self.failed(&status.to_string(), &log_path)),
            None => Err(self.failed(&format!("no end after {}", seconds(start.elapsed())), &log_path)),
        }
    }

    /// `None` when the limit has passed; the process is ended then.
    fn wait(&self, child: &mut Child, start: Instant, log: &Path) -> Result<Option<ExitStatus>> {
        let terminal = std::io::stdout().is_terminal();
        let mut reported = start;
        loop {
            if let Some(status) = child.try_wait().with_context(|| format!("cannot wait for {}", self.what))? {
                if terminal {
                    print!("\r\x1b[K");
                }
                return Ok(Some(status));
            }
            if self.limit.is_some_and(|limit| start.elapsed() > limit) {
                // It may have ended by itself just now: then there is nothing left to end.
                let _ = child.kill();
                let _ = child.wait();
                return Ok(None);
            }
            let pause = if terminal { Duration::from_secs(1) } else { HEARTBEAT };
            if reported.elapsed() >= pause {
                reported = Instant::now();
                let news = format!("        {}: {}", seconds(start.elapsed()), last_line(log));
                if terminal {
                    print!("\r\x1b[K{news}")
                } else {
                    println!("{news}")
                }
                let _ = std::io::stdout().flush();
            }
            sleep(Duration::from_millis(50));
        }
    }

    fn failed(&self, how: &str, log: &Path) -> Error {
        if !self.may_fail {
            for line in tail(log, TAIL_LINES).lines() {
                eprintln!("        | {line}");
            }
        }
        anyhow!("{} failed ({how}); everything it printed is in {}", self.what, log.display())
    }
}

/// A duration for people: `0.4 s`, `12 s`, `2 min 03 s`.
pub(crate) fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        whole @ 10..60 => format!("{whole} s"),
        whole => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}

/// The last lines of a file, for messages.
pub(crate) fn tail(file: &Path, count: usize) -> String {
    let bytes = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(count)).copied().collect::<Vec<_>>().join("\n")
}

fn last_line(file: &Path) -> String {
    let line = tail(file, 1);
    line.trim().chars().filter(|letter| !letter.is_control()).take(70).collect()
}

fn file_name(what: &str) -> String {
    what.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(seconds(Duration::from_millis(420)), "0.4 s");
        assert_eq!(seconds(Duration::from_millis(12_900)), "12 s");
        assert_eq!(seconds(Duration::from_secs(123)), "2 min 03 s");
    }

    #[test]
    fn log_names_are_plain() {
        assert_eq!(file_name("wasm-pack 0.15.1"), "wasm-pack-0.15.1");
    }
}
