//! The demo shop's server: static pages and a cart API that checks access tokens.
//!
//! It is the example of a shop's own API: `api` verifies access tokens and moves carts between users with
//! `authress-access-token`. It does not log users in; the page does. The rest is a minimal shop: nothing
//! can be paid for, and without the setting `redisUrl` carts are kept in memory and lost at a restart.
//!
//! # What a real shop needs too
//!
//! - **The server says who the shopper is.** Script cannot verify signatures, so the cart API's responses have `userId`
//!   and `isAnonymous` from the verified token, and the page goes by them (`www/shopper.js`). Before a link the page
//!   asks whose cart it is, and refuses if it shows another shopper.
//! - **Bounds for what anonymous shoppers store,** because every visitor can get a user id. They count by client, so
//!   that one program cannot push out the carts of others, and apart from customers' carts (`client_bounded`,
//!   `cart_store`). Behind proxies the client IP address needs the setting `trustedHops`. A database needs the same
//!   bounds: a column with the client's network prefix, and an index on it with the time of the last use. Carts in Redis
//!   (`redisUrl`) are bounded by their lifetime only.
//! - **Security headers on every response,** errors too (`security_headers`).
//!
//! For development only: the binary listens on the loopback interface alone.

mod api;
mod api_error;
mod app;
pub mod cart;
mod cart_store;
pub mod catalog;
mod client_bounded;
pub mod config;
mod invites;
mod management;
mod merge_policy;
mod migrations;
mod ownership;
mod pages;
pub mod quantity;
mod reminder;
mod security_headers;
mod shop;

pub use api_error::ApiError;
pub use app::app;
pub use cart_store::RedisCarts;
pub use merge_policy::MergePolicy;
pub use ownership::OwnershipError;
pub use reminder::ReminderError;
pub use shop::Shop;
