//! What each endpoint decides: functions of the [`State`](crate::state::State), the request, the time and fresh
//! randomness.
//!
//! Nothing here reads or writes HTTP; that is [`crate::http`], whose files have the same names.

pub(crate) mod account;
pub(crate) mod authentication;
pub(crate) mod authorization_response;
pub(crate) mod browser_binding;
pub(crate) mod callback;
pub(crate) mod devices;
pub(crate) mod error_page;
pub(crate) mod extension;
pub(crate) mod management;
pub(crate) mod pkce;
pub(crate) mod provider;
pub(crate) mod query;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod token;
