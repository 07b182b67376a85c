//! The demo's mail server: the last mails, to be read at `/outbox.html` on this machine.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// The most mails that are kept.
const MOST: usize = 50;

/// One mail. The link holds bearer secrets.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) subject: &'static str,
    pub(crate) text: String,
    /// The code to type where the mail was requested.
    pub(crate) code: Option<String>,
    /// The cart's link.
    pub(crate) link: String,
}

/// The last mails.
#[derive(Default)]
pub(crate) struct Outbox(Mutex<VecDeque<Mail>>);

impl Outbox {
    pub(crate) fn send(&self, mail: Mail) {
        let mut mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mails.push_front(mail);
        mails.truncate(MOST);
    }

    /// All mails, the last one first.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
