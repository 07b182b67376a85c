//! What a user interface shows: whether somebody is signed in, and what has just happened.

use crate::{callback::login_result::LoginResult, jwt::UnverifiedClaims};

/// How things are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Snapshot {
    /// Nobody knows yet.
    #[default]
    Checking,
    /// There is a session of this shopper.
    SignedIn(UnverifiedClaims),
    /// There is none.
    SignedOut,
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The first answer to whether there is a session.
    Ready,
    /// There is a session, and there was none or another one.
    SignedIn,
    /// The session goes on with new tokens, or with other claims of the same user id.
    TokenRenewed,
    /// The session is over.
    SignedOut,
    /// A login or link has come to an end.
    Returned(LoginResult),
}

/// What a look at this browser finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Who the shopper is.
    pub identity: Option<UnverifiedClaims>,
    /// What is stored of the session, whether or not it is over.
    pub record: Option<String>,
    /// Whether Authress has not been asked yet and may know of a session.
    pub may_be_known_at_authress: bool,
}

/// The state that listeners were told last.
#[derive(Clone, Debug, Default)]
pub struct State {
    snapshot: Snapshot,
    record: Option<String>,
}

impl State {
    /// How things are.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Takes in a look at the browser; the event if something has changed.
    ///
    /// A session whose token has run out is not over while it may still be renewed: being offline
    /// is not being signed out.
    pub fn update(&mut self, seen: Seen) -> Option<Event> {
        let is_renewable = seen.may_be_known_at_authress && (seen.record.is_some() || !self.is_signed_in());
        let snapshot = match (seen.identity, &self.snapshot) {
            (Some(identity), _) => Snapshot::SignedIn(identity),
            (None, Snapshot::Checking | Snapshot::SignedIn(_)) if is_renewable => return None,
            (None, _) => Snapshot::SignedOut,
        };
        let event = match (&self.snapshot, &snapshot) {
            (Snapshot::Checking, _) => Some(Event::Ready),
            (Snapshot::SignedIn(before), Snapshot::SignedIn(after)) if before.subject() == after.subject() => {
                // Authress's cookies show a session a moment before it is stored: that alone is no other token.
                let is_another_record = self.record.is_some() && seen.record != self.record;
                (is_another_record || before != after).then_some(Event::TokenRenewed)
            }
            (_, Snapshot::SignedIn(_)) => Some(Event::SignedIn),
            (Snapshot::SignedIn(_), _) => Some(Event::SignedOut),
            (Snapshot::SignedOut, _) => None,
        };
        *self = Self { snapshot, record: seen.record };
        event
    }

    fn is_signed_in(&self) -> bool {
        matches!(self.snapshot, Snapshot::SignedIn(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base64url;

    fn claims(text: &str) -> UnverifiedClaims {
        UnverifiedClaims::decode(&format!("e30.{}.", base64url::encode(text.as_bytes()))).unwrap()
    }

    fn identity(user_id: &str) -> UnverifiedClaims {
        claims(&format!(r#"{{"sub":"{user_id}"}}"#))
    }

    fn session(user_id: &str, record: &str) -> Seen {
        Seen { identity: Some(identity(user_id)), record: Some(record.to_owned()), ..Seen::default() }
    }

    fn over(record: Option<&str>, may_be_known_at_authress: bool) -> Seen {
        Seen { identity: None, record: record.map(str::to_owned), may_be_known_at_authress }
    }

    #[test]
    fn a_session_comes_is_renewed_changes_and_ends() {
        let mut state = State::default();
        assert_eq!(state.update(session("user_a", "1")), Some(Event::Ready));
        assert_eq!(state.update(session("user_a", "1")), None);
        assert_eq!(state.update(session("user_a", "2")), Some(Event::TokenRenewed));
        assert_eq!(state.update(session("user_b", "3")), Some(Event::SignedIn));
        assert_eq!(state.update(over(None, false)), Some(Event::SignedOut));
        assert_eq!(state.update(over(None, false)), None);
        assert_eq!(state.update(session("user_b", "3")), Some(Event::SignedIn));
    }

    #[test]
    fn a_session_that_is_stored_after_it_was_seen_is_not_renewed() {
        let mut state = State::default();
        state.update(over(None, false));
        assert_eq!(state.update(Seen { record: None, ..session("user_a", "") }), Some(Event::SignedIn));
        assert_eq!(state.update(session("user_a", "1")), None);
        assert_eq!(state.update(session("user_a", "2")), Some(Event::TokenRenewed));
    }

    #[test]
    fn a_session_that_is_stored_with_other_claims_than_were_seen_is_told_of() {
        let mut state = State::default();
        state.update(Seen { record: None, ..session("user_a", "") });
        let linked = Some(claims(r#"{"sub":"user_a","azp":"con_linked"}"#));
        assert_eq!(state.update(Seen { identity: linked, ..session("user_a", "1") }), Some(Event::TokenRenewed));
    }

    #[test]
    fn nobody_is_known_until_authress_was_asked() {
        let mut state = State::default();
        assert_eq!(state.update(over(None, true)), None);
        assert_eq!(state.snapshot(), &Snapshot::Checking);
        assert_eq!(state.update(over(None, false)), Some(Event::Ready));
        assert_eq!(state.snapshot(), &Snapshot::SignedOut);
        assert_eq!(state.update(over(None, true)), None);
        assert_eq!(state.snapshot(), &Snapshot::SignedOut, "a later doubt does not take an answer back");
    }

    #[test]
    fn being_offline_at_the_end_of_a_token_is_not_being_signed_out() {
        let mut state = State::default();
        state.update(session("user_a", "1"));
        assert_eq!(state.update(over(Some("1"), true)), None);
        assert_eq!(state.snapshot(), &Snapshot::SignedIn(identity("user_a")));
        assert_eq!(state.update(over(Some("1"), false)), Some(Event::SignedOut));
    }

    #[test]
    fn a_session_that_another_tab_has_ended_is_over_at_once() {
        let mut state = State::default();
        state.update(session("user_a", "1"));
        assert_eq!(state.update(over(None, true)), Some(Event::SignedOut));
    }
}
