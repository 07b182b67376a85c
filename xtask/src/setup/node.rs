//! Node.js, and the npm packages that tests and build take from `tests/package.json`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::apt;
use crate::progress::Step;
use crate::{programs, workspace};

/// The oldest major version of Node.js that works.
pub(super) const OLDEST: u32 = 20;
/// Debian's packages of it.
pub(super) const PACKAGES: &[&str] = &["nodejs", "npm"];
/// Its program.
pub(super) const NAMES: [&str; 2] = ["node", "nodejs"];

/// Node.js with the packages installed.
#[derive(Debug)]
pub(crate) struct Node {
    program: PathBuf,
    /// For instance `20.20.2`.
    pub(crate) version: String,
    npm: PathBuf,
}

impl Node {
    /// A `node` command.
    pub(crate) fn command(&self) -> Command {
        Command::new(&self.program)
    }

    /// An `npm` command.
    pub(crate) fn npm_command(&self) -> Command {
        Command::new(&self.npm)
    }

    /// Installs the bundlers and checkers of `tests/bundlers`.
    pub(crate) fn install_bundlers(&self) -> Result<()> {
        let why = "the bundlers that the package is tried with";
        // Not `ci`, which needs a lock file with the native packages of every platform: not every registry serves them.
        install_packages(&self.npm, &["install", "--no-save"], &tests().join("bundlers"), why, "about 40 s, 470 MB")
    }

    /// Installs what makes the documentation site.
    pub(crate) fn install_site(&self) -> Result<()> {
        // Not `ci`, for the reason above.
        let words = ["install", "--no-save"];
        install_packages(
            &self.npm,
            &words,
            &workspace::root().join("site"),
            "what makes the site",
            "about 20 s, 200 MB",
        )
    }

    /// Installs the login clients whose sizes are compared with ours.
    pub(crate) fn install_peers(&self) -> Result<()> {
        let why = "the login clients that ours is compared with";
        // The peer dependencies of some are frameworks, which are not measured here.
        let words = ["install", "--no-save", "--legacy-peer-deps"];
        install_packages(&self.npm, &words, &tests().join("bench/peers"), why, "about 1 min, 280 MB")
    }

    /// A command that runs a program of an installed npm package, for instance `wasm-opt`.
    pub(crate) fn package_program(&self, name: &str) -> Command {
        let mut command = self.command();
        command.current_dir(workspace::root()).arg(tests().join("node_modules/.bin").join(name));
        command
    }
}

/// Finds Node.js and installs the packages, if the lock file has changed since.
pub(crate) fn ensure() -> Result<Node> {
    let program = programs::find(&NAMES).with_context(|| missing("Node.js is missing"))?;
    let npm = programs::find(&["npm"]).with_context(|| missing("npm is missing"))?;
    let version = programs::version(&program).context("node does not run: reinstall Node.js")?;
    if programs::major(&version).is_none_or(|major| major < OLDEST) {
        bail!("Node.js {version} is too old: install version {OLDEST} or newer (nodejs.org)");
    }
    install_packages(&npm, &["ci"], &tests(), "what the tests and the build take from npm", "about 10 s")?;
    Ok(Node { program, version, npm })
}

/// Whether the packages of `tests/package-lock.json` are installed.
pub(super) fn are_packages_installed() -> bool {
    let lock = std::fs::read(lock_file(&tests()));
    lock.is_ok_and(|lock| std::fs::read(stamp(&tests())).is_ok_and(|installed| installed == lock))
}

fn lock_file(folder: &Path) -> PathBuf {
    folder.join("package-lock.json")
}

/// A copy of the lock file, written last: it proves that all of its packages are installed.
fn stamp(folder: &Path) -> PathBuf {
    folder.join("node_modules/.installed-from-package-lock.json")
}

fn missing(what: &str) -> String {
    let packages = format!("`apt-get install {}`, or ", PACKAGES.join(" "));
    let package = if apt::is_available() { packages.as_str() } else { "" };
    format!("{what}: install {package}version {OLDEST} or newer from nodejs.org")
}

/// Installs what the lock file of `folder` names, if it has changed since.
fn install_packages(npm: &Path, words: &[&str], folder: &Path, why: &str, expect: &str) -> Result<()> {
    let lock_file = lock_file(folder);
    let lock = std::fs::read(&lock_file).with_context(|| format!("cannot read {}", lock_file.display()))?;
    let stamp = stamp(folder);
    if std::fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let what = format!("npm {}", words.join(" "));
    Step::new(&what, why, expect).run(
        // No package here needs its install script.
        Command::new(npm).current_dir(folder).args(words).args(["--ignore-scripts", "--no-audit", "--no-fund"]),
    )?;
    std::fs::write(&stamp, lock).with_context(|| format!("cannot write {}", stamp.display()))
}

fn tests() -> PathBuf {
    workspace::root().join("tests")
}
