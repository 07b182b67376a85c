//! The session in this browser: its tokens, the stored record and cookies, and its renewal.
//!
//! The snapshot and the events that applications see are in [`crate::state`].

pub mod cookies;
pub mod credentials;
pub mod origin;
pub mod record;
pub mod renewal;
pub mod stored;
pub mod tokens;

#[cfg(test)]
mod tests;
