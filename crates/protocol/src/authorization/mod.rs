//! The authorization request that begins a login or links an identity, and what the browser keeps of it until the
//! callback.
//!
//! Authress's request differs from the redirect of RFC 6749 section 4.1.1: the client posts it to
//! `/api/authentication` with a proof of work, and the response names the URL to navigate to. The callback is in
//! [`crate::callback`].

pub mod entropy;
pub mod pending;
pub mod pkce;
pub mod proof_of_work;
pub mod request;
