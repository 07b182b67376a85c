//! The browser client in a real browser: each port, and the promises of the client.
#![cfg(target_arch = "wasm32")]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::expect_used, clippy::indexing_slicing)]

mod address;
mod client;
mod cookies;
mod json;
mod lock;
mod random;
mod request;
mod storage;
mod support;
mod timer;
mod web_url;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
