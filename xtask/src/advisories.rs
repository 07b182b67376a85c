//! `cargo xtask advisories`: known vulnerabilities of the dependencies, and the signatures of the npm packages.
//!
//! Not a part of `cargo xtask lint`: both ask databases on the network, whose contents change without a commit here.

use anyhow::{Result, anyhow};

use crate::{programs, setup, workspace};

/// Runs every check, also after one has failed.
pub(crate) fn run() -> Result<()> {
    let node = setup::for_docs()?;
    let mut crates = std::process::Command::new(setup::cargo_deny()?);
    crates.current_dir(workspace::root()).args(["--workspace", "--log-level", "warn", "check", "advisories"]);
    let checks = [
        ("vulnerabilities of crates", crates),
        ("vulnerabilities of npm packages", node.npm(&["audit"])),
        ("signatures of npm packages", node.npm(&["audit", "signatures"])),
    ];
    let mut failed = Vec::new();
    for (name, mut command) in checks {
        println!("advisories: {name}");
        if let Err(failure) = programs::run(&mut command) {
            eprintln!("            {failure:#}");
            failed.push(name);
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(anyhow!("not clean: {}", failed.join(", "))) }
}
