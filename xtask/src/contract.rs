//! `cargo xtask contract`: compares what this project assumes about Authress with a real account.
//!
//! This only gets the browser, the npm package and the program of `crates/contract` ready. That program has the list of
//! assumptions, asks before it writes to the account, and writes the report.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::engines::Engine;
use crate::{build, setup, workspace};

/// Options of `cargo xtask contract`. Without a configuration it does nothing, so it cannot run by mistake.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The account's configuration
    #[arg(long, value_name = "FILE", default_value = "contract.toml")]
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
}

/// Sets up, builds, and runs the comparison.
pub(crate) fn run(options: &Options) -> Result<()> {
    // Now, not after minutes of building.
    if !options.config.is_file() {
        bail!("there is no file {}: docs/contract.md has an example", options.config.display());
    }
    let tools = setup::everything(&[Engine::Chromium])?;
    build::package(&tools.build)?;
    let mut command = tools.for_browser(std::process::Command::new(build::contract_program()?));
    command.arg("--config").arg(std::path::absolute(&options.config)?);
    command.arg("--out").arg(std::path::absolute(&options.out)?);
    command.arg("--node").arg(tools.build.node.command().get_program());
    let flags = [(options.yes, "--yes"), (options.headed, "--headed"), (options.slow, "--slow")];
    command.args(flags.iter().filter(|(given, _)| *given).map(|(_, flag)| flag));
    // Standard input is the terminal's: the program asks a question there.
    let status = command.current_dir(workspace::root()).status().context("cannot start the contract test")?;
    if status.success() { Ok(()) } else { bail!("the contract test did not reach its end ({status})") }
}
