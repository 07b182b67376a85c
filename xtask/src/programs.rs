//! Programs that may or may not be installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow};

/// What a program's file may end with. npm is a script.
const ENDINGS: &[&str] = if cfg!(windows) { &[".exe", ".cmd"] } else { &[""] };

/// The first of `names` that is on PATH.
pub(crate) fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let files = |name: &str| {
        let names: Vec<String> = ENDINGS.iter().map(|ending| format!("{name}{ending}")).collect();
        std::env::split_paths(&path)
            .flat_map(move |folder| names.clone().into_iter().map(move |name| folder.join(name)))
    };
    names.iter().find_map(|name| files(name).find(|file| file.is_file()))
}

/// Runs a command whose own output says what it does and why it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().display().to_string();
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start {name}"))?;
    if status.success() { Ok(()) } else { Err(anyhow!("{name} failed ({status}): its message stands above")) }
}

/// What the program prints on standard output, or `None` if it cannot be run or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The first word of `program --version` that starts with a digit (a leading `v` is dropped).
pub(crate) fn version(program: &Path) -> Option<String> {
    version_by(program, &["--version"])
}

/// The version of a program that prints it at other words than `--version`.
pub(crate) fn version_by(program: &Path, words: &[&str]) -> Option<String> {
    version_in(&output(Command::new(program).args(words))?)
}

/// The number before the first dot.
pub(crate) fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

/// PATH with `folders` in front.
pub(crate) fn path_with(folders: &[PathBuf]) -> std::ffi::OsString {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let all = folders.iter().cloned().chain(std::env::split_paths(&old));
    // Only a folder name that contains the separator can fail here, and such a folder could not be on PATH either.
    std::env::join_paths(all).unwrap_or(old)
}

fn version_in(text: &str) -> Option<String> {
    text.split_whitespace()
        .map(|word| word.strip_prefix('v').unwrap_or(word))
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_the_usual_spellings() {
        assert_eq!(version_in("wasm-bindgen 0.2.130").as_deref(), Some("0.2.130"));
        assert_eq!(version_in("v20.20.2").as_deref(), Some("20.20.2"));
        assert_eq!(version_in("Chromium 156.0.8078.79 built on Debian").as_deref(), Some("156.0.8078.79"));
        assert_eq!(version_in("no number"), None);
        assert_eq!(major("156.0.8078.79"), Some(156));
    }
}
