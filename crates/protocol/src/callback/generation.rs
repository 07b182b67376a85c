//! The session generation: counts the sign-ins and sign-outs of a host and application in this browser, in all tabs and
//! across navigations. A pending authorization keeps the generation and the user that it began in, so that an old
//! callback does not override a newer decision of the shopper.
//!
//! The published client neither reads nor writes the record, and its own pending authorizations name no generation.

use super::login_result::LoginResult;
use crate::{
    authorization::pending::{self, PendingAuthorization},
    json::{JsonObject, ObjectWriter},
    settings::Settings,
};

/// The prefix of the storage keys; origin and application follow.
const KEY_PREFIX: &str = "AuthenticationGeneration ";

/// How often the shopper has signed in and out, and the logins that the last sign-out has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionGeneration {
    number: i64,
    /// The generation that the last sign-out began.
    signed_out: i64,
    /// When that was, in milliseconds since 1970 by the device's clock.
    signed_out_at_ms: i64,
    /// The results of the logins and links that were pending then, by their nonces, as a JSON object.
    ended: Option<String>,
}

impl SessionGeneration {
    /// Returns the storage key.
    pub fn key(settings: &Settings) -> String {
        [KEY_PREFIX, &settings.origin(), " ", settings.application_id()].concat()
    }

    /// Reads the record. A missing or unusable one is the first generation.
    pub fn from_json(text: Option<&str>) -> Self {
        let Some(record) = text.and_then(JsonObject::parse) else { return Self::default() };
        Self {
            number: record.i64("generation").unwrap_or(0),
            signed_out: record.i64("signedOut").unwrap_or(0),
            signed_out_at_ms: record.i64("signedOutAt").unwrap_or(0),
            ended: record.object("ended"),
        }
    }

    /// Writes the record to store. It has no secrets.
    pub fn to_json(&self) -> String {
        let record = ObjectWriter::new()
            .number("generation", self.number)
            .number("signedOut", self.signed_out)
            .number("signedOutAt", self.signed_out_at_ms);
        match &self.ended {
            Some(ended) => record.raw("ended", ended).finish(),
            None => record.finish(),
        }
    }

    /// Returns the generation that a sign-in begins.
    #[must_use]
    pub fn after_sign_in(self) -> Self {
        Self { number: self.number.wrapping_add(1), ..self }
    }

    /// Returns the generation that a sign-out begins. It ends `pending` logins and links: their callbacks get a result.
    #[must_use]
    pub fn after_sign_out(self, pending: &[Box<PendingAuthorization>], now_ms: i64) -> Self {
        let number = self.number.wrapping_add(1);
        let ended = pending.iter().fold(ObjectWriter::new(), |ended, pending| {
            ended.raw(&pending.nonce, &LoginResult::outdated(pending).to_json())
        });
        let ended = (!pending.is_empty()).then(|| ended.finish());
        Self { number, signed_out: number, signed_out_at_ms: now_ms, ended }
    }

    /// Returns the generation without the logins that the last sign-out has ended, if their callbacks cannot come any
    /// more. `None` if there are none to remove.
    pub fn without_expired(&self, now_ms: i64) -> Option<Self> {
        let is_expired = pending::is_expired(self.signed_out_at_ms, now_ms);
        (self.ended.is_some() && is_expired).then(|| Self { ended: None, ..self.clone() })
    }
}

/// The session at the beginning of a login, or at its callback.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CurrentSession {
    /// The generation.
    pub generation: SessionGeneration,
    /// The user of the stored session, even if it has expired.
    pub user_id: Option<String>,
    /// Whether cookies reach Authress: its session is then that of the last callback, whatever is stored here.
    pub is_remote: bool,
    /// The time, in milliseconds since 1970 by the device's clock.
    pub now_ms: i64,
}

impl CurrentSession {
    /// Returns the result of a login or link that a sign-out has ended.
    pub fn ended(&self, nonce: &str) -> Option<LoginResult> {
        LoginResult::from_json(&JsonObject::parse(self.generation.ended.as_deref()?)?.object(nonce)?)
    }

    /// Notes in a pending authorization that it begins now.
    pub fn note_beginning(&self, pending: &mut PendingAuthorization) {
        pending.generation = Some(self.generation.number);
        pending.user_id.clone_from(&self.user_id);
    }

    /// Whether the callback of `pending` comes too late: the shopper has signed out since it began, or it began more
    /// than an hour ago.
    pub fn has_ended(&self, pending: &PendingAuthorization) -> bool {
        let is_signed_out = pending.generation.is_some_and(|began| began < self.generation.signed_out);
        is_signed_out || pending.is_expired(self.now_ms)
    }

    /// Whether a sign-in since `pending` began keeps its session when the callback brings one of `user_id`.
    ///
    /// Where cookies reach Authress its own session is already that of the callback. To keep the stored one would sign
    /// the shopper out.
    pub fn keeps_session(&self, pending: &PendingAuthorization, user_id: &str) -> bool {
        let Some((began, current)) = pending.generation.zip(self.user_id.as_deref()) else { return false };
        let is_newer = began != self.generation.number || pending.user_id.as_deref() != Some(current);
        is_newer && current != user_id && !self.is_remote
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{authorization::pkce::CodeVerifier, callback::login_result::LoginStatus, error::ErrorCode};

    const HOUR_MS: i64 = 60 * 60 * 1000;

    fn pending(user_id: Option<&str>) -> Box<PendingAuthorization> {
        let text = format!(
            r#"{{"nonce":"R1","codeVerifier":"v","redirectUrl":"https://app.shop.test/","lastConnectionId":"con_a","createdAt":{HOUR_MS}}}"#
        );
        let mut pending = PendingAuthorization::from_json(&text).unwrap();
        pending.code_verifier = CodeVerifier::restore("v");
        session(user_id, SessionGeneration::default()).note_beginning(&mut pending);
        pending
    }

    fn session(user_id: Option<&str>, generation: SessionGeneration) -> CurrentSession {
        CurrentSession { generation, user_id: user_id.map(str::to_owned), is_remote: false, now_ms: HOUR_MS }
    }

    #[test]
    fn a_record_reads_back() {
        let first = SessionGeneration::from_json(None);
        let signed_out = first.clone().after_sign_in().after_sign_out(&[pending(None)], HOUR_MS);
        for generation in [first.clone(), first.clone().after_sign_out(&[], 1)] {
            assert_eq!(SessionGeneration::from_json(Some(&generation.to_json())), generation);
        }
        let read = SessionGeneration::from_json(Some(&signed_out.to_json()));
        assert_eq!((read.number, read.signed_out, read.signed_out_at_ms), (2, 2, HOUR_MS));
        assert!(session(None, read).ended("R1").is_some());
        for text in ["", "[]", "{", r#"{"generation":"x","ended":7}"#] {
            assert_eq!(SessionGeneration::from_json(Some(text)), first, "{text}");
        }
    }

    #[test]
    fn a_sign_out_ends_what_was_pending_and_remembers_no_secret() {
        let signed_out = SessionGeneration::default().after_sign_out(&[pending(Some("user_a"))], HOUR_MS);
        assert!(!signed_out.to_json().contains("codeVerifier") && !signed_out.to_json().contains("\"v\""));
        let now = session(None, signed_out.clone());
        assert!(now.has_ended(&pending(Some("user_a"))));
        let result = now.ended("R1").unwrap();
        assert_eq!((result.status, result.error_code), (LoginStatus::Failed, Some(ErrorCode::LoginOutdated)));
        assert_eq!(now.ended("R2"), None);
        let later = session(Some("user_b"), signed_out.clone().after_sign_in());
        assert!(later.has_ended(&pending(Some("user_a"))), "also after another sign-in");
        let mut begun = pending(None);
        later.note_beginning(&mut begun);
        assert!(!later.has_ended(&begun), "a login that begins now");
        assert_eq!(signed_out.without_expired(2 * HOUR_MS), None);
        let expired = signed_out.without_expired(2 * HOUR_MS + 1).unwrap();
        assert_eq!(session(None, expired.clone()).ended("R1"), None);
        assert!(session(None, expired).has_ended(&pending(None)));
    }

    #[test]
    fn a_later_sign_in_keeps_its_session_unless_the_callback_is_of_the_same_user() {
        let first = SessionGeneration::default();
        let next = first.clone().after_sign_in();
        for (began_with, now, generation, keeps) in [
            (None, None, &first, false),
            (Some("user_a"), Some("user_a"), &first, false),
            (None, Some("user_c"), &next, true),
            (Some("user_a"), Some("user_a"), &next, true),
            (Some("user_a"), Some("user_c"), &next, true),
            (None, Some("user_b"), &next, false),
            // The published client has signed in: it has no generation.
            (Some("user_a"), Some("user_c"), &first, true),
            (None, None, &next, false),
        ] {
            let current = session(now, generation.clone());
            assert_eq!(current.keeps_session(&pending(began_with), "user_b"), keeps, "{began_with:?} {now:?}");
            let remote = CurrentSession { is_remote: true, ..current };
            assert!(!remote.keeps_session(&pending(began_with), "user_b"));
        }
    }

    #[test]
    fn the_published_clients_record_belongs_to_every_generation() {
        let published = PendingAuthorization { generation: None, created_at_ms: 0, ..*pending(None) };
        let now = session(Some("user_c"), SessionGeneration::default().after_sign_out(&[], 0).after_sign_in());
        assert!(!now.has_ended(&published) && !now.keeps_session(&published, "user_b"));
    }

    #[test]
    fn a_login_is_pending_for_an_hour() {
        let at = |now_ms| CurrentSession { now_ms, ..CurrentSession::default() }.has_ended(&pending(None));
        assert!(!at(2 * HOUR_MS) && at(2 * HOUR_MS + 1) && !at(0));
    }
}
