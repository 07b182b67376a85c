//! One thin port for each browser API. A port carries out; it decides nothing.

pub mod abort;
pub mod authenticator;
pub mod request;
pub mod storage;

mod host;
mod ports;

pub use host::Host;
pub use ports::Browser;
