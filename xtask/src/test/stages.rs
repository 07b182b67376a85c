//! The stages of a run, one after the other, and the time after which no other one begins.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Error, Result, anyhow};

use super::stage::Stage;

/// The stages that have ended, and the names of those that came too late to begin.
#[derive(Debug)]
pub(crate) struct Stages {
    start: Instant,
    limit: Option<Duration>,
    pub(crate) ended: Vec<Stage>,
    pub(crate) late: Vec<&'static str>,
}

impl Stages {
    /// Without a limit every stage begins.
    pub(crate) fn within(limit: Option<Duration>) -> Self {
        Stages { start: Instant::now(), limit, ended: Vec::new(), late: Vec::new() }
    }

    /// A stage that counts no tests. Returns whether it succeeded.
    pub(crate) fn run(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) -> bool {
        self.add(name, || Stage::run(name, work))
    }

    /// A stage that is a test runner, whose command is made just before it runs.
    pub(crate) fn tests(&mut self, name: &'static str, command: impl FnOnce() -> Result<Command>) {
        self.add(name, || match command() {
            Ok(mut command) => Stage::tests(name, &mut command),
            Err(failure) => Stage::run(name, || Err(failure)),
        });
    }

    /// A test runner that starts a browser's driver.
    pub(crate) fn driver_tests(&mut self, name: &'static str, command: impl FnOnce() -> Result<Command>) {
        self.add(name, || match command() {
            Ok(mut command) => Stage::driver_tests(name, &mut command),
            Err(failure) => Stage::run(name, || Err(failure)),
        });
    }

    /// Tests of what was built; they fail if it was not.
    pub(crate) fn tests_of_built(
        &mut self,
        name: &'static str,
        is_built: bool,
        command: impl FnOnce() -> Result<Command>,
    ) {
        self.tests(name, || if is_built { command() } else { Err(not_built()) });
    }

    fn add(&mut self, name: &'static str, stage: impl FnOnce() -> Stage) -> bool {
        if self.limit.is_some_and(|limit| self.start.elapsed() >= limit) {
            self.late.push(name);
            return false;
        }
        let stage = stage();
        let is_success = stage.failure.is_none();
        self.ended.push(stage);
        is_success
    }
}

/// The failure of a stage that needs what was not built.
pub(crate) fn not_built() -> Error {
    anyhow!("not run, because the build failed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_comes_too_late_does_not_begin() {
        let mut stages = Stages::within(Some(Duration::ZERO));
        assert!(!stages.run("late", || unreachable!()));
        assert_eq!((stages.ended.len(), stages.late), (0, vec!["late"]));

        let mut stages = Stages::within(None);
        assert!(stages.run("in time", || Ok(())));
        assert_eq!((stages.ended.len(), stages.late.len()), (1, 0));
    }
}
