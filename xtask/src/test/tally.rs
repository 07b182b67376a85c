//! Counts tests by reading the closing lines of the test runners, and stories that had to be retried.

use anyhow::{Result, bail};

/// How many stories of a hundred may be retried in an engine.
const MAX_RETRIED_PERCENT: u32 = 2;

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u32,
    /// Tests that failed or were cancelled by their runner.
    pub(crate) failed: u32,
    /// Stories of the end-to-end tests that ran: these are also among the tests.
    pub(crate) stories: u32,
    /// Stories that were retried because the browser or its driver hung or ended.
    pub(crate) retried: u32,
}

impl Tally {
    /// Adds what a line of output says: cargo's and wasm-bindgen's `test result: …`, Node's `ℹ pass …`, and
    /// `stories in ENGINE: 12 run, 1 retried` of `tests/e2e/support/retries.mjs`.
    pub(crate) fn read_line(&mut self, line: &str) {
        let line = line.trim();
        if let Some(result) = line.strip_prefix("test result: ") {
            self.passed += number_before(result, " passed");
            self.failed += number_before(result, " failed");
        } else if let Some(count) = line.strip_prefix("ℹ pass ") {
            self.passed += count.parse().unwrap_or(0);
        } else if let Some(count) = line.strip_prefix("ℹ fail ").or_else(|| line.strip_prefix("ℹ cancelled ")) {
            self.failed += count.parse().unwrap_or(0);
        } else if let Some((_, result)) = line.strip_prefix("stories in ").and_then(|rest| rest.split_once(": ")) {
            self.stories += number_before(result, " run");
            self.retried += number_before(result, " retried");
        }
    }

    /// Adds the counts of another stage.
    pub(crate) fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.stories += other.stories;
        self.retried += other.retried;
    }

    /// Fails if more stories were retried than a flaky driver explains.
    pub(crate) fn check_retries(self) -> Result<()> {
        let Tally { stories, retried, .. } = self;
        if retried * 100 > stories * MAX_RETRIED_PERCENT {
            bail!(
                "{retried} of {stories} stories were retried because the browser or its driver failed; at most \
                 {MAX_RETRIED_PERCENT} in 100 may be"
            );
        }
        Ok(())
    }
}

fn number_before(text: &str, word: &str) -> u32 {
    let before = text.split(word).next().unwrap_or_default();
    before.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_each_runner_are_counted() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
            "ℹ tests 6",
            "ℹ pass 4",
            "ℹ fail 1",
            "ℹ cancelled 1",
        ] {
            tally.read_line(line);
        }
        assert_eq!(tally, Tally { passed: 8, failed: 4, ..Tally::default() });
    }

    #[test]
    fn stories_and_retried_ones_are_counted_over_all_files() {
        let mut tally = Tally::default();
        tally.read_line("stories in webkit: 12 run, 1 retried");
        tally.read_line("  stories in webkit: 40 run, 0 retried");
        assert_eq!(tally, Tally { stories: 52, retried: 1, ..Tally::default() });
    }

    #[test]
    fn more_than_two_retried_stories_in_a_hundred_fail() {
        let retries = |stories, retried| Tally { stories, retried, ..Tally::default() }.check_retries();
        for (stories, retried) in [(0, 0), (50, 1), (60, 1), (99, 1), (100, 2), (149, 2), (150, 3)] {
            assert!(retries(stories, retried).is_ok(), "{retried} of {stories}");
        }
        for (stories, retried) in [(1, 1), (49, 1), (99, 2), (100, 3), (149, 3)] {
            let failure = retries(stories, retried).unwrap_err().to_string();
            assert!(failure.contains(&format!("{retried} of {stories} stories were retried")), "{failure}");
        }
    }

    #[test]
    fn other_lines_are_not() {
        let mut tally = Tally::default();
        tally.read_line("the test result: 4 passed");
        tally.read_line("the stories in webkit: 4 run, 4 retried");
        tally.read_line("stories in webkit");
        tally.read_line("test result: Failed to detect test as having been run. It might have timed out.");
        assert_eq!(tally, Tally::default());
    }
}
