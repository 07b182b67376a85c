//! The log of requests, for tests that count them. It holds no queries, bodies or headers.

use std::collections::VecDeque;

use serde::Serialize;

const MAX_ENTRIES: usize = 10_000;

/// A request and the status of its response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Entry {
    pub(crate) method: String,
    pub(crate) path: String,
    /// If a fault dropped the response, the status that it would have had.
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
