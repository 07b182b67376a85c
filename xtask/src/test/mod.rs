//! `cargo xtask test`: installs the tools, runs every test, and prints a table of results and times.

mod background;
mod browser;
mod node_tests;
mod report;
mod skips;
mod stage;
mod stages;
mod tally;

use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::engines::{Engine, Engines};
use crate::setup::{self, TestTools};
use crate::{build, docs, lint, size, workspace};
use background::BackgroundBuilds;
pub(crate) use node_tests::{bundlers, tools};
use stages::Stages;

/// Options of `cargo xtask test`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Parts to run [default: all]
    parts: Vec<Part>,
    /// Engines for the parts browser and e2e: all, or some of chromium,firefox,webkit
    #[arg(long, default_value = "chromium")]
    engines: Engines,
    /// Fail unless the tested package is the one to publish; see `build --release`
    #[arg(long)]
    release: bool,
    /// Begin no stage after this many minutes; the end of the output names those that were left out [default: no limit]
    #[arg(long, value_name = "MINUTES", conflicts_with = "release")]
    within: Option<u64>,
}

impl Options {
    fn has(&self, part: Part) -> bool {
        self.parts.is_empty() || self.parts.contains(&part)
    }

    /// Whether a chosen part needs the built package and the servers.
    fn needs_package(&self) -> bool {
        [Part::Types, Part::E2e, Part::Attacks, Part::Bundlers].into_iter().any(|part| self.has(part))
    }
}

/// A part of the tests that can be run alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Lint,
    Native,
    Types,
    Browser,
    E2e,
    Attacks,
    Sandbox,
    Docs,
    Bundlers,
}

/// The parts and engines that the command line leaves out.
fn not_chosen(options: &Options) -> Vec<String> {
    let parts = Part::value_variants().iter().filter(|part| !options.has(**part));
    let parts = parts.filter_map(|part| Some(format!("part {}", part.to_possible_value()?.get_name())));
    let has_engines = options.has(Part::Browser) || options.has(Part::E2e);
    let engines = Engine::ALL.into_iter().filter(|engine| has_engines && !options.engines.0.contains(engine));
    parts.chain(engines.map(|engine| format!("engine {}", engine.name()))).collect()
}

/// The names of all parts, sorted.
#[cfg(test)]
pub(crate) fn part_names() -> Vec<String> {
    let values = Part::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let mut names: Vec<_> = values.map(|value| value.get_name().to_owned()).collect();
    names.sort();
    names
}

/// Runs the parts named on the command line, or all of them; fails if any of them did.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut stages = Stages::within(options.within.map(|minutes| Duration::from_secs(60 * minutes)));
    let mut tools = None;
    stages.run("set-up", || {
        let installed = setup::everything(&options.engines.0)?;
        if options.release {
            installed.build.check_release()?;
        }
        tools = Some(installed);
        Ok(())
    });
    // Each later stage runs even if an earlier one failed: one run shows everything there is to fix.
    if let Some(tools) = &tools {
        parts(tools, options, &mut stages);
        if let Err(reason) = tools.build.check_release() {
            println!("\nThe tested package was a development build, not the one to publish: {reason:#}");
        }
    }
    report::print(&stages, &not_chosen(options))
}

/// The stages, in an order in which a run that is cut short has the most to say.
fn parts(tools: &TestTools, options: &Options, stages: &mut Stages) {
    if options.has(Part::Lint) {
        stages.run("lint", || lint::run(&tools.build));
    }
    let packages = options.has(Part::Native).then(|| packages_in_background(tools, options)).flatten();
    if options.has(Part::Native) {
        stages.tests("native tests", || Ok(native_tests(tools)));
        stages.tests("keys in AWS-LC", || Ok(aws_lc_tests()));
    }
    if options.has(Part::Browser) {
        for &engine in &options.engines.0 {
            stages.driver_tests(browser::stage_name(engine), || browser::command(tools, engine));
        }
    }
    let needs_packages = options.needs_package() || options.has(Part::Sandbox);
    let is_built = needs_packages
        && stages.run("packages", || match packages {
            Some(packages) => packages.finish(),
            None => build_packages(tools, options),
        });
    if options.has(Part::Sandbox) {
        stages.tests_of_built("sandbox as a package", is_built, || node_tests::sandbox_package(tools));
    }
    if options.has(Part::Docs) {
        let is_built = stages.run("build of the site", || docs::build_for_tests(&tools.build.node));
        stages.tests_of_built("site", is_built, || node_tests::site(tools));
    }
    if options.needs_package() {
        package_parts(tools, options, is_built, stages);
    }
}

/// The parts that need the built package and the servers.
fn package_parts(tools: &TestTools, options: &Options, is_built: bool, stages: &mut Stages) {
    let has_servers = stages
        .run("servers", || if options.has(Part::Native) { build::servers_beside_tests() } else { build::servers() });
    let is_built = is_built && has_servers;
    stages.run("size", || if is_built { size::check(&tools.build) } else { Err(stages::not_built()) });
    if options.has(Part::Types) {
        stages.tests_of_built("types", is_built, || node_tests::types(tools));
    }
    if options.has(Part::E2e) {
        let engine = Engine::Chromium;
        if options.engines.0.contains(&engine) {
            stages.tests_of_built(node_tests::stage_name(engine), is_built, || node_tests::stories(tools, engine));
            stages.tests_of_built(node_tests::STRICT_STAGE, is_built, || node_tests::strict_stories(tools));
        }
    }
    if options.has(Part::Attacks) {
        stages.tests_of_built("attacks", is_built, || node_tests::attacks(tools));
    }
    if options.has(Part::Bundlers) {
        stages.tests_of_built("bundlers", is_built, || node_tests::bundlers(tools));
    }
    if options.has(Part::E2e) {
        for &engine in options.engines.0.iter().filter(|engine| **engine != Engine::Chromium) {
            stages.tests_of_built(node_tests::stage_name(engine), is_built, || node_tests::stories(tools, engine));
        }
    }
    if options.has(Part::Bundlers) {
        stages.tests_of_built("tools", is_built, || node_tests::tools(tools));
    }
}

/// Builds the npm packages that the chosen parts need. Both are checked beside the bundlers.
fn build_packages(tools: &TestTools, options: &Options) -> Result<()> {
    build::package(&tools.build)?;
    if options.has(Part::Bundlers) || options.has(Part::Sandbox) {
        build::sandbox_package(&tools.build)
    } else {
        Ok(())
    }
}

/// Begins the same builds in the background of the native tests, if all parts that need a package follow them.
fn packages_in_background(tools: &TestTools, options: &Options) -> Option<BackgroundBuilds> {
    if !options.parts.is_empty() {
        return None;
    }
    let program = tools.xtask.as_ref()?;
    BackgroundBuilds::start(program, &[&["build", "--only-package"], &["sandbox-package"]]).ok()
}

/// The tests of every crate.
fn native_tests(tools: &TestTools) -> Command {
    let mut command = workspace::cargo("test");
    command.args(["--workspace", "--no-fail-fast"]);
    if let Some(promtool) = &tools.promtool {
        command.env("PROMTOOL", promtool);
    }
    command
}

/// The tests of signing and of the verifier, with AWS-LC in place of ed25519-dalek: both must make the same signatures of equal
/// input.
fn aws_lc_tests() -> Command {
    let mut command = workspace::cargo("test");
    command.args(["-p", "authress-jws", "-p", "authress-verifier", "--features", "authress-verifier/aws-lc", "--lib"]);
    command.args(["tokens", "published_keys", "responses", "binary"].map(|name| format!("--test={name}")));
    command
}
