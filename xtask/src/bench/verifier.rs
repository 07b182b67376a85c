//! `cargo xtask bench verifier`: this verifier and the one of Authress's guide under the same load.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::load::{API_URL, Addresses, Load};
use super::process::{Server, pinned};
use super::report::{self, Row};
use crate::setup::{self, Node};
use crate::{programs, workspace};

/// Measures both, and writes docs/benchmarks-verifier.md.
pub(crate) fn run(seconds: u32) -> Result<()> {
    let node = setup::for_bench()?;
    build(&["signature_rate", "loopback_floor"])?;
    let programs = workspace::target().join("server");
    println!("bench: raw signatures on one core");
    let rate = pinned(&programs.join("examples/signature_rate"), SERVER_CORE);
    let signatures: f64 = output(rate)?.trim().parse().context("cannot read the rate of signatures")?;
    println!("       {signatures:.0} a second");

    let key = throwaway_access_key(&node)?;
    let load = Load { seconds, connections: 32, core: Some(LOAD_CORE), addresses: Addresses::One };
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

/// Builds the verifier as the README does, and examples of its crate.
pub(crate) fn build(examples: &[&str]) -> Result<()> {
    let mut command = workspace::cargo("build");
    command.args(["--profile", "server", "-p", "authress-verifier", "--features", "aws-lc"]);
    command.args(["--bin", "authress-verifier"]);
    for example in examples {
        command.args(["--example", example]);
    }
    programs::run(&mut command)
}

/// An access key that is good for nothing but this.
pub(crate) fn throwaway_access_key(node: &Node) -> Result<String> {
    let mut command = node.command();
    command.args([
        "-e",
        "console.log(require('crypto').generateKeyPairSync('ed25519').privateKey.export({format:'der',type:'pkcs8'}).toString('base64'))",
    ]);
    Ok(format!("sc_shop.k1.acc-1.{}", output(command)?.trim()))
}

fn measure(name: &str, mut command: Command, load: &Load) -> Result<Row> {
    println!("bench: {name}");
    let server = Server::start(name, command.stderr(Stdio::null()))?;
    // Caches, branch predictors and the other side's just-in-time compiler.
    load.run(&server.url, 3)?;
    let before = server.processor_seconds()?;
    let measured = load.run(&server.url, load.seconds)?;
    let used = server.processor_seconds()? - before;
    let per_processor_second = measured.rate * f64::from(load.seconds) / used.max(0.01);
    let row = Row { name: name.to_owned(), measured, per_processor_second, peak_kb: server.peak_memory_kb()? };
    println!("       {row}");
    Ok(row)
}

fn reference(node: &Node, key: &str) -> Command {
    let plain = node.command();
    let mut command = pinned(Path::new(plain.get_program()), SERVER_CORE);
    command.arg(workspace::root().join("tests/bench/guide-verifier.mjs"));
    command.env("ACCESS_KEY", key).env("API_URL", API_URL).env("NODE_ENV", "production");
    command
}

fn output(mut command: Command) -> Result<String> {
    programs::output(&mut command).with_context(|| format!("{} failed", command.get_program().display()))
}

const SERVER_CORE: u32 = 0;
const LOAD_CORE: u32 = 1;
