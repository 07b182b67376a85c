//! nginx, which a test of the verifier starts with the file in `deploy/`.

use anyhow::Result;

use super::apt;
use crate::programs;

/// `nginx` on PATH, else Debian's smallest package of it. Where neither is available the test says so and passes.
pub(crate) fn ensure() -> Result<()> {
    if programs::find(&["nginx", "/usr/sbin/nginx"]).is_some() || !apt::is_available() {
        return Ok(());
    }
    apt::install(&["nginx-light"], "the proxy in front of the verifier in a test", "some seconds")
}
