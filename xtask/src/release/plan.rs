//! What is left to do before a release, and the steps of the release. Nothing here reads a file or runs a program.

mod address;
mod metadata;

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;

use super::changelog::{self, Section, UNRELEASED};
pub(crate) use metadata::Metadata;

/// What the repository says.
#[derive(Debug)]
pub(crate) struct Observed {
    /// The version that crates inherit.
    pub(crate) workspace_version: Version,
    pub(crate) crates: Vec<Crate>,
    pub(crate) npm_packages: Vec<NpmPackage>,
    /// Where examples and pages name a version of these packages.
    pub(crate) mentions: Vec<Mention>,
    /// CHANGELOG.md.
    pub(crate) changelog: String,
    /// The versions that git has tags for.
    pub(crate) released: Vec<Version>,
    /// Those of them whose tag names the last commit.
    pub(crate) released_here: Vec<Version>,
    /// The address of the repository whose workflow runs this, if one does.
    pub(crate) workflow_repository: Option<String>,
    /// Files that differ from the last commit.
    pub(crate) uncommitted: Vec<String>,
}

/// A crate of the workspace.
#[derive(Debug)]
pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) version: Version,
    /// Whether it may be published.
    pub(crate) is_public: bool,
    /// Whether others can use its code.
    pub(crate) is_library: bool,
    /// The crates of the workspace that it depends on, for its tests too, with the required version.
    pub(crate) dependencies: Vec<(String, String)>,
    pub(crate) metadata: Metadata,
}

/// An npm package of the repository.
#[derive(Debug)]
pub(crate) struct NpmPackage {
    pub(crate) folder: &'static str,
    pub(crate) version: String,
    /// `repository.url`.
    pub(crate) repository: Option<String>,
    /// `homepage`.
    pub(crate) homepage: Option<String>,
    /// `bugs.url`.
    pub(crate) bugs: Option<String>,
}

/// A version of an npm package in an example or on a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mention {
    pub(crate) file: String,
    /// The package's name and the sign before the version, such as `authress-login-wasm ^`.
    pub(crate) before: String,
    pub(crate) version: Version,
}

/// What is left to do, and what a release consists of.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What a person has to decide or repair.
    pub(crate) problems: Vec<String>,
    /// What has to be changed in the repository first, and how.
    pub(crate) changes: Vec<String>,
    /// The steps in their order.
    pub(crate) steps: Vec<String>,
}

impl Plan {
    /// Whether the steps could be done now.
    pub(crate) fn is_ready(&self) -> bool {
        self.problems.is_empty() && self.changes.is_empty()
    }
}

/// Plans the release of `version`.
pub(crate) fn plan(observed: &Observed, version: &Version) -> Plan {
    let mut plan = Plan::default();
    compare_versions(observed, version, &mut plan);
    compare_requirements(observed, version, &mut plan);
    compare_tags(observed, version, &mut plan);
    read_changelog(&observed.changelog, version, &mut plan);
    if !observed.uncommitted.is_empty() {
        plan.problems.push(format!("not committed: {}", observed.uncommitted.join(", ")));
    }
    address::compare(observed, &mut plan);
    let public = observed.crates.iter().filter(|package| package.is_public);
    plan.problems.extend(public.flat_map(|package| metadata::faults(&package.name, &package.metadata)));
    plan.steps = steps(version);
    plan
}

fn compare_versions(observed: &Observed, version: &Version, plan: &mut Plan) {
    let workspace = &observed.workspace_version;
    for package in observed.crates.iter().filter(|package| package.version != *workspace) {
        let Crate { name, version: own, .. } = package;
        plan.problems
            .push(format!("{name} has the version {own} of its own, and the workspace {workspace}: inherit it"));
    }
    if workspace != version {
        plan.changes.push(format!("Cargo.toml: [workspace.package] version {workspace} -> {version}"));
        plan.changes.push("Cargo.lock, fuzz/Cargo.lock: `cargo update --workspace` in both folders".to_owned());
    }
    for package in &observed.npm_packages {
        let NpmPackage { folder, version: own, .. } = package;
        if *own != version.to_string() {
            plan.changes.push(format!("{folder}/package.json: version {own} -> {version}"));
        }
    }
    for Mention { file, before, version: own } in observed.mentions.iter().filter(|mention| mention.version != *version)
    {
        plan.changes.push(format!("{file}: {before}{own} -> {before}{version}"));
    }
}

/// Crates that are released together require each other's version.
fn compare_requirements(observed: &Observed, version: &Version, plan: &mut Plan) {
    let public: BTreeMap<&str, bool> =
        observed.crates.iter().map(|package| (package.name.as_str(), package.is_public)).collect();
    let mut other = BTreeSet::new();
    for package in &observed.crates {
        for (name, required) in &package.dependencies {
            if *required != format!("^{version}") {
                other.insert((name, required));
            }
            if package.is_public && public.get(name.as_str()) != Some(&true) {
                plan.problems.push(format!("{} is published and depends on {name}, which is not", package.name));
            }
        }
    }
    for (name, required) in other {
        plan.changes.push(format!("Cargo.toml: [workspace.dependencies] {name} {required} -> ^{version}"));
    }
}

fn compare_tags(observed: &Observed, version: &Version, plan: &mut Plan) {
    if observed.released_here.contains(version) {
        // The release has begun, and is checked or continued.
    } else if observed.released.contains(version) {
        plan.problems.push(format!("the tag v{version} names another commit: a version is released once"));
    } else if let Some(newest) = observed.released.iter().max().filter(|newest| *newest > version) {
        plan.problems.push(format!("{version} is below {newest}, which has been released"));
    }
}

fn read_changelog(text: &str, version: &Version, plan: &mut Plan) {
    let sections = changelog::sections(text);
    let unreleased = sections.first().filter(|section| section.name == UNRELEASED);
    let Some(unreleased) = unreleased else {
        return plan.problems.push(format!("CHANGELOG.md does not begin with a section [{UNRELEASED}]"));
    };
    let name = version.to_string();
    match sections.iter().position(|section| section.name == name) {
        None if unreleased.is_empty => {
            plan.problems.push(format!("CHANGELOG.md says nothing about {version}, and [{UNRELEASED}] is empty"));
        }
        None => plan.changes.push(format!(
            "CHANGELOG.md: insert `## [{version}] - YYYY-MM-DD` with the day of the release below `## [{UNRELEASED}]`"
        )),
        Some(place) => {
            if !unreleased.is_empty {
                plan.problems.push(format!("CHANGELOG.md has entries in [{UNRELEASED}]: move them to [{version}]"));
            }
            plan.problems.extend(sections.get(place).and_then(|section| fault_of(section, place)));
        }
    }
}

/// What is wrong with the section of the version, which is the `place`-th.
fn fault_of(section: &Section<'_>, place: usize) -> Option<String> {
    let Section { name, date, is_empty } = section;
    if place != 1 {
        return Some(format!("CHANGELOG.md: [{name}] has to be the first section below [{UNRELEASED}]"));
    }
    if *is_empty {
        return Some(format!("CHANGELOG.md: [{name}] is empty"));
    }
    match date {
        Some(date) if changelog::is_date(date) => None,
        Some(_) | None => Some(format!("CHANGELOG.md: write the day of the release, `## [{name}] - YYYY-MM-DD`")),
    }
}

fn steps(version: &Version) -> Vec<String> {
    vec![
        "cargo xtask test --release --engines all".to_owned(),
        format!("git tag --sign --message 'Version {version}' v{version}"),
        format!("git push origin v{version}  # release.yml does the rest, where it is set up"),
        "node xtask/publish.mjs crates target/release-files".to_owned(),
        "node xtask/publish.mjs npm target/release-files".to_owned(),
        "attach target/release-files to the release of the forge, with the text of target/release-notes.md".to_owned(),
    ]
}

#[cfg(test)]
mod tests;
