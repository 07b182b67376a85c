//! The demo shop's server: static pages and a cart API that checks access tokens.
//!
//! It is the example of a shop's own API: `api` verifies access tokens and moves carts between users with
//! `authress-access-token`. It does not log users in; the page does. The rest is a minimal shop: carts
//! are kept in memory and lost at a restart, and nothing can be paid for.
//!
//! For development only: the binary listens on the loopback interface alone.

mod api;
mod api_error;
mod app;
pub mod cart;
mod cart_store;
pub mod catalog;
pub mod config;
mod pages;
mod shop;

pub use api_error::ApiError;
pub use app::app;
pub use shop::Shop;
