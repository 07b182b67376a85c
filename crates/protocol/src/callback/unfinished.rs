//! A callback that is being handled. The tab stores it until it is done, since the page may be reloaded or left before:
//! the next page of the tab resumes it.

use super::{
    decision::{CallbackAction, decide},
    generation::CurrentSession,
};
use crate::{
    authorization::pending::PendingAuthorization,
    json::{JsonObject, ObjectWriter},
    page::Page,
    secret::Secret,
    session::cookies::Cookies,
    settings::Settings,
};

/// The prefix of the keys in the tab's storage (`sessionStorage`); origin and application follow.
pub const KEY_PREFIX: &str = "AuthenticationCallback ";

/// A callback that is not handled yet.
#[derive(Debug)]
pub struct UnfinishedCallback {
    page: Page,
    pending: Box<PendingAuthorization>,
}

impl UnfinishedCallback {
    /// Returns the key in the tab's storage.
    pub fn key(settings: &Settings) -> String {
        [KEY_PREFIX, &settings.origin(), " ", settings.application_id()].concat()
    }

    /// Writes the record to store of the callback at `page`.
    pub fn to_json(page: &Page, pending: &PendingAuthorization) -> Secret {
        let record = ObjectWriter::new().string("href", page.href()).raw("pending", pending.to_json().expose());
        Secret::new(record.finish())
    }

    /// Reads a record. Returns `None` if it is unusable or its login is pending for more than an hour.
    pub fn from_json(record: &str, now_ms: i64) -> Option<Self> {
        let record = JsonObject::parse(record)?;
        let pending = PendingAuthorization::from_json(&record.object("pending")?)?;
        // The published client does not store when a login began, but then it has no unfinished callback here.
        (!pending.is_expired(now_ms)).then_some(())?;
        Some(Self { page: Page::new(&record.str("href")?).ok()?, pending })
    }

    /// Returns the id of its authentication request.
    pub fn nonce(&self) -> &str {
        &self.pending.nonce
    }

    /// Decides what to do about it now.
    pub fn action(self, settings: &Settings, cookies: &Cookies, session: &CurrentSession) -> CallbackAction {
        let mut pending = Some(self.pending);
        decide(settings, &self.page, cookies, session, |_| pending.take()).action
    }
}
