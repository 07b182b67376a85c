//! What a shopper downloads, in bytes.

use anyhow::Result;

use crate::build;
use crate::setup::BuildTools;
use crate::{programs, workspace};

/// The committed sizes and the limit: `check` compares with them, `print` writes them.
const BUDGET: &str = "xtask/size-budget.json";

/// Builds the package, prints the sizes of its files and writes those of the default entry to the budget.
pub(crate) fn print(tools: &BuildTools) -> Result<()> {
    build::package(tools)?;
    measure(tools, "--write")
}

/// Prints the sizes of the package that was built, and how they have changed; fails above the limit.
pub(crate) fn check(tools: &BuildTools) -> Result<()> {
    measure(tools, "--check")
}

fn measure(tools: &BuildTools, what: &str) -> Result<()> {
    let mut command = tools.node.command();
    let library = tools.library.name();
    command.current_dir(workspace::root()).args(["xtask/size.mjs", what, BUDGET, library]);
    programs::run(command.arg(build::dist()))
}
