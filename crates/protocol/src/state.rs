//! The state that applications see: the snapshot, and the events that announce its changes.

use crate::{callback::login_result::LoginResult, session::stored::Session};

/// The snapshot of the session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Snapshot {
    /// It is not known yet whether there is a session.
    #[default]
    Checking,
    /// There is this session.
    SignedIn(Session),
    /// There is no session.
    SignedOut,
}

/// A change of the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is known for the first time whether there is a session.
    Ready,
    /// There is a session, after none or one of another user.
    SignedIn,
    /// The session has new tokens, other claims of the same user id, or is known to have another origin.
    TokenRenewed,
    /// The session has ended.
    SignedOut,
    /// A login or link has ended.
    LoginEnded(LoginResult),
}

/// The state that the client observes in this browser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObservedState {
    /// The session, if there is one.
    pub session: Option<Session>,
    /// The stored record, even of an expired session.
    pub record: Option<String>,
    /// Whether Authress may have a session for this browser: cookies reach it and it has not denied one.
    pub may_have_remote_session: bool,
}

/// The state of the last event.
#[derive(Clone, Debug, Default)]
pub struct State {
    snapshot: Snapshot,
    record: Option<String>,
}

impl State {
    /// Returns the snapshot of the last event.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Returns the stored record at the last event.
    pub fn record(&self) -> Option<&str> {
        self.record.as_deref()
    }

    /// Returns the state of a page whose listeners know this session of `record`, or that there is none.
    pub fn known(session: Option<Session>, record: Option<&str>) -> Self {
        Self { snapshot: session.map_or(Snapshot::SignedOut, Snapshot::SignedIn), record: record.map(str::to_owned) }
    }

    /// Updates the state. Returns an event if it has changed.
    ///
    /// A session with an expired token has not ended while it may still be renewed: a device that is offline stays
    /// signed in.
    pub fn update(&mut self, observed: ObservedState) -> Option<Event> {
        let is_renewable = observed.may_have_remote_session && (observed.record.is_some() || !self.is_signed_in());
        let snapshot = match (observed.session, &self.snapshot) {
            (Some(session), _) => Snapshot::SignedIn(session),
            (None, Snapshot::Checking | Snapshot::SignedIn(_)) if is_renewable => return None,
            (None, _) => Snapshot::SignedOut,
        };
        let event = match (&self.snapshot, &snapshot) {
            (Snapshot::Checking, _) => Some(Event::Ready),
            (Snapshot::SignedIn(before), Snapshot::SignedIn(after)) if before.user_id() == after.user_id() => {
                // Authress's cookies show a session shortly before its record is stored: that alone is no new token.
                let is_new_record = self.record.is_some() && observed.record != self.record;
                (is_new_record || before != after).then_some(Event::TokenRenewed)
            }
            (_, Snapshot::SignedIn(_)) => Some(Event::SignedIn),
            (Snapshot::SignedIn(_), _) => Some(Event::SignedOut),
            (Snapshot::SignedOut, _) => None,
        };
        *self = Self { snapshot, record: observed.record };
        event
    }

    /// Whether there was a session at the last event.
    pub fn is_signed_in(&self) -> bool {
        self.user_id().is_some()
    }

    /// Returns the user id that the application knows: that of the last event.
    pub fn user_id(&self) -> Option<&str> {
        match &self.snapshot {
            Snapshot::SignedIn(session) => Some(session.user_id()),
            Snapshot::Checking | Snapshot::SignedOut => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{base64url, jwt::UnverifiedClaims, session::origin::SessionOrigin};

    fn with_claims(text: &str) -> Session {
        let token = format!("e30.{}.", base64url::encode(text.as_bytes()));
        let identity = UnverifiedClaims::decode(&token).unwrap();
        Session { identity, is_anonymous: true, origin: SessionOrigin::Begun }
    }

    fn of_user(user_id: &str) -> Session {
        with_claims(&format!(r#"{{"sub":"{user_id}"}}"#))
    }

    fn session(user_id: &str, record: &str) -> ObservedState {
        ObservedState { session: Some(of_user(user_id)), record: Some(record.to_owned()), ..ObservedState::default() }
    }

    fn ended(record: Option<&str>, may_have_remote_session: bool) -> ObservedState {
        ObservedState { session: None, record: record.map(str::to_owned), may_have_remote_session }
    }

    #[test]
    fn a_session_begins_is_renewed_changes_its_user_and_ends() {
        let mut state = State::default();
        assert_eq!(state.update(session("user_a", "1")), Some(Event::Ready));
        assert_eq!(state.update(session("user_a", "1")), None);
        assert_eq!(state.update(session("user_a", "2")), Some(Event::TokenRenewed));
        assert_eq!(state.update(session("user_b", "3")), Some(Event::SignedIn));
        assert_eq!(state.update(ended(None, false)), Some(Event::SignedOut));
        assert_eq!(state.update(ended(None, false)), None);
        assert_eq!(state.update(session("user_b", "3")), Some(Event::SignedIn));
    }

    #[test]
    fn a_session_whose_record_is_stored_later_is_not_renewed() {
        let mut state = State::default();
        state.update(ended(None, false));
        assert_eq!(state.update(ObservedState { record: None, ..session("user_a", "") }), Some(Event::SignedIn));
        assert_eq!(state.update(session("user_a", "1")), None);
        assert_eq!(state.update(session("user_a", "2")), Some(Event::TokenRenewed));
    }

    #[test]
    fn a_session_that_is_stored_with_other_claims_emits_an_event() {
        let mut state = State::default();
        state.update(ObservedState { record: None, ..session("user_a", "") });
        let linked = Some(with_claims(r#"{"sub":"user_a","azp":"con_linked"}"#));
        assert_eq!(
            state.update(ObservedState { session: linked, ..session("user_a", "1") }),
            Some(Event::TokenRenewed)
        );
    }

    #[test]
    fn a_session_that_turns_out_to_be_begun_or_a_customers_emits_an_event() {
        let mut state = State::default();
        let found = Session { origin: SessionOrigin::Found, ..of_user("user_a") };
        state.update(ObservedState { session: Some(found), record: None, ..ObservedState::default() });
        assert_eq!(state.update(session("user_a", "1")), Some(Event::TokenRenewed));
        let customer = Session { is_anonymous: false, ..of_user("user_a") };
        assert_eq!(
            state.update(ObservedState { session: Some(customer), ..session("user_a", "1") }),
            Some(Event::TokenRenewed)
        );
    }

    #[test]
    fn the_snapshot_is_checking_until_authress_has_responded() {
        let mut state = State::default();
        assert_eq!(state.update(ended(None, true)), None);
        assert_eq!(state.snapshot(), &Snapshot::Checking);
        assert_eq!(state.update(ended(None, false)), Some(Event::Ready));
        assert_eq!(state.snapshot(), &Snapshot::SignedOut);
        assert_eq!(state.update(ended(None, true)), None);
        assert_eq!(state.snapshot(), &Snapshot::SignedOut, "signed-out stays until there is a session");
    }

    #[test]
    fn a_session_stays_while_an_expired_token_may_be_renewed() {
        let mut state = State::default();
        state.update(session("user_a", "1"));
        assert_eq!(state.update(ended(Some("1"), true)), None);
        assert_eq!(state.snapshot(), &Snapshot::SignedIn(of_user("user_a")));
        assert_eq!(state.update(ended(Some("1"), false)), Some(Event::SignedOut));
    }

    #[test]
    fn a_state_that_listeners_know_is_continued() {
        let known = || State::known(Some(of_user("user_a")), Some("1"));
        assert_eq!(known().snapshot(), &Snapshot::SignedIn(of_user("user_a")));
        assert_eq!(known().update(session("user_a", "1")), None);
        assert_eq!(known().update(session("user_a", "2")), Some(Event::TokenRenewed));
        assert_eq!(known().update(session("user_b", "2")), Some(Event::SignedIn));
        assert_eq!(known().update(ended(None, true)), Some(Event::SignedOut), "although Authress may have a session");
        assert_eq!(State::known(None, None).update(ended(None, true)), None);
        assert_eq!(State::known(None, None).update(session("user_a", "1")), Some(Event::SignedIn));
    }

    #[test]
    fn a_session_that_another_tab_has_ended_ends_at_once() {
        let mut state = State::default();
        state.update(session("user_a", "1"));
        assert_eq!(state.update(ended(None, true)), Some(Event::SignedOut));
    }
}
