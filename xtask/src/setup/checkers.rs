//! Programs that check what this repository shows to operators: nginx, with which a test of the verifier serves the file in
//! `deploy/`, and shellcheck, for the commands in the pages. Where one is not available its tests say so and pass.

use anyhow::Result;

use super::apt;
use crate::programs;

/// Debian's smallest package of nginx.
pub(super) const NGINX_PACKAGES: &[&str] = &["nginx-light"];
/// Its program, which Debian keeps outside of PATH for users other than root.
pub(super) const NGINX: [&str; 2] = ["nginx", "/usr/sbin/nginx"];
/// Debian's package of shellcheck, and its program.
pub(super) const SHELLCHECK: &[&str] = &["shellcheck"];

/// What is missing of both, from Debian's packages.
pub(crate) fn ensure() -> Result<()> {
    if programs::find(&NGINX).is_none() && apt::is_available() {
        apt::install(NGINX_PACKAGES, "the proxy in front of the verifier in a test", "some seconds")?;
    }
    if programs::find(SHELLCHECK).is_none() && apt::is_available() {
        apt::install(SHELLCHECK, "checks the commands in the pages", "some seconds")?;
    }
    Ok(())
}
