//! The workspace's folders, and cargo for the host.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

/// The workspace's root folder.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Cargo's output folder for the host.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// Cargo's output folder for wasm32. It is separate because the compiler for wasm32 may be another one, and each would
/// invalidate the other's builds.
pub(crate) fn wasm_target() -> PathBuf {
    target().join("wasm")
}

/// Cargo's output folder for the module whose standard library is compiled from source.
pub(crate) fn small_wasm_target() -> PathBuf {
    target().join("wasm-small")
}

/// The folder in which tools are kept between runs and between checkouts; creates it.
pub(crate) fn cache() -> Result<PathBuf> {
    let folder = cache_path()?;
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create the tools' folder {}", folder.display()))?;
    Ok(folder)
}

/// Where [`cache`] is or would be.
pub(crate) fn cache_path() -> Result<PathBuf> {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = named("AUTHRESS_LOGIN_WASM_CACHE")
        .or_else(|| named("XDG_CACHE_HOME").map(|folder| folder.join("authress-login-wasm")))
        .or_else(|| named("HOME").map(|folder| folder.join(".cache/authress-login-wasm")))
        .or_else(|| named("LOCALAPPDATA").map(|folder| folder.join("authress-login-wasm")))
        .context("there is no folder for the tools: set AUTHRESS_LOGIN_WASM_CACHE, XDG_CACHE_HOME or HOME")?;
    std::path::absolute(&folder).with_context(|| format!("cannot resolve {}", folder.display()))
}

/// A new empty folder in the cache for unfinished work of this process, named after its purpose.
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
            // A leftover only takes space on the disk: no reason to stop.
            let _ = remove(&entry.path());
        }
    }
}

/// Removes a folder, if it exists.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(anyhow!("cannot remove {}: {error}", folder.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Moves the finished `folder` to `place` in one step, and replaces what is there.
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

/// Whether cargo may not change Cargo.lock: in CI.
pub(crate) fn locked() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}
