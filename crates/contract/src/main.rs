//! `authress-contract --config contract.toml`: compares what this project assumes about Authress with a real account.
//!
//! The list of assumptions, the judgement of observations, redaction and reports are functions of values; `run` and the
//! script in `tests/contract` do what has an effect. The access key never leaves this process: the script gets signed
//! statements.

mod assumptions;
mod config;
mod facts;
mod redact;
mod report;
mod run;
mod shape;
mod statement;

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser;

use crate::config::Config;
use crate::run::Run;

/// Compare what this project assumes about Authress with a real account
#[derive(Debug, Parser)]
struct Options {
    /// The configuration; docs/contract.md explains it
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The folder for contract-report.md and contract-report.json
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    out: PathBuf,
    /// Do not ask before writing to the account
    #[arg(long)]
    yes: bool,
    /// Show the browser; a person signs in at the provider when asked to
    #[arg(long)]
    headed: bool,
    /// Also observe what takes minutes: a login that expires
    #[arg(long)]
    slow: bool,
    /// The Node.js program
    #[arg(long, value_name = "FILE", default_value = "node")]
    node: PathBuf,
}

fn main() -> ExitCode {
    match start(Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("contract: the run did not reach its end; the report has what was observed until then");
            ExitCode::FAILURE
        }
        Err(failure) => {
            eprintln!("contract: {failure:#}");
            ExitCode::from(2)
        }
    }
}

fn start(options: Options) -> Result<bool> {
    let (config, access_key) = Config::read(&options.config)?;
    if !options.yes {
        confirm(&config)?;
    }
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/contract/runner.mjs");
    let Options { headed: is_headed, slow: is_slow, out, node, .. } = options;
    Run { config, access_key, is_headed, is_slow, out, node, script }.start()
}

/// Asks before anything is written to the account.
fn confirm(config: &Config) -> Result<()> {
    println!(
        "This run starts about 30 logins at {} for the application {}, which creates about 20 anonymous users. At its \
         end it signs out and deletes these users, if the service client may.",
        config.authress_origin(),
        config.application_id
    );
    if !std::io::stdin().is_terminal() {
        bail!("standard input is no terminal to ask at: use --yes to run without the question");
    }
    print!("Continue? [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { bail!("nothing was sent") }
}
