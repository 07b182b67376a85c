//! A migration, and whether it may begin: no I/O, no clock.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::step::Step;

/// The move of everything that one user owns to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Migration {
    from: String,
    to: String,
    begun_at: i64,
}

impl Migration {
    /// The migration of `from`, an anonymous user, to `to` at `begun_at` in seconds since 1970.
    ///
    /// `is_anonymous` says whether `from` is an anonymous user of this shop, because it will be deleted. A shop knows it
    /// from the claim ticket, which it issues to anonymous shoppers only; an operator by the prefix of user ids.
    ///
    /// # Errors
    /// [`Refused::UserId`], [`Refused::SameUser`] or [`Refused::NotAnonymous`].
    pub fn new(from: &str, to: &str, begun_at: i64, is_anonymous: bool) -> Result<Self, Refused> {
        for user_id in [from, to] {
            check(user_id).map_err(Refused::UserId)?;
        }
        if from == to {
            return Err(Refused::SameUser);
        }
        if !is_anonymous {
            return Err(Refused::NotAnonymous { from: from.to_owned() });
        }
        Ok(Self { from: from.to_owned(), to: to.to_owned(), begun_at })
    }

    /// The anonymous user.
    pub fn from(&self) -> &str {
        &self.from
    }

    /// The user that owns everything afterwards.
    pub fn to(&self) -> &str {
        &self.to
    }

    /// When it began, in seconds since 1970.
    pub fn begun_at(&self) -> i64 {
        self.begun_at
    }
}

/// User ids in the bodies of Authress's management API have 1 to 128 characters.
fn check(user_id: &str) -> Result<(), InvalidUserId> {
    let is_valid = (1..=128).contains(&user_id.len()) && !user_id.chars().any(char::is_control);
    if is_valid { Ok(()) } else { Err(InvalidUserId) }
}

/// A user id that is empty, longer than 128 bytes, or has control characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidUserId;

/// A migration in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The migration.
    #[serde(flatten)]
    pub migration: Migration,
    /// What is done.
    #[serde(flatten)]
    pub step: Step,
}

/// What a journal has about the two users of a new migration, read in one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The migration of `from`, finished or not.
    pub of_from: Option<Entry>,
    /// The migration of `to` to a third user, finished or not.
    pub of_to: Option<Entry>,
    /// Whether an unfinished migration moves something to `from`.
    pub from_receives: bool,
}

/// A migration that may run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// It has to be written to the journal.
    New,
    /// It is in the journal already.
    Existing(Entry),
}

/// Decides whether a migration may begin. The first migration of a user wins; chains and cycles are refused, because
/// with them the result would depend on the order of steps.
///
/// # Errors
/// [`Refused`].
pub fn admit(migration: &Migration, observed: Observed) -> Result<Admitted, Refused> {
    let from = || migration.from.clone();
    let to = || migration.to.clone();
    match observed {
        Observed { of_from: Some(entry), .. } if entry.migration.to == migration.to => Ok(Admitted::Existing(entry)),
        Observed { of_from: Some(entry), .. } => {
            Err(Refused::MigratesElsewhere { from: from(), to: entry.migration.to })
        }
        Observed { of_to: Some(entry), .. } => Err(Refused::TargetMigrates { to: to(), onward: entry.migration.to }),
        Observed { of_from: None, of_to: None, from_receives: true } => Err(Refused::SourceReceives { from: from() }),
        Observed { of_from: None, of_to: None, from_receives: false } => Ok(Admitted::New),
    }
}

/// Why a migration may not begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A user id is not valid.
    UserId(InvalidUserId),
    /// Both user ids are the same.
    SameUser,
    /// The user that would be deleted is not an anonymous user of this shop.
    NotAnonymous {
        /// That user.
        from: String,
    },
    /// The journal has a migration of the same user to another one.
    MigratesElsewhere {
        /// The user.
        from: String,
        /// Where it migrates or has migrated to.
        to: String,
    },
    /// The user that would receive everything is itself migrated, or was.
    TargetMigrates {
        /// That user.
        to: String,
        /// Where it migrates or has migrated to.
        onward: String,
    },
    /// An unfinished migration moves something to the user that would be deleted.
    SourceReceives {
        /// That user.
        from: String,
    },
}

impl Refused {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UserId(InvalidUserId) => "InvalidUserId",
            Self::SameUser => "SameUser",
            Self::NotAnonymous { .. } => "NotAnonymous",
            Self::MigratesElsewhere { .. } => "MigratesElsewhere",
            Self::TargetMigrates { .. } => "TargetMigrates",
            Self::SourceReceives { .. } => "SourceReceives",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UserId(InvalidUserId) => {
                f.write_str("a user id has 1 to 128 bytes and no control characters; check both user ids")
            }
            Self::SameUser => f.write_str("a user cannot be migrated to itself; give two user ids"),
            Self::NotAnonymous { from } => write!(
                f,
                "{from} is not an anonymous user of this shop, and a migration deletes it; check that the user ids are \
                 not exchanged"
            ),
            Self::MigratesElsewhere { from, to } => {
                write!(f, "the journal has a migration of {from} to {to} already, and the first one wins")
            }
            Self::TargetMigrates { to, onward } => {
                write!(f, "{to} is itself migrated to {onward}; migrate to {onward} instead")
            }
            Self::SourceReceives { from } => {
                write!(f, "an unfinished migration moves data to {from}; finish it first (`resume`)")
            }
        }
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests {
    use super::*;

    fn migration(from: &str, to: &str) -> Migration {
        Migration::new(from, to, 1, true).unwrap()
    }

    fn entry(from: &str, to: &str, step: Step) -> Entry {
        Entry { migration: migration(from, to), step }
    }

    #[test]
    fn a_migration_has_two_users_and_deletes_only_an_anonymous_one() {
        let code = |from: &str, to: &str, is_anonymous| {
            Migration::new(from, to, 1, is_anonymous).map_err(|refused| refused.code()).err()
        };
        assert_eq!(code("user_a", "user_b", true), None);
        assert_eq!(code("user_a", "user_a", true), Some("SameUser"));
        assert_eq!(code("user_a", "user_b", false), Some("NotAnonymous"));
        let too_long = "x".repeat(129);
        for invalid in ["", "user\n", "user\0", &too_long] {
            assert_eq!(code(invalid, "user_b", true), Some("InvalidUserId"), "{invalid:?}");
            assert_eq!(code("user_a", invalid, true), Some("InvalidUserId"), "{invalid:?}");
        }
    }

    #[test]
    fn the_first_migration_of_a_user_wins_for_as_long_as_the_journal_has_it() {
        for step in [Step::Begun, Step::DataMoved, Step::RecordsReplaced { settled_after: 9 }, Step::UserDeleted] {
            let of_from = |entry: Entry| Observed { of_from: Some(entry), ..Observed::default() };
            let first = entry("user_a", "user_b", step);
            let again = Migration::new("user_a", "user_b", 2, true).unwrap();
            assert_eq!(admit(&again, of_from(first.clone())), Ok(Admitted::Existing(first.clone())));
            let refused = admit(&migration("user_a", "user_c"), of_from(first)).unwrap_err();
            assert_eq!(refused.code(), "MigratesElsewhere");
            assert!(refused.to_string().contains("user_b"), "{refused}");
        }
    }

    #[test]
    fn chains_and_cycles_are_refused() {
        let target_migrates = Observed { of_to: Some(entry("b", "c", Step::Begun)), ..Observed::default() };
        assert_eq!(admit(&migration("a", "b"), target_migrates).unwrap_err().code(), "TargetMigrates");
        let target_is_deleted = Observed { of_to: Some(entry("b", "a", Step::UserDeleted)), ..Observed::default() };
        assert_eq!(admit(&migration("a", "b"), target_is_deleted).unwrap_err().code(), "TargetMigrates");
        let receives = Observed { from_receives: true, ..Observed::default() };
        assert_eq!(admit(&migration("b", "c"), receives).unwrap_err().code(), "SourceReceives");
    }

    #[test]
    fn entries_have_one_flat_form_in_the_journal() {
        let entry = entry("a", "b", Step::RecordsReplaced { settled_after: 400 });
        let json = r#"{"from":"a","to":"b","begunAt":1,"step":"recordsReplaced","settledAfter":400}"#;
        assert_eq!(serde_json::to_string(&entry).unwrap(), json);
        assert_eq!(serde_json::from_str::<Entry>(json).unwrap(), entry);
    }
}
