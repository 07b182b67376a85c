//! The link store: which identity belongs to which user id.

use authress_login_protocol::secret::Secret;

use crate::bounded::Bounded;
use crate::tokens::Profile;

const MAX_IDENTITIES: usize = 100_000;

/// An identity: a connection and that connection's own id of the person.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct IdentityKey {
    pub(crate) connection_id: String,
    pub(crate) subject: String,
}

/// What belongs to an identity.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) user_id: String,
    pub(crate) profile: Profile,
    /// The provider's own access token, new with each login; a service client has none to give.
    pub(crate) provider_token: Option<Secret>,
    /// Vouched for by a shop's verifier: nobody can come back by it, so it never counts as a way
    /// to log in.
    pub(crate) anonymous: bool,
}

/// The identity belongs to another user id already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AlreadyOwned;

/// Why an identity is not unlinked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnlinkRefusal {
    /// The user has no such identity.
    Unknown,
    /// The user could not log in again without it.
    Last,
}

/// All identities.
#[derive(Debug)]
pub(crate) struct Identities(Bounded<IdentityKey, Identity>);

impl Default for Identities {
    fn default() -> Self {
        Self(Bounded::new(MAX_IDENTITIES))
    }
}

impl Identities {
    /// The user id an identity logs in to, if it ever logged in or was linked.
    pub(crate) fn owner(&self, key: &IdentityKey) -> Option<&str> {
        self.0.get(key).map(|identity| identity.user_id.as_str())
    }

    /// Gives a new identity to a user id; the same owner again is no change but a newer profile.
    pub(crate) fn attach(&mut self, key: IdentityKey, identity: Identity) -> Result<(), AlreadyOwned> {
        match self.owner(&key) {
            Some(owner) if owner != identity.user_id => Err(AlreadyOwned),
            Some(_) | None => {
                self.0.insert(key, identity);
                Ok(())
            }
        }
    }

    /// The identities of a user, oldest first.
    pub(crate) fn of_user(&self, user_id: &str) -> impl Iterator<Item = (&IdentityKey, &Identity)> {
        self.0.iter().filter(move |(_, identity)| identity.user_id == user_id)
    }

    /// Removes the identities that `selector` names by connection id or by the connection's own
    /// id of the person.
    pub(crate) fn unlink(&mut self, user_id: &str, selector: &str) -> Result<(), UnlinkRefusal> {
        let named = |key: &IdentityKey| key.connection_id == selector || key.subject == selector;
        let doomed: Vec<IdentityKey> =
            self.of_user(user_id).filter(|(key, _)| named(key)).map(|(key, _)| key.clone()).collect();
        if doomed.is_empty() {
            return Err(UnlinkRefusal::Unknown);
        }
        if !self.of_user(user_id).any(|(key, identity)| !named(key) && !identity.anonymous) {
            return Err(UnlinkRefusal::Last);
        }
        for key in doomed {
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
    fn a_new_identity_takes_the_users_id_and_taking_it_twice_is_no_error() {
        let mut identities = converted();
        assert_eq!(identities.attach(key("con_acorn", "ada"), of("user_1", false)), Ok(()));
        assert_eq!(identities.owner(&key("con_acorn", "ada")), Some("user_1"));
        assert_eq!(identities.of_user("user_1").count(), 2);
    }

    #[test]
    fn an_identity_that_owns_another_user_id_is_refused() {
        let mut identities = converted();
        assert_eq!(identities.attach(key("con_acorn", "ada"), of("user_2", false)), Err(AlreadyOwned));
        assert_eq!(identities.owner(&key("con_acorn", "ada")), Some("user_1"));
    }

    #[test]
    fn the_last_way_to_log_in_cannot_be_unlinked() {
        let mut identities = converted();
        assert_eq!(identities.unlink("user_1", "con_acorn"), Err(UnlinkRefusal::Last));
        identities.attach(key("con_birch", "ada"), of("user_1", false)).unwrap();
        assert_eq!(identities.unlink("user_1", "con_acorn"), Ok(()));
        assert_eq!(identities.unlink("user_1", "ada"), Err(UnlinkRefusal::Last));
        assert_eq!(identities.unlink("user_1", "con_acorn"), Err(UnlinkRefusal::Unknown));
    }

    #[test]
    fn nobody_unlinks_an_identity_of_another_user() {
        let mut identities = converted();
        assert_eq!(identities.unlink("user_2", "con_acorn"), Err(UnlinkRefusal::Unknown));
    }
}
