//! The authorization request that begins a login or a link, and what is kept of it until the callback.

pub mod pending;
pub mod pkce;
pub mod proof_of_work;
pub mod request;
