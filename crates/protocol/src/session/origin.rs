//! Where a session comes from, and what may therefore be done with it.
//!
//! An attacker who plants a session in a shopper's browser holds a session of the same user id. An identity that is
//! linked to that user id would give both of them the account. Therefore an anonymous session is linked only if a login of
//! this browser has begun it.

use crate::json::JsonObject;

/// The member of the record, and of the identity that applications get.
pub const MEMBER: &str = "sessionOrigin";
const BEGUN: &str = "begun";
const FOUND: &str = "found";

/// Where a session comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionOrigin {
    /// A callback with the nonce of a login that this browser had pending has brought it, or a renewal or link of such a
    /// session.
    Begun,
    /// It was in the cookies, or Authress returned it to a renewal: this browser knows of no login that began it.
    Found,
}

impl SessionOrigin {
    /// Returns the origin as in JavaScript.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Begun => BEGUN,
            Self::Found => FOUND,
        }
    }

    /// Reads the origin in a record. A record without one is of the published client, which does not store it: such a
    /// session counts as begun.
    pub(super) fn of_record(record: &JsonObject) -> Self {
        if record.str(MEMBER).as_deref() == Some(FOUND) { Self::Found } else { Self::Begun }
    }

    /// Returns the value for a record. A session that this browser has begun has none, so that its record is the same
    /// as the published client's.
    pub(super) fn in_record(self) -> Option<&'static str> {
        (self == Self::Found).then_some(FOUND)
    }
}
