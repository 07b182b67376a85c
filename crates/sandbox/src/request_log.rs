//! Which requests were answered, for tests that count them. No queries, bodies or headers.

use std::collections::VecDeque;

use serde::Serialize;

const MAX_ENTRIES: usize = 10_000;

/// One answered request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Entry {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Of an answer that was dropped, the status it would have had.
    pub(crate) status: u16,
}

/// The newest requests, oldest first.
#[derive(Debug, Default)]
pub(crate) struct RequestLog(VecDeque<Entry>);

impl RequestLog {
    pub(crate) fn add(&mut self, entry: Entry) {
        if self.0.len() == MAX_ENTRIES {
            self.0.pop_front();
        }
        self.0.push_back(entry);
    }

    pub(crate) fn entries(&self) -> &VecDeque<Entry> {
        &self.0
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
