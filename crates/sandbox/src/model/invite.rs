//! Invites: ids that an account hands out, each for one login. They can name the user id of a new user, and give access.

use crate::bounded_map::BoundedMap;
use crate::error::ApiError;
use crate::model::access_record::Statement;

/// How long an invite is valid unless its maker says otherwise, in seconds: Authress's default.
pub(crate) const DEFAULT_LIFETIME_S: u64 = 7 * 24 * 60 * 60;
/// The shortest lifetime of an invite that the management API makes, in seconds.
pub(crate) const MIN_LIFETIME_S: u64 = 5 * 60;
/// The longest one, in seconds.
pub(crate) const MAX_LIFETIME_S: u64 = 30 * 24 * 60 * 60;

/// The longest `linkedUserId`, in characters.
const MAX_LINKED_USER_ID_CHARS: usize = 32;

const MAX_INVITES: usize = 20_000;

/// The invites by their id.
#[derive(Debug)]
pub(crate) struct Invites(BoundedMap<String, Invite>);

/// An invite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invite {
    pub(crate) expires_at_ms: u64,
    pub(crate) is_used: bool,
    pub(crate) content: InviteContent,
}

/// What an invite gives to the person who accepts it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct InviteContent {
    /// The user id of a person who has none yet.
    pub(crate) linked_user_id: Option<String>,
    /// The access.
    pub(crate) statements: Vec<Statement>,
    /// The tenant of a login that names none.
    pub(crate) default_login_tenant_id: Option<String>,
    /// Kept and not evaluated: each acceptance makes a new record.
    pub(crate) conflict_resolution_strategy: Option<ConflictResolution>,
    /// The ids of the maker, none for an invite of the configuration.
    pub(crate) made_by: Vec<String>,
}

/// What happens if the access record of an invite exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ConflictResolution {
    GenerateNewRecord,
    UnsafeForceMerge,
    ReplaceRecordData,
    SkipChanges,
}

impl Default for Invites {
    fn default() -> Self {
        Self(BoundedMap::new(MAX_INVITES))
    }
}

impl Invites {
    /// Adds an invite, or renews the one with this id.
    pub(crate) fn add(&mut self, id: String, expires_at_ms: u64, content: InviteContent) {
        self.0.insert(id, Invite { expires_at_ms, is_used: false, content });
    }

    /// The invite with this id, if it can be accepted.
    ///
    /// # Errors
    /// It does not exist, was used or has expired.
    pub(crate) fn acceptable(&self, id: &str, now_ms: u64) -> Result<&Invite, ApiError> {
        match self.0.get(&id.to_owned()) {
            None => Err(ApiError::new(404, "InviteNotFound", "No invite has this id.")),
            Some(invite) if invite.is_used => {
                Err(ApiError::new(409, "InviteUsed", "This invite was used; ask for another one."))
            }
            Some(invite) if now_ms >= invite.expires_at_ms => {
                Err(ApiError::new(410, "InviteExpired", "This invite has expired; ask for another one."))
            }
            Some(invite) => Ok(invite),
        }
    }

    /// Uses an invite, at the end of the login that began with it.
    pub(crate) fn mark_used(&mut self, id: &str) {
        if let Some(invite) = self.0.get_mut(&id.to_owned()) {
            invite.is_used = true;
        }
    }

    /// Removes an invite.
    pub(crate) fn remove(&mut self, id: &str) {
        self.0.remove(&id.to_owned());
    }
}

/// Whether an id is one that an invite may name: 1 to 32 of the characters a-z, A-Z, 0-9, `_` and `-`.
pub(crate) fn is_linked_user_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_LINKED_USER_ID_CHARS
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invite_is_for_one_login_before_it_expires() {
        let mut invites = Invites::default();
        for id in ["inv_1", "inv_2", "inv_gone"] {
            invites.add(id.to_owned(), 1000, InviteContent::default());
        }
        invites.mark_used("inv_2");
        invites.remove("inv_gone");
        let status = |id, now_ms| invites.acceptable(id, now_ms).map(|_| ()).map_err(|error| error.status);
        assert_eq!((status("inv_1", 999), status("inv_1", 1000)), (Ok(()), Err(410)));
        assert_eq!((status("inv_2", 999), status("inv_3", 999)), (Err(409), Err(404)));
        assert_eq!(status("inv_gone", 999), Err(404));
    }

    #[test]
    fn a_linked_user_id_is_plainer_than_a_user_id() {
        for good in ["u", "user_1-B", &"u".repeat(32)] {
            assert!(is_linked_user_id(good), "{good}");
        }
        for bad in ["", "slack|T0/U1", "user 1", "us\u{e9}r", &"u".repeat(33)] {
            assert!(!is_linked_user_id(bad), "{bad}");
        }
    }
}
