//! The locks that tabs share, and how long to wait for each.
//!
//! After that time a caller continues without the lock: a frozen tab may hold it for ever.

use authress_login_protocol::authorization::pending::SHARED_MS;

/// A lock of one client's session.
#[derive(Clone, Debug)]
pub(crate) struct SessionLock {
    /// The purpose, which becomes part of the lock's name.
    pub(crate) purpose: String,
    /// How long to wait for it, in milliseconds.
    pub(crate) wait_ms: u32,
}

impl SessionLock {
    /// One tab renews at a time. The wait is longer than a renewal takes.
    pub(crate) fn renewal() -> Self {
        Self { purpose: "renewal".to_owned(), wait_ms: 5_000 }
    }

    /// One tab writes the session at a time. Writing takes hardly any time.
    pub(crate) fn write() -> Self {
        Self { purpose: "write".to_owned(), wait_ms: 500 }
    }

    /// One tab at a time begins a login for an anonymous user id.
    pub(crate) fn anonymous_login() -> Self {
        Self { purpose: "anonymous login".to_owned(), wait_ms: SHARED_MS }
    }

    /// One copy of the package on a page handles the callback with this nonce; another copy then finds its session.
    pub(crate) fn callback(nonce: &str) -> Self {
        Self { purpose: ["callback ", nonce].concat(), wait_ms: 10_000 }
    }
}
