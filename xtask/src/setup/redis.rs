//! Redis, in which several verifiers share their limits. The tests start it themselves.

use anyhow::{Result, anyhow, bail};

use super::apt;
use crate::programs;

/// Debian's package.
pub(super) const PACKAGES: &[&str] = &["redis-server"];

/// `redis-server` on PATH, else Debian's package.
pub(crate) fn ensure() -> Result<()> {
    if programs::find(&["redis-server"]).is_some() {
        return Ok(());
    }
    if !apt::is_available() {
        bail!("redis-server is missing: install Redis with your system's package tool");
    }
    // Tests start Redis with a configuration of their own: the package's service is not needed.
    apt::install(PACKAGES, "the store that several verifiers share in the tests", "some seconds")?;
    match programs::find(&["redis-server"]) {
        Some(_) => Ok(()),
        None => Err(anyhow!("redis-server was installed but is not on PATH")),
    }
}
