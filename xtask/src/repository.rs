//! The git repository, which is only read.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{programs, workspace};

/// What git prints on standard output.
pub(crate) fn git(words: &[&str]) -> Result<String> {
    let mut command = Command::new("git");
    programs::output(command.current_dir(workspace::root()).args(words))
        .with_context(|| format!("`git {}` fails: this needs the repository with its history", words.join(" ")))
}

/// Files that differ from the last commit.
pub(crate) fn uncommitted() -> Result<Vec<String>> {
    Ok(git(&["status", "--porcelain"])?.lines().map(file_of).collect())
}

/// The id of the last commit.
pub(crate) fn last_commit() -> Result<String> {
    git(&["rev-parse", "HEAD"])
}

/// Copies the files of a commit into a new folder.
pub(crate) fn copy_commit(commit: &str, folder: &Path) -> Result<()> {
    workspace::remove(folder)?;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let archive: PathBuf = folder.with_extension("tar");
    git(&["archive", "--format=tar", &format!("--output={}", archive.display()), commit])?;
    programs::run(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(folder))?;
    std::fs::remove_file(&archive).with_context(|| format!("cannot remove {}", archive.display()))
}

/// The file of a line of `git status --porcelain`.
fn file_of(line: &str) -> String {
    line.rsplit(' ').next().unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_from_what_git_prints() {
        assert_eq!(file_of(" M src/lib.rs"), "src/lib.rs");
        assert_eq!(file_of("R  a.rs -> b.rs"), "b.rs");
    }
}
