//! The decision on a login request: what it must look like, where the response goes, and how it is signed.
//!
//! Everything here is a function of its arguments. Nothing reads a clock, draws random numbers or does I/O; that is the
//! caller's part (see `service`).

// Some of it is only for the server.
#![cfg_attr(not(feature = "server"), allow(dead_code, unused_imports))]

mod authorization_request;
mod decide;
mod login_request;
mod parameter;
mod redirect;
mod refusal;
mod user_id;

pub use authorization_request::{LIFETIME_S, TOKEN_TYPE};
pub use authress_access_key::{AccessKey, AccessKeyError, AuthressDomain, AuthressDomainError};
pub use decide::{Approved, ClockReading, Decision, ENTROPY_BYTES, KEY_PROPAGATION, NextKeyError, Verifier, decide};
pub use login_request::{LoginRequest, MAX_CLIENT_ID_BYTES, MAX_QUERY_BYTES, MAX_REDIRECT_URI_BYTES, MAX_STATE_BYTES};
pub use parameter::Parameter;
pub use redirect::QueryParameters;
pub(crate) use refusal::method_not_allowed;
pub use refusal::{Refusal, RefusalCode};
pub use user_id::{InvalidUserIdPrefix, USER_ID_PREFIX, UserIdPrefix};
