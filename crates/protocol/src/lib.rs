//! The Authress login protocol as pure values: what to send, what a response or callback means, what to store, and when
//! a session ends.
//!
//! Nothing here performs I/O, reads a clock or draws random numbers. Time and entropy are arguments, and every request
//! and response is a value, so that all of it runs in native tests. `authress-login-client` performs the steps in
//! order, and the root package connects it to the browser.

pub mod account;
pub mod authorization;
pub mod base64url;
pub mod callback;
pub mod callback_url;
pub mod clock;
pub mod error;
pub mod extension;
pub mod http;
pub mod json;
pub mod jwt;
pub mod logout;
pub mod page;
mod platform;
pub mod session;
pub mod settings;
pub mod state;
pub mod tab_message;
pub mod web_url;

pub use authress_secret as secret;
