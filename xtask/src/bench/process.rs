//! Servers that are measured, and what the system knows about their processor time and memory. Linux only.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::programs;

/// A server that ends with the benchmark.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Where it listens, as it said itself.
    pub(crate) url: String,
}

impl Server {
    /// Starts a server that prints `ready URL` when it listens.
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut server = Self { child: child.with_context(|| format!("cannot start {name}"))?, url: String::new() };
        let mut ready = String::new();
        if let Some(stdout) = server.child.stdout.as_mut() {
            BufReader::new(stdout).read_line(&mut ready).with_context(|| format!("cannot read what {name} says"))?;
        }
        let url = ready.trim().strip_prefix("ready ");
        server.url = url.with_context(|| format!("{name} did not start: {ready:?}"))?.to_owned();
        Ok(server)
    }

    /// A server that prints nothing, and is known to listen at `url` soon.
    pub(crate) fn silent(name: &str, command: &mut Command, url: String) -> Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        Ok(Self { child: child.with_context(|| format!("cannot start {name}"))?, url })
    }

    /// How long its processes have had a processor since the start, in their own code and in the system's for them, in
    /// seconds. The unit of the system's count is a hundredth.
    pub(crate) fn processor_seconds(&self) -> Result<f64> {
        Ok(ticks(self.child.id(), [11, 12])? / TICKS_PER_SECOND)
    }

    /// The same in microseconds, for the threads that live now. The system counts in nanoseconds.
    pub(crate) fn processor_micros(&self) -> Result<f64> {
        let folder = format!("/proc/{}/task", self.child.id());
        let threads = std::fs::read_dir(&folder).with_context(|| format!("cannot read {folder}"))?;
        let mut nanos = 0.0;
        for thread in threads {
            let path = thread.with_context(|| format!("cannot read {folder}"))?.path().join("schedstat");
            let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let first = text.split(' ').next().and_then(|number| number.parse::<f64>().ok());
            nanos += first.with_context(|| format!("{} is not readable", path.display()))?;
        }
        Ok(nanos / 1000.0)
    }

    /// The most memory that it ever had, in kilobytes.
    pub(crate) fn peak_memory_kb(&self) -> Result<u64> {
        self.status("VmHWM:")
    }

    /// The memory that it has now, in kilobytes.
    pub(crate) fn memory_kb(&self) -> Result<u64> {
        self.status("VmRSS:")
    }

    fn status(&self, label: &str) -> Result<u64> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix(label)).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse().with_context(|| format!("cannot read {label} of {path}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The processor time of the processes that this one has started and that have ended, in microseconds: of the load
/// generators.
pub(crate) fn micros_of_ended_processes() -> Result<f64> {
    Ok(ticks(std::process::id(), [13, 14])? / TICKS_PER_SECOND * 1e6)
}

/// The sum of two fields of a process's `stat`, counted after its name.
fn ticks(pid: u32, fields: [usize; 2]) -> Result<f64> {
    let path = format!("/proc/{pid}/stat");
    let stat = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    // The name in parentheses may have spaces. After it, utime and stime are the 12th and 13th field, and those of
    // ended children follow.
    let values: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let value = |at: usize| values.get(at).and_then(|field| field.parse::<f64>().ok());
    let [first, second] = fields.map(value);
    let (Some(first), Some(second)) = (first, second) else { bail!("{path} is not readable") };
    Ok(first + second)
}

/// The program on one core of its own; where there is no `taskset` it takes what it gets.
pub(crate) fn pinned(program: &Path, core: u32) -> Command {
    match programs::find(&["taskset"]) {
        Some(taskset) => {
            let mut command = Command::new(taskset);
            command.args(["-c", &core.to_string()]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

/// How many processes want a core, averaged over the last minute.
pub(crate) fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("?").to_owned()
}

/// Linux's unit in /proc on every common architecture.
const TICKS_PER_SECOND: f64 = 100.0;
