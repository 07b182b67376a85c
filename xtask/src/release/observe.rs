//! Reads what a release depends on: manifests, changelog and git.

use anyhow::{Context, Result, bail};
use semver::Version;
use serde_json::Value;

use super::plan::{Crate, NpmPackage, Observed};
use crate::{repository, workspace};

/// The folders of the npm packages, in the order in which they are published: the sandbox's page loads the client.
pub(crate) const NPM_FOLDERS: [&str; 2] = ["pkg", "sandbox-pkg"];

/// Reads the repository.
pub(crate) fn observe() -> Result<Observed> {
    let released = released()?;
    let uncommitted = repository::uncommitted()?;
    Ok(Observed { released, uncommitted, ..files()? })
}

/// Reads the files, and nothing of git.
fn files() -> Result<Observed> {
    let metadata = metadata()?;
    let packages = metadata.get("packages").and_then(Value::as_array).context("cargo metadata lists no packages")?;
    let crates = packages.iter().map(described).collect::<Result<Vec<_>>>()?;
    let root = crates.iter().find(|package| package.name == "authress-login-wasm");
    Ok(Observed {
        workspace_version: root.context("cargo metadata does not know the root package")?.version.clone(),
        crates,
        npm_packages: NPM_FOLDERS.into_iter().map(npm_package).collect::<Result<_>>()?,
        changelog: read("CHANGELOG.md")?,
        released: Vec::new(),
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
    let of_workspace = dependencies.filter(|dependency| dependency["path"].is_string());
    Ok(Crate {
        version: text(package, "version")?.parse().with_context(|| format!("{name} has an invalid version"))?,
        // `null` means every registry, and an empty list none.
        is_public: package["publish"].as_array().is_none_or(|registries| !registries.is_empty()),
        has_repository: package["repository"].is_string(),
        dependencies: of_workspace
            .map(|dependency| Ok((text(dependency, "name")?, text(dependency, "req")?)))
            .collect::<Result<_>>()?,
        name,
    })
}

fn npm_package(folder: &'static str) -> Result<NpmPackage> {
    let file = format!("{folder}/package.json");
    let manifest: Value = serde_json::from_str(&read(&file)?).with_context(|| format!("{file} is not JSON"))?;
    Ok(NpmPackage { folder, version: text(&manifest, "version").with_context(|| file)? })
}

fn text(object: &Value, key: &str) -> Result<String> {
    object[key].as_str().map(str::to_owned).with_context(|| format!("the text {key:?} is missing"))
}

/// The versions of the tags `v1.2.3`; other tags are no releases.
fn released() -> Result<Vec<Version>> {
    let tags = repository::git(&["tag", "--list", "v*"])?;
    Ok(tags.lines().filter_map(|tag| tag.strip_prefix('v')?.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_public_unless_its_list_of_registries_is_empty() {
        let package = |publish: Value| {
            let dependencies = serde_json::json!([
                { "name": "a", "req": "^1.0.0", "path": "/a" },
                { "name": "of-registry", "req": "^1" }
            ]);
            serde_json::json!({
                "name": "x", "version": "1.0.0", "publish": publish, "repository": null, "dependencies": dependencies
            })
        };
        for (publish, is_public) in
            [(Value::Null, true), (serde_json::json!(["crates-io"]), true), (serde_json::json!([]), false)]
        {
            let Crate { is_public: found, dependencies, has_repository, .. } = described(&package(publish)).unwrap();
            assert_eq!(found, is_public);
            assert_eq!(dependencies, [("a".to_owned(), "^1.0.0".to_owned())]);
            assert!(!has_repository);
        }
        assert!(described(&serde_json::json!({ "name": "x", "version": "one" })).is_err());
    }

    #[test]
    fn this_workspace_has_one_version_and_publishes_no_private_crate() {
        let observed = files().unwrap();
        let plan = super::super::plan::plan(&observed, &observed.workspace_version);
        assert_eq!(plan.problems, [""; 0]);
        let changes: Vec<_> = plan.changes.iter().filter(|change| !change.starts_with("CHANGELOG.md")).collect();
        assert_eq!(changes, [""; 0]);
        assert!(observed.crates.iter().any(|package| package.name == "authress-verifier" && package.is_public));
        assert!(observed.crates.iter().any(|package| package.name == "xtask" && !package.is_public));
    }
}
