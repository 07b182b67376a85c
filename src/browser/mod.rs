//! One thin port for each browser API. A port carries out; it decides nothing.

pub mod address;
pub mod authenticator;
pub mod clock;
pub mod cookies;
pub mod lock;
pub mod random;
pub mod request;
pub mod storage;
pub mod timer;

mod ports;

pub use ports::{Browser, Host};

/// The window of the page; absent outside of a page's main thread.
fn window() -> Option<web_sys::Window> {
    web_sys::window()
}
