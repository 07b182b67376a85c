//! The command line: every command, its options and its help text. What a command does stands in its own module.

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::engines::Engine;
use crate::{
    advisories, bench, build, bundlers, contract, demo, docs, doctor, fuzz, generate, lint, release, reproduce, setup,
    size, stack, test, types, words,
};

const ENVIRONMENT: &str = "\
Environment:
  AUTHRESS_LOGIN_WASM_CACHE   where tools are kept [default: authress-login-wasm below $XDG_CACHE_HOME or ~/.cache]
  AUTHRESS_LOGIN_WASM_STD     source of the wasm32 standard library: rustup or debian [default: whichever works]
  AUTHRESS_LOGIN_WASM_LIBRARY plain: the module gets the precompiled standard library, never for publishing
  CHROME, CHROMEDRIVER        Chromium and its driver, if they are not on PATH
  CHROME_HEADLESS_SHELL       Chromium's headless shell, if it is not on PATH
  FIREFOX, GECKODRIVER        Firefox and its driver, if they are not on PATH
  WEBKIT_DRIVER               WebKitGTK's driver, if it is not on PATH
  CI                          if set, cargo may not change Cargo.lock";

/// Set-up, build, test and demo commands of this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = ENVIRONMENT, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what is missing on this machine for each command and how to get it; changes nothing
    Doctor,
    /// Install every tool that the other commands need; installs only what is missing
    Setup,
    /// Build the npm package (pkg/dist) and the three servers (target/debug)
    Build(build::Options),
    /// Build the npm package of the sandbox (sandbox-pkg/dist)
    SandboxPackage,
    /// Set up, then run every test, or only the given parts
    Test(test::Options),
    /// Check formatting, words, dependencies, types, lints and documentation
    Lint,
    /// Ask for known vulnerabilities of dependencies and check the signatures of npm packages; needs the network
    Advisories,
    /// Run the fuzz targets for some time each, with their seeds
    Fuzz(fuzz::Options),
    /// Find terms that docs/glossary.md replaces
    Words(words::Options),
    /// Write what JavaScript, types and documentation repeat of the Rust code (error codes, names of stored things)
    Generate,
    /// Write the reports of the public types of every entry of the npm packages (tests/types) anew
    ApiReport,
    /// Build the documentation site in target/docs, with the reference of types and crates
    Docs(docs::Options),
    /// Print what a shopper downloads, in bytes, and write it to xtask/size-budget.json
    Size,
    /// Try the package in every bundler and framework (about 20 minutes) and write the tables in docs/bundlers.md
    Bundlers(bundlers::Options),
    /// Measure this project beside its alternatives
    #[command(subcommand)]
    Bench(bench::Benchmark),
    /// Compare what this project assumes about Authress with a real account, and write a report (docs/contract.md)
    Contract(contract::Options),
    /// Say what a release would publish and what is left to do before; publishes nothing (RELEASING.md)
    Release(release::Options),
    /// Build the npm package of the last commit twice and compare every byte (about 6 minutes)
    Reproduce,
    /// Run the storefront, a local Authress and the verifier on loopback, until Ctrl-C
    Demo(demo::Options),
    /// Run the servers alone on free ports until standard input closes, as the end-to-end tests do
    Stack(stack::Options),
}

impl Cli {
    /// Runs the command that was given.
    pub(crate) fn run(self) -> Result<()> {
        match self.command {
            Command::Doctor => doctor::run(),
            Command::Setup => {
                setup::everything(&Engine::ALL)?;
                setup::cargo_deny().map(|_| ())
            }
            Command::Build(options) => build::run(&options),
            Command::SandboxPackage => build::sandbox_package(&setup::for_build()?),
            Command::Test(options) => test::run(&options),
            Command::Lint => lint::run(&setup::for_build()?),
            Command::Advisories => advisories::run(),
            Command::Fuzz(options) => fuzz::run(&options),
            Command::Words(options) => words::run(&options),
            Command::Generate => generate::write(),
            Command::ApiReport => types::write_report(&setup::for_build()?),
            Command::Docs(options) => docs::run(&options),
            Command::Size => size::print(&setup::for_build()?),
            Command::Bundlers(options) => bundlers::run(&options),
            Command::Bench(benchmark) => bench::run(&benchmark),
            Command::Contract(options) => contract::run(&options),
            Command::Release(options) => release::run(&options),
            Command::Reproduce => reproduce::run(),
            Command::Demo(options) => demo::run(&options),
            Command::Stack(options) => stack::run(&options),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// Whether the words after `cargo xtask` are understood.
    fn parses(words: &str) -> bool {
        Cli::try_parse_from(["cargo xtask"].into_iter().chain(words.split(' '))).is_ok()
    }

    /// The words after each `cargo xtask` in the code of a page.
    fn commands_in(page: &str) -> impl Iterator<Item = &str> {
        let rests = page.split("cargo xtask ").skip(1);
        rests.filter_map(|rest| rest.split(['`', '\n', '#', '&', ';', '|', ')']).next()).map(str::trim)
    }

    #[test]
    fn every_command_in_the_documentation_is_understood() {
        let mut found = 0;
        for page in authress_documentation::pages().unwrap() {
            for words in commands_in(&page.text).filter(|words| !words.is_empty()) {
                assert!(parses(words) || words == "help", "{}: cargo xtask {words}", page.path);
                found += 1;
            }
        }
        assert!(found > 10, "{found} commands");
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_are_accepted_in_any_order_and_both_spellings() {
        for words in [
            "stack --json --topology https --authorization-url=http://127.0.0.1:1/",
            "stack --dialect strict",
            "test --engines all",
            "test lint native --engines=webkit,chromium",
            "demo --port 5173 --check",
            "contract --config contract.toml --yes --headed --slow --out reports",
            "bundlers --only vite-5,nuxt",
            "fuzz --seconds 5 --only callback,jwt",
            "bench client --samples 7 --quick",
            "bench verifier --seconds 5",
            "bench capacity",
            "bench capacity --only login,human-check",
            "bench capacity --write",
            "build --release",
            "build --only-package",
            "docs",
            "docs --serve",
            "test docs",
            "reproduce",
            "test --release e2e",
            "release --dry-run 1.2.3",
            "release 1.2.3-rc.1 --quick --dry-run",
            "release 1.2.3 --dry-run --only compiler,crate-changes",
        ] {
            assert!(parses(words), "{words}");
        }
    }

    #[test]
    fn unknown_words_and_invalid_values_are_rejected() {
        for words in [
            "tset",
            "test lnit",
            "test --engines",
            "test --engines chrome",
            "test --engines firefox,",
            "demo --prot 1",
            "demo --port 0",
            "demo --port 65536",
            "stack --topology tls",
            "stack --dialect lax",
            "bundlers --only vite",
            "bench",
            "bench client --samples few",
            "fuzz --seconds 0",
            "bench capacity --only everything",
            "bench capacity --write --only login",
            "release 1.2.3",
            "release --dry-run",
            "release --dry-run v1.2.3",
            "release --dry-run 1.2",
            "release --dry-run 1.2.3 --quick --only sizes",
        ] {
            assert!(!parses(words), "{words}");
        }
    }
}
