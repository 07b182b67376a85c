//! `cargo xtask docs`: the documentation site in `target/docs`. Its pages are the repository's Markdown, the reference of
//! the npm packages' types, and rustdoc's of the crates that a shop's server or its operator uses.
//!
//! What is a page, and how Markdown becomes one, is in `site`.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::setup::{self, Node};
use crate::{programs, workspace};

/// Options of `cargo xtask docs`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Serve the site on a free port of this machine afterwards, until Ctrl-C
    #[arg(long)]
    serve: bool,
}

/// Builds the site, and serves it with `--serve`.
pub(crate) fn run(options: &Options) -> Result<()> {
    let node = setup::for_docs()?;
    build(&node)?;
    if options.serve {
        programs::run(node.command().current_dir(workspace::root()).arg("site/serve.mjs"))?;
    }
    Ok(())
}

/// The variable with the site's path on its host, and the path for the tests: with one, a link that forgets it leads nowhere.
pub(crate) const BASE: (&str, &str) = ("DOCS_BASE", "/project/");

/// Builds the site for the host that the environment names.
pub(crate) fn build(node: &Node) -> Result<()> {
    build_with(node, |_| ())
}

/// Builds the site for its tests.
pub(crate) fn build_for_tests(node: &Node) -> Result<()> {
    build_with(node, |command| {
        command.env(BASE.0, BASE.1);
    })
}

fn build_with(node: &Node, set: impl Fn(&mut Command)) -> Result<()> {
    node.install_site()?;
    println!("docs: the crates");
    programs::run(&mut rustdoc()?)?;
    println!("docs: the pages");
    let mut command = node.command();
    command.current_dir(workspace::root()).arg("site/build.mjs");
    set(&mut command);
    programs::run(&mut command)
}

/// rustdoc of the listed crates, in a folder of its own: `target/doc` has all crates of the workspace, whose index would
/// come along. What cargo compiles for it is shared with every other command.
fn rustdoc() -> Result<Command> {
    let mut command = workspace::cargo("doc");
    command.args(["--no-deps", "--lib"]);
    for name in crates()? {
        command.args(["--package", &name]);
    }
    command.env("CARGO_BUILD_BUILD_DIR", workspace::target());
    command.env("CARGO_TARGET_DIR", workspace::root().join("target/site/rust"));
    command.env("RUSTDOCFLAGS", "-Dwarnings");
    Ok(command)
}

/// The crates whose documentation is on the site.
fn crates() -> Result<Vec<String>> {
    let path = workspace::root().join("site/crates.json");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_crates_are_published() {
        for name in crates().unwrap() {
            let folder = name.strip_prefix("authress-").unwrap();
            let manifest = workspace::root().join("crates").join(folder).join("Cargo.toml");
            let text = fs::read_to_string(manifest).unwrap();
            assert!(
                text.contains(&format!("name = \"{name}\"")) && text.contains("publish = [\"crates-io\"]"),
                "{name}"
            );
        }
    }
}
