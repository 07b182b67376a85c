//! The Authress login protocol as pure values.
//!
//! Every decision of the browser client is made here: what to send, what an answer means, what to
//! store, when a session ends. Nothing here performs I/O, reads a clock or draws random numbers;
//! time and entropy are arguments and every request and answer is a value, so that all of it is
//! tested natively. The browser client in the root package only carries out.

pub mod account;
pub mod authorization;
pub mod base64url;
pub mod callback;
pub mod callback_url;
pub mod clock;
mod decimal;
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
pub mod text;
pub mod web_url;

pub use authress_secret as secret;
