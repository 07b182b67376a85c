//! Whole logins, natively: tabs, redirects, faults, wrong clocks.
//!
//! The client runs on a browser made of memory (`support`); Authress is the sandbox's router, the
//! anonymous user ids come from the verifier, and time is simulated.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod stories;
mod support;
