//! What has changed in the public interfaces of the crates since the last release, by cargo-semver-checks, and whether the
//! next version says so.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use semver::Version;

use crate::{programs, repository, setup, workspace};

/// How much a version differs from the one before, in the meaning that cargo and npm give to versions: below 1.0.0 the second
/// number is for changes that break code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bump {
    /// The interface is the same.
    Fix,
    /// There is more of it.
    Addition,
    /// Code that used it may not compile any more.
    Breaking,
}

impl Bump {
    /// What the change of the version allows.
    pub(crate) fn between(last: &Version, next: &Version) -> Self {
        if last.major != next.major {
            Bump::Breaking
        } else if last.major > 0 {
            if last.minor == next.minor { Bump::Fix } else { Bump::Addition }
        } else if last.minor != next.minor || last.minor == 0 {
            Bump::Breaking
        } else {
            // There is no number for fixes alone.
            Bump::Addition
        }
    }

    /// The lowest version that allows this change.
    pub(crate) fn after(self, last: &Version) -> Version {
        match (self, last.major, last.minor) {
            (Bump::Fix, ..) | (_, 0, 0) | (Bump::Addition, 0, _) => {
                Version::new(last.major, last.minor, last.patch + 1)
            }
            (Bump::Addition, ..) | (Bump::Breaking, 0, _) => Version::new(last.major, last.minor + 1, 0),
            (Bump::Breaking, ..) => Version::new(last.major + 1, 0, 0),
        }
    }

    /// The word of cargo-semver-checks.
    fn release_type(self) -> &'static str {
        match self {
            Bump::Fix => "patch",
            Bump::Addition => "minor",
            Bump::Breaking => "major",
        }
    }
}

/// The newest released version below `next` that is no pre-release.
pub(crate) fn last_release(released: &[Version], next: &Version) -> Option<Version> {
    released.iter().filter(|version| *version < next && version.pre.is_empty()).max().cloned()
}

/// Compares the libraries with those of the last release.
pub(crate) fn check_crates(last: Option<&Version>, next: &Version, libraries: &[String]) -> Result<()> {
    let Some(last) = last else {
        println!("      there is no earlier release to compare with");
        return Ok(());
    };
    let program = setup::cargo_semver_checks()?;
    let source = workspace::target().join("semver-source");
    repository::copy_commit(&format!("v{last}"), &source)?;
    let old = described(&source, "old")?;
    let new = described(workspace::root(), "new")?;
    workspace::remove(&source)?;
    let mut failed = Vec::new();
    for name in libraries {
        let file = format!("{}.json", name.replace('-', "_"));
        if !old.join(&file).is_file() {
            println!("      {name} is new");
            continue;
        }
        // A description does not say whose it is.
        println!("      {name}");
        let mut command = Command::new(&program);
        command.current_dir(workspace::root()).arg("semver-checks");
        command.arg("--baseline-rustdoc").arg(old.join(&file)).arg("--current-rustdoc").arg(new.join(&file));
        command.args(["--release-type", Bump::between(last, next).release_type()]);
        if programs::run(&mut command).is_err() {
            failed.push(name.as_str());
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!(failure(last, next, &failed)) }
}

/// What is known after cargo-semver-checks has failed for these crates: its exit status does not tell a change that needs
/// another version from a comparison that did not work.
fn failure(last: &Version, next: &Version, crates: &[&str]) -> String {
    format!(
        "cargo-semver-checks failed for {}: it says above whether {next} is too low after {last}, or why it cannot compare",
        crates.join(", ")
    )
}

/// Describes the public interfaces of all libraries in `source`, with all features, and returns the folder of the files.
///
/// rustdoc describes them for both sides here, and not cargo-semver-checks, because that compiles the dependencies for each
/// crate and each side anew.
fn described(source: &Path, name: &str) -> Result<PathBuf> {
    let target = workspace::target().join("semver");
    let mut command = Command::new("cargo");
    command.current_dir(source).args([
        "doc",
        "--workspace",
        "--all-features",
        "--no-deps",
        "--lib",
        "--quiet",
        "--locked",
    ]);
    command.env("CARGO_TARGET_DIR", &target);
    // The format is unstable. cargo-semver-checks knows that of the pinned compiler, and asks for it in the same way.
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTDOCFLAGS", "-Zunstable-options --output-format=json --cap-lints=allow");
    programs::run(&mut command).with_context(|| format!("cannot describe the crates in {}", source.display()))?;
    let kept = workspace::target().join(format!("semver-{name}"));
    workspace::remove(&kept)?;
    std::fs::rename(target.join("doc"), &kept).with_context(|| format!("cannot move the {name} descriptions"))?;
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn a_change_of_the_version_says_what_may_have_changed() {
        for (last, next, expected) in [
            ("1.2.3", "2.0.0", Bump::Breaking),
            ("1.2.3", "1.3.0", Bump::Addition),
            ("1.2.3", "1.2.4", Bump::Fix),
            ("0.1.0", "0.2.0", Bump::Breaking),
            ("0.1.0", "0.1.1", Bump::Addition),
            ("0.0.1", "0.0.2", Bump::Breaking),
            ("0.9.0", "1.0.0-rc.1", Bump::Breaking),
        ] {
            assert_eq!(Bump::between(&version(last), &version(next)), expected, "{last} to {next}");
        }
    }

    #[test]
    fn the_lowest_sufficient_version_is_named() {
        for last in ["1.2.3", "0.1.4", "0.0.7"].map(version) {
            for bump in [Bump::Fix, Bump::Addition, Bump::Breaking] {
                let next = bump.after(&last);
                assert!(next > last && Bump::between(&last, &next) >= bump, "{last} to {next}");
            }
        }
        assert_eq!(Bump::Breaking.after(&version("1.2.3")), version("2.0.0"));
        assert_eq!(Bump::Breaking.after(&version("0.1.4")), version("0.2.0"));
        assert_eq!(Bump::Addition.after(&version("1.2.3")), version("1.3.0"));
        assert_eq!(Bump::Addition.after(&version("0.1.4")), version("0.1.5"));
    }

    #[test]
    fn a_failed_comparison_is_not_called_a_change() {
        let text = failure(&version("1.2.3"), &version("1.2.4"), &["authress-jws", "authress-secret"]);
        assert!(text.starts_with("cargo-semver-checks failed for authress-jws, authress-secret: "), "{text}");
        assert!(text.contains("whether 1.2.4 is too low after 1.2.3, or why it cannot compare"), "{text}");
    }

    #[test]
    fn the_last_release_is_below_the_next_and_no_pre_release() {
        let released = ["0.9.0", "1.0.0", "1.1.0-rc.1", "1.1.0", "2.0.0"].map(version);
        assert_eq!(last_release(&released, &version("1.1.0")), Some(version("1.0.0")));
        assert_eq!(last_release(&released, &version("1.1.1")), Some(version("1.1.0")));
        assert_eq!(last_release(&[], &version("1.0.0")), None);
    }
}
