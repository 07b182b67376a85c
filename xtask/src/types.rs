//! The packages' TypeScript types: the reports of what they make public, and the documentation of the client's.

use anyhow::Result;

use crate::setup::{BuildTools, for_docs};
use crate::{programs, workspace};

/// Writes the reports. The difference is for a person to review and commit.
pub(crate) fn write_report(tools: &BuildTools) -> Result<()> {
    programs::run(tools.node.command().current_dir(workspace::root()).arg("tests/types/api-report.mjs"))
}

/// The documentation of everything that the types make public, as pages in `target/docs`.
pub(crate) fn docs() -> Result<()> {
    programs::run(for_docs()?.package_program("typedoc").args(["--options", "tests/docs/typedoc.json"]))
}
