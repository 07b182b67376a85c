//! nginx, which a test of the verifier starts with the file in `deploy/`.

use super::apt;
use crate::programs;

/// Debian's smallest package of it.
pub(super) const PACKAGES: &[&str] = &["nginx-light"];
/// Its program, which Debian keeps outside of PATH for users other than root.
pub(super) const NAMES: [&str; 2] = ["nginx", "/usr/sbin/nginx"];

/// `nginx` on PATH, else Debian's smallest package of it. Where neither is available the test says so and passes.
pub(crate) fn ensure() {
    if programs::find(&NAMES).is_none()
        && apt::is_available()
        && let Err(failure) = apt::install(PACKAGES, "the proxy in front of the verifier in a test", "some seconds")
    {
        println!("        {failure:#}; continuing without nginx");
    }
}
