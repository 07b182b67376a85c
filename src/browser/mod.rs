//! One thin port for each browser API. A port carries out; it decides nothing.

pub mod abort;
pub mod authenticator;
pub mod request;
pub mod storage;

mod host;
mod ports;

pub use host::Host;
pub use ports::Browser;

/// The window of the page; absent outside of a page's main thread.
fn window() -> Option<web_sys::Window> {
    web_sys::window()
}
