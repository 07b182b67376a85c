//! Software bills of materials (CycloneDX) of what is published as a program or a module, by cargo-cyclonedx.
//!
//! The npm packages have no dependencies of npm: what they consist of besides this repository are the crates that are
//! compiled into their modules, so their bills list these.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::observe::git;
use crate::{programs, setup, workspace};

/// A bill: whose it is, and how cargo-cyclonedx is asked for it.
struct Bill {
    /// The name in the release: that of the npm package or of the program.
    name: &'static str,
    /// The crate's folder.
    folder: &'static str,
    /// The file that cargo-cyclonedx writes into it.
    written: &'static str,
    options: &'static [&'static str],
}

const WASM: &[&str] = &["--target", "wasm32-unknown-unknown"];

const BILLS: [Bill; 3] = [
    Bill {
        name: "authress-login-wasm",
        folder: "",
        written: "authress_login_wasm_cdylib-rlib.cdx.json",
        options: WASM,
    },
    Bill {
        name: "authress-login-sandbox",
        folder: "crates/sandbox-wasm",
        written: "authress_sandbox_wasm_cdylib-rlib.cdx.json",
        options: WASM,
    },
    Bill {
        name: "authress-verifier",
        folder: "crates/verifier",
        written: "authress-verifier_bin.cdx.json",
        // Recommended for production, so that the bill has AWS-LC.
        options: &["--features", "aws-lc"],
    },
];

/// Writes the bills of the last commit into `folder`.
pub(crate) fn write(folder: &Path, version: &str) -> Result<()> {
    let program = setup::cargo_cyclonedx()?;
    // cargo-cyclonedx writes into the folder of every crate: these are copies.
    let source = workspace::target().join("release-source");
    workspace::remove(&source)?;
    copy_commit(&source)?;
    let time = git(&["log", "-1", "--format=%ct"])?;
    for bill in &BILLS {
        let manifest = source.join(bill.folder).join("Cargo.toml");
        let mut command = Command::new(&program);
        command.current_dir(&source).args(["cyclonedx", "--format", "json", "--spec-version", "1.5", "--quiet"]);
        command.args(["--describe", "binaries", "--no-build-deps"]).args(bill.options).arg("--manifest-path");
        // Bills of one commit are equal, whenever they are made.
        programs::run(command.arg(&manifest).env("SOURCE_DATE_EPOCH", &time))?;
        let written = source.join(bill.folder).join(bill.written);
        let text =
            std::fs::read_to_string(&written).with_context(|| format!("{} was not written", written.display()))?;
        let file = folder.join(format!("{}-{version}.cdx.json", bill.name));
        std::fs::write(&file, without_folder(&text, &source))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    workspace::remove(&source)
}

/// Copies the files of the last commit.
fn copy_commit(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let archive: PathBuf = folder.with_extension("tar");
    git(&["archive", "--format=tar", &format!("--output={}", archive.display()), "HEAD"])?;
    programs::run(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(folder))?;
    std::fs::remove_file(&archive).with_context(|| format!("cannot remove {}", archive.display()))
}

/// The bill without the folder in which it was made: crates of the workspace are identified by their path.
fn without_folder(text: &str, folder: &Path) -> String {
    text.replace(&format!("{}/", folder.display()), "/").replace(&folder.display().to_string(), "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_does_not_name_the_folder_in_which_it_was_made() {
        let bill = r#""path+file:///made/here/crates/jws#1", "path+file:///made/here#2", "registry+https://x""#;
        let expected = r#""path+file:///crates/jws#1", "path+file:///#2", "registry+https://x""#;
        assert_eq!(without_folder(bill, Path::new("/made/here")), expected);
    }

    #[test]
    fn every_bill_is_of_a_crate_that_exists() {
        for bill in &BILLS {
            assert!(workspace::root().join(bill.folder).join("Cargo.toml").is_file(), "{}", bill.name);
        }
    }
}
