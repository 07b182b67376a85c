//! Software bills of materials (CycloneDX) of what is published as a program or a module, by cargo-cyclonedx.
//!
//! The npm packages have no dependencies of npm: what they consist of besides this repository are the crates that are
//! compiled into their modules, so their bills list these.
//!
//! cargo-cyclonedx reads the whole workspace, whose crates enable each other's features. What a build of the one crate
//! does not compile in, and macros, are removed from its bill.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{programs, repository, setup, workspace};

/// A bill: whose it is, and how cargo-cyclonedx is asked for it.
struct Bill {
    /// The name in the release: that of the npm package or of the program.
    name: &'static str,
    package: &'static str,
    /// The folder of the package.
    folder: &'static str,
    /// The file that cargo-cyclonedx writes into it.
    written: &'static str,
    options: &'static [&'static str],
}

const WASM: &[&str] = &["--target", "wasm32-unknown-unknown"];

const BILLS: [Bill; 3] = [
    Bill {
        name: "authress-login-wasm",
        package: "authress-login-wasm",
        folder: "",
        written: "authress_login_wasm_cdylib-rlib.cdx.json",
        options: WASM,
    },
    Bill {
        name: "authress-login-sandbox",
        package: "authress-sandbox-wasm",
        folder: "crates/sandbox-wasm",
        written: "authress_sandbox_wasm_cdylib-rlib.cdx.json",
        options: WASM,
    },
    Bill {
        name: "authress-verifier",
        package: "authress-verifier",
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
    let commit = repository::last_commit()?;
    repository::copy_commit(&commit, &source)?;
    let time = repository::git(&["log", "-1", "--format=%ct", &commit])?;
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
        let bill_of_workspace = serde_json::from_str(&without_folder(&text, &source))
            .with_context(|| format!("{} is not JSON", written.display()))?;
        let exact = restricted(bill_of_workspace, &compiled_in(&source, bill)?);
        let text = serde_json::to_string_pretty(&exact).context("cannot write a bill")?;
        let file = folder.join(format!("{}-{version}.cdx.json", bill.name));
        std::fs::write(&file, text + "\n").with_context(|| format!("cannot write {}", file.display()))?;
    }
    workspace::remove(&source)
}

/// The names and versions of what a build of the bill's package compiles in, and of the package.
fn compiled_in(source: &Path, bill: &Bill) -> Result<BTreeSet<(String, String)>> {
    let mut command = Command::new("cargo");
    command.current_dir(source).args(["tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "none"]);
    let tree = programs::output(command.args(["--package", bill.package]).args(bill.options));
    let tree = tree.with_context(|| format!("`cargo tree --package {}` fails", bill.package))?;
    Ok(tree.lines().filter_map(name_and_version).collect())
}

/// Reads `serde v1.0.229 (*)`.
fn name_and_version(line: &str) -> Option<(String, String)> {
    let mut words = line.split(' ');
    Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
}

/// The bill with these components only, and the edges between them.
fn restricted(mut bill: Value, kept: &BTreeSet<(String, String)>) -> Value {
    let text = |object: &Value, key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut removed = BTreeSet::new();
    if let Some(components) = bill.get_mut("components").and_then(Value::as_array_mut) {
        components.retain(|component| {
            let is_kept = kept.contains(&(text(component, "name"), text(component, "version")));
            if !is_kept {
                removed.insert(text(component, "bom-ref"));
            }
            is_kept
        });
    }
    if let Some(dependencies) = bill.get_mut("dependencies").and_then(Value::as_array_mut) {
        dependencies.retain(|dependency| !removed.contains(&text(dependency, "ref")));
        for edges in dependencies.iter_mut().filter_map(|dependency| dependency.get_mut("dependsOn")?.as_array_mut()) {
            edges.retain(|edge| edge.as_str().is_none_or(|edge| !removed.contains(edge)));
        }
    }
    bill
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
    fn a_bill_is_restricted_to_what_is_compiled_in() {
        let component = |name: &str| serde_json::json!({ "name": name, "version": "1.0.0", "bom-ref": name });
        let bill = serde_json::json!({
            "components": [component("used"), component("of-another-crate")],
            "dependencies": [
                { "ref": "root", "dependsOn": ["used", "of-another-crate"] },
                { "ref": "of-another-crate", "dependsOn": ["used"] },
                { "ref": "used" }
            ]
        });
        let kept = ["used v1.0.0", "root v2.0.0 (/folder)", ""].into_iter().filter_map(name_and_version).collect();
        assert_eq!(
            restricted(bill, &kept),
            serde_json::json!({
                "components": [component("used")],
                "dependencies": [{ "ref": "root", "dependsOn": ["used"] }, { "ref": "used" }]
            })
        );
    }

    #[test]
    fn every_bill_is_of_a_crate_that_exists() {
        for bill in &BILLS {
            assert!(workspace::root().join(bill.folder).join("Cargo.toml").is_file(), "{}", bill.name);
        }
    }
}
