//! `cargo xtask test`: installs the tools, runs every test, and prints a table of results and times.

mod browser;
mod node_tests;
mod report;
mod skips;
mod stage;
mod tally;

use std::process::Command;

use anyhow::{Result, anyhow};
use clap::{Args, ValueEnum};

use crate::engines::{Engine, Engines};
use crate::setup::{self, TestTools};
use crate::{build, docs, lint, size, workspace};
pub(crate) use node_tests::{bundlers, tools};
use stage::Stage;

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
}

impl Options {
    fn has(&self, part: Part) -> bool {
        self.parts.is_empty() || self.parts.contains(&part)
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
    let mut tools = None;
    let mut stages = vec![Stage::run("set-up", || {
        let installed = setup::everything(&options.engines.0)?;
        if options.release {
            installed.build.check_release()?;
        }
        tools = Some(installed);
        Ok(())
    })];
    // Each later stage runs even if an earlier one failed: one run shows everything there is to fix.
    if let Some(tools) = &tools {
        stages.extend(parts(tools, options));
        if let Err(reason) = tools.build.check_release() {
            println!("\nThe tested package was a development build, not the one to publish: {reason:#}");
        }
    }
    report::print(&stages, &not_chosen(options))
}

fn parts(tools: &TestTools, options: &Options) -> Vec<Stage> {
    let mut stages = Vec::new();
    if options.has(Part::Lint) {
        stages.push(Stage::run("lint", || lint::run(&tools.build)));
    }
    if options.has(Part::Native) {
        stages.push(Stage::tests("native tests", &mut native_tests(tools)));
        stages.extend(aws_lc_tests().map(|(name, mut command)| Stage::tests(name, &mut command)));
    }
    if options.has(Part::Browser) {
        for &engine in &options.engines.0 {
            let name = browser::stage_name(engine);
            stages.push(match browser::command(tools, engine) {
                Ok(mut command) => Stage::driver_tests(name, &mut command),
                Err(failure) => Stage::run(name, || Err(failure)),
            });
        }
    }
    if options.has(Part::Sandbox) {
        let built = Stage::run("build of the sandbox", || {
            build::sandbox_package(&tools.build)?;
            build::package(&tools.build)
        });
        let is_built = built.failure.is_none();
        stages.push(built);
        stages.push(tests_of_built("sandbox as a package", is_built, node_tests::sandbox_package(tools)));
    }
    if options.has(Part::Docs) {
        let built = Stage::run("build of the site", || docs::build_for_tests(&tools.build.node));
        let is_built = built.failure.is_none();
        stages.push(built);
        stages.push(tests_of_built("site", is_built, node_tests::site(tools)));
    }
    if [Part::Types, Part::E2e, Part::Attacks, Part::Bundlers].into_iter().any(|part| options.has(part)) {
        stages.extend(package_parts(tools, options));
    }
    stages
}

/// The parts that need the built package and the servers.
fn package_parts(tools: &TestTools, options: &Options) -> Vec<Stage> {
    let built = Stage::run("build", || {
        build::package(&tools.build)?;
        if options.has(Part::Native) { build::servers_beside_tests() } else { build::servers() }?;
        // Both packed packages are checked beside the bundlers. The part before may have built this one.
        let is_needed = options.has(Part::Bundlers) && !options.has(Part::Sandbox);
        if is_needed { build::sandbox_package(&tools.build) } else { Ok(()) }
    });
    let is_built = built.failure.is_none();
    let mut stages = vec![built];
    let tests = |name, command| tests_of_built(name, is_built, command);
    if options.has(Part::Types) {
        stages.push(tests("types", node_tests::types(tools)));
    }
    if options.has(Part::E2e) {
        for &engine in &options.engines.0 {
            stages.push(tests(node_tests::stage_name(engine), node_tests::stories(tools, engine)));
            if engine == Engine::Chromium {
                stages.push(tests(node_tests::STRICT_STAGE, node_tests::strict_stories(tools)));
            }
        }
    }
    if options.has(Part::Attacks) {
        stages.push(tests("attacks", node_tests::attacks(tools)));
    }
    if options.has(Part::Bundlers) {
        stages.push(tests("bundlers", node_tests::bundlers(tools)));
        stages.push(tests("tools", node_tests::tools(tools)));
    }
    if is_built {
        stages.push(Stage::run("size", || size::check(&tools.build)));
    }
    stages
}

/// Tests that need what was built.
fn tests_of_built(name: &'static str, is_built: bool, command: Result<Command>) -> Stage {
    match command {
        Ok(mut command) if is_built => Stage::tests(name, &mut command),
        Ok(_) => Stage::run(name, || Err(anyhow!("not run, because the build failed"))),
        Err(failure) => Stage::run(name, || Err(failure)),
    }
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

/// The tests of signing, with AWS-LC in place of ed25519-dalek: both must make the same signatures of equal input.
fn aws_lc_tests() -> [(&'static str, Command); 2] {
    let mut keys = workspace::cargo("test");
    keys.args(["-p", "authress-jws", "--features", "aws-lc"]);
    // With --workspace, although one package has these tests: the dependencies' features, and with them the builds, are
    // those of the native tests.
    let mut verifier = workspace::cargo("test");
    verifier.args(["--workspace", "--features", "authress-verifier/aws-lc", "--test", "responses", "--test", "binary"]);
    [("keys, aws-lc", keys), ("verifier, aws-lc", verifier)]
}
