#![doc = include_str!("../README.md")]

mod access_key;
mod authorization_request;
mod authress_domain;
mod config;
mod decide;
mod login_request;
mod redirect;
mod refusal;
mod router;
mod server;
mod user_id;

pub use access_key::{AccessKey, AccessKeyError};
pub use authorization_request::{LIFETIME_S, TOKEN_TYPE};
pub use authress_domain::{AuthressDomain, AuthressDomainError};
pub use config::{Config, ConfigError, USAGE};
pub use decide::{Decision, ENTROPY_BYTES, Verifier, decide};
pub use login_request::{
    LoginRequest, MAX_CLIENT_ID_BYTES, MAX_QUERY_BYTES, MAX_REDIRECT_URI_BYTES, MAX_STATE_BYTES, Parameter,
};
pub use refusal::{Refusal, RefusalCode};
pub use router::{HEALTH_PATH, LOGIN_PATH, router, standalone};
pub use server::{DRAIN_LIMIT, serve, termination};
pub use user_id::USER_ID_PREFIX;
