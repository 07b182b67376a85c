//! What is done of a migration and what comes next: no I/O, no clock.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long after the last change of an access record the records are listed once more: Authress's lists may be up to 5
/// minutes old, and two servers' clocks may differ by a minute.
pub const SETTLING: Duration = Duration::from_secs(6 * 60);

/// What is done. The journal has the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Step {
    /// Nothing yet.
    Begun,
    /// The shop's data are the other user's.
    DataMoved,
    /// A list of the access records showed none with the anonymous user, but that list may have been old.
    RecordsReplaced {
        /// From when on a list shows every record, in seconds since 1970.
        settled_after: i64,
    },
    /// A list after that time showed none either.
    RecordsSettled,
    /// Authress has accepted the deletion of the anonymous user, and the migration is finished. Authress deletes
    /// asynchronously.
    UserDeleted,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Move the shop's data.
    MoveData,
    /// List the access records and replace the anonymous user in them.
    ReplaceRecords,
    /// Wait until this time, in seconds since 1970.
    WaitUntil(i64),
    /// Delete the anonymous user.
    DeleteUser,
    /// Nothing: the migration is finished.
    Finish,
}

/// What an action has observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The data are moved.
    DataMoved,
    /// All listed records are without the anonymous user.
    RecordsReplaced {
        /// How many of them had to be changed.
        changed: usize,
        /// The time before the last listing, in seconds since 1970.
        listed_at: i64,
    },
    /// The anonymous user is deleted.
    UserDeleted,
}

impl Step {
    /// Decides what to do at `now`, in seconds since 1970.
    pub fn action(self, now: i64) -> Action {
        match self {
            Self::Begun => Action::MoveData,
            Self::DataMoved => Action::ReplaceRecords,
            Self::RecordsReplaced { settled_after } if now < settled_after => Action::WaitUntil(settled_after),
            Self::RecordsReplaced { .. } => Action::ReplaceRecords,
            Self::RecordsSettled => Action::DeleteUser,
            Self::UserDeleted => Action::Finish,
        }
    }

    /// The step after an outcome. An outcome of another step changes nothing.
    #[must_use]
    pub fn after(self, outcome: Outcome, settling: Duration) -> Self {
        let settling = i64::try_from(settling.as_secs()).unwrap_or(i64::MAX);
        match (self, outcome) {
            (Self::Begun, Outcome::DataMoved) => Self::DataMoved,
            (Self::DataMoved, Outcome::RecordsReplaced { listed_at, .. }) => {
                Self::RecordsReplaced { settled_after: listed_at.saturating_add(settling) }
            }
            (Self::RecordsReplaced { settled_after }, Outcome::RecordsReplaced { changed: 0, listed_at }) => {
                if listed_at < settled_after {
                    self
                } else {
                    Self::RecordsSettled
                }
            }
            (Self::RecordsReplaced { settled_after }, Outcome::RecordsReplaced { listed_at, .. }) => {
                Self::RecordsReplaced { settled_after: settled_after.max(listed_at.saturating_add(settling)) }
            }
            (Self::RecordsSettled, Outcome::UserDeleted) => Self::UserDeleted,
            (Self::Begun, Outcome::RecordsReplaced { .. } | Outcome::UserDeleted)
            | (Self::DataMoved | Self::RecordsReplaced { .. }, Outcome::DataMoved | Outcome::UserDeleted)
            | (Self::RecordsSettled, Outcome::DataMoved | Outcome::RecordsReplaced { .. })
            | (Self::UserDeleted, _) => self,
        }
    }

    /// Whether nothing is left to do.
    pub fn is_finished(self) -> bool {
        match self {
            Self::UserDeleted => true,
            Self::Begun | Self::DataMoved | Self::RecordsReplaced { .. } | Self::RecordsSettled => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_outcome() -> impl Strategy<Value = Outcome> {
        prop_oneof![
            Just(Outcome::DataMoved),
            (0..3_usize, 0..2_000_i64).prop_map(|(changed, listed_at)| Outcome::RecordsReplaced { changed, listed_at }),
            Just(Outcome::UserDeleted),
        ]
    }

    fn rank(step: Step) -> u8 {
        match step {
            Step::Begun => 0,
            Step::DataMoved => 1,
            Step::RecordsReplaced { .. } => 2,
            Step::RecordsSettled => 3,
            Step::UserDeleted => 4,
        }
    }

    #[test]
    fn a_migration_waits_for_the_lists_before_the_user_is_deleted() {
        let listed = |changed, listed_at| Outcome::RecordsReplaced { changed, listed_at };
        let moved = Step::Begun.after(Outcome::DataMoved, SETTLING);
        assert_eq!(moved.action(100), Action::ReplaceRecords);
        let replaced = moved.after(listed(2, 100), SETTLING);
        assert_eq!(replaced.action(459), Action::WaitUntil(460));
        assert_eq!(replaced.action(460), Action::ReplaceRecords);
        // A record that no list has shown before begins the wait anew.
        let again = replaced.after(listed(1, 460), SETTLING);
        assert_eq!(again.action(460), Action::WaitUntil(820));
        let settled = again.after(listed(0, 820), SETTLING);
        assert_eq!(settled.action(820), Action::DeleteUser);
        assert_eq!(settled.after(Outcome::UserDeleted, SETTLING).action(820), Action::Finish);
    }

    proptest! {
        #[test]
        fn steps_go_forward_one_at_a_time_whatever_is_observed(outcomes in prop::collection::vec(any_outcome(), 0..30)) {
            let mut step = Step::Begun;
            for outcome in outcomes {
                let next = step.after(outcome, Duration::from_secs(100));
                prop_assert!(rank(next) == rank(step) || rank(next) == rank(step) + 1);
                step = next;
            }
        }

        /// The user is deleted only if a listing that changed nothing began a whole window after the last change.
        #[test]
        fn the_user_is_deleted_only_after_a_quiet_window(outcomes in prop::collection::vec(any_outcome(), 0..60)) {
            let (mut step, mut last_change) = (Step::Begun, None);
            for outcome in outcomes {
                let next = step.after(outcome, Duration::from_secs(100));
                if let (Outcome::RecordsReplaced { changed, listed_at }, 1 | 2) = (outcome, rank(step)) {
                    if rank(next) == 3 {
                        prop_assert_eq!(changed, 0);
                        prop_assert!(last_change.is_some_and(|change| listed_at >= change + 100));
                    }
                    if changed > 0 || last_change.is_none() {
                        last_change = Some(listed_at);
                    }
                }
                step = next;
            }
        }

        #[test]
        fn a_finished_migration_stays_so(outcome in any_outcome(), now in any::<i64>()) {
            prop_assert_eq!(Step::UserDeleted.after(outcome, SETTLING), Step::UserDeleted);
            prop_assert_eq!(Step::UserDeleted.action(now), Action::Finish);
        }
    }
}
