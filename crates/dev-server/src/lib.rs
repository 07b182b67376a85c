//! Loopback-only HTTP and HTTPS listeners for development servers.
//!
//! Refuses to listen anywhere but on the loopback interface, never prints and never logs: the
//! binary that uses it decides what its user sees. The usual order is [`bind`], then print a
//! `ready` line, then [`serve`] until [`shutdown_signal`].

mod certificate;
mod error;
mod listener;
mod private_file;
mod signal;
mod tls;

pub use certificate::self_signed_certificate;
pub use error::DevServerError;
pub use listener::{Bound, GRACE_PERIOD, bind, serve};
pub use private_file::write_private_file;
pub use signal::shutdown_signal;
pub use tls::TlsFiles;
