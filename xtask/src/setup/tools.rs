//! The tools that are compiled from crates.io: wasm-bindgen's CLI, wasm-pack, geckodriver, cargo-deny and
//! cargo-cyclonedx.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use crate::progress::Step;
use crate::{programs, workspace};

const WASM_PACK: &str = "0.15.1";
const GECKODRIVER: &str = "0.37.1";
const CARGO_DENY: &str = "0.20.2";
const CARGO_CYCLONEDX: &str = "0.5.9";
/// The words at which most programs print their version.
const VERSION: &[&str] = &["--version"];
/// Longer than any tool takes to compile on a busy machine.
const LOCKED_LIMIT: Duration = Duration::from_secs(30 * 60);

/// The `wasm-bindgen` program. Crate and program must be of exactly the same version, so Cargo.lock decides.
pub(crate) fn wasm_bindgen() -> Result<PathBuf> {
    let version = locked_version("wasm-bindgen")?;
    Tool {
        package: "wasm-bindgen-cli",
        program: "wasm-bindgen",
        version: &version,
        asked: VERSION,
        why: "makes the JavaScript side of the module",
        expect: "compiled from source, about 2 min",
        // The default features are for downloads, and depend on a TLS library.
        flags: &["--no-default-features"],
    }
    .ensure()
}

/// The `wasm-pack` program.
pub(crate) fn wasm_pack() -> Result<PathBuf> {
    Tool {
        package: "wasm-pack",
        program: "wasm-pack",
        version: WASM_PACK,
        asked: VERSION,
        why: "runs the browser tests",
        expect: "compiled from source, about 90 s",
        // It only starts other programs: not worth the time an optimised build takes.
        flags: &["--debug"],
    }
    .ensure()
}

/// The `geckodriver` program. The npm package of that name only downloads it from elsewhere.
pub(crate) fn geckodriver() -> Result<PathBuf> {
    Tool {
        package: "geckodriver",
        program: "geckodriver",
        version: GECKODRIVER,
        asked: VERSION,
        why: "drives Firefox for wasm-pack",
        expect: "compiled from source, about 2 min",
        // As above.
        flags: &["--debug"],
    }
    .ensure()
}

/// The `cargo-deny` program.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    Tool {
        package: "cargo-deny",
        program: "cargo-deny",
        version: CARGO_DENY,
        asked: VERSION,
        why: "checks the dependencies' licences, versions and sources",
        expect: "compiled from source, about 80 s",
        flags: &[],
    }
    .ensure()
}

/// The `cargo-cyclonedx` program.
pub(crate) fn cargo_cyclonedx() -> Result<PathBuf> {
    Tool {
        package: "cargo-cyclonedx",
        program: "cargo-cyclonedx",
        version: CARGO_CYCLONEDX,
        // It is a subcommand of cargo only.
        asked: &["cyclonedx", "--version"],
        why: "lists what programs and modules of a release consist of",
        expect: "compiled from source, about 80 s",
        flags: &[],
    }
    .ensure()
}

/// The version of a crate that Cargo.lock has chosen.
fn locked_version(name: &str) -> Result<String> {
    let id = programs::output(workspace::cargo("pkgid").arg(name));
    id.as_deref()
        .and_then(|id| id.rsplit(['@', '#']).next())
        .map(str::to_owned)
        .with_context(|| format!("Cargo.lock does not name one version of {name}: `cargo pkgid {name}` says why"))
}

struct Tool<'a> {
    package: &'a str,
    program: &'a str,
    version: &'a str,
    /// The words at which it prints its version.
    asked: &'a [&'a str],
    why: &'a str,
    expect: &'a str,
    flags: &'a [&'a str],
}

impl Tool<'_> {
    fn ensure(&self) -> Result<PathBuf> {
        let place = workspace::cache()?.join(format!("{}-{}", self.package, self.version));
        let cached = place.join("bin").join(self.program);
        if self.is_right(&cached) {
            return Ok(cached);
        }
        if let Some(installed) = programs::find(&[self.program]).filter(|program| self.is_right(program)) {
            return Ok(installed);
        }
        self.install(&place)?;
        if self.is_right(&cached) {
            return Ok(cached);
        }
        Err(anyhow!("{} was installed but does not run or is not version {}", cached.display(), self.version))
    }

    fn is_right(&self, program: &Path) -> bool {
        program.is_file() && programs::version_by(program, self.asked).as_deref() == Some(self.version)
    }

    fn install(&self, place: &Path) -> Result<()> {
        let work = workspace::scratch(self.package)?;
        let finished = work.join("root");
        let what = format!("{} {}", self.package, self.version);
        let locked = format!("{what} --locked");
        let step = Step::new(&locked, self.why, self.expect).dispensable(LOCKED_LIMIT);
        if let Err(failure) = step.run(self.cargo_install(&work, &finished).arg("--locked")) {
            // A registry that lags behind lacks a version that the tool's own lock file names.
            println!("        {failure:#}; trying without the tool's lock file");
            Step::new(&what, self.why, self.expect).run(&mut self.cargo_install(&work, &finished))?;
        }
        // Moved in one step, so that an unfinished installation is never found.
        workspace::publish(&finished, place)?;
        workspace::remove(&work)
    }

    fn cargo_install(&self, work: &Path, root: &Path) -> Command {
        let mut command = Command::new("cargo");
        command
            .args(["install", self.package, "--version", &format!("={}", self.version), "--root"])
            .arg(root)
            .args(self.flags)
            // Not the current folder, whose cargo configuration would apply to the build.
            .current_dir(work)
            .env("CARGO_TARGET_DIR", work.join("target"))
            // A tool that runs for a second is not worth minutes of optimisation.
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_LTO", "off");
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_the_glue_generator_is_that_of_the_locked_crate() {
        let manifest = std::fs::read_to_string(workspace::root().join("Cargo.toml")).unwrap();
        let version = locked_version("wasm-bindgen").unwrap();
        assert!(manifest.contains(&format!("wasm-bindgen = \"={version}\"")), "{version}");
        assert!(locked_version("no-such-crate").is_err());
    }
}
