//! The browser client: a `LoginClient` for shoppers who never logged in.
//!
//! Nothing is decided here. `authress-login-protocol` says what to send, what an answer means and
//! what to store; this crate reads the page's state, carries that out on browser APIs and speaks
//! JavaScript. The classes that storefronts see are in `pkg/client.js`; `pkg/load.js` loads this module.
#![cfg(target_arch = "wasm32")]

mod account;
pub mod browser;
mod client;
mod error;
mod extension;
mod options;
mod panic;
mod session_check;
mod shared;
mod start;

pub use client::Client;
pub use extension::ExtensionClient;
pub use panic::on_panic;
