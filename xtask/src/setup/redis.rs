//! Redis, in which several verifiers share their limits. The tests start it themselves.

use super::apt;
use crate::failure::Result;
use crate::programs;

/// `redis-server` on PATH, else Debian's package.
pub(crate) fn ensure() -> Result<()> {
    if programs::find(&["redis-server"]).is_some() {
        return Ok(());
    }
    if !apt::is_available() {
        return Err("redis-server is missing: install Redis with your system's package tool".into());
    }
    // Tests start Redis with a configuration of their own: the package's service is not needed.
    apt::install(&["redis-server"], "the store that several verifiers share in the tests", "some seconds")?;
    match programs::find(&["redis-server"]) {
        Some(_) => Ok(()),
        None => Err("redis-server was installed but is not on PATH".into()),
    }
}
