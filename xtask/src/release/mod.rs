//! `cargo xtask release --dry-run X.Y.Z`: says what is left to do before a release, checks what would be published, writes
//! the files of the release, and prints the steps. It publishes nothing, tags nothing and changes no file of the
//! repository: RELEASING.md describes the steps. A workflow or a person publishes the files with `xtask/publish.mjs`.

mod api;
mod bom;
mod changelog;
mod files;
mod mentions;
mod observe;
mod plan;
mod since;

use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use anyhow::{Result, bail};
use clap::Args;
use semver::Version;

use crate::lint::{self, Check};
use crate::setup::{self, BuildTools};
use crate::{build, docs, programs, size, workspace};
use plan::{Crate, Observed, Plan};

/// Options of `cargo xtask release`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Say what would be done; nothing else is possible
    #[arg(long, required = true)]
    dry_run: bool,
    /// Compare versions, changelog and git only: build and pack nothing
    #[arg(long)]
    quick: bool,
    /// Run these checks only, by their names and separated by commas; the version is planned in any case
    #[arg(long, value_delimiter = ',', conflicts_with = "quick")]
    only: Vec<String>,
    /// The version to release, such as 1.2.3
    version: Version,
}

/// Plans, checks and writes the release; fails if anything is left to do.
pub(crate) fn run(options: &Options) -> Result<()> {
    let observed = observe::observe()?;
    let plan = plan::plan(&observed, &options.version);
    let checked = if options.quick {
        Ok(())
    } else {
        let mut checks = checks(setup::for_build()?, &observed, &options.version);
        if let Some(unknown) = options.only.iter().find(|name| checks.iter().all(|check| check.name() != **name)) {
            let names: Vec<_> = checks.iter().map(Check::name).collect();
            bail!("there is no check {unknown:?}; there are {}", names.join(", "));
        }
        checks.retain(|check| options.only.is_empty() || options.only.iter().any(|name| name == check.name()));
        lint::run_checks("release", checks)
    };
    print!("{}", report(&plan, &options.version));
    checked?;
    if plan.is_ready() { Ok(()) } else { bail!("{} is not ready to be released", options.version) }
}

/// The names of the crates that are published.
#[cfg(test)]
pub(crate) fn public_crates() -> Result<Vec<String>> {
    let public = observe::files()?.crates.into_iter().filter(|package| package.is_public);
    Ok(public.map(|package| package.name).collect())
}

/// What is checked of the packages, the fastest first. The sizes and the files are those of the packages built before.
fn checks(tools: BuildTools, observed: &Observed, version: &Version) -> Vec<Check> {
    let tools = Rc::new(tools);
    let with_tools = |name, run: fn(&BuildTools) -> Result<()>| {
        let tools = Rc::clone(&tools);
        Check::new(name, move || run(&tools))
    };
    let public: Vec<&Crate> = observed.crates.iter().filter(|package| package.is_public).collect();
    let names: Vec<String> = public.iter().map(|package| package.name.clone()).collect();
    let libraries: Vec<String> =
        public.iter().filter(|package| package.is_library).map(|package| package.name.clone()).collect();
    let last = since::last_release(&observed.released, version);
    let (for_types, for_crates) = (last.clone(), last);
    let next = version.clone();
    let mut checks = vec![
        with_tools("compiler", BuildTools::check_release),
        Check::new("dependencies", || programs::run(&mut lint::dependencies()?)),
        Check::new("type-changes", {
            let next = next.clone();
            move || api::check_types(for_types.as_ref(), &next)
        }),
        Check::new("crate-changes", move || since::check_crates(for_crates.as_ref(), &next, &libraries)),
        Check::program("crates", publish_crates()),
        with_tools("npm-packages", |tools| {
            build::package(tools)?;
            build::sandbox_package(tools)
        }),
        with_tools("sizes", size::check),
    ];
    checks.extend(
        observe::NPM_FOLDERS.map(|folder| {
            Check::program(folder, publish_npm(tools.node.npm_command(), &workspace::root().join(folder)))
        }),
    );
    checks.push(with_tools("documentation", |tools| docs::build(&tools.node)));
    let notes = files::Notes::of(observed, version);
    let version = version.to_string();
    checks.push(Check::new("release-files", {
        let tools = Rc::clone(&tools);
        move || files::write(&tools, &names, &version, &notes)
    }));
    checks.push(Check::new("registries", move || registries(&tools)));
    checks
}

/// Packs every public crate and compiles each from its archive, as those who install it do.
fn publish_crates() -> Command {
    let mut command = workspace::cargo("publish");
    // What is not committed is a problem of the plan already.
    command.args(["--workspace", "--dry-run", "--allow-dirty"]);
    // The archives leave out the workspace's profiles, and debug information is half of the time.
    command.env("CARGO_PROFILE_DEV_DEBUG", "0");
    command
}

/// Says which of the files the registries have already.
fn registries(tools: &BuildTools) -> Result<()> {
    for kind in ["crates", "npm"] {
        let mut command = tools.node.command();
        command.current_dir(workspace::root()).args(["xtask/publish.mjs", kind]).arg(files::folder());
        programs::run(command.arg("--dry-run"))?;
    }
    Ok(())
}

/// Packs the npm package in `folder` and lists its files.
fn publish_npm(mut npm: Command, folder: &Path) -> Command {
    // Since version 11, npm asks the registry, and refuses a version that is there already, and a pre-release without a tag.
    // A release can be repeated, and the check of the registries compares the files.
    npm.current_dir(folder).args(["publish", "--dry-run", "--force", "--tag", "next"]);
    npm
}

/// The plan in words.
fn report(plan: &Plan, version: &Version) -> String {
    let Plan { problems, changes, steps } = plan;
    let mut text = String::new();
    for (title, lines) in [("Problems", problems), ("Changes to make first", changes)] {
        if !lines.is_empty() {
            text += &format!("\n{title}:\n");
            text.extend(lines.iter().map(|line| format!("  - {line}\n")));
        }
    }
    text += &format!("\nSteps of the release of {version}, none of which was done:\n");
    text.extend((1..).zip(steps).map(|(number, step)| format!("  {number}. {step}\n")));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_has_what_is_left_to_do_and_numbered_steps() {
        let plan = Plan {
            problems: vec!["a problem".to_owned()],
            changes: Vec::new(),
            steps: vec!["first".to_owned(), "second".to_owned()],
        };
        assert_eq!(
            report(&plan, &Version::new(1, 2, 3)),
            "\nProblems:\n  - a problem\n\n\
            Steps of the release of 1.2.3, none of which was done:\n  1. first\n  2. second\n"
        );
    }

    #[test]
    fn npm_packs_a_pre_release_and_a_version_that_is_published() {
        let folder = std::env::temp_dir().join(format!("authress-release-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let npm = programs::find(&["npm"]).unwrap();
        // The second is a package of other people, whose version is in the registry for good.
        for (name, version) in [("authress-login-wasm", "0.1.0-rc.1"), ("is-number", "7.0.0")] {
            let manifest = serde_json::json!({ "name": name, "version": version }).to_string();
            std::fs::write(folder.join("package.json"), manifest).unwrap();
            let output = publish_npm(Command::new(&npm), &folder).output().unwrap();
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
