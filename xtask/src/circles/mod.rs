//! Finds modules of one crate that import each other in a circle, by file and by folder: a folder is everything in it.
//!
//! The compiler allows such circles, but none of their modules can be understood or changed without all others. Unit
//! tests do not count: they may use everything.

mod graph;
mod modules;

use std::path::Path;

use anyhow::{Context, Result, anyhow};

use crate::workspace;

/// Fails if modules of a crate import each other in a circle; prints each circle, import by import.
pub(crate) fn check() -> Result<()> {
    let mut circles = 0;
    for root in crate_roots()? {
        let folder = workspace::root().join(&root.folder);
        let read = |file: &str| std::fs::read_to_string(folder.join(file)).ok();
        let imports = modules::imports(root.file, &read).with_context(|| format!("cannot parse {}", root.folder))?;
        for circle in graph::circles(&imports) {
            println!("{}: {circle}", root.folder);
            circles += 1;
        }
    }
    if circles == 0 { Ok(()) } else { Err(anyhow!("circles of imports: {circles}")) }
}

/// The file that a crate's modules begin with.
struct CrateRoot {
    /// Its folder, relative to the workspace.
    folder: String,
    file: &'static str,
}

/// Of every library and program of this workspace.
fn crate_roots() -> Result<Vec<CrateRoot>> {
    let mut packages = vec![".".to_owned(), "xtask".to_owned()];
    let crates = workspace::root().join("crates");
    for entry in std::fs::read_dir(&crates).with_context(|| format!("cannot list {}", crates.display()))? {
        packages.push(format!("crates/{}", entry?.file_name().to_string_lossy()));
    }
    packages.sort();
    let roots = packages.iter().flat_map(|package| {
        let folder = Path::new(package).join("src").to_string_lossy().into_owned();
        ["lib.rs", "main.rs"].map(|file| CrateRoot { folder: folder.clone(), file })
    });
    Ok(roots.filter(|root| workspace::root().join(&root.folder).join(root.file).is_file()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_is_checked() {
        let roots: Vec<String> =
            crate_roots().unwrap().into_iter().map(|root| format!("{}/{}", root.folder, root.file)).collect();
        for root in ["./src/lib.rs", "crates/verifier/src/lib.rs", "crates/verifier/src/main.rs", "xtask/src/main.rs"] {
            assert!(roots.iter().any(|found| found == root), "{root} is not among {roots:?}");
        }
    }
}
