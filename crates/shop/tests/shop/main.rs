//! The shop's server from outside: requests to the router, with a real issuer of keys behind it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed helper is a failed test")]

mod cart_api;
mod pages;
#[cfg(unix)]
mod redis_carts;
mod reminders;
mod security_headers;
mod support;
