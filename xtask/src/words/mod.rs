//! `cargo xtask words`: finds terms that docs/glossary.md replaces in names, comments, documentation and messages.
//!
//! The glossary is the only list of them. Words that also have an ordinary meaning (answer, look, place) are not in its
//! checked column; reviewers watch for those.

mod glossary;
mod scan;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use clap::Args;

use crate::{programs, workspace};
use glossary::Glossary;
use scan::Scanner;

const GLOSSARY: &str = "docs/glossary.md";

/// Endings of the files that people write and read.
const TEXT: [&str; 22] = [
    "cjs", "conf", "css", "html", "js", "json", "jsonc", "jsx", "lua", "md", "mjs", "rs", "service", "sh", "svelte",
    "toml", "ts", "tsx", "txt", "vue", "yaml", "yml",
];

/// Options of `cargo xtask words`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Another git checkout, searched for the terms of this one's glossary
    #[arg(long, value_name = "FOLDER")]
    checkout: Option<PathBuf>,
}

/// `cargo xtask words`.
pub(crate) fn run(options: &Options) -> Result<()> {
    options.checkout.as_deref().map_or_else(check, check_in)
}

/// Fails if a file of this workspace has a replaced term; prints each with what to write instead.
pub(crate) fn check() -> Result<()> {
    check_in(workspace::root())
}

fn check_in(root: &Path) -> Result<()> {
    let path = workspace::root().join(GLOSSARY);
    let glossary = Glossary::parse(&read(&path)?).with_context(|| format!("cannot read {GLOSSARY}"))?;
    let scanner = Scanner::new(&glossary.replaced);
    let mut areas: BTreeMap<String, usize> = BTreeMap::new();
    for file in text_files(root)? {
        if file == GLOSSARY {
            continue;
        }
        // The file's own name is searched as if it were a line above the first.
        let text = format!("{file}\n{}", read(&root.join(&file))?);
        for hit in scanner.hits(&text).filter(|hit| !glossary.excepts(&hit.replaced.term, &file)) {
            println!("{file}:{}: {:?} is replaced by: {}", hit.line - 1, hit.replaced.term, hit.replaced.by);
            *areas.entry(area(&file)).or_default() += 1;
        }
    }
    let total: usize = areas.values().sum();
    if total == 0 {
        return Ok(());
    }
    println!();
    for (area, count) in areas {
        println!("{count:>6} {area}");
    }
    Err(anyhow!("{total} uses of terms that {GLOSSARY} replaces"))
}

/// The files that git knows or could add, relative to `root`.
fn text_files(root: &Path) -> Result<Vec<String>> {
    let mut git = Command::new("git");
    git.current_dir(root).args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let list = programs::output(&mut git).with_context(|| format!("git lists no files in {}", root.display()))?;
    let is_text = |file: &&str| {
        let ending = Path::new(file).extension().and_then(|ending| ending.to_str());
        // A file that was removed is still in git's list.
        ending.is_some_and(|ending| TEXT.contains(&ending))
            && !file.ends_with("-lock.json")
            && root.join(file).is_file()
    };
    Ok(list.lines().filter(is_text).map(str::to_owned).collect())
}

/// The folder for which a hit is counted: `crates/verifier`, `tests/e2e`, `docs`.
fn area(file: &str) -> String {
    let folders: Vec<&str> = file.split('/').collect();
    let depth = if matches!(folders.first(), Some(&("crates" | "tests"))) { 2 } else { 1 };
    folders.iter().take(depth.min(folders.len().saturating_sub(1))).copied().collect::<Vec<_>>().join("/")
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_glossary_is_readable_and_its_exceptions_name_files_that_exist() {
        let text = read(&workspace::root().join(GLOSSARY)).unwrap();
        let glossary = Glossary::parse(&text).unwrap();
        assert!(glossary.replaced.len() > 20);
        for exception in &glossary.exceptions {
            assert!(workspace::root().join(&exception.path).exists(), "{}", exception.path);
        }
    }

    #[test]
    fn a_hit_is_counted_for_the_folder_a_reader_would_name() {
        assert_eq!(area("crates/verifier/src/lib.rs"), "crates/verifier");
        assert_eq!(area("docs/size.md"), "docs");
        assert_eq!(area("README.md"), "");
    }
}
