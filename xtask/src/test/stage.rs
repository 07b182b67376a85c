//! A stage of the test run: its time, its counts and why it failed.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::skips::Skips;
use super::tally::Tally;

/// A stage that has ended: one line of the closing table.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) time: Duration,
    pub(crate) tally: Tally,
    /// The tests that were skipped.
    pub(crate) skips: Skips,
    /// The error, if the stage failed.
    pub(crate) failure: Option<String>,
}

impl Stage {
    /// Runs `work`, which counts no tests.
    pub(crate) fn run(name: &'static str, work: impl FnOnce() -> Result<()>) -> Self {
        println!("\n==== {name}");
        let start = Instant::now();
        let failure = work().err().map(|failure| format!("{failure:#}"));
        if let Some(failure) = &failure {
            eprintln!("xtask: {failure}");
        }
        Stage { name, time: start.elapsed(), tally: Tally::default(), skips: Skips::default(), failure }
    }

    /// Runs a test runner: passes its output on and counts its tests. No test at all is a failure.
    pub(crate) fn tests(name: &'static str, command: &mut Command) -> Self {
        let (mut tally, mut skips) = (Tally::default(), Skips::default());
        let mut stage = Stage::run(name, || {
            let program = command.get_program().display().to_string();
            let mut child = command
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .spawn()
                .with_context(|| format!("cannot start {program}"))?;
            if let Some(output) = child.stdout.take() {
                for line in BufReader::new(output).split(b'\n') {
                    let line = line.with_context(|| format!("cannot read the output of {program}"))?;
                    let line = String::from_utf8_lossy(&line);
                    println!("{line}");
                    tally.read_line(&line);
                    skips.read_line(&line);
                }
            }
            let status = child.wait().with_context(|| format!("cannot wait for {program}"))?;
            if !status.success() {
                bail!("{name} failed ({status})");
            }
            if tally.passed == 0 {
                bail!("{name}: no test was run");
            }
            tally.check_retries()
        });
        stage.tally = tally;
        stage.skips = skips;
        stage
    }

    /// Runs a test runner that starts a browser's driver. A driver that hangs ends before the first test and is started
    /// once more; a failed test is not repeated.
    pub(crate) fn driver_tests(name: &'static str, command: &mut Command) -> Self {
        let first = Stage::tests(name, command);
        if first.failure.is_none() || first.tally.passed + first.tally.failed > 0 {
            return first;
        }
        println!("{name}: retried, because no test has ended");
        let mut second = Stage::tests(name, command);
        second.time += first.time;
        second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage_that_prints(lines: &str) -> Stage {
        Stage::tests("stories", Command::new("printf").args(["%s", lines]))
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

    #[test]
    fn a_stage_without_a_test_fails() {
        assert!(stage_that_prints("nothing\n").failure.unwrap().contains("no test was run"));
    }

    /// A runner that prints `first` when it is started and `second` when it is started again; both times it fails.
    fn failing_driver(name: &str, first: &str, second: &str) -> Stage {
        let seen = std::env::temp_dir().join(format!("xtask-test-{}-{name}", std::process::id()));
        let script = "if [ -e \"$1\" ]; then rm \"$1\"; echo \"$3\"; else : > \"$1\"; echo \"$2\"; fi; exit 1";
        let mut command = Command::new("sh");
        command.args(["-c", script, "runner"]).arg(&seen).args([first, second]);
        let stage = Stage::driver_tests("browser", &mut command);
        let _ = std::fs::remove_file(seen);
        stage
    }

    #[test]
    fn a_driver_that_hangs_is_started_again_and_a_failed_test_is_not() {
        let result = "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        let hung = failing_driver("hung", "driver failed to bind port during startup", result);
        assert_eq!((hung.tally.passed, hung.tally.failed), (1, 2));
        let failed = failing_driver("failed", result, "test result: ok. 9 passed; 0 failed; 0 ignored");
        assert_eq!((failed.tally.passed, failed.tally.failed), (1, 2));
        assert!(failed.failure.is_some());
    }
}
