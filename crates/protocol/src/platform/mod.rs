//! Parsers of URLs and JSON that the platform provides: crates natively, the browser's own in WebAssembly.
//!
//! This is the only module with `cfg(target_arch)`. Shipped to browsers, the crate `url` would be a third of what a
//! shopper downloads, and `serde_json` would bring the code that reads and prints floats. The browser's URL parser also
//! knows international domain names. `tests/browser/web_url.rs` and `tests/browser/json.rs` compare both
//! implementations in a real browser. What is built on top of the parsers is in [`crate::web_url`] and [`crate::json`].

#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(not(target_arch = "wasm32"))]
mod native;

#[cfg(target_arch = "wasm32")]
pub(crate) use browser::{JsonObject, Query, decode, href, query_of, quote};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::{JsonObject, Query, decode, href, query_of, quote};
