//! `cargo xtask advisories`: known vulnerabilities of the dependencies, and the signatures of the npm packages.
//!
//! Not a part of `cargo xtask lint`: both ask databases on the network, whose contents change without a commit here.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow};

use crate::{setup, workspace};

/// What cargo-deny and npm print when they cannot ask a database. Their exit status is the same as for a vulnerability.
const UNREACHABLE: [&str; 4] =
    ["failed to fetch advisory database", "audit endpoint returned an error", "npm error network", "ENOTFOUND"];

/// The folders whose lock file npm compares with the database. The manifests of examples have none: Dependabot reads those.
const AUDITED: [&str; 3] = ["tests", "site", "tests/bundlers"];

/// What a check has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Clean,
    /// There is something to read above.
    Found,
    /// Nothing is known.
    Unreachable,
}

impl Outcome {
    fn of(succeeded: bool, printed: &str) -> Self {
        match succeeded {
            true => Outcome::Clean,
            false if UNREACHABLE.iter().any(|text| printed.contains(text)) => Outcome::Unreachable,
            false => Outcome::Found,
        }
    }

    /// Why the command fails, if it does.
    fn failure(self, name: &str) -> Option<String> {
        match self {
            Outcome::Clean => None,
            Outcome::Found => Some(format!("{name}: there is something to do, which stands above")),
            Outcome::Unreachable => {
                Some(format!("{name}: not checked, because this machine does not reach the database"))
            }
        }
    }
}

/// Runs every check, also after one has failed.
pub(crate) fn run() -> Result<()> {
    let node = setup::for_docs()?;
    let mut crates = Command::new(setup::cargo_deny()?);
    crates.current_dir(workspace::root()).args(["--workspace", "--log-level", "warn", "check", "advisories"]);
    // npm repeats requests for minutes otherwise.
    const ONCE: &str = "--fetch-retries=0";
    let npm = |folder: &str, words: &[&str]| {
        let mut command = node.npm_command();
        command.current_dir(workspace::root().join(folder)).arg("audit").args(words).arg(ONCE);
        command
    };
    let mut checks = vec![("vulnerabilities of crates".to_owned(), crates)];
    checks.extend(AUDITED.map(|folder| (format!("vulnerabilities of the npm packages in {folder}"), npm(folder, &[]))));
    // npm reads signatures of installed packages only, and these are installed.
    checks.push(("signatures of the npm packages in tests".to_owned(), npm("tests", &["signatures"])));
    let mut failures = Vec::new();
    for (name, mut command) in checks {
        println!("advisories: {name}");
        let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot check {name}"))?;
        let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        print!("{printed}");
        failures.extend(Outcome::of(output.status.success(), &printed).failure(&name));
    }
    if failures.is_empty() { Ok(()) } else { Err(anyhow!("{}", failures.join("; "))) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::repository;

    #[test]
    fn every_lock_file_is_compared() {
        let files = repository::git(&["ls-files", "*package-lock.json"]).unwrap();
        let folders: BTreeSet<&str> =
            files.lines().filter_map(|file| file.strip_suffix("/package-lock.json")).collect();
        // Old versions of other login clients, whose size is compared. They are bundled and never run.
        let expected: BTreeSet<&str> = AUDITED.into_iter().chain(["tests/bench/peers"]).collect();
        assert_eq!(folders, expected);
    }

    #[test]
    fn a_database_that_is_not_reached_is_no_vulnerability_and_no_success() {
        for printed in [
            "[ERROR] failed to fetch advisory database https://example.com with cli",
            "npm error audit endpoint returned an error",
            "npm error network This is a problem related to network connectivity.",
        ] {
            let outcome = Outcome::of(false, printed);
            assert_eq!(outcome, Outcome::Unreachable, "{printed}");
            assert!(outcome.failure("crates").unwrap().starts_with("crates: not checked"));
        }
        let found = Outcome::of(false, "error[vulnerability]: a crate");
        assert_eq!(found.failure("crates").as_deref(), Some("crates: there is something to do, which stands above"));
        assert_eq!(Outcome::of(true, "").failure("crates"), None);
    }
}
