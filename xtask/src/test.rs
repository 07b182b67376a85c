//! `cargo xtask test`: set-up, then every test, then where the time went.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::engines::{Engine, Engines};
use crate::failure::{Attempt, Result};
use crate::progress::seconds;
use crate::setup::{self, TestTools};
use crate::tally::Tally;
use crate::{build, lint, size, types, wasm_pack, workspace};

/// What of the tests runs, and where.
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

/// A part of the tests that can be run alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Lint,
    Native,
    Types,
    Browser,
    E2e,
    Bundlers,
}

/// The files of `tests/e2e` that run in every engine: what shoppers do. docs/engines.md says why the others do not.
const EVERYWHERE: [&str; 7] = ["anonymous", "callbacks", "https", "link", "refused-link", "session-life", "tabs"];

/// One stage that ran: a line of the closing table.
#[derive(Debug)]
struct Stage {
    name: &'static str,
    time: Duration,
    tally: Tally,
    /// Why it failed.
    failure: Option<String>,
}

/// Runs the parts named on the command line, or all of them; fails if any of them did.
pub(crate) fn run(options: &Options) -> Result<()> {
    let Options { parts, engines: Engines(engines), release } = options;
    let wanted = |part: Part| parts.is_empty() || parts.contains(&part);

    let mut stages = Vec::new();
    let mut tools = None;
    stages.push(stage("set-up", || {
        let found = setup::everything(engines)?;
        if *release {
            found.build.check_release()?;
        }
        tools = Some(found);
        Ok(Tally::default())
    }));
    // Each later stage runs even if an earlier one failed: one run shows everything there is to mend.
    if let Some(tools) = &tools {
        if wanted(Part::Lint) {
            stages.push(stage("lint", || lint::run(&tools.build).map(|()| Tally::default())));
        }
        if wanted(Part::Native) {
            stages.push(tests("native tests", workspace::cargo("test").args(["--workspace", "--no-fail-fast"])));
            stages.extend(aws_lc_tests().map(|(name, mut command)| tests(name, &mut command)));
        }
        if wanted(Part::Browser) {
            for &engine in engines {
                let name = names(engine).browser;
                stages.push(match wasm_pack::tests(tools, engine) {
                    Ok(mut command) => tests_by_driver(name, &mut command),
                    Err(failure) => stage(name, || Err(failure)),
                });
            }
        }
        if wanted(Part::Types) || wanted(Part::E2e) || wanted(Part::Bundlers) {
            let built = stage("build", || build::everything(&tools.build).map(|()| Tally::default()));
            let is_built = built.failure.is_none();
            stages.push(built);
            let of_the_build = |name, command: Result<Command>| match command {
                Ok(mut command) if is_built => tests(name, &mut command),
                Ok(_) => stage(name, || Err("not run, because the build failed".into())),
                Err(failure) => stage(name, || Err(failure)),
            };
            if wanted(Part::Types) {
                stages.push(of_the_build("types", Ok(types::tests(&tools.build.node))));
            }
            if wanted(Part::E2e) {
                for &engine in engines {
                    stages.push(of_the_build(names(engine).end_to_end, end_to_end_tests(tools, engine)));
                }
            }
            if wanted(Part::Bundlers) {
                stages.push(of_the_build("bundlers", bundler_tests(tools)));
                stages.push(of_the_build("tools", tool_tests(tools)));
            }
            if is_built {
                stages.push(stage("size", || size::check(&tools.build).map(|()| Tally::default())));
            }
        }
    }
    if let Some(Err(reason)) = tools.map(|tools| tools.build.check_release()) {
        println!("\nThe tested package was a development build, not the one to publish: {reason}");
    }
    report(&stages)
}

/// What signs, with the other maker of signatures: of equal input both must make the same.
fn aws_lc_tests() -> [(&'static str, Command); 2] {
    let mut keys = workspace::cargo("test");
    keys.args(["-p", "authress-jws", "--features", "aws-lc"]);
    // Of the whole workspace, although one package has these: so everything below it is what was built before.
    let mut verifier = workspace::cargo("test");
    verifier.args(["--workspace", "--features", "authress-verifier/aws-lc", "--test", "answers", "--test", "binary"]);
    [("keys, aws-lc", keys), ("verifier, aws-lc", verifier)]
}

/// What the stages in an engine are called.
struct Names {
    browser: &'static str,
    end_to_end: &'static str,
}

fn names(engine: Engine) -> Names {
    match engine {
        Engine::Chromium => Names { browser: "browser tests", end_to_end: "end-to-end tests" },
        Engine::Firefox => Names { browser: "browser, Firefox", end_to_end: "e2e, Firefox" },
        Engine::Webkit => Names { browser: "browser, WebKit", end_to_end: "e2e, WebKit" },
    }
}

/// Node's test runner over the scripts that drive a browser against real servers.
fn end_to_end_tests(tools: &TestTools, engine: Engine) -> Result<Command> {
    let command = tools.node_script_in(engine)?;
    if engine == Engine::Chromium {
        return node_tests(command, &["tests/harness", "tests/e2e", "tests/reference"]);
    }
    let everywhere = |file: &PathBuf| EVERYWHERE.iter().any(|name| file.ends_with(format!("{name}.test.mjs")));
    let (files, others): (Vec<_>, Vec<_>) = test_files("tests/e2e")?.into_iter().partition(everywhere);
    let names = |file: &PathBuf| file.file_name().map(|name| name.to_string_lossy().replace(".test.mjs", ""));
    let others: Vec<String> = others.iter().filter_map(names).collect();
    println!("run in Chromium only (see docs/engines.md): {}", others.join(", "));
    if files.len() != EVERYWHERE.len() {
        return Err("a story that runs in every engine is not there any more".into());
    }
    Ok(node_test(command, files))
}

/// The packed package in every bundler; see `tests/bundlers`.
pub(crate) fn bundler_tests(tools: &TestTools) -> Result<Command> {
    tools.build.node.install_bundlers()?;
    node_tests(tools.node_script(), &["tests/bundlers"])
}

/// The packed package in the tools that newcomers build with; see `tests/bundlers/tools`.
pub(crate) fn tool_tests(tools: &TestTools) -> Result<Command> {
    let mut command = tools.node_script();
    // Not `--test`: that has one time limit for the whole file, which installs and builds one tool after another.
    command.args(["--test-reporter=spec", "tests/bundlers/tools/tools.test.mjs"]);
    command.env("TOOLS_CACHE", workspace::cache()?);
    Ok(command)
}

fn node_tests(command: Command, folders: &[&str]) -> Result<Command> {
    let mut files = Vec::new();
    for folder in folders {
        files.extend(test_files(folder)?);
    }
    Ok(node_test(command, files))
}

/// The scripts for Node's test runner in a folder, in order.
fn test_files(folder: &str) -> Result<Vec<PathBuf>> {
    let path = workspace::root().join(folder);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&path).attempt(|| format!("read {}", path.display()))? {
        let file = entry.attempt(|| format!("read {}", path.display()))?.path();
        if file.to_string_lossy().ends_with(".test.mjs") {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(format!("there is no *.test.mjs in {folder}").into());
    }
    files.sort();
    Ok(files)
}

fn node_test(mut command: Command, files: Vec<PathBuf>) -> Command {
    // One file at a time: each starts a browser, and a machine may have two cores. The limit is that of a whole file and
    // only ends what hangs outside of every story: a busy machine must not reach it.
    command.args(["--test", "--test-reporter=spec", "--test-concurrency=1", "--test-timeout=3600000"]);
    command.args(files);
    command
}

fn stage(name: &'static str, work: impl FnOnce() -> Result<Tally>) -> Stage {
    println!("\n==== {name}");
    let start = Instant::now();
    let (tally, failure) = match work() {
        Ok(tally) => (tally, None),
        Err(failure) => (Tally::default(), Some(failure.to_string())),
    };
    if let Some(failure) = &failure {
        eprintln!("xtask: {failure}");
    }
    Stage { name, time: start.elapsed(), tally, failure }
}

/// A stage that runs a test runner: its output is passed on and counted. No test at all is a failure.
fn tests(name: &'static str, command: &mut Command) -> Stage {
    let mut tally = Tally::default();
    let mut stage = stage(name, || {
        let program = command.get_program().display().to_string();
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().attempt(|| format!("start {program}"))?;
        if let Some(output) = child.stdout.take() {
            for line in BufReader::new(output).split(b'\n') {
                let line = line.attempt(|| format!("read the output of {program}"))?;
                let line = String::from_utf8_lossy(&line);
                println!("{line}");
                tally.read_line(&line);
            }
        }
        let status = child.wait().attempt(|| format!("wait for {program}"))?;
        if !status.success() {
            return Err(format!("{name} failed ({status})").into());
        }
        if tally.passed == 0 {
            return Err(format!("{name}: no test was run").into());
        }
        tally.check_retries()?;
        Ok(tally)
    });
    stage.tally = tally;
    stage
}

/// The same for a runner that starts a driver: one that hangs ends no test, and is started once more. A test that has
/// failed is not.
fn tests_by_driver(name: &'static str, command: &mut Command) -> Stage {
    let first = tests(name, command);
    if first.failure.is_none() || first.tally.passed + first.tally.failed > 0 {
        return first;
    }
    println!("{name}: retried, because no test has ended");
    let mut second = tests(name, command);
    second.time += first.time;
    second
}

/// Prints the table, a line for the stories of each engine and, alone on the last line, the count.
fn report(stages: &[Stage]) -> Result<()> {
    println!("\n==== where the time went");
    let mut total = Duration::ZERO;
    let mut tally = Tally::default();
    let mut failed = Vec::new();
    for stage in stages {
        total += stage.time;
        tally.add(stage.tally);
        let mut result = "ok".to_owned();
        if let Some(failure) = &stage.failure {
            failed.push(stage.name);
            result = format!("FAILED: {failure}");
            // What is not a test and went wrong counts as one, so that the last line never looks like a success.
            if stage.tally.failed == 0 {
                tally.failed += 1;
            }
        }
        let Tally { passed, failed, stories, retried } = stage.tally;
        let retried = if stories > 0 { format!("{retried:>5} of {stories} stories retried") } else { String::new() };
        println!(
            "{:<18}{:>14}{passed:>6} passed{failed:>5} failed{retried}   {result}",
            stage.name,
            seconds(stage.time)
        );
    }
    println!("{:<18}{:>14}", "total", seconds(total));
    for engine in Engine::ALL {
        for stage in stages.iter().filter(|stage| stage.name == names(engine).end_to_end) {
            println!("stories in {}: {} run, {} retried", engine.name(), stage.tally.stories, stage.tally.retried);
        }
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", ")).into()) }
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    fn stage_that_prints(lines: &str) -> Stage {
        tests("stories", Command::new("printf").args(["%s", lines]))
    }

    #[test]
    fn a_stage_fails_if_too_many_stories_were_retried() {
        let few = stage_that_prints("stories in webkit: 60 run, 1 retried\nℹ pass 60\nℹ fail 0\n");
        assert_eq!((few.tally.retried, few.failure), (1, None));
        let many = stage_that_prints(
            "stories in webkit: 40 run, 1 retried\nstories in webkit: 20 run, 1 retried\nℹ pass 60\n",
        );
        assert_eq!((many.tally.passed, many.tally.failed), (60, 0));
        assert!(many.failure.unwrap().contains("2 of 60 stories were retried"));
    }

    /// A runner that prints this line the first time, and that line the second; both times it fails.
    fn runs_of_a_driver(name: &str, first: &str, second: &str) -> Stage {
        let seen = std::env::temp_dir().join(format!("xtask-test-{}-{name}", std::process::id()));
        let script = "if [ -e \"$1\" ]; then rm \"$1\"; echo \"$3\"; else : > \"$1\"; echo \"$2\"; fi; exit 1";
        let mut command = Command::new("sh");
        command.args(["-c", script, "runner"]).arg(&seen).args([first, second]);
        let stage = tests_by_driver("browser", &mut command);
        let _ = std::fs::remove_file(seen);
        stage
    }

    #[test]
    fn a_driver_that_hangs_is_started_again_and_a_failed_test_is_not() {
        let result = "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        let hung = runs_of_a_driver("hung", "driver failed to bind port during startup", result);
        assert_eq!((hung.tally.passed, hung.tally.failed), (1, 2));
        let failed = runs_of_a_driver("failed", result, "test result: ok. 9 passed; 0 failed; 0 ignored");
        assert_eq!((failed.tally.passed, failed.tally.failed), (1, 2));
        assert!(failed.failure.is_some());
    }

    #[test]
    fn the_run_fails_if_a_stage_does_although_every_test_passed() {
        let many = stage_that_prints("stories in webkit: 20 run, 1 retried\nℹ pass 20\n");
        assert!(report(&[many]).unwrap_err().to_string().contains("failed: stories"));
    }
}
