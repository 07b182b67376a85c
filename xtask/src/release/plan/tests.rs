use super::*;

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn public(name: &str, dependencies: &[&str]) -> Crate {
    Crate {
        name: name.to_owned(),
        version: version("1.2.0"),
        is_public: true,
        has_repository: true,
        dependencies: dependencies.iter().map(|name| ((*name).to_owned(), "^1.2.0".to_owned())).collect(),
    }
}

fn private(name: &str, dependencies: &[&str]) -> Crate {
    Crate { is_public: false, ..public(name, dependencies) }
}

/// A repository in which everything is ready for 1.2.0.
fn ready() -> Observed {
    Observed {
        workspace_version: version("1.2.0"),
        crates: vec![public("verifier", &["jws", "secret"]), public("jws", &[]), public("secret", &[])],
        npm_packages: vec![NpmPackage { folder: "pkg", version: "1.2.0".to_owned() }],
        changelog: "## [Unreleased]\n\n## [1.2.0] - 2026-11-29\n\n- a\n\n## [1.1.0] - 2026-01-01\n\n- b\n".to_owned(),
        released: vec![version("1.1.0")],
        uncommitted: Vec::new(),
    }
}

/// The only problem of the plan, which has no changes.
fn problem(observed: &Observed) -> String {
    let Plan { mut problems, changes, .. } = plan(observed, &version("1.2.0"));
    assert_eq!((problems.len(), changes.len()), (1, 0), "{problems:?} {changes:?}");
    problems.remove(0)
}

#[test]
fn a_repository_that_is_ready_has_steps_only() {
    let plan = plan(&ready(), &version("1.2.0"));
    assert!(plan.is_ready(), "{plan:?}");
    assert_eq!(plan.notes, [""; 0]);
    let steps: Vec<&str> = plan.steps.iter().map(String::as_str).collect();
    assert_eq!(
        steps,
        [
            "cargo xtask test --release --engines all",
            "cargo xtask build --release",
            "cargo xtask sandbox-package",
            "git tag --sign --message 'Version 1.2.0' v1.2.0",
            "cargo publish --workspace --locked  # jws, secret, verifier",
            "npm publish ./pkg",
            "git push origin v1.2.0",
            "attach target/release-files to the release",
        ]
    );
}

#[test]
fn another_version_changes_every_place_that_has_it() {
    let plan = plan(&ready(), &version("1.3.0"));
    assert_eq!(
        plan.changes,
        [
            "Cargo.toml: [workspace.package] version 1.2.0 -> 1.3.0",
            "Cargo.lock, fuzz/Cargo.lock: `cargo update --workspace` in both folders",
            "pkg/package.json: version 1.2.0 -> 1.3.0",
            "Cargo.toml: [workspace.dependencies] jws ^1.2.0 -> ^1.3.0",
            "Cargo.toml: [workspace.dependencies] secret ^1.2.0 -> ^1.3.0",
        ]
    );
    assert!(!plan.is_ready());
}

#[test]
fn one_package_with_another_version_is_found() {
    let mut observed = ready();
    observed.npm_packages.push(NpmPackage { folder: "sandbox-pkg", version: "1.1.0".to_owned() });
    let plan = plan(&observed, &version("1.2.0"));
    assert_eq!(plan.changes, ["sandbox-pkg/package.json: version 1.1.0 -> 1.2.0"]);

    let mut observed = ready();
    observed.crates[1].version = version("1.1.9");
    assert!(problem(&observed).starts_with("jws has the version 1.1.9 of its own"));
}

#[test]
fn a_requirement_without_a_version_is_changed() {
    let mut observed = ready();
    observed.crates[0].dependencies[1].1 = "*".to_owned();
    let plan = plan(&observed, &version("1.2.0"));
    assert_eq!(plan.changes, ["Cargo.toml: [workspace.dependencies] secret * -> ^1.2.0"]);
}

#[test]
fn a_public_crate_depends_on_public_crates_only() {
    let mut observed = ready();
    observed.crates.push(private("tool", &["verifier"]));
    assert!(plan(&observed, &version("1.2.0")).is_ready());
    observed.crates.push(public("shop", &["tool"]));
    assert_eq!(problem(&observed), "shop is published and depends on tool, which is not");
}

#[test]
fn crates_in_a_circle_are_a_problem() {
    let mut observed = ready();
    observed.crates = vec![public("a", &["b"]), public("b", &["a"]), public("c", &[])];
    assert_eq!(problem(&observed), "crates depend on each other in a circle: a, b");
}

#[test]
fn a_version_is_released_once_and_upwards() {
    let mut observed = ready();
    observed.released.push(version("1.2.0"));
    assert_eq!(problem(&observed), "the tag v1.2.0 exists: a version is released once");
    observed.released = vec![version("1.10.0"), version("1.9.0")];
    assert_eq!(problem(&observed), "1.2.0 is below 1.10.0, which has been released");
}

#[test]
fn the_changelog_needs_the_section_its_date_and_an_entry() {
    let with = |changelog: &str| Observed { changelog: changelog.to_owned(), ..ready() };
    for (changelog, expected) in [
        ("", "does not begin with a section [Unreleased]"),
        ("## [Unreleased]\n", "says nothing about 1.2.0"),
        ("## [Unreleased]\n- a\n## [1.2.0] - 2026-11-29\n- b\n", "has entries in [Unreleased]"),
        ("## [Unreleased]\n## [1.2.0]\n- a\n", "write the day of the release"),
        ("## [Unreleased]\n## [1.2.0] - soon\n- a\n", "write the day of the release"),
        ("## [Unreleased]\n## [1.2.0] - 2026-11-29\n### Added\n", "[1.2.0] is empty"),
        (
            "## [Unreleased]\n## [1.1.0] - 2026-11-28\n- a\n## [1.2.0] - 2026-11-29\n- a\n",
            "has to be the first section",
        ),
    ] {
        let problem = problem(&with(changelog));
        assert!(problem.contains(expected), "{changelog:?}: {problem}");
    }
    let plan = plan(&with("## [Unreleased]\n\n- a\n"), &version("1.2.0"));
    assert_eq!(
        plan.changes,
        ["CHANGELOG.md: insert `## [1.2.0] - YYYY-MM-DD` with the day of the release below `## [Unreleased]`"]
    );
}

#[test]
fn uncommitted_files_are_a_problem() {
    let observed = Observed { uncommitted: vec!["a.rs".to_owned(), "b.rs".to_owned()], ..ready() };
    assert_eq!(problem(&observed), "not committed: a.rs, b.rs");
}

#[test]
fn a_pre_release_gets_a_tag_of_npm() {
    let plan = plan(&ready(), &version("1.3.0-rc.1"));
    assert!(plan.steps.contains(&"npm publish ./pkg --tag next".to_owned()), "{:?}", plan.steps);
}

#[test]
fn a_missing_repository_is_noted() {
    let mut observed = ready();
    observed.crates[0].has_repository = false;
    let plan = plan(&observed, &version("1.2.0"));
    assert!(plan.is_ready());
    assert_eq!(plan.notes.len(), 1);
}
