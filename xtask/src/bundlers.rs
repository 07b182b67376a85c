//! `cargo xtask bundlers`: the package in every bundler, and the table of it in docs/bundlers.md.

use crate::engines::Engine;
use crate::failure::Result;
use crate::{build, setup, test};

/// Builds the package, runs every fixture of `tests/bundlers` and writes what was measured.
pub(crate) fn run() -> Result<()> {
    let tools = setup::everything(&[Engine::Chromium])?;
    build::everything(&tools.build)?;
    build::run(test::bundler_tests(&tools)?.env("WRITE_DOCS", "1"))
}
