//! The steps of a login client, in order: log in, handle a callback, find and renew the session, log out.
//!
//! `authress-login-protocol` makes every decision; this crate carries the decisions out on [`Ports`]: the page, its
//! storage and cookies, the network, the clock. A browser is one implementation of the ports. The tests have another
//! one in memory, so that whole logins with several tabs, network failures and clock skew run natively.
//!
//! [`LoginClient`] and [`ExtensionClient`] are the public types. Each file below `flows` has the methods of one flow;
//! the flows share the state of `context`, the requests of `requests`, the session of `session_store` and the pending
//! authorizations of `pending_store`.

mod concurrency;
mod context;
mod extension_client;
mod flows;
mod login_client;
mod open_type;
mod pending_store;
pub mod ports;
mod requests;
mod session_store;

pub use context::Options;
pub use extension_client::ExtensionClient;
pub use login_client::LoginClient;
pub use open_type::OpenType;
pub use ports::Ports;
