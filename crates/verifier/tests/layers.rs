//! The order of the modules in `lib.rs`: each uses only those above it. This is stricter than the check of `cargo xtask
//! lint`, which finds circles in every crate: it also fails if a lower layer uses a higher one without a circle.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};

fn sources(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.flat_map(|entry| sources(&entry)).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "rs"));
    files
}

#[test]
fn a_module_uses_only_the_modules_above_it_in_lib_rs() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let text = std::fs::read_to_string(src.join("lib.rs")).unwrap();
    let modules: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("mod ")).map(|name| name.trim_end_matches(';')).collect();
    assert!(modules.len() > 5, "{modules:?}");
    for (position, module) in modules.iter().enumerate() {
        let folder = src.join(module);
        let files = if folder.is_dir() { sources(&folder) } else { vec![folder.with_extension("rs")] };
        for file in files {
            for line in std::fs::read_to_string(&file).unwrap().lines() {
                let Some(path) = line.trim().strip_prefix("use crate::") else { continue };
                let used = path.split([':', ';', '{']).next().unwrap();
                let above = modules[..=position].contains(&used);
                assert!(above, "{} uses {used:?}, which is not above {module} in lib.rs", file.display());
            }
        }
    }
}
