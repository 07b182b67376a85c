//! THIRD-PARTY-NOTICES.txt of an npm package: every crate that is compiled into its module, with the licence texts it
//! comes with. Which licences are allowed is said in deny.toml; decision B3 says why
//! cargo-about does not write this file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::setup::WasmTarget;

const FILE: &str = "THIRD-PARTY-NOTICES.txt";

/// Code in every package that no manifest names.
const STANDARD_LIBRARY: &str = "\
The standard library of Rust (https://www.rust-lang.org), MIT OR Apache-2.0, copyright The Rust Project Developers.
";
/// Code in the package of the browser client that no manifest names.
const WASM2JS: &str = "\
The run-time part of wasm2js in dist/fallback.js is of Binaryen (https://github.com/WebAssembly/binaryen), Apache-2.0,
copyright WebAssembly Community Group participants.
";

/// One crate that is compiled in.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Crate {
    name: String,
    version: String,
    licence: String,
    folder: PathBuf,
}

/// Writes the notices of the browser client's package into `folder`.
pub(crate) fn write(wasm: &WasmTarget, folder: &Path) -> Result<()> {
    write_for(wasm, "authress-login-wasm", "authress-login-wasm", WASM2JS, folder)
}

/// Writes the notices of the sandbox's package into `folder`.
pub(crate) fn write_for_sandbox(wasm: &WasmTarget, folder: &Path) -> Result<()> {
    write_for(wasm, "authress-sandbox-wasm", "authress-login-sandbox", "", folder)
}

/// Writes the notices of the npm package `package`, whose module is compiled from the crate `root`.
fn write_for(wasm: &WasmTarget, root: &str, package: &str, unnamed: &str, folder: &Path) -> Result<()> {
    let mut command = wasm.metadata();
    let output = command.output().context("cannot start cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cannot read what cargo metadata says")?;
    let crates = compiled_in(&metadata, root)?;
    let path = folder.join(FILE);
    std::fs::write(&path, text(package, unnamed, &crates)?).with_context(|| format!("cannot write {}", path.display()))
}

/// The normal dependencies of the crate `root` and theirs; neither macros nor what only builds or tests.
fn compiled_in(metadata: &Value, root: &str) -> Result<BTreeSet<Crate>> {
    let by_id = |list: &str| -> BTreeMap<String, &Value> {
        let entries = metadata.pointer(list).and_then(Value::as_array).into_iter().flatten();
        entries.map(|entry| (word(entry, "id"), entry)).collect()
    };
    let packages = by_id("/packages");
    let nodes = by_id("/resolve/nodes");
    let found = packages.iter().find(|(_, package)| word(package, "name") == root);
    let (id, _) = found.with_context(|| format!("cargo metadata does not know {root}"))?;
    let mut waiting = vec![id.clone()];
    let mut seen = BTreeSet::new();
    let mut crates = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        let (Some(package), Some(node)) = (packages.get(&id), nodes.get(&id)) else { continue };
        if !seen.insert(id) || has_kind(&package["targets"], "proc-macro") {
            continue;
        }
        // Crates of this workspace come from no registry, and have the package's own licence.
        if !package["source"].is_null() {
            crates.insert(described(package));
        }
        let dependencies = node["deps"].as_array().into_iter().flatten();
        let normal = dependencies.filter(|dependency| {
            dependency["dep_kinds"].as_array().into_iter().flatten().any(|kind| kind["kind"].is_null())
        });
        waiting.extend(normal.map(|dependency| word(dependency, "pkg")));
    }
    Ok(crates)
}

fn described(package: &Value) -> Crate {
    let manifest = PathBuf::from(word(package, "manifest_path"));
    Crate {
        name: word(package, "name"),
        version: word(package, "version"),
        licence: word(package, "license"),
        folder: manifest.parent().map(Path::to_owned).unwrap_or_default(),
    }
}

fn text(package: &str, unnamed: &str, crates: &BTreeSet<Crate>) -> Result<String> {
    let mut text =
        format!("{package} contains the following third-party code in compiled form.\n\n{STANDARD_LIBRARY}{unnamed}\n");
    let mut by_licence: BTreeMap<String, Vec<&Crate>> = BTreeMap::new();
    for dependency in crates {
        let Crate { name, version, licence, folder } = dependency;
        text.push_str(&format!("{name} {version} ({licence})\n"));
        for licence in licence_texts(folder)? {
            by_licence.entry(licence).or_default().push(dependency);
        }
    }
    for (licence, crates) in by_licence {
        let names: Vec<&str> = crates.iter().map(|dependency| dependency.name.as_str()).collect();
        text.push_str(&format!("\n{}\n{}\n\n{}\n", "-".repeat(80), names.join(", "), licence.trim_end()));
    }
    Ok(text)
}

/// The texts a crate comes with. The Apache licence is left out: it is the package's own.
fn licence_texts(folder: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().map(|name| name.to_string_lossy().to_uppercase()).unwrap_or_default();
            name.starts_with("LICEN") && !name.contains("APACHE") && path.is_file()
        })
        .collect();
    files.sort();
    let mut texts = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        if !text.contains("Apache License") {
            texts.push(text.replace("\r\n", "\n"));
        }
    }
    Ok(texts)
}

fn has_kind(targets: &Value, kind: &str) -> bool {
    let kinds = targets.as_array().into_iter().flatten().filter_map(|target| target["kind"].as_array()).flatten();
    kinds.into_iter().any(|found| found == kind)
}

fn word(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PACKAGE: &str = "authress-login-wasm";

    fn metadata() -> Value {
        let package = |id: &str, source: Value, kind: &str| {
            json!({ "id": id, "name": id, "version": "1.0.0", "license": "MIT", "source": source,
                    "manifest_path": format!("/crates/{id}/Cargo.toml"), "targets": [{ "kind": [kind] }] })
        };
        let dependency = |id: &str, kind: Value| json!({ "pkg": id, "dep_kinds": [{ "kind": kind }] });
        json!({
            "packages": [package(PACKAGE, Value::Null, "cdylib"), package("linked", json!("r"), "lib"),
                         package("derive", json!("r"), "proc-macro"), package("tests", json!("r"), "lib")],
            "resolve": { "nodes": [
                { "id": PACKAGE, "deps": [dependency("linked", Value::Null), dependency("tests", json!("dev"))] },
                { "id": "linked", "deps": [dependency("derive", Value::Null)] },
                { "id": "derive", "deps": [dependency("tests", Value::Null)] },
                { "id": "tests", "deps": [] },
            ] },
        })
    }

    #[test]
    fn only_what_is_compiled_in_is_named() {
        let crates = compiled_in(&metadata(), PACKAGE).unwrap();
        let names: Vec<&str> = crates.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["linked"]);
    }
}
