//! The router, called without a socket.

mod control;
mod cors;
mod exchange;
mod linking;
mod login;
mod refusals;
mod sessions;
mod stage;
