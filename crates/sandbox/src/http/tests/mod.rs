//! The router, called without a socket.

mod control;
mod cors;
mod devices;
mod exchange;
mod extension;
mod faults;
mod linking;
mod login;
mod refusals;
mod sessions;
mod settings;
mod stage;
