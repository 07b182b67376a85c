//! `cargo xtask fuzz`: runs the fuzz targets of `fuzz` for some time each, with their seeds. An input that breaks a property
//! of `crates/hostile-input` is kept in `fuzz/artifacts`, and the run fails.

use std::collections::BTreeSet;
use std::fs::DirEntry;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;

use crate::{programs, setup, workspace};

/// Options of `cargo xtask fuzz`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How long each target runs, in seconds
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// These targets only, separated by commas
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

/// Runs every target, also after one has failed.
pub(crate) fn run(options: &Options) -> Result<()> {
    let targets = targets()?;
    if let Some(unknown) = options.only.iter().find(|name| !targets.contains(name)) {
        bail!("there is no fuzz target {unknown}; there are {}", targets.join(", "));
    }
    let program = setup::cargo_fuzz()?;
    let mut failures = Vec::new();
    for target in targets.iter().filter(|target| options.only.is_empty() || options.only.contains(target)) {
        println!("fuzz: {target}, {} s", options.seconds);
        let artifacts = folder().join("artifacts").join(target);
        let before = files_in(&artifacts);
        let corpus = folder().join("corpus").join(target);
        std::fs::create_dir_all(&corpus).with_context(|| format!("cannot create {}", corpus.display()))?;
        let mut command = Command::new(&program);
        command.current_dir(workspace::root()).args(["fuzz", "run", target]).arg(corpus);
        command.arg(folder().join("seeds").join(target)).arg("--").arg(format!("-max_total_time={}", options.seconds));
        // cargo-fuzz needs unstable options, such as that of the sanitizer.
        if let Err(failure) = programs::run(command.env("RUSTC_BOOTSTRAP", "1")) {
            eprintln!("      {failure:#}");
            failures.push(describe(target, files_in(&artifacts).difference(&before)));
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(anyhow!("{}", failures.join("; "))) }
}

/// What has failed of a target that has kept these inputs.
fn describe<'a>(target: &str, inputs: impl Iterator<Item = &'a WrittenFile>) -> String {
    let inputs: Vec<String> = inputs.map(|(input, _)| format!("fuzz/artifacts/{target}/{input}")).collect();
    if inputs.is_empty() {
        format!("{target} failed without keeping an input, for the reason above")
    } else {
        format!("{target} failed: {} becomes a seed with its repair", inputs.join(", "))
    }
}

/// The name of a file and when it was written. A crash that repeats is written into the same file.
type WrittenFile = (String, Option<SystemTime>);

/// The files in a folder; none if it does not exist.
fn files_in(folder: &Path) -> BTreeSet<WrittenFile> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let written = |entry: &DirEntry| entry.metadata().and_then(|metadata| metadata.modified()).ok();
    entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), written(&entry))).collect()
}

fn folder() -> PathBuf {
    workspace::root().join("fuzz")
}

/// The targets, sorted by name: one file each.
fn targets() -> Result<Vec<String>> {
    let folder = folder().join("fuzz_targets");
    let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut names: Vec<String> =
        files.filter_map(|file| Some(file.file_stem()?.to_string_lossy().into_owned())).collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_an_input_of_this_run_is_called_a_seed() {
        let folder = std::env::temp_dir().join(format!("authress-fuzz-{}", std::process::id()));
        assert_eq!(files_in(&folder), BTreeSet::new());
        std::fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, seconds: u64| {
            let file = std::fs::File::create(folder.join(name)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        };
        write("crash-old", 1);
        write("crash-again", 1);
        let before = files_in(&folder);
        let failure = || describe("jwt", files_in(&folder).difference(&before));
        assert_eq!(failure(), "jwt failed without keeping an input, for the reason above");
        write("crash-new", 2);
        assert_eq!(failure(), "jwt failed: fuzz/artifacts/jwt/crash-new becomes a seed with its repair");
        std::fs::remove_file(folder.join("crash-new")).unwrap();
        write("crash-again", 2);
        assert_eq!(failure(), "jwt failed: fuzz/artifacts/jwt/crash-again becomes a seed with its repair");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn every_target_has_seeds_and_is_built() {
        let targets = targets().unwrap();
        assert!(targets.len() > 5);
        let manifest = std::fs::read_to_string(folder().join("Cargo.toml")).unwrap();
        for target in targets {
            assert!(manifest.contains(&format!("name = \"{target}\"")), "{target}");
            assert!(folder().join("seeds").join(&target).read_dir().unwrap().next().is_some(), "{target}");
        }
    }
}
