//! Identities and the users that they belong to.

use std::collections::HashSet;

use authress_secret::Secret;

use crate::bounded_map::BoundedMap;
use crate::model::grant::Profile;

const MAX_IDENTITIES: usize = 100_000;

/// An identity: a connection and that connection's own id of the person.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct IdentityKey {
    pub(crate) connection_id: String,
    pub(crate) subject: String,
}

/// The user of an identity, and what the connection said about the user.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) user_id: String,
    pub(crate) profile: Profile,
    /// The provider's own access token, new with each login; a service client has none to give.
    pub(crate) provider_token: Option<Secret>,
    /// Asserted by a shop's user verifier. It cannot be used to log in again, so it must not be a user's last identity.
    pub(crate) anonymous: bool,
}

/// The identity belongs to another user id already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AlreadyOwned;

/// Why an identity is not unlinked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnlinkError {
    /// The user has no such identity.
    NotFound,
    /// The user could not log in again without it.
    LastIdentity,
}

/// All identities.
#[derive(Debug)]
pub(crate) struct Identities(BoundedMap<IdentityKey, Identity>);

impl Default for Identities {
    fn default() -> Self {
        Self(BoundedMap::new(MAX_IDENTITIES))
    }
}

impl Identities {
    /// The user id of an identity that has logged in or was linked before.
    pub(crate) fn owner(&self, key: &IdentityKey) -> Option<&str> {
        self.0.get(key).map(|identity| identity.user_id.as_str())
    }

    /// Adds an identity to a user id. If it is the user's already, its profile is updated.
    pub(crate) fn attach(&mut self, key: IdentityKey, identity: Identity) -> Result<(), AlreadyOwned> {
        self.check_owner(&key, &identity.user_id)?;
        self.0.insert(key, identity);
        Ok(())
    }

    /// Whether an identity is free or this user's.
    pub(crate) fn check_owner(&self, key: &IdentityKey, user_id: &str) -> Result<(), AlreadyOwned> {
        if self.owner(key).is_none_or(|owner| owner == user_id) { Ok(()) } else { Err(AlreadyOwned) }
    }

    /// The identities of a user, oldest first.
    pub(crate) fn of_user(&self, user_id: &str) -> impl Iterator<Item = (&IdentityKey, &Identity)> {
        self.0.iter().filter(move |(_, identity)| identity.user_id == user_id)
    }

    /// The users, each once, in the order of their oldest identity.
    pub(crate) fn users(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        let ids = self.0.iter().map(|(_, identity)| identity.user_id.as_str());
        ids.filter(|id| seen.insert(*id)).collect()
    }

    /// Removes a user with all identities.
    pub(crate) fn remove_user(&mut self, user_id: &str) {
        let keys: Vec<IdentityKey> = self.of_user(user_id).map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.0.remove(&key);
        }
    }

    /// Removes the identities that `selector` names by connection id or by the connection's own
    /// id of the person.
    pub(crate) fn unlink(&mut self, user_id: &str, selector: &str) -> Result<(), UnlinkError> {
        let named = |key: &IdentityKey| key.connection_id == selector || key.subject == selector;
        let matching: Vec<IdentityKey> =
            self.of_user(user_id).filter(|(key, _)| named(key)).map(|(key, _)| key.clone()).collect();
        if matching.is_empty() {
            return Err(UnlinkError::NotFound);
        }
        if !self.of_user(user_id).any(|(key, identity)| !named(key) && !identity.anonymous) {
            return Err(UnlinkError::LastIdentity);
        }
        for key in matching {
            self.0.remove(&key);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(connection_id: &str, subject: &str) -> IdentityKey {
        IdentityKey { connection_id: connection_id.to_owned(), subject: subject.to_owned() }
    }

    fn of(user_id: &str, anonymous: bool) -> Identity {
        Identity { user_id: user_id.to_owned(), profile: Profile::default(), provider_token: None, anonymous }
    }

    fn converted() -> Identities {
        let mut identities = Identities::default();
        identities.attach(key("sc_shop", "user_1"), of("user_1", true)).unwrap();
        identities.attach(key("con_acorn", "ada"), of("user_1", false)).unwrap();
        identities
    }

    #[test]
    fn an_identity_can_be_attached_to_its_owner_again() {
        let mut identities = converted();
        assert_eq!(identities.attach(key("con_acorn", "ada"), of("user_1", false)), Ok(()));
        assert_eq!(identities.owner(&key("con_acorn", "ada")), Some("user_1"));
        assert_eq!(identities.of_user("user_1").count(), 2);
    }

    #[test]
    fn an_identity_of_another_user_is_rejected() {
        let mut identities = converted();
        assert_eq!(identities.attach(key("con_acorn", "ada"), of("user_2", false)), Err(AlreadyOwned));
        assert_eq!(identities.owner(&key("con_acorn", "ada")), Some("user_1"));
    }

    #[test]
    fn the_last_identity_to_log_in_with_cannot_be_unlinked() {
        let mut identities = converted();
        assert_eq!(identities.unlink("user_1", "con_acorn"), Err(UnlinkError::LastIdentity));
        identities.attach(key("con_birch", "ada"), of("user_1", false)).unwrap();
        assert_eq!(identities.unlink("user_1", "con_acorn"), Ok(()));
        assert_eq!(identities.unlink("user_1", "ada"), Err(UnlinkError::LastIdentity));
        assert_eq!(identities.unlink("user_1", "con_acorn"), Err(UnlinkError::NotFound));
    }

    #[test]
    fn a_removed_user_has_no_identity_left() {
        let mut identities = converted();
        identities.attach(key("con_acorn", "eve"), of("user_2", false)).unwrap();
        assert_eq!(identities.users(), ["user_1", "user_2"]);
        identities.remove_user("user_1");
        assert_eq!((identities.users(), identities.owner(&key("con_acorn", "ada"))), (vec!["user_2"], None));
    }

    #[test]
    fn an_identity_of_another_user_cannot_be_unlinked() {
        let mut identities = converted();
        assert_eq!(identities.unlink("user_2", "con_acorn"), Err(UnlinkError::NotFound));
    }
}
