//! Everything that can be said about the code without running it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::build;
use crate::failure::{Attempt, Result};
use crate::progress::seconds;
use crate::setup::BuildTools;
use crate::workspace;

/// Folders whose JavaScript is written by hand.
const JAVASCRIPT: [&str; 4] = ["pkg", "www", "tests", "xtask"];

/// Runs every check, also after one has failed, so that one run shows all there is to mend.
pub(crate) fn run(tools: &BuildTools) -> Result<()> {
    let deny = "-Dwarnings";
    let checks: [(&str, Command); 6] = [
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
        ("JavaScript syntax", javascript(tools)?),
    ];
    let mut failed = Vec::new();
    for (name, mut command) in checks {
        println!("lint: {name}");
        let start = Instant::now();
        match build::run(&mut command) {
            Ok(()) => println!("      clean after {}", seconds(start.elapsed())),
            Err(failure) => {
                eprintln!("      {failure}");
                failed.push(name);
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("not clean: {}", failed.join(", ")).into()) }
}

/// esbuild reads every file as a module; unlike `node --check` it needs no package.json to know that they are, and it
/// also warns of code that cannot mean what it says.
fn javascript(tools: &BuildTools) -> Result<Command> {
    let mut files = Vec::new();
    for folder in JAVASCRIPT {
        collect(&workspace::root().join(folder), &mut files)?;
    }
    files.sort();
    let mut command = tools.node.package_program("esbuild");
    command.args(["--log-level=warning", "--log-override:direct-eval=error", "--format=esm", "--target=es2022"]);
    command.arg(format!("--outdir={}", workspace::target().join("lint-javascript").display())).arg("--outbase=.");
    command.args(files);
    Ok(command)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry.attempt(|| format!("read {}", folder.display()))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !["node_modules", "dist", "out"].contains(&name) && !name.starts_with('.') {
                collect(&path, files)?;
            }
        } else if matches!(path.extension().and_then(|end| end.to_str()), Some("js" | "mjs")) {
            files.push(path);
        }
    }
    Ok(())
}
