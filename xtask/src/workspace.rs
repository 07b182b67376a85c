//! The workspace's folders, and cargo for the host.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

/// The workspace's own folder.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Cargo's output folder for the host.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// Cargo's output folder for wasm32: its own, because the compiler may be another one there and the two would
/// otherwise undo each other's builds.
pub(crate) fn wasm_target() -> PathBuf {
    target().join("wasm")
}

/// Cargo's folder for the module with a standard library of its own.
pub(crate) fn small_wasm_target() -> PathBuf {
    target().join("wasm-small")
}

/// Where tools are kept between runs and between checkouts.
pub(crate) fn cache() -> Result<PathBuf> {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = named("AUTHRESS_LOGIN_WASM_CACHE")
        .or_else(|| named("XDG_CACHE_HOME").map(|folder| folder.join("authress-login-wasm")))
        .or_else(|| named("HOME").map(|folder| folder.join(".cache/authress-login-wasm")))
        .context("there is no place for the tools: set AUTHRESS_LOGIN_WASM_CACHE to a folder")?;
    let folder = std::path::absolute(&folder).with_context(|| format!("cannot resolve {}", folder.display()))?;
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create the tools' folder {}", folder.display()))?;
    Ok(folder)
}

/// A new empty folder in the cache for one piece of work of this process; the name says that it is unfinished.
pub(crate) fn scratch(purpose: &str) -> Result<PathBuf> {
    let cache = cache()?;
    remove_forgotten(&cache);
    let folder = cache.join(format!("unfinished-{purpose}-{}", std::process::id()));
    remove(&folder)?;
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/// Removes what interrupted set-ups have left, once it is a day old: then no other process is working on it.
fn remove_forgotten(cache: &Path) {
    let Ok(entries) = std::fs::read_dir(cache) else { return };
    for entry in entries.filter_map(std::result::Result::ok) {
        let is_unfinished = entry.file_name().to_string_lossy().starts_with("unfinished-");
        let age = entry.metadata().and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
        if is_unfinished && age.is_some_and(|age| age > Duration::from_secs(24 * 60 * 60)) {
            // It only costs room on the disk: no reason to stop.
            let _ = remove(&entry.path());
        }
    }
}

/// Removes a folder that may not be there.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(anyhow!("cannot remove {}: {error}", folder.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Puts the finished `folder` where it belongs, in one step, in place of what may be there.
pub(crate) fn publish(folder: &Path, place: &Path) -> Result<()> {
    remove(place)?;
    std::fs::rename(folder, place).with_context(|| format!("cannot move {} to {}", folder.display(), place.display()))
}

/// `cargo` in the workspace's folder, for the host.
pub(crate) fn cargo(subcommand: &str) -> Command {
    let mut command = Command::new("cargo");
    command.arg(subcommand).current_dir(root());
    if locked() {
        command.arg("--locked");
    }
    command
}

/// Whether cargo has to take Cargo.lock as it is.
pub(crate) fn locked() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}
