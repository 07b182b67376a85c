//! Loopback-only HTTP and HTTPS listeners for development servers.
//!
//! Other addresses than those of the loopback interface are errors. This crate does not print and does not log; the
//! binary does. It calls [`bind`], prints a `ready` line, and calls [`serve`] with [`shutdown_signal`].

mod certificate;
mod error;
mod listener;
mod private_file;
mod signal;
mod tls;
mod tls_terminator;

pub use certificate::self_signed_certificate;
pub use error::DevServerError;
pub use listener::{Bound, GRACE_PERIOD, bind, serve};
pub use private_file::write_private_file;
pub use signal::shutdown_signal;
pub use tls::TlsFiles;
pub use tls_terminator::terminate_tls;
