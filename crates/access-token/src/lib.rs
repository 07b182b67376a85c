//! For a shop's own APIs: whose request is it?
//!
//! [`TokenPolicy`] decides on a token in one pure function. [`TokenVerifier`] puts the issuer's public
//! keys to it, fetched from the configured domain and from nowhere else. For axum there is an
//! extractor ([`AccessToken`] as an argument of a handler) and a tower layer ([`RequireToken`]). An
//! anonymous shopper's token and a signed-in shopper's are treated alike: both name a user id that
//! stays the same when the one becomes the other.
//!
//! [`ClaimTickets`] are for the one case in which it does not stay the same: a shopper whose real
//! identity already owns another user id takes the cart along.
//!
//! ```no_run
//! use authress_access_token::{AccessToken, TokenPolicy, TokenVerifier};
//! use axum::{Router, routing::get};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let policy = TokenPolicy::new("https://login.example.com")?.for_application("app_shop");
//! let tokens = TokenVerifier::new(policy)?;
//! let api: Router = Router::new()
//!     .route("/api/me", get(|token: AccessToken| async move { token.user_id }))
//!     .with_state(tokens);
//! # Ok(())
//! # }
//! ```

mod bearer;
mod claim_ticket;
mod keys;
mod policy;
mod refusal;
mod verifier;

pub use bearer::{Authorized, RequireToken, bearer_token};
pub use claim_ticket::{ClaimTickets, TICKET_LIFETIME, TICKET_REMEMBERED, TICKET_TYPE, TicketRefusal};
pub use keys::{FRESH_FOR, Keys, KeysUnavailable, MAX_BYTES, MIN_INTERVAL, STALE_FOR, TIMEOUT, UNKNOWN_FOR};
pub use policy::{AccessToken, DEFAULT_LEEWAY_S, InvalidIssuer, MAX_USER_ID_BYTES, TokenPolicy};
pub use refusal::TokenRefusal;
pub use verifier::TokenVerifier;
