//! `cargo xtask bundlers`: builds applications with the package in every bundler and framework, and writes the tables
//! in docs/bundlers.md.

use anyhow::Result;
use clap::Args;

use crate::engines::Engine;
use crate::{build, programs, setup, test, workspace};

/// Options of `cargo xtask bundlers`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Only these folders of tests/bundlers/tools, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = tool_name)]
    only: Vec<String>,
}

/// Builds the package, runs every fixture and every tool of `tests/bundlers` and writes the tables of the results; with
/// `--only` runs these tools alone.
pub(crate) fn run(options: &Options) -> Result<()> {
    let Options { only } = options;
    let tools = setup::everything(&[Engine::Chromium])?;
    build::everything(&tools.build)?;
    if only.is_empty() {
        build::sandbox_package(&tools.build)?;
        programs::run(test::bundlers(&tools)?.env("WRITE_DOCS", "1"))?;
    }
    let names = if only.is_empty() { "all".to_owned() } else { only.join(",") };
    programs::run(test::tools(&tools)?.env("TOOLS", names).env("WRITE_DOCS", "1"))
}

fn tool_name(name: &str) -> std::result::Result<String, String> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let manifest = workspace::root().join("tests/bundlers/tools").join(name).join("package.json");
    if !name.is_empty() && name.chars().all(is_letter) && manifest.is_file() {
        return Ok(name.to_owned());
    }
    Err(format!("there is no tool {name:?}: use the folders of tests/bundlers/tools, separated by commas"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_named_as_their_folders() {
        assert!(tool_name("vite-5").is_ok());
        for wrong in ["", "vite", "vite-5 ", "..", "../fixtures/next"] {
            assert!(tool_name(wrong).is_err(), "{wrong}");
        }
    }
}
