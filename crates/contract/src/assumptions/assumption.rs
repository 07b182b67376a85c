//! The form of an assumption, and of what a run finds out about it.

use crate::facts::{Facts, NotObserved};

/// An assumption about Authress.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Assumption {
    /// `group.name`, unique and stable.
    pub(crate) id: &'static str,
    /// One sentence that is true or false.
    pub(crate) sentence: &'static str,
    /// The file of this repository that rests on it.
    pub(crate) rests_on: &'static str,
    /// The number of its record in docs/decisions.md, or nothing.
    pub(crate) decision: &'static str,
    /// How a run observes it.
    pub(crate) observed_by: &'static str,
    pub(crate) judge: fn(&Facts) -> Judgement,
}

/// Whether an assumption holds and in which form it was observed, or why it was not.
pub(crate) type Judgement = Result<Finding, NotObserved>;

/// An assumption that was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) holds: bool,
    /// The observed form, without values.
    pub(crate) shape: String,
}

pub(super) fn finding(holds: bool, shape: impl Into<String>) -> Judgement {
    Ok(Finding { holds, shape: shape.into() })
}

/// An assumption that a run cannot observe.
pub(super) fn not_observed(reason: &str) -> Judgement {
    Err(NotObserved(reason.to_owned()))
}
