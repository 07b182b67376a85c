//! What a login client does, step by step.
//!
//! `authress-login-protocol` decides; this crate asks it, in the right order, and carries its
//! decisions out on [`Ports`]: the page, its storage and cookies, the network, the clock. A browser
//! is one implementation of these, memory another, so that whole logins with several tabs, faults
//! and wrong clocks run in native tests.

mod account;
mod callback;
mod changes;
mod client;
mod extension;
mod flight;
mod locks;
mod mark;
pub mod ports;
mod renewal;
mod session_check;
mod start;
mod watch;

pub use client::{Client, Options};
pub use extension::ExtensionClient;
pub use ports::Ports;
pub use start::OpenType;
