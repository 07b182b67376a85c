//! Everything that can be said about the code without running it: a list of named checks.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Result, anyhow};

use crate::progress::seconds;
use crate::setup::{self, BuildTools};
use crate::{circles, programs, words, workspace};

/// A check of a list: its name in the output, and what it runs.
pub(crate) struct Check {
    name: &'static str,
    run: Box<dyn FnOnce() -> Result<()>>,
}

impl Check {
    pub(crate) fn new(name: &'static str, run: impl FnOnce() -> Result<()> + 'static) -> Self {
        Check { name, run: Box::new(run) }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// A check that is a program, whose own output says what is wrong.
    pub(crate) fn program(name: &'static str, mut command: Command) -> Self {
        Check::new(name, move || programs::run(&mut command))
    }
}

/// The crate of the sandbox's npm package. On the host it is empty.
const SANDBOX: &str = "authress-sandbox-wasm";

/// Everything that can be said about the code without running it.
pub(crate) fn run(tools: &BuildTools) -> Result<()> {
    run_checks("lint", checks(tools))
}

/// Runs every check, also after one has failed, so that one run shows everything there is to fix.
pub(crate) fn run_checks(command: &str, checks: Vec<Check>) -> Result<()> {
    let mut failed = Vec::new();
    for Check { name, run } in checks {
        println!("{command}: {name}");
        let start = Instant::now();
        match run() {
            Ok(()) => println!("      clean after {}", seconds(start.elapsed())),
            Err(failure) => {
                eprintln!("      {failure:#}");
                failed.push(name);
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(anyhow!("not clean: {}", failed.join(", "))) }
}

/// The checks, the fastest first.
fn checks(tools: &BuildTools) -> Vec<Check> {
    vec![
        Check::program("rustfmt", rustfmt()),
        Check::new("words", words::check),
        Check::new("circles", circles::check),
        Check::program("lock file of fuzz", fuzz_lock()),
        Check::new("dependencies", || programs::run(&mut dependencies()?)),
        Check::program("JavaScript", biome(tools)),
        Check::program("types, browser", tsc(tools, ".")),
        Check::program("types, tests and build", tsc(tools, "tests")),
        Check::program("clippy, host", clippy(workspace::cargo("clippy"), &["--workspace"])),
        Check::program("clippy, wasm32", clippy(tools.wasm.cargo("clippy"), &[])),
        Check::program("clippy, sandbox for wasm32", clippy(tools.wasm.cargo_for("clippy", SANDBOX), &[])),
        Check::program("rustdoc, host", rustdoc(workspace::cargo("doc"), &["--workspace"])),
        Check::program("rustdoc, wasm32", rustdoc(tools.wasm.cargo("doc"), &[])),
    ]
}

fn rustfmt() -> Command {
    // Not through `workspace::cargo`: this one knows no --locked.
    let mut command = Command::new("cargo");
    command.current_dir(workspace::root()).args(["fmt", "--all", "--check"]);
    command
}

/// `fuzz` is no member of the workspace, so nothing else notices that a dependency of its targets has changed.
fn fuzz_lock() -> Command {
    let mut command = Command::new("cargo");
    let metadata = ["metadata", "--locked", "--format-version", "1", "--manifest-path", "fuzz/Cargo.toml"];
    command.current_dir(workspace::root()).args(metadata).stdout(Stdio::null());
    command
}

/// Licences, bans and sources of all dependencies: deny.toml. Without `--workspace` only those of the root package would be
/// read. A warning is an exception that nothing needs any more.
pub(crate) fn dependencies() -> Result<Command> {
    let mut command = Command::new(setup::cargo_deny()?);
    command.current_dir(workspace::root()).args(["--workspace", "--log-level", "warn"]);
    if workspace::locked() {
        command.arg("--locked");
    }
    command.args(["check", "--deny", "warnings", "bans", "licenses", "sources"]);
    Ok(command)
}

/// Format and rules of JavaScript and types: biome.jsonc.
fn biome(tools: &BuildTools) -> Command {
    let mut command = tools.node.package_program("biome");
    command.args(["ci", "--error-on-warnings"]);
    command
}

/// The JSDoc types of the JavaScript that belongs to the `tsconfig.json` of this folder.
fn tsc(tools: &BuildTools, folder: &str) -> Command {
    let mut command = tools.node.package_program("tsc");
    command.args(["--project", folder]);
    command
}

fn clippy(mut command: Command, packages: &[&str]) -> Command {
    command.args(packages).args(["--all-targets", "--keep-going", "--", "-Dwarnings"]);
    command
}

fn rustdoc(mut command: Command, packages: &[&str]) -> Command {
    command.args(packages).args(["--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-Dwarnings");
    command
}
