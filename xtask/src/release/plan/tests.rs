use super::*;

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn public(name: &str, dependencies: &[&str]) -> Crate {
    Crate {
        name: name.to_owned(),
        version: version("1.2.0"),
        is_public: true,
        is_library: true,
        metadata: metadata::tests::complete(),
        dependencies: dependencies.iter().map(|name| ((*name).to_owned(), "^1.2.0".to_owned())).collect(),
    }
}

fn npm_package(folder: &'static str, version: &str) -> NpmPackage {
    let address = "https://forge.example/shop";
    NpmPackage {
        folder,
        version: version.to_owned(),
        repository: Some(format!("git+{address}.git")),
        homepage: Some(format!("{address}#readme")),
        bugs: Some(format!("{address}/issues")),
    }
}

fn mention(before: &str, own: &str) -> Mention {
    Mention { file: "examples/vite/package.json".to_owned(), before: before.to_owned(), version: version(own) }
}

fn private(name: &str, dependencies: &[&str]) -> Crate {
    Crate { is_public: false, ..public(name, dependencies) }
}

/// A repository in which everything is ready for 1.2.0.
fn ready() -> Observed {
    Observed {
        workspace_version: version("1.2.0"),
        crates: vec![public("verifier", &["jws", "secret"]), public("jws", &[]), public("secret", &[])],
        npm_packages: vec![npm_package("pkg", "1.2.0")],
        mentions: vec![mention("authress-login-wasm ^", "1.2.0")],
        changelog: "## [Unreleased]\n\n## [1.2.0] - 2026-11-29\n\n- a\n\n## [1.1.0] - 2026-01-01\n\n- b\n".to_owned(),
        released: vec![version("1.1.0")],
        released_here: Vec::new(),
        workflow_repository: None,
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
    let steps: Vec<&str> = plan.steps.iter().map(String::as_str).collect();
    assert_eq!(
        steps,
        [
            "cargo xtask test --release --engines all",
            "git tag --sign --message 'Version 1.2.0' v1.2.0",
            "git push origin v1.2.0  # release.yml does the rest, where it is set up",
            "node xtask/publish.mjs crates target/release-files",
            "node xtask/publish.mjs npm target/release-files",
            "attach target/release-files to the release of the forge, with the text of target/release-notes.md",
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
            "examples/vite/package.json: authress-login-wasm ^1.2.0 -> authress-login-wasm ^1.3.0",
            "Cargo.toml: [workspace.dependencies] jws ^1.2.0 -> ^1.3.0",
            "Cargo.toml: [workspace.dependencies] secret ^1.2.0 -> ^1.3.0",
        ]
    );
    assert!(!plan.is_ready());
}

#[test]
fn one_package_with_another_version_is_found() {
    let mut observed = ready();
    observed.npm_packages.push(npm_package("sandbox-pkg", "1.1.0"));
    let plan = plan(&observed, &version("1.2.0"));
    assert_eq!(plan.changes, ["sandbox-pkg/package.json: version 1.1.0 -> 1.2.0"]);

    let mut observed = ready();
    observed.crates[1].version = version("1.1.9");
    assert!(problem(&observed).starts_with("jws has the version 1.1.9 of its own"));
}

#[test]
fn an_example_and_a_page_with_another_version_are_found() {
    let mut observed = ready();
    observed.mentions.push(mention("authress-login-sandbox@", "1.1.0"));
    let plan = plan(&observed, &version("1.2.0"));
    assert_eq!(
        plan.changes,
        ["examples/vite/package.json: authress-login-sandbox@1.1.0 -> authress-login-sandbox@1.2.0"]
    );
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
fn a_version_is_released_once_and_upwards() {
    let mut observed = ready();
    observed.released.push(version("1.2.0"));
    assert_eq!(problem(&observed), "the tag v1.2.0 names another commit: a version is released once");
    observed.released_here.push(version("1.2.0"));
    assert!(plan(&observed, &version("1.2.0")).is_ready());
    observed.released_here.clear();
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
fn every_package_names_the_same_repository() {
    let mut observed = ready();
    observed.npm_packages[0].homepage = None;
    let changes = plan(&observed, &version("1.2.0")).changes;
    assert_eq!(changes, ["pkg/package.json: homepage = \"https://forge.example/shop#readme\""]);

    for repository in [None, Some("https://forge.example/other".to_owned())] {
        let mut observed = ready();
        observed.crates[0].metadata.repository = repository;
        let changes = plan(&observed, &version("1.2.0")).changes;
        assert!(changes[0].starts_with("Cargo.toml: [workspace.package] repository"), "{changes:?}");
    }
}

#[test]
fn a_workflow_publishes_what_names_its_repository() {
    let mut observed = Observed { workflow_repository: Some("https://forge.example/shop".to_owned()), ..ready() };
    assert!(plan(&observed, &version("1.2.0")).is_ready());
    observed.workflow_repository = Some("https://forge.example/fork".to_owned());
    assert!(problem(&observed).ends_with("this is the workflow of https://forge.example/fork"));
}

#[test]
fn a_published_crate_says_what_it_is_and_a_private_one_need_not() {
    let mut observed = ready();
    observed.crates.push(Crate { metadata: Metadata::default(), ..private("tool", &[]) });
    assert!(plan(&observed, &version("1.2.0")).is_ready());
    observed.crates[0].metadata.documentation = None;
    assert_eq!(problem(&observed), "verifier has no documentation");
}
