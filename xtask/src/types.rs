//! The package's TypeScript types, and the report of what they make public.

use std::process::Command;

use crate::failure::Result;
use crate::setup::{BuildTools, Node, for_docs};
use crate::{programs, workspace};

/// Node's test runner over what is said about the types, over the examples that use them, and over what of the package
/// runs without a browser and without being built.
pub(crate) fn tests(node: &Node) -> Command {
    let mut command = script(node);
    command.args(["--test", "--test-reporter=spec"]);
    command.args(["types", "examples", "links"].map(|name| format!("tests/types/{name}.test.mjs")));
    command.args(["errors", "limits", "realms", "settings"].map(|name| format!("tests/package/{name}.test.mjs")));
    command
}

/// Writes the report anew. What has changed in it is for people to look at and commit.
pub(crate) fn write_report(tools: &BuildTools) -> Result<()> {
    programs::run(script(&tools.node).arg("tests/types/api-report.mjs"))
}

/// The documentation of everything that the types make public, as pages in `target/docs`.
pub(crate) fn docs() -> Result<()> {
    programs::run(for_docs()?.package_program("typedoc").args(["--options", "tests/docs/typedoc.json"]))
}

fn script(node: &Node) -> Command {
    let mut command = node.command();
    command.current_dir(workspace::root());
    command
}
