//! `cargo xtask reproduce`: builds the npm package of the last commit twice, in folders with different names, and compares
//! every byte. If both are equal, anyone can check that a published package was made from the source that it names.
//!
//! Time, paths and the order in which files are read may differ between the builds. The compiler, Node.js and the tools
//! are the same: they are pinned.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{programs, repository, setup, workspace};

/// The names have different lengths, so that a path in the package also moves what follows it.
const FOLDERS: [&str; 2] = ["first", "the-second-build"];

/// A package's files: name to bytes.
type Files = BTreeMap<String, Vec<u8>>;

/// Builds and compares; the folders stay if there is a difference.
pub(crate) fn run() -> Result<()> {
    // Installs what both builds use, and is in time to say what is missing.
    setup::for_build()?.check_release()?;
    let changed = repository::uncommitted()?;
    if !changed.is_empty() {
        println!("reproduce: the last commit is built, without the changes in {}", changed.join(", "));
    }
    let commit = repository::last_commit()?;
    let place = workspace::target().join("reproduce");
    let [first, second] = FOLDERS.map(|name| built(&commit, &place.join(name)));
    let (first, second) = (first?, second?);
    let differences = differences(&first, &second);
    if !differences.is_empty() {
        bail!("the builds differ:\n  {}\nThey are in {}", differences.join("\n  "), place.display());
    }
    println!("reproduce: {} files of pkg/dist are equal, byte for byte", first.len());
    workspace::remove(&place)
}

/// Builds the package in a copy of the commit in `folder`. The build installs its tools from npm there.
fn built(commit: &str, folder: &Path) -> Result<Files> {
    println!("reproduce: building {commit} in {}", folder.display());
    repository::copy_commit(commit, folder)?;
    let mut command = Command::new("cargo");
    command.current_dir(folder).args(["run", "--locked", "--quiet", "--package", "xtask", "--"]);
    // Cargo's folder is the copy's own: nothing that this checkout has compiled is used.
    programs::run(
        command.args(["build", "--release", "--only-package"]).env("CARGO_TARGET_DIR", folder.join("target")),
    )?;
    read(&folder.join("pkg/dist"))
}

fn read(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        files.insert(path.file_name().unwrap_or_default().to_string_lossy().into_owned(), bytes);
    }
    Ok(files)
}

/// What differs between two builds, in words.
fn differences(first: &Files, second: &Files) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    let compared = names.into_iter().filter_map(|name| match (first.get(name), second.get(name)) {
        (Some(first), Some(second)) if first == second => None,
        (Some(first), Some(second)) => {
            let equal = first.iter().zip(second).take_while(|(first, second)| first == second).count();
            Some(format!("{name}: {} and {} bytes, which differ from byte {equal} on", first.len(), second.len()))
        }
        (Some(_), None) => Some(format!("{name}: only in the first build")),
        (None, _) => Some(format!("{name}: only in the second build")),
    });
    let mut differences: Vec<String> = compared.collect();
    if first.is_empty() {
        differences.push("the first build has no files".to_owned());
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> Files {
        list.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.as_bytes().to_vec())).collect()
    }

    #[test]
    fn equal_builds_have_no_differences() {
        let build = files(&[("a.js", "1"), ("b.wasm", "22")]);
        assert_eq!(differences(&build, &build.clone()), [""; 0]);
    }

    #[test]
    fn every_difference_is_named_with_its_place() {
        let first = files(&[("a.js", "same"), ("b.wasm", "abc"), ("c.js", "x"), ("e.js", "longer")]);
        let second = files(&[("a.js", "same"), ("b.wasm", "aXc"), ("d.js", "x"), ("e.js", "long")]);
        assert_eq!(
            differences(&first, &second),
            [
                "b.wasm: 3 and 3 bytes, which differ from byte 1 on",
                "c.js: only in the first build",
                "d.js: only in the second build",
                "e.js: 6 and 4 bytes, which differ from byte 4 on",
            ]
        );
    }

    #[test]
    fn a_build_without_files_proves_nothing() {
        assert_eq!(differences(&Files::new(), &Files::new()), ["the first build has no files"]);
    }
}
