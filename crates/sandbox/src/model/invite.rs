//! Invites: ids that an account hands out, each for one login.

use std::collections::HashMap;

use crate::error::ApiError;

/// How long an invite is valid unless its maker says otherwise, in seconds: Authress's default.
pub(crate) const DEFAULT_LIFETIME_S: u64 = 7 * 24 * 60 * 60;

/// The invites by their id.
#[derive(Debug, Default)]
pub(crate) struct Invites(HashMap<String, Invite>);

#[derive(Debug, Clone)]
struct Invite {
    expires_at_ms: u64,
    is_used: bool,
}

impl Invites {
    /// Adds an invite, or renews the one with this id.
    pub(crate) fn add(&mut self, id: String, expires_at_ms: u64) {
        self.0.insert(id, Invite { expires_at_ms, is_used: false });
    }

    /// Whether a login may begin with this invite.
    pub(crate) fn check(&self, id: &str, now_ms: u64) -> Result<(), ApiError> {
        match self.0.get(id) {
            None => Err(ApiError::new(404, "InviteNotFound", "No invite has this id.")),
            Some(invite) if invite.is_used => {
                Err(ApiError::new(409, "InviteUsed", "This invite was used; ask for another one."))
            }
            Some(invite) if now_ms >= invite.expires_at_ms => {
                Err(ApiError::new(410, "InviteExpired", "This invite has expired; ask for another one."))
            }
            Some(_) => Ok(()),
        }
    }

    /// Uses an invite, at the end of the login that began with it.
    pub(crate) fn take(&mut self, id: &str) {
        if let Some(invite) = self.0.get_mut(id) {
            invite.is_used = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invite_is_for_one_login_before_it_expires() {
        let mut invites = Invites::default();
        invites.add("inv_1".to_owned(), 1000);
        invites.add("inv_2".to_owned(), 1000);
        invites.take("inv_2");
        let status = |id, now_ms| invites.check(id, now_ms).map_err(|error| error.status);
        assert_eq!((status("inv_1", 999), status("inv_1", 1000)), (Ok(()), Err(410)));
        assert_eq!((status("inv_2", 999), status("inv_3", 999)), (Err(409), Err(404)));
    }
}
