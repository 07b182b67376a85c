//! Whole logins in native tests: tabs, redirects, faults, clock skew.
//!
//! The client runs on a browser in memory (`support`). Authress is the sandbox's router, the verifier issues the
//! anonymous user ids, and time is simulated.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod stories;
mod support;
