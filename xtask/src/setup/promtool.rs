//! promtool, with which a test of the verifier checks its alerts.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::apt;
use crate::progress::Step;
use crate::{programs, workspace};

/// Debian's package. It also has the server, which it would start, so it is only unpacked.
pub(super) const PACKAGES: &[&str] = &["prometheus"];
/// Longer than the download takes on a slow connection.
const LIMIT: Duration = Duration::from_secs(5 * 60);

/// The program, if it is on PATH or in the cache.
pub(super) fn existing() -> Result<Option<PathBuf>> {
    let cached = place()?.join("promtool");
    Ok(programs::find(&["promtool"]).or_else(|| cached.is_file().then_some(cached)))
}

/// The program; unpacks Debian's package if it is missing. Without it the test says that it was not run.
pub(super) fn ensure() -> Result<Option<PathBuf>> {
    if existing()?.is_none()
        && apt::is_available()
        && let Err(failure) = unpack(&place()?)
    {
        println!("        {failure:#}; continuing without promtool");
    }
    existing()
}

fn place() -> Result<PathBuf> {
    Ok(workspace::cache_path()?.join("promtool"))
}

fn unpack(place: &Path) -> Result<()> {
    apt::refresh();
    let work = workspace::scratch("promtool")?;
    let mut download = Command::new("apt-get");
    // apt may download as a user of its own, who cannot write here.
    download.current_dir(&work).args(["-o", "APT::Sandbox::User=root", "download"]).args(PACKAGES);
    Step::new("promtool", "checks the verifier's alerts", "20 MB of Debian's prometheus")
        .dispensable(LIMIT)
        .run(&mut download)?;
    let files = std::fs::read_dir(&work).with_context(|| format!("cannot read {}", work.display()))?;
    let package = files.flatten().map(|file| file.path()).find(|path| path.extension().is_some_and(|end| end == "deb"));
    let package = package.context("apt-get download left no package")?;
    let unpacked = work.join("unpacked");
    programs::run(Command::new("dpkg-deb").arg("--extract").arg(package).arg(&unpacked))?;
    let finished = work.join("finished");
    std::fs::create_dir_all(&finished).with_context(|| format!("cannot create {}", finished.display()))?;
    std::fs::rename(unpacked.join("usr/bin/promtool"), finished.join("promtool"))
        .context("the package has no promtool")?;
    workspace::publish(&finished, place)?;
    workspace::remove(&work)
}
