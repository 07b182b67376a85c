//! The pending authorizations and the session generation in this browser: reading, writing, and removing what is stale.

use crate::{context::Context, ports::Ports};
use authress_login_protocol::{
    authorization::pending::{KEY_PREFIX, LEGACY_KEY, PendingAuthorization, is_stale},
    callback::{
        generation::{CurrentSession, SessionGeneration},
        unfinished::UnfinishedCallback,
    },
    jwt::UnverifiedClaims,
    session::record::{STORAGE_KEY, identity_of},
};

impl<P: Ports> Context<P> {
    /// Returns the stored session as the callback of a pending authorization sees it.
    pub(crate) fn current_session(&self) -> CurrentSession {
        let record = self.ports.load(STORAGE_KEY);
        let identity = record.as_deref().and_then(identity_of);
        CurrentSession {
            generation: self.generation(),
            user_id: identity.as_ref().and_then(UnverifiedClaims::subject).map(str::to_owned),
            is_remote: self.sends_credentials().unwrap_or(false),
            now_ms: self.ports.now_ms(),
        }
    }

    fn generation(&self) -> SessionGeneration {
        SessionGeneration::from_json(self.ports.load(&SessionGeneration::key(&self.settings)).as_deref())
    }

    fn store_generation(&self, generation: &SessionGeneration) {
        self.ports.store(&SessionGeneration::key(&self.settings), &generation.to_json());
    }

    /// Notes that the shopper has signed in: logins that began before do not replace the session.
    pub(crate) fn begin_generation(&self) {
        self.store_generation(&self.generation().after_sign_in());
    }

    /// Removes all pending authorizations of this host and application, because the shopper signs out.
    pub(crate) fn end_pending_authorizations(&self) {
        let mut ended = Vec::new();
        for key in self.pending_keys() {
            if let Some(pending) = self.load_pending_at(&key)
                && pending.belongs_to(&self.settings)
            {
                self.ports.remove(&key);
                ended.push(pending);
            }
        }
        // The last one is stored twice.
        ended.sort_by(|one, other| one.nonce.cmp(&other.nonce));
        ended.dedup_by(|one, other| one.nonce == other.nonce);
        self.store_generation(&self.generation().after_sign_out(&ended, self.ports.now_ms()));
        self.remove_unfinished_callback();
    }

    /// Removes pending authorizations of more than an hour ago, with their PKCE code verifiers.
    pub(crate) fn remove_stale_authorizations(&self) {
        let now_ms = self.ports.now_ms();
        for key in self.pending_keys() {
            if self.ports.load(&key).is_some_and(|record| is_stale(&record, now_ms)) {
                self.ports.remove(&key);
            }
        }
        if self.unfinished_callback().is_none() {
            self.remove_unfinished_callback();
        }
        if let Some(generation) = self.generation().without_expired(now_ms) {
            self.store_generation(&generation);
        }
    }

    /// Returns how long to wait for the session of a login for an anonymous user id that another call or tab has begun, in
    /// milliseconds. `None` if there is none.
    pub(crate) fn anonymous_login_shared_for_ms(&self) -> Option<u32> {
        let now_ms = self.ports.now_ms();
        let pending = self.pending_keys().into_iter().filter_map(|key| self.load_pending_at(&key));
        pending.filter_map(|pending| pending.shared_for_ms(&self.settings, now_ms)).max()
    }

    /// Returns the keys of pending authorizations, the published client's too.
    fn pending_keys(&self) -> Vec<String> {
        let mut keys = self.ports.keys(KEY_PREFIX);
        keys.push(LEGACY_KEY.to_owned());
        keys
    }

    fn load_pending_at(&self, key: &str) -> Option<Box<PendingAuthorization>> {
        PendingAuthorization::from_json(&self.ports.load(key)?)
    }

    /// Returns the pending authorization with this nonce.
    pub(crate) fn load_pending(&self, nonce: &str) -> Option<Box<PendingAuthorization>> {
        let keys = [PendingAuthorization::key(nonce), LEGACY_KEY.to_owned()];
        keys.iter().filter_map(|key| self.load_pending_at(key)).find(|pending| pending.nonce == nonce)
    }

    /// Removes the pending authorization with this nonce.
    pub(crate) fn remove_pending(&self, nonce: &str) {
        self.ports.remove(&PendingAuthorization::key(nonce));
        if self.load_pending_at(LEGACY_KEY).is_some_and(|pending| pending.nonce == nonce) {
            self.ports.remove(LEGACY_KEY);
        }
    }

    /// Returns the callback that an earlier page of this tab has not finished.
    pub(crate) fn unfinished_callback(&self) -> Option<UnfinishedCallback> {
        let record = self.ports.load_in_tab(&UnfinishedCallback::key(&self.settings))?;
        UnfinishedCallback::from_json(&record, self.ports.now_ms())
    }

    /// Removes the unfinished callback of the tab: it is handled, or the shopper has signed out.
    pub(crate) fn remove_unfinished_callback(&self) {
        self.ports.remove_in_tab(&UnfinishedCallback::key(&self.settings));
    }
}
