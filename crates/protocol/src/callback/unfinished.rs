//! What a tab keeps of a callback until it is handled.

use super::decision::{Step, inspect};
use crate::{
    authorization::pending::{self, PendingRequest},
    json::{JsonObject, ObjectWriter},
    page::Page,
    secret::Secret,
    session::cookies::Cookies,
    settings::Settings,
    text,
};

/// A callback that is being handled. The tab keeps it until it is done, since the page may be reloaded or left before:
/// the next page of the tab goes on with it.
#[derive(Debug)]
pub struct Unfinished {
    page: Page,
    pending: Box<PendingRequest>,
}

impl Unfinished {
    /// The key in the storage of the tab.
    pub fn key(settings: &Settings) -> String {
        text::concat(&["AuthenticationCallback ", &settings.origin(), " ", settings.application_id()])
    }

    /// The callback at `page` of the login or link that is pending, as stored.
    pub fn to_json(page: &Page, pending: &PendingRequest) -> Secret {
        let record = ObjectWriter::new().string("href", page.href()).raw("pending", pending.to_json().expose());
        Secret::new(record.finish())
    }

    /// Reads it back; `None` if it is unusable or over an hour old.
    pub fn from_json(record: &str, now_ms: i64) -> Option<Self> {
        let record = JsonObject::parse(record)?;
        let pending = record.object("pending").filter(|pending| !pending::is_stale(pending, now_ms))?;
        Some(Self { page: Page::new(&record.str("href")?).ok()?, pending: PendingRequest::from_json(&pending)? })
    }

    /// The id of its authentication request.
    pub fn nonce(&self) -> &str {
        &self.pending.nonce
    }

    /// What to do about it now.
    pub fn step(self, settings: &Settings, cookies: &Cookies) -> Step {
        inspect(settings, &self.page, cookies, |_| Some(self.pending)).step
    }
}
