//! Debian's package tool, where there is one.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};

use crate::programs;
use crate::progress::Step;

/// The package lists are refreshed once per run, and only if something has to be installed.
static LISTS_ARE_FRESH: AtomicBool = AtomicBool::new(false);

/// Whether this system has apt.
pub(crate) fn is_available() -> bool {
    programs::find(&["apt-get"]).is_some()
}

/// Whether the package lists of this system are there and do not name the package.
pub(super) fn lacks(package: &str) -> bool {
    let mut lists = std::fs::read_dir("/var/lib/apt/lists").into_iter().flatten().filter_map(std::result::Result::ok);
    let has_lists = lists.any(|list| list.file_name().to_string_lossy().contains("_Packages"));
    has_lists && programs::output(Command::new("apt-cache").args(["show", package])).is_none()
}

/// Installs `packages`. Fails rather than removing an installed package.
pub(crate) fn install(packages: &[&str], why: &str, expect: &str) -> Result<()> {
    let mut command = apt_get(&["install", "--yes", "--no-install-recommends", "--no-remove"])?;
    refresh();
    let what = format!("apt-get install {}", packages.join(" "));
    Step::new(&what, why, expect).run(command.args(packages))
}

/// Refreshes the package lists, unless this run has done so. A package of an old list may be gone from the servers.
pub(super) fn refresh() {
    if LISTS_ARE_FRESH.swap(true, Ordering::Relaxed) {
        return;
    }
    let step = Step::new("apt-get update", "know what can be installed", "some seconds");
    let refreshed =
        apt_get(&["update"]).and_then(|mut command| step.dispensable(Duration::from_secs(300)).run(&mut command));
    // One of several sources may be unreachable, and downloading needs no root: the next step shows whether that matters.
    if let Err(failure) = refreshed {
        println!("        {failure:#}; continuing with the package lists that are there");
    }
}

/// Whether packages can be installed without a question.
pub(super) fn check_rights() -> Result<()> {
    apt_get(&[]).map(drop)
}

/// `apt-get` as root, without questions.
fn apt_get(words: &[&str]) -> Result<Command> {
    let is_root = programs::output(Command::new("id").arg("-u")).as_deref() == Some("0");
    let mut command = if is_root {
        Command::new("env")
    } else {
        if programs::output(Command::new("sudo").args(["-n", "true"])).is_none() {
            bail!("installing packages needs root: run `sudo -v` first, or install what is named above yourself");
        }
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "env"]);
        sudo
    };
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"]).args(words);
    Ok(command)
}
