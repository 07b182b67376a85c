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

/// Installs `packages`. Fails rather than removing an installed package.
pub(crate) fn install(packages: &[&str], why: &str, expect: &str) -> Result<()> {
    let names = packages.join(" ");
    if !LISTS_ARE_FRESH.swap(true, Ordering::Relaxed) {
        let step = Step::new("apt-get update", "know what can be installed", "some seconds");
        // One of several sources may be unreachable: the next step shows whether that matters.
        if let Err(failure) = step.dispensable(Duration::from_secs(300)).run(&mut apt_get(&["update"])?) {
            println!("        {failure:#}; continuing with the package lists that are there");
        }
    }
    let what = format!("apt-get install {names}");
    let mut command = apt_get(&["install", "--yes", "--no-install-recommends", "--no-remove"])?;
    Step::new(&what, why, expect).run(command.args(packages))
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
