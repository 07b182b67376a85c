//! The router, called without a socket.

mod bound_logins;
mod callback;
mod control;
mod cors;
mod devices;
mod dialect;
mod errors;
mod extension;
mod faults;
mod harness;
mod linking;
mod management;
mod sessions;
mod settings;
mod token;
