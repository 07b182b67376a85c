//! Everything that can be said about the code without running it.

use std::process::Command;
use std::time::Instant;

use crate::failure::Result;
use crate::progress::seconds;
use crate::setup::BuildTools;
use crate::{programs, workspace};

/// Runs every check, also after one has failed, so that one run shows all there is to mend.
pub(crate) fn run(tools: &BuildTools) -> Result<()> {
    let deny = "-Dwarnings";
    let checks: [(&str, Command); 7] = [
        ("rustfmt", {
            // Not through `workspace::cargo`: this one knows no --locked.
            let mut command = Command::new("cargo");
            command.current_dir(workspace::root()).args(["fmt", "--all", "--check"]);
            command
        }),
        ("clippy, host", {
            let mut command = workspace::cargo("clippy");
            command.args(["--workspace", "--all-targets", "--keep-going", "--", deny]);
            command
        }),
        ("clippy, wasm32", {
            let mut command = tools.wasm.cargo("clippy");
            command.args(["--all-targets", "--keep-going", "--", deny]);
            command
        }),
        ("rustdoc, host", {
            let mut command = workspace::cargo("doc");
            command.args(["--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", deny);
            command
        }),
        ("rustdoc, wasm32", {
            let mut command = tools.wasm.cargo("doc");
            command.args(["--no-deps", "--quiet"]).env("RUSTDOCFLAGS", deny);
            command
        }),
        ("JavaScript", {
            // Format and rules: biome.jsonc.
            let mut command = tools.node.package_program("biome");
            command.args(["ci", "--error-on-warnings"]);
            command
        }),
        ("types, browser", types(tools, ".")),
    ];
    let mut failed = Vec::new();
    for (name, mut command) in checks {
        println!("lint: {name}");
        let start = Instant::now();
        match programs::run(&mut command) {
            Ok(()) => println!("      clean after {}", seconds(start.elapsed())),
            Err(failure) => {
                eprintln!("      {failure}");
                failed.push(name);
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("not clean: {}", failed.join(", ")).into()) }
}

/// Checks the JSDoc types of the JavaScript that belongs to the `tsconfig.json` of this folder.
fn types(tools: &BuildTools, folder: &str) -> Command {
    let mut command = tools.node.package_program("tsc");
    command.args(["--project", folder]);
    command
}
