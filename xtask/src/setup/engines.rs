//! Firefox and WebKitGTK, each with its driver.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::browser::{checked_version, named};
use super::{apt, tools};
use crate::programs;

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
    let find = || named("FIREFOX", &["firefox-esr", "firefox"]);
    let firefox = match find()? {
        Some(firefox) => firefox,
        None => {
            install(&["firefox-esr"], "Firefox", "another engine that the tests run in", "about 30 s")?;
            find()?.context("Firefox was installed but is not on PATH: name it in FIREFOX")?
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
    let driver = || named("WEBKIT_DRIVER", &["WebKitWebDriver"]);
    let xvfb_run = || programs::find(&["xvfb-run"]);
    if driver()?.is_none() || xvfb_run().is_none() || programs::find(&["xauth"]).is_none() {
        let packages = ["webkit2gtk-driver", "xvfb", "xauth"];
        install(
            &packages,
            "WebKitGTK's WebKitWebDriver, Xvfb or xauth",
            "a third engine that the tests run in",
            "about 1 min",
        )?;
    }
    Ok(Webkit {
        driver: driver()?.context("WebKitWebDriver was installed but is not on PATH: name it in WEBKIT_DRIVER")?,
        xvfb_run: xvfb_run().context("xvfb was installed but xvfb-run is not on PATH")?,
    })
}

fn install(packages: &[&str], what: &str, why: &str, expect: &str) -> Result<()> {
    if !apt::is_available() {
        bail!("{what} is missing: install it with your system's package tool, or test without this engine");
    }
    apt::install(packages, why, expect)
}
