//! The browser's APIs, one thin file each, and the client's ports on them. A port carries out; it decides nothing.

pub mod authenticator;
pub mod cookies;
pub mod locks;
pub mod page;
pub mod random;
pub mod request;
pub mod server_clock;
pub mod storage;
pub mod tabs;
pub mod timers;

mod abort;
mod host;
mod ports;
mod window;

pub use host::Host;
pub use ports::Browser;
