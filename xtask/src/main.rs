//! Set-up, build, test and demo commands of this workspace: `cargo xtask` lists them.
//!
//! This is the first thing a bare machine compiles, so it keeps to the standard library and `serde_json`. It decides
//! nothing about logins; it gets the tools, runs them in the right order and says what it is doing.

mod bench;
mod build;
mod bundlers;
mod command_line;
mod demo;
mod engines;
mod failure;
mod lint;
mod lock_file;
mod notices;
mod ports;
mod programs;
mod progress;
mod setup;
mod size;
mod stack;
mod tally;
mod test;
mod types;
mod wasm_pack;
mod workspace;

use std::process::ExitCode;

use command_line::CommandLine;
use engines::Engine;
use failure::Result;

const HELP: &str = "\
cargo xtask <command>

  setup                 get every tool the other commands need; repeat it freely, it only does what is missing
  build                 the npm package (pkg/dist) and the three servers (target/debug)
  test [part …] [--engines all|NAME,…]
                        set-up, then every test; parts: lint native types browser e2e bundlers;
                        engines for browser and e2e: chromium (without the option) firefox webkit
  lint                  formatting, clippy, documentation and JavaScript syntax
  api-report            write anew what tests/types says that the npm package makes public
  docs                  the pages of documentation that the types make, in target/docs
  size                  bytes of what a shopper downloads, and writes them into xtask/size-budget.json
  bundlers [--only NAME,…]
                        the package in every bundler and in the tools of newcomers (about 20 minutes), and the tables
                        of it in docs/bundlers.md; names are the folders of tests/bundlers/tools
  bench client [--samples N] [--quick]
                        this package and the published client side by side; writes docs/benchmarks.md and its charts
  bench sizes           what a page downloads with this package and with its peers; writes the table in docs/benchmarks.md
  bench verifier [--seconds N]
                        the verifier and the one of Authress's guide side by side; writes docs/benchmarks-verifier.md
  demo [--port N]       the storefront, a local Authress and the verifier on loopback, until Ctrl-C
  demo --check          the same, walks the login once in headless Chromium and exits
  stack [--topology localhost|https|cross-site] [--authorization-url URL] [--json]
                        the servers alone on free ports, until standard input closes (what the end-to-end tests use)

Tools are kept in $AUTHRESS_LOGIN_WASM_CACHE, or else in authress-login-wasm below $XDG_CACHE_HOME or ~/.cache.
AUTHRESS_LOGIN_WASM_STD=rustup|debian fixes where the wasm32 standard library comes from (default: whichever works).
CHROME and CHROMEDRIVER name a browser and its driver that are not on PATH; so do FIREFOX and GECKODRIVER, WEBKIT_DRIVER.
With CI set, cargo may not change Cargo.lock.
";

fn main() -> ExitCode {
    match run(CommandLine::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut line: CommandLine) -> Result<()> {
    match line.word().as_deref() {
        None | Some("help") => {
            print!("{HELP}");
            Ok(())
        }
        Some("setup") => {
            line.finish()?;
            setup::everything(&Engine::ALL).map(|_| ())
        }
        Some("build") => {
            line.finish()?;
            build::everything(&setup::for_build()?)
        }
        Some("size") => {
            line.finish()?;
            size::print(&setup::for_build()?)
        }
        Some("api-report") => {
            line.finish()?;
            types::write_report(&setup::for_build()?)
        }
        Some("docs") => {
            line.finish()?;
            types::docs()
        }
        Some("lint") => {
            line.finish()?;
            lint::run(&setup::for_build()?)
        }
        Some("bench") => bench::run(line),
        Some("bundlers") => bundlers::run(line),
        Some("test") => test::run(line),
        Some("stack") => stack::run(line),
        Some("demo") => demo::run(line),
        Some(other) => Err(format!("there is no command {other:?}; `cargo xtask` without a command lists them").into()),
    }
}
