#![doc = include_str!("../README.md")]
//!
//! # Structure
//!
//! - `policy` decides on a token as a pure function of the token, the keys and the time; `issuers` on whose tokens are
//!   accepted.
//! - `issuer_keys` fetches and caches an issuer's keys; `verifier` applies the policy with them and a clock.
//! - `bearer` is the extractor and the layer for axum; `token_error` maps errors to HTTP responses.
//! - `claim_ticket` issues and redeems tickets; it shares nothing with the above but the user.
//!
//! Signatures are checked by `authress-jws`. This crate never logs in a user and keeps no sessions.

mod bearer;
mod claim_ticket;
mod issuer_keys;
mod issuers;
mod policy;
mod token_error;
mod verifier;

pub use bearer::{Authorized, RequireToken, bearer_token};
pub use claim_ticket::{
    CartClaim, ClaimTickets, MAX_TICKET_LIFETIME, TICKET_LIFETIME, TICKET_REMEMBERED, TICKET_TYPE, TicketError,
    remembered_for,
};
pub use issuer_keys::{
    FRESH_FOR, IssuerKeys, KeysUnavailable, MAX_BYTES, MIN_INTERVAL, STALE_FOR, TIMEOUT, UNKNOWN_FOR,
};
pub use issuers::InvalidIssuer;
pub use policy::{AccessToken, DEFAULT_LEEWAY_S, MAX_USER_ID_BYTES, TokenPolicy};
pub use token_error::TokenError;
pub use verifier::{JWKS_PATH, TokenVerifier};
