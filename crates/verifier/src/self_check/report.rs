//! The report of `--check`: one line for each check. No line contains the value of a secret.

use std::fmt;

/// What was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The access key signs a user id.
    Key,
    /// The clock is that of the Authress domain.
    Clock,
    /// Redis runs the commands of a login.
    Redis,
    /// The number of proxies.
    Proxies,
    /// The public address of the verifier.
    PublicAddress,
}

impl Check {
    /// Returns the name in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Clock => "clock",
            Self::Redis => "redis",
            Self::Proxies => "proxies",
            Self::PublicAddress => "public address",
        }
    }
}

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Nothing to do.
    Ok,
    /// It was not checked; the message says why.
    Skipped,
    /// Suspicious; the message says what to compare or to do.
    Warning,
    /// Logins fail; the message says what to do.
    Failed,
}

impl Level {
    /// Returns the word at the beginning of the line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// A line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was checked.
    pub check: Check,
    /// The result.
    pub level: Level,
    /// What was found, and what to do.
    pub message: String,
}

impl Finding {
    pub(super) fn new(check: Check, level: Level, message: impl Into<String>) -> Self {
        Self { check, level, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.level.name(), self.check.name(), self.message)
    }
}

/// All findings, in the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report(pub Vec<Finding>);

impl Report {
    /// Returns the error of a report with a failure.
    ///
    /// # Errors
    /// [`ChecksFailed`].
    pub fn result(&self) -> Result<(), ChecksFailed> {
        let failed = self.0.iter().filter(|finding| finding.level == Level::Failed);
        let failed: Vec<Check> = failed.map(|finding| finding.check).collect();
        if failed.is_empty() { Ok(()) } else { Err(ChecksFailed(failed)) }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|finding| writeln!(f, "# {finding}"))
    }
}

/// Some checks failed. Their lines in the report say why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChecksFailed(pub Vec<Check>);

impl fmt::Display for ChecksFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|check| check.name()).collect();
        write!(f, "CheckFailed: {}. The report has the reason and what to do", names.join(", "))
    }
}

impl std::error::Error for ChecksFailed {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failure_is_an_error_and_it_names_the_checks() {
        let finding = |check, level| Finding::new(check, level, "a reason");
        let mut report = Report(vec![
            finding(Check::Key, Level::Ok),
            finding(Check::Clock, Level::Skipped),
            finding(Check::Proxies, Level::Warning),
        ]);
        assert_eq!(report.result(), Ok(()));
        report.0.push(finding(Check::Redis, Level::Failed));
        let error = report.result().unwrap_err();
        assert_eq!(error.0, [Check::Redis]);
        assert!(error.to_string().starts_with("CheckFailed: redis. "));
        let lines = "# ok: key: a reason\n# skipped: clock: a reason\n# warning: proxies: a reason\n";
        assert_eq!(report.to_string(), format!("{lines}# failed: redis: a reason\n"));
    }
}
