//! Firefox and WebKitGTK, each with its driver.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::browser::{checked_version, named};
use super::{apt, tools};
use crate::programs;

/// Debian's package of Firefox.
pub(super) const FIREFOX_PACKAGES: &[&str] = &["firefox-esr"];
/// Debian's packages of WebKitGTK's driver and of a virtual display.
pub(super) const WEBKIT_PACKAGES: &[&str] = &["webkit2gtk-driver", "xvfb", "xauth"];

/// Firefox, and the driver that wasm-pack needs; the end-to-end tests drive the browser without it.
#[derive(Debug)]
pub(crate) struct Firefox {
    /// The browser's program.
    pub(crate) firefox: PathBuf,
    /// `geckodriver`.
    pub(crate) driver: PathBuf,
    /// The browser's version.
    pub(crate) version: String,
}

/// WebKitGTK's driver, which knows where its browser is, and a virtual display.
#[derive(Debug)]
pub(crate) struct Webkit {
    /// `WebKitWebDriver`.
    pub(crate) driver: PathBuf,
    /// `xvfb-run`: this browser needs a display.
    pub(crate) xvfb_run: PathBuf,
}

/// The programs that FIREFOX and GECKODRIVER name, or else the installed ones, or else Debian's package and the driver
/// from crates.io.
pub(crate) fn firefox() -> Result<Firefox> {
    let firefox = match firefox_program()? {
        Some(firefox) => firefox,
        None => {
            install(FIREFOX_PACKAGES, "Firefox", "another engine that the tests run in", "about 30 s")?;
            firefox_program()?.context("Firefox was installed but is not on PATH: name it in FIREFOX")?
        }
    };
    let version = checked_version(&firefox)?;
    let driver = match named("GECKODRIVER", &[])? {
        Some(driver) => driver,
        None => tools::geckodriver()?,
    };
    Ok(Firefox { firefox, driver, version })
}

/// The program that WEBKIT_DRIVER names, or else the installed one, or else Debian's packages.
pub(crate) fn webkit() -> Result<Webkit> {
    let xvfb_run = || programs::find(&["xvfb-run"]);
    if webkit_driver()?.is_none() || xvfb_run().is_none() || programs::find(&["xauth"]).is_none() {
        install(
            WEBKIT_PACKAGES,
            "WebKitGTK's WebKitWebDriver, Xvfb or xauth",
            "a third engine that the tests run in",
            "about 1 min",
        )?;
    }
    Ok(Webkit {
        driver: webkit_driver()?
            .context("WebKitWebDriver was installed but is not on PATH: name it in WEBKIT_DRIVER")?,
        xvfb_run: xvfb_run().context("xvfb was installed but xvfb-run is not on PATH")?,
    })
}

/// Firefox's program, if it is installed. Fails if FIREFOX names no file.
pub(super) fn firefox_program() -> Result<Option<PathBuf>> {
    named("FIREFOX", &["firefox-esr", "firefox"])
}

/// WebKitGTK's driver, if it is installed. Fails if WEBKIT_DRIVER names no file.
pub(super) fn webkit_driver() -> Result<Option<PathBuf>> {
    named("WEBKIT_DRIVER", &["WebKitWebDriver"])
}

fn install(packages: &[&str], what: &str, why: &str, expect: &str) -> Result<()> {
    if !apt::is_available() {
        bail!("{what} is missing: install it with your system's package tool, or test without this engine");
    }
    apt::install(packages, why, expect)
}
