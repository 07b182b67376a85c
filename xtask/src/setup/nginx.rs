//! nginx, which a test of the verifier starts with the file in `deploy/`.

use anyhow::Result;

use super::apt;
use crate::programs;

/// Debian's smallest package of it.
pub(super) const PACKAGES: &[&str] = &["nginx-light"];
/// Its program, which Debian keeps outside of PATH for users other than root.
pub(super) const NAMES: [&str; 2] = ["nginx", "/usr/sbin/nginx"];

/// `nginx` on PATH, else Debian's smallest package of it. Where neither is available the test says so and passes.
pub(crate) fn ensure() -> Result<()> {
    if programs::find(&NAMES).is_some() || !apt::is_available() {
        return Ok(());
    }
    apt::install(PACKAGES, "the proxy in front of the verifier in a test", "some seconds")
}
