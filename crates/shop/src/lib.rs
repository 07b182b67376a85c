//! The demo shop's server: static pages and a cart API that checks access tokens.
//!
//! It never logs anybody in and holds no secret. What a shop has to do with Authress on its
//! server is in two files: [`token`] decides whose request it is, [`keys`] fetches the public
//! keys for that. The rest is a very small shop: carts live in memory and are gone after a
//! restart, and nothing can be paid for.
//!
//! For development only: the binary listens on the loopback interface alone.

mod api;
mod app;
pub mod cart;
pub mod catalog;
pub mod config;
mod error;
pub mod keys;
mod pages;
mod store;
pub mod token;

pub use app::{Shop, app};
pub use error::ApiError;
