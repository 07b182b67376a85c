//! wrk, which makes the load of the benchmarks and of a test of `deploy/load-test`.

use anyhow::{Result, bail};

use super::apt;
use crate::programs;

/// Package and program have the same name.
pub(super) const NAMES: &[&str] = &["wrk"];

/// `wrk` on PATH, else Debian's package of it: for a benchmark.
pub(crate) fn ensure() -> Result<()> {
    install()?;
    if programs::find(NAMES).is_none() {
        bail!("wrk is missing: install it with your system's package tool");
    }
    Ok(())
}

/// The same for tests. Where neither is available the test says so and passes.
pub(crate) fn ensure_for_tests() {
    if let Err(failure) = install() {
        println!("        {failure:#}; continuing without wrk");
    }
}

fn install() -> Result<()> {
    if programs::find(NAMES).is_some() || !apt::is_available() {
        return Ok(());
    }
    apt::install(NAMES, "makes the load of benchmarks and of a test", "some seconds")
}
