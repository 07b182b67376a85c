//! `cargo xtask bundlers`: the package in every bundler and in the tools that newcomers build with, and the tables of
//! both in docs/bundlers.md.

use crate::command_line::CommandLine;
use crate::engines::Engine;
use crate::failure::Result;
use crate::{build, setup, test, workspace};

/// Builds the package, runs every fixture and every tool of `tests/bundlers` and writes what was measured; with
/// `--only NAME,…` runs these tools alone.
pub(crate) fn run(mut line: CommandLine) -> Result<()> {
    let only = line.value("--only")?;
    line.finish()?;
    // Now, not after minutes of building.
    only.iter().flat_map(|names| names.split(',')).try_for_each(check_name)?;
    let tools = setup::everything(&[Engine::Chromium])?;
    build::everything(&tools.build)?;
    if only.is_none() {
        build::run(test::bundler_tests(&tools)?.env("WRITE_DOCS", "1"))?;
    }
    let names = only.as_deref().unwrap_or("all");
    build::run(test::tool_tests(&tools)?.env("TOOLS", names).env("WRITE_DOCS", "1"))
}

fn check_name(name: &str) -> Result<()> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let manifest = workspace::root().join("tests/bundlers/tools").join(name).join("package.json");
    if !name.is_empty() && name.chars().all(is_letter) && manifest.is_file() {
        return Ok(());
    }
    Err(format!("there is no tool {name:?}: use the folders of tests/bundlers/tools, separated by commas").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_named_as_their_folders() {
        assert!(check_name("vite-5").is_ok());
        for wrong in ["", "vite", "vite-5 ", "..", "../fixtures/next"] {
            assert!(check_name(wrong).is_err(), "{wrong}");
        }
    }
}
