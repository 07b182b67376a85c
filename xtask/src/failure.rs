//! Why a command stopped: one sentence that names what is missing or wrong and how to get on.

use std::fmt;

/// What every fallible function of xtask returns.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// One sentence for the person at the terminal; there is nothing for a program to match on.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for Failure {
    fn from(sentence: String) -> Self {
        Failure(sentence)
    }
}

impl From<&str> for Failure {
    fn from(sentence: &str) -> Self {
        Failure(sentence.to_owned())
    }
}

/// Says what was being attempted when an operating system call failed.
pub(crate) trait Attempt<T> {
    /// `what` completes "cannot …", for instance "write the file x".
    fn attempt(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: fmt::Display> Attempt<T> for std::result::Result<T, E> {
    fn attempt(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| Failure(format!("cannot {}: {error}", what())))
    }
}
