//! The browser client: a `LoginClient` for shoppers who never logged in.
//!
//! This crate decides nothing. `authress-login-client` knows what to do in which order; here are the browser's APIs that it
//! works on (`browser`) and the conversion of options, results and errors from and to JavaScript. The classes that
//! applications see are in `pkg/src/client.js`; `pkg/src/module-loader.js` loads this module.
#![cfg(target_arch = "wasm32")]

mod account;
pub mod browser;
mod error;
mod extension_client;
mod login_client;
mod options;
mod promise;
mod results;

use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};

pub use browser::Host;
pub use extension_client::ExtensionClient;
pub use login_client::LoginClient;

/// Smaller than the standard library's allocator (docs/size.md), with fewer functions to compile.
#[global_allocator]
static ALLOCATOR: WasmDynamicTalc = new_wasm_dynamic_allocator();
