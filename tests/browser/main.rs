//! The browser client in a real browser: each port, and the promises of the client.
#![cfg(target_arch = "wasm32")]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::expect_used, clippy::indexing_slicing)]

mod authenticator;
mod cookies;
mod json;
mod locks;
mod login_client;
mod page;
mod random;
mod request;
mod server_clock;
#[path = "../../crates/protocol/tests/shared_vectors.rs"]
mod shared_vectors;
mod storage;
mod support;
mod tabs;
mod timers;
mod web_url;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
