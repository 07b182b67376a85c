//! Reads what a release depends on: manifests, changelog and git.

use std::path::Path;

use anyhow::{Context, Result, bail};
use semver::Version;
use serde_json::Value;

use super::mentions;
use super::plan::{Crate, Metadata, NpmPackage, Observed};
use crate::{repository, workspace};

/// The folders of the npm packages.
pub(crate) const NPM_FOLDERS: [&str; 2] = ["pkg", "sandbox-pkg"];

/// Reads the repository.
pub(crate) fn observe() -> Result<Observed> {
    Ok(Observed {
        released: versions_of_tags(&["--list", "v*"])?,
        released_here: versions_of_tags(&["--points-at", "HEAD"])?,
        workflow_repository: workflow_repository(|name| std::env::var(name).ok()),
        uncommitted: repository::uncommitted()?,
        ..files()?
    })
}

/// The address that GitHub's runner gives to the steps of a workflow.
fn workflow_repository(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    Some(format!("{}/{}", variable("GITHUB_SERVER_URL")?, variable("GITHUB_REPOSITORY")?))
}

/// Reads the files, and nothing of git.
pub(crate) fn files() -> Result<Observed> {
    let metadata = metadata()?;
    let packages = metadata.get("packages").and_then(Value::as_array).context("cargo metadata lists no packages")?;
    let crates = packages.iter().map(described).collect::<Result<Vec<_>>>()?;
    let root = crates.iter().find(|package| package.name == "authress-login-wasm");
    Ok(Observed {
        workspace_version: root.context("cargo metadata does not know the root package")?.version.clone(),
        crates,
        npm_packages: NPM_FOLDERS.into_iter().map(npm_package).collect::<Result<_>>()?,
        mentions: mentions::read()?,
        changelog: read("CHANGELOG.md")?,
        released: Vec::new(),
        released_here: Vec::new(),
        workflow_repository: None,
        uncommitted: Vec::new(),
    })
}

fn metadata() -> Result<Value> {
    let mut command = workspace::cargo("metadata");
    let output =
        command.args(["--no-deps", "--format-version", "1"]).output().context("cannot start cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("cannot read what cargo metadata says")
}

fn read(file: &str) -> Result<String> {
    std::fs::read_to_string(workspace::root().join(file)).with_context(|| format!("cannot read {file}"))
}

/// A crate as cargo metadata describes it.
fn described(package: &Value) -> Result<Crate> {
    let name = text(package, "name")?;
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    // A crate that depends on itself enables features for its own tests: that is not published.
    let is_other = |dependency: &&Value| dependency["name"].as_str() != Some(&name);
    let of_workspace = dependencies.filter(|dependency| dependency["path"].is_string()).filter(is_other);
    Ok(Crate {
        version: text(package, "version")?.parse().with_context(|| format!("{name} has an invalid version"))?,
        // `null` means every registry, and an empty list none.
        is_public: package["publish"].as_array().is_none_or(|registries| !registries.is_empty()),
        is_library: package["targets"].as_array().into_iter().flatten().any(is_library),
        metadata: metadata_of(package),
        dependencies: of_workspace
            .map(|dependency| Ok((text(dependency, "name")?, text(dependency, "req")?)))
            .collect::<Result<_>>()?,
        name,
    })
}

/// Whether a target of a crate is its library.
fn is_library(target: &Value) -> bool {
    target["kind"].as_array().into_iter().flatten().any(|kind| kind == "lib")
}

fn metadata_of(package: &Value) -> Metadata {
    let text = |key: &str| package[key].as_str().map(str::to_owned);
    let list = |key: &str| package[key].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    let features = package["features"].as_object().into_iter().flatten().map(|(name, _)| name.clone());
    let folder = package["manifest_path"].as_str().map(Path::new).and_then(Path::parent);
    let readme = folder.zip(package["readme"].as_str()).map(|(folder, name)| folder.join(name));
    Metadata {
        description: text("description"),
        documentation: text("documentation"),
        repository: text("repository"),
        rust_version: text("rust_version"),
        keywords: list("keywords").collect(),
        categories: list("categories").collect(),
        features: features.filter(|name| name != "default").collect(),
        has_docs_rs: package.pointer("/metadata/docs/rs").is_some(),
        readme: readme.and_then(|file| std::fs::read_to_string(file).ok()),
    }
}

fn npm_package(folder: &'static str) -> Result<NpmPackage> {
    let file = format!("{folder}/package.json");
    let manifest: Value = serde_json::from_str(&read(&file)?).with_context(|| format!("{file} is not JSON"))?;
    let address = |place: &str| manifest.pointer(place).and_then(Value::as_str).map(str::to_owned);
    Ok(NpmPackage {
        folder,
        version: text(&manifest, "version").with_context(|| file)?,
        repository: address("/repository/url"),
        homepage: address("/homepage"),
        bugs: address("/bugs/url"),
    })
}

fn text(object: &Value, key: &str) -> Result<String> {
    object[key].as_str().map(str::to_owned).with_context(|| format!("the text {key:?} is missing"))
}

/// The versions of the tags `v1.2.3` that `git tag` lists at these words; other tags are no releases.
fn versions_of_tags(words: &[&str]) -> Result<Vec<Version>> {
    let tags = repository::git(&[&["tag"], words].concat())?;
    Ok(tags.lines().filter_map(|tag| tag.strip_prefix('v')?.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn a_crate_is_public_unless_its_list_of_registries_is_empty() {
        let package = |publish: Value| {
            let dependencies = serde_json::json!([
                { "name": "a", "req": "^1.0.0", "path": "/a" },
                { "name": "x", "req": "*", "path": "/x", "kind": "dev" },
                { "name": "of-registry", "req": "^1" }
            ]);
            serde_json::json!({
                "name": "x", "version": "1.0.0", "publish": publish, "repository": null, "dependencies": dependencies
            })
        };
        for (publish, is_public) in
            [(Value::Null, true), (serde_json::json!(["crates-io"]), true), (serde_json::json!([]), false)]
        {
            let Crate { is_public: found, dependencies, metadata, .. } = described(&package(publish)).unwrap();
            assert_eq!(found, is_public);
            assert_eq!(dependencies, [("a".to_owned(), "^1.0.0".to_owned())]);
            assert_eq!(metadata.repository, None);
        }
        assert!(described(&serde_json::json!({ "name": "x", "version": "one" })).is_err());
    }

    /// What would be wrong with a release of this version, apart from what comes with each release: a section of the
    /// changelog, and with the first one the address of the sources.
    fn faults_of(observed: &Observed) -> Vec<String> {
        let plan = super::super::plan::plan(observed, &observed.workspace_version);
        let changes = plan.changes.into_iter().filter(|change| !change.contains("repository"));
        plan.problems.into_iter().chain(changes).filter(|fault| !fault.starts_with("CHANGELOG.md")).collect()
    }

    #[test]
    fn this_workspace_has_one_version_and_complete_manifests() {
        let observed = files().unwrap();
        assert_eq!(faults_of(&observed), [""; 0]);
        assert!(observed.crates.iter().any(|package| package.name == "authress-verifier" && package.is_public));
        assert!(observed.crates.iter().any(|package| package.name == "xtask" && !package.is_public));
    }

    #[test]
    fn work_on_the_next_version_is_no_fault_of_this_one() {
        let observed = files().unwrap();
        let version = &observed.workspace_version;
        let changelog = format!("## [Unreleased]\n\n- next\n\n## [{version}] - 2026-11-29\n\n- this\n");
        assert_eq!(faults_of(&Observed { changelog, ..observed }), [""; 0]);
    }

    #[test]
    fn a_workflow_says_whose_it_is() {
        let variables = |name: &str| match name {
            "GITHUB_SERVER_URL" => Some("https://forge.example".to_owned()),
            "GITHUB_REPOSITORY" => Some("shop/login".to_owned()),
            _ => None,
        };
        assert_eq!(workflow_repository(variables).as_deref(), Some("https://forge.example/shop/login"));
        assert_eq!(workflow_repository(|_| None), None);
    }

    #[test]
    fn no_dependency_of_a_published_crate_needs_a_newer_compiler_than_the_manifest_promises() {
        let output = workspace::cargo("metadata").args(["--all-features", "--format-version", "1"]).output().unwrap();
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        let by_id = |list: &Value| -> BTreeMap<String, Value> {
            let id = |entry: &Value| entry["id"].as_str().unwrap().to_owned();
            list.as_array().unwrap().iter().map(|entry| (id(entry), entry.clone())).collect()
        };
        let (packages, nodes) = (by_id(&metadata["packages"]), by_id(&metadata["resolve"]["nodes"]));
        let is_published = |package: &Value| package["source"].is_null() && described(package).unwrap().is_public;
        let mut left: Vec<&str> =
            packages.iter().filter(|(_, package)| is_published(package)).map(|(id, _)| id.as_str()).collect();
        let mut found = BTreeSet::new();
        while let Some(id) = left.pop() {
            if found.insert(id) {
                let dependencies = nodes[id]["deps"].as_array().unwrap().iter();
                // Those of tests are compiled here only.
                let is_shipped = |kind: &Value| kind["kind"] != "dev";
                let shipped = dependencies.filter(|of| of["dep_kinds"].as_array().unwrap().iter().any(is_shipped));
                left.extend(shipped.map(|dependency| dependency["pkg"].as_str().unwrap()));
            }
        }
        assert!(found.len() > 100);
        let version = |text: &str| -> Vec<u32> { text.split('.').map(|number| number.parse().unwrap()).collect() };
        // Any patch of the oldest compiler will do.
        let oldest = version(concat!(env!("CARGO_PKG_RUST_VERSION"), ".999"));
        for id in found {
            let needed = packages[id]["rust_version"].as_str().map(version);
            assert!(needed.is_none_or(|needed| needed <= oldest), "{id}");
        }
    }
}
