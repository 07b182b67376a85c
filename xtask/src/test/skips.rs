//! Tests that a runner skipped, and why.

use std::collections::BTreeMap;

/// Why tests were not run, and how many for each reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Skips(BTreeMap<String, u32>);

impl Skips {
    /// Adds the skipped test that a line of output names. Node's reporter prints `﹣ title (0.1ms) # reason` and cargo's
    /// `test name ... ignored, reason`. A native test that cannot skip itself prints `not run: reason`.
    pub(crate) fn read_line(&mut self, line: &str) {
        if let Some(reason) = reason(line.trim()) {
            *self.0.entry(reason.to_owned()).or_default() += 1;
        }
    }

    /// The reasons in alphabetical order, with the number of tests.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.0.iter().map(|(reason, count)| (reason.as_str(), *count))
    }

    /// How many tests were skipped.
    pub(crate) fn count(&self) -> u32 {
        self.0.values().sum()
    }
}

/// The reason in a line about a skipped test.
fn reason(line: &str) -> Option<&str> {
    if let Some(test) = line.strip_prefix("﹣ ") {
        // The title may contain the sign too, so the reason begins behind the time.
        return Some(test.split_once("ms) # ").map_or("without a reason", |(_, reason)| reason));
    }
    if let Some(test) = line.strip_prefix("test ") {
        let (_, reason) = test.split_once(" ... ignored")?;
        return Some(reason.strip_prefix(", ").unwrap_or("without a reason"));
    }
    line.strip_prefix("not run: ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reasons_of_each_runner_are_counted() {
        let mut skips = Skips::default();
        for line in [
            "﹣ a link # of another account (6.92ms) # it is about the dialect strict: no cookies",
            "  ﹣ a link (0.38ms) # it is about the dialect strict: no cookies",
            "﹣ without (4.55ms)",
            "test parts::of_another ... ignored, the other tests start it",
            "test bare ... ignored",
            "not run: promtool is not installed",
        ] {
            skips.read_line(line);
        }
        // cargo on one core: it prints the name before it runs the test.
        "test one ... \nnot run: nginx is not installed\nok\n".lines().for_each(|line| skips.read_line(line));
        let expected = [
            ("it is about the dialect strict: no cookies", 2),
            ("nginx is not installed", 1),
            ("promtool is not installed", 1),
            ("the other tests start it", 1),
            ("without a reason", 2),
        ];
        assert_eq!(skips.iter().collect::<Vec<_>>(), expected);
        assert_eq!(skips.count(), 7);
    }

    #[test]
    fn other_lines_are_no_skipped_tests() {
        let mut skips = Skips::default();
        for line in ["✔ a test (0.29ms)", "test one ... ok", "ℹ skipped 3", "test result: ok. 3 passed; 1 ignored"]
        {
            skips.read_line(line);
        }
        assert_eq!(skips, Skips::default());
    }
}
