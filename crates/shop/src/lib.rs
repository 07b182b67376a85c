//! The demo shop's server: static pages and a cart API that checks access tokens.
//!
//! It never logs anybody in. Whose request it is, and who may take whose cart, is decided by
//! `authress-access-token`; `api.rs` shows all there is to it. The rest is a very small shop: carts
//! live in memory and are gone after a restart, and nothing can be paid for.
//!
//! For development only: the binary listens on the loopback interface alone.

mod api;
mod app;
pub mod cart;
pub mod catalog;
pub mod config;
mod error;
mod pages;
mod store;

pub use app::{Shop, app};
pub use error::ApiError;
