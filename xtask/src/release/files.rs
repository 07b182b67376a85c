//! The files of a release, in `target/release-files`: what is uploaded to the registries, bills of materials, and sums.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use semver::Version;

use super::plan::Observed;
use super::{bom, changelog, observe};
use crate::setup::BuildTools;
use crate::{programs, workspace};

/// SHA-256 of every other file, in the format of `sha256sum --check`.
const SUMS: &str = "SHA256SUMS";

/// Where the files of the last release that was checked are.
pub(crate) fn folder() -> PathBuf {
    workspace::target().join("release-files")
}

/// The text of the forge's release.
#[derive(Debug)]
pub(crate) struct Notes(String);

impl Notes {
    /// The section of the changelog.
    pub(crate) fn of(observed: &Observed, version: &Version) -> Self {
        let mut repositories = observed.crates.iter().filter_map(|package| package.metadata.repository.as_ref());
        let files = repositories.next().map(|address| format!("{address}/blob/v{version}"));
        Notes(changelog::notes(&observed.changelog, &version.to_string(), files.as_deref()))
    }
}

/// Writes the files. The npm packages have to be built already.
pub(crate) fn write(tools: &BuildTools, public_crates: &[String], version: &str, notes: &Notes) -> Result<()> {
    let folder = folder();
    workspace::remove(&folder)?;
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    copy_crates(public_crates, &folder)?;
    for package in observe::NPM_FOLDERS {
        let mut command = tools.node.npm_command();
        command.current_dir(workspace::root().join(package)).args(["pack", "--silent", "--pack-destination"]);
        programs::run(command.arg(&folder))?;
    }
    bom::write(&folder, version)?;
    let sums = sums(&folder)?;
    print!("{sums}");
    std::fs::write(folder.join(SUMS), sums).with_context(|| format!("cannot write {SUMS}"))?;
    let text = workspace::target().join("release-notes.md");
    std::fs::write(&text, &notes.0).with_context(|| format!("cannot write {}", text.display()))?;
    println!("      written to {} and {}", folder.display(), text.display());
    Ok(())
}

/// Packs the crates into `folder`, as they will be uploaded.
fn copy_crates(names: &[String], folder: &Path) -> Result<()> {
    let target = workspace::target().join("release-crates");
    workspace::remove(&target)?;
    let mut command = workspace::cargo("package");
    // What is not committed is a problem of the plan already.
    command.args(["--no-verify", "--allow-dirty", "--quiet", "--target-dir"]).arg(&target);
    programs::run(command.args(names.iter().flat_map(|name| ["--package", name.as_str()])))?;
    for file in files_in(&target.join("package"))? {
        if file.extension().is_some_and(|extension| extension == "crate")
            && let Some(name) = file.file_name()
        {
            std::fs::copy(&file, folder.join(name)).with_context(|| format!("cannot copy {}", file.display()))?;
        }
    }
    workspace::remove(&target)
}

/// The files of a folder, sorted by name.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.is_file());
    files.sort();
    Ok(files)
}

/// A line for each file of the folder.
fn sums(folder: &Path) -> Result<String> {
    let mut lines = String::new();
    for file in files_in(folder)? {
        let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        for byte in authress_sha256::digest(&bytes) {
            let _ = write!(lines, "{byte:02x}");
        }
        let _ = writeln!(lines, "  {}", file.file_name().unwrap_or_default().display());
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_sha256sum() {
        let folder = std::env::temp_dir().join(format!("release-sums-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("b"), "").unwrap();
        std::fs::write(folder.join("a"), "abc").unwrap();
        let sums = sums(&folder);
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(
            sums.unwrap(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n\
            e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b\n"
        );
    }
}
