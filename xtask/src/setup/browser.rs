//! Chromium and its driver.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use super::apt;
use crate::programs;

const NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/// Debian's packages of both.
pub(super) const PACKAGES: &[&str] = &["chromium", "chromium-driver"];

/// The program of Chromium without its window; Debian's package has the same name.
pub(super) const SHELL_NAMES: &[&str] = &["chromium-headless-shell"];

/// A browser and a driver of the same major version.
#[derive(Debug)]
pub(crate) struct Browser {
    /// The browser's program.
    pub(crate) chrome: PathBuf,
    /// Its `chromedriver`.
    pub(crate) driver: PathBuf,
    /// Chromium without its window, of the same major version, if it is installed.
    pub(crate) shell: Option<PathBuf>,
    /// The browser's version, all four numbers.
    pub(crate) version: String,
}

/// The programs that CHROME and CHROMEDRIVER name, or else the installed ones, or else Debian's packages.
pub(crate) fn ensure() -> Result<Browser> {
    if chrome()?.is_none() || driver()?.is_none() {
        if !apt::is_available() {
            bail!(
                "Chromium or chromedriver is missing: install both with your system's package tool, or name \
                        them in CHROME and CHROMEDRIVER"
            );
        }
        apt::install(PACKAGES, "the browser the tests and the demo's check run in", "1 to 2 min")?;
    }
    let chrome = chrome()?.context("Chromium was installed but is not on PATH: name it in CHROME")?;
    let driver = driver()?.context("chromedriver was installed but is not on PATH: name it in CHROMEDRIVER")?;
    let version = checked_version(&chrome)?;
    let driver_version = checked_version(&driver)?;
    if programs::major(&version) != programs::major(&driver_version) {
        bail!(
            "{} is version {version} but {} is {driver_version}, and they only work together in the same major \
             version: install a matching pair and name it in CHROME and CHROMEDRIVER",
            chrome.display(),
            driver.display()
        );
    }
    let is_same = |shell: &PathBuf| {
        programs::version(shell).is_some_and(|found| programs::major(&found) == programs::major(&version))
    };
    let shell = shell()?.filter(is_same);
    Ok(Browser { chrome, driver, shell, version })
}

/// Chromium's program, if it is installed. Fails if CHROME names no file.
pub(super) fn chrome() -> Result<Option<PathBuf>> {
    named("CHROME", &NAMES)
}

/// `chromedriver`, if it is installed. Fails if CHROMEDRIVER names no file.
pub(super) fn driver() -> Result<Option<PathBuf>> {
    named("CHROMEDRIVER", &["chromedriver"])
}

/// Chromium without its window, if it is installed. Fails if CHROME_HEADLESS_SHELL names no file.
pub(super) fn shell() -> Result<Option<PathBuf>> {
    named("CHROME_HEADLESS_SHELL", SHELL_NAMES)
}

/// The program that an environment variable names, or else the first of `names` on PATH. A named program must exist.
pub(super) fn named(variable: &str, names: &[&str]) -> Result<Option<PathBuf>> {
    match std::env::var_os(variable).filter(|value| !value.is_empty()) {
        None => Ok(programs::find(names)),
        Some(value) if Path::new(&value).is_file() => Ok(Some(value.into())),
        Some(value) => Err(anyhow!("{variable} names {}, which is not a file", value.display())),
    }
}

/// The version of a program. Fails if the program does not run.
pub(super) fn checked_version(program: &Path) -> Result<String> {
    programs::version(program).with_context(|| format!("{} does not run: reinstall it", program.display()))
}
