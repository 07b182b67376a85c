//! The benchmarks: each sets this project beside what there is already, in one run. `cargo xtask bench verifier` puts
//! this verifier and the one of Authress's guide under the same load.

mod client;
mod load;
mod report;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Subcommand;

use crate::setup::{self, Node};
use crate::{programs, workspace};
use load::Load;
use report::Row;

const API_URL: &str = "https://login.example.com";

/// What is measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Benchmark {
    /// This package and the published client side by side; writes docs/benchmarks.md and its charts
    Client {
        /// Samples of each measurement [default: that of tests/bench/client.mjs]
        #[arg(long)]
        samples: Option<u32>,
        /// A try: few samples, written below target
        #[arg(long)]
        quick: bool,
        /// The `dist` folder of an earlier build of this package, which is measured beside this one
        #[arg(long, value_name = "FOLDER")]
        baseline: Option<PathBuf>,
    },
    /// How the client behaves with many tabs, leftover logins and long tokens; writes the table in docs/benchmarks.md
    Growth,
    /// What a page downloads with this package and with its peers; writes the table in docs/benchmarks.md
    Sizes,
    /// The verifier and the one of Authress's guide side by side; writes docs/benchmarks-verifier.md
    Verifier {
        /// How long each measurement takes, in seconds
        #[arg(long, default_value_t = 10)]
        seconds: u32,
    },
}

/// Runs a benchmark.
pub(crate) fn run(benchmark: &Benchmark) -> Result<()> {
    match *benchmark {
        Benchmark::Client { samples, quick, ref baseline } => client::speed(samples, quick, baseline.as_deref()),
        Benchmark::Growth => client::growth(),
        Benchmark::Sizes => client::sizes(),
        Benchmark::Verifier { seconds } => verifier(seconds),
    }
}

fn verifier(seconds: u32) -> Result<()> {
    let node = setup::for_bench()?;
    let mut command = workspace::cargo("build");
    command.args(["--profile", "server", "-p", "authress-verifier", "--features", "aws-lc"]);
    command.args(["--bin", "authress-verifier", "--example", "signature_rate", "--example", "loopback_floor"]);
    programs::run(&mut command)?;
    let programs = workspace::target().join("server");
    println!("bench: raw signatures on one core");
    let rate = pinned(&programs.join("examples/signature_rate"), SERVER_CORE);
    let signatures: f64 = output(rate)?.trim().parse().context("cannot read the rate of signatures")?;
    println!("       {signatures:.0} a second");

    let key = throwaway_access_key(&node)?;
    let load = Load { seconds, connections: 32, core: LOAD_CORE };
    let mut rows = Vec::new();
    for (name, log_level) in [("this verifier", "warn"), ("this verifier, a log line for each request", "info")] {
        let mut command = pinned(&programs.join("authress-verifier"), SERVER_CORE);
        command.env_clear().envs([
            ("AUTHRESS_API_URL", API_URL),
            ("AUTHRESS_ACCESS_KEY", &key),
            ("LISTEN", "127.0.0.1:0"),
            ("LOG_LEVEL", log_level),
            ("TOKIO_WORKER_THREADS", "1"),
            // Limits are on, and higher than the load.
            ("RATE_LIMIT_CLIENT_PER_MINUTE", "1000000000"),
            ("RATE_LIMIT_CLIENT_BURST", "1000000000"),
            ("RATE_LIMIT_GLOBAL_PER_MINUTE", "1000000000"),
            ("RATE_LIMIT_GLOBAL_BURST", "1000000000"),
        ]);
        rows.push(measure(name, command, &load)?);
    }
    rows.push(measure("the guide's, @authress/sdk on Node.js", reference(&node, &key), &load)?);
    let floor = pinned(&programs.join("examples/loopback_floor"), SERVER_CORE);
    let floor = measure("only reads and writes, no HTTP and no signature", floor, &load)?;
    let text = report::markdown(&rows, &report::Limits { signatures, floor }, &load);
    let file = workspace::root().join("docs/benchmarks-verifier.md");
    std::fs::write(&file, &text).with_context(|| format!("cannot write {}", file.display()))?;
    println!("\n{text}\nbench: written to {}", file.display());
    Ok(())
}

fn measure(name: &str, mut command: Command, load: &Load) -> Result<Row> {
    println!("bench: {name}");
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut server = Server(child.with_context(|| format!("cannot start {name}"))?);
    let mut ready = String::new();
    if let Some(stdout) = server.0.stdout.as_mut() {
        BufReader::new(stdout).read_line(&mut ready).with_context(|| format!("cannot read what {name} says"))?;
    }
    let url = ready.trim().strip_prefix("ready ").with_context(|| format!("{name} did not start: {ready:?}"))?;
    // Caches, branch predictors and the other side's just-in-time compiler.
    load.run(url, 3)?;
    let before = processor_seconds(server.0.id())?;
    let measured = load.run(url, load.seconds)?;
    let used = processor_seconds(server.0.id())? - before;
    let per_processor_second = measured.rate * f64::from(load.seconds) / used.max(0.01);
    let row = Row { name: name.to_owned(), measured, per_processor_second, peak_kb: peak_memory(server.0.id())? };
    println!("       {row}");
    Ok(row)
}

/// A process that ends with the benchmark.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn peak_memory(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    let status = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().with_context(|| format!("cannot read VmHWM of {path}"))
}

/// How long the process has had a processor, in its own code and in the system's for it.
fn processor_seconds(pid: u32) -> Result<f64> {
    let path = format!("/proc/{pid}/stat");
    let stat = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    // The name in parentheses may have spaces; utime and stime are the 12th and 13th field after it.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
    let (Some(user), Some(system)) = (ticks(11), ticks(12)) else {
        bail!("{path} is not readable");
    };
    Ok((user + system) / TICKS_PER_SECOND)
}

/// The program on one core of its own; where there is no `taskset` it takes what it gets.
fn pinned(program: &Path, core: u32) -> Command {
    match programs::find(&["taskset"]) {
        Some(taskset) => {
            let mut command = Command::new(taskset);
            command.args(["-c", &core.to_string()]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

fn reference(node: &Node, key: &str) -> Command {
    let plain = node.command();
    let mut command = pinned(Path::new(plain.get_program()), SERVER_CORE);
    command.arg(workspace::root().join("tests/bench/guide-verifier.mjs"));
    command.env("ACCESS_KEY", key).env("API_URL", API_URL).env("NODE_ENV", "production");
    command
}

/// An access key that is good for nothing but this.
fn throwaway_access_key(node: &Node) -> Result<String> {
    let mut command = node.command();
    command.args([
        "-e",
        "console.log(require('crypto').generateKeyPairSync('ed25519').privateKey.export({format:'der',type:'pkcs8'}).toString('base64'))",
    ]);
    Ok(format!("sc_shop.k1.acc-1.{}", output(command)?.trim()))
}

fn output(mut command: Command) -> Result<String> {
    programs::output(&mut command).with_context(|| format!("{} failed", command.get_program().display()))
}

/// Linux's unit in /proc on every common architecture.
const TICKS_PER_SECOND: f64 = 100.0;
const SERVER_CORE: u32 = 0;
const LOAD_CORE: u32 = 1;
