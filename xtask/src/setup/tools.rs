//! The tools that are compiled from crates.io: wasm-bindgen's CLI, wasm-pack, geckodriver, cargo-deny, cargo-cyclonedx,
//! cargo-semver-checks and cargo-fuzz.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use crate::progress::Step;
use crate::{programs, workspace};

/// The words at which most programs print their version.
const VERSION: &[&str] = &["--version"];
/// Longer than any tool takes to compile on a busy machine.
const LOCKED_LIMIT: Duration = Duration::from_secs(30 * 60);

/// What is installed of these tools, without installing anything: the version that is needed, and whether it is there.
#[derive(Debug)]
pub(super) struct Installed {
    pub(super) needed: String,
    pub(super) is_found: bool,
}

impl Installed {
    fn of(tool: &Tool) -> Self {
        Installed { needed: tool.version.to_owned(), is_found: tool.existing().is_ok_and(|program| program.is_some()) }
    }

    /// `wasm-bindgen`.
    pub(super) fn wasm_bindgen() -> Result<Self> {
        Ok(Self::of(&Tool::wasm_bindgen(&locked_version("wasm-bindgen")?)))
    }

    /// `wasm-pack`.
    pub(super) fn wasm_pack() -> Self {
        Self::of(&Tool::WASM_PACK)
    }

    /// `geckodriver`.
    pub(super) fn geckodriver() -> Self {
        Self::of(&Tool::GECKODRIVER)
    }

    /// `cargo-deny`.
    pub(super) fn cargo_deny() -> Self {
        Self::of(&Tool::CARGO_DENY)
    }

    /// `cargo-cyclonedx`.
    pub(super) fn cargo_cyclonedx() -> Self {
        Self::of(&Tool::CARGO_CYCLONEDX)
    }

    /// `cargo-fuzz`.
    pub(super) fn cargo_fuzz() -> Self {
        Self::of(&Tool::CARGO_FUZZ)
    }

    /// `cargo-semver-checks`.
    pub(super) fn cargo_semver_checks() -> Self {
        Self::of(&Tool::CARGO_SEMVER_CHECKS)
    }
}

/// The `wasm-bindgen` program. Crate and program must be of exactly the same version, so Cargo.lock decides.
pub(crate) fn wasm_bindgen() -> Result<PathBuf> {
    Tool::wasm_bindgen(&locked_version("wasm-bindgen")?).ensure()
}

/// The `wasm-pack` program.
pub(crate) fn wasm_pack() -> Result<PathBuf> {
    Tool::WASM_PACK.ensure()
}

/// The `geckodriver` program.
pub(crate) fn geckodriver() -> Result<PathBuf> {
    Tool::GECKODRIVER.ensure()
}

/// The `cargo-deny` program.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    Tool::CARGO_DENY.ensure()
}

/// The `cargo-cyclonedx` program.
pub(crate) fn cargo_cyclonedx() -> Result<PathBuf> {
    Tool::CARGO_CYCLONEDX.ensure()
}

/// The `cargo-semver-checks` program.
pub(crate) fn cargo_semver_checks() -> Result<PathBuf> {
    Tool::CARGO_SEMVER_CHECKS.ensure()
}

/// The `cargo-fuzz` program.
pub(crate) fn cargo_fuzz() -> Result<PathBuf> {
    Tool::CARGO_FUZZ.ensure()
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
    /// rustc's `opt-level`: most tools run for a second, or only start other programs.
    optimisation: &'a str,
    flags: &'a [&'a str],
}

impl Tool<'static> {
    const WASM_PACK: Self = Tool {
        package: "wasm-pack",
        program: "wasm-pack",
        version: "0.15.1",
        asked: VERSION,
        why: "runs the browser tests",
        expect: "compiled from source, about 90 s",
        optimisation: "0",
        flags: &[],
    };

    /// The npm package of this name only downloads the program from elsewhere.
    const GECKODRIVER: Self = Tool {
        package: "geckodriver",
        program: "geckodriver",
        version: "0.37.1",
        asked: VERSION,
        why: "drives Firefox for wasm-pack",
        expect: "compiled from source, about 2 min",
        optimisation: "0",
        flags: &[],
    };

    const CARGO_DENY: Self = Tool {
        package: "cargo-deny",
        program: "cargo-deny",
        version: "0.20.2",
        asked: VERSION,
        why: "checks the dependencies' licences, versions and sources",
        expect: "compiled from source, about 70 s",
        optimisation: "0",
        flags: &[],
    };

    const CARGO_CYCLONEDX: Self = Tool {
        package: "cargo-cyclonedx",
        program: "cargo-cyclonedx",
        version: "0.5.9",
        // It is a subcommand of cargo only.
        asked: &["cyclonedx", "--version"],
        why: "lists what programs and modules of a release consist of",
        expect: "compiled from source, about 70 s",
        optimisation: "0",
        flags: &[],
    };

    const CARGO_FUZZ: Self = Tool {
        package: "cargo-fuzz",
        program: "cargo-fuzz",
        version: "0.13.1",
        asked: VERSION,
        why: "builds and runs the fuzz targets",
        expect: "compiled from source, about 1 min",
        optimisation: "0",
        flags: &[],
    };

    /// It knows the descriptions of the newest stable compilers only: with another one in rust-toolchain.toml comes another
    /// version here.
    const CARGO_SEMVER_CHECKS: Self = Tool {
        package: "cargo-semver-checks",
        program: "cargo-semver-checks",
        version: "0.50.0",
        asked: &["semver-checks", "--version"],
        why: "compares the crates with those of the last release",
        expect: "compiled from source, about 6 min",
        optimisation: "1",
        flags: &[],
    };
}

impl<'a> Tool<'a> {
    fn wasm_bindgen(version: &'a str) -> Self {
        Tool {
            package: "wasm-bindgen-cli",
            program: "wasm-bindgen",
            version,
            asked: VERSION,
            why: "makes the JavaScript side of the module",
            expect: "compiled from source, about 2 min",
            optimisation: "1",
            // The default features are for downloads, and depend on a TLS library.
            flags: &["--no-default-features"],
        }
    }

    fn place(&self) -> Result<PathBuf> {
        Ok(workspace::cache_path()?.join(format!("{}-{}", self.package, self.version)))
    }

    fn cached(&self) -> Result<PathBuf> {
        Ok(self.place()?.join("bin").join(self.program))
    }

    /// The program of the right version, if it is in the cache or on PATH.
    fn existing(&self) -> Result<Option<PathBuf>> {
        let candidates = [Some(self.cached()?), programs::find(&[self.program])];
        Ok(candidates.into_iter().flatten().find(|program| self.is_right(program)))
    }

    fn ensure(&self) -> Result<PathBuf> {
        if let Some(program) = self.existing()? {
            return Ok(program);
        }
        self.install(&self.place()?)?;
        let cached = self.cached()?;
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
            // One for all tools: they share dependencies.
            .env("CARGO_TARGET_DIR", workspace::target().join("tools"))
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", self.optimisation)
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
