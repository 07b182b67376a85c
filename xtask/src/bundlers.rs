//! `cargo xtask bundlers`: the package in every bundler and in the tools that newcomers build with, and the tables of
//! both in docs/bundlers.md.

use crate::command_line::CommandLine;
use crate::engines::Engine;
use crate::failure::Result;
use crate::{build, setup, test};

/// Builds the package, runs every fixture and every tool of `tests/bundlers` and writes what was measured; with
/// `--only NAME,…` runs these tools alone.
pub(crate) fn run(mut line: CommandLine) -> Result<()> {
    let only = line.value("--only")?;
    line.finish()?;
    let tools = setup::everything(&[Engine::Chromium])?;
    build::everything(&tools.build)?;
    if only.is_none() {
        build::run(test::bundler_tests(&tools)?.env("WRITE_DOCS", "1"))?;
    }
    let names = only.as_deref().unwrap_or("all");
    build::run(test::tool_tests(&tools)?.env("TOOLS", names).env("WRITE_DOCS", "1"))
}
