#![doc = include_str!("../README.md")]

mod access_key;
mod authorization_request;
mod authress_domain;
mod client_address;
mod config;
mod config_error;
mod config_human_check;
mod config_warning;
mod decide;
mod endpoint;
mod human_check;
mod log_output;
mod login_request;
mod metrics;
mod navigation;
mod page;
mod policy;
mod rate_limit;
mod read_deadline;
mod redirect;
mod refusal;
mod router;
mod secret_file;
mod server;
mod service;
mod settings;
mod shared_store;
mod unknown_variable;
mod used_states;
mod user_id;

pub use access_key::{AccessKey, AccessKeyError};
pub use authorization_request::{LIFETIME_S, TOKEN_TYPE};
pub use authress_domain::{AuthressDomain, AuthressDomainError};
pub use authress_secret::Secret;
pub use client_address::{AddressDoubt, ClientNetwork, ForwardingHeader, TrustedProxies};
pub use config::{Config, LogConfig, StoreConfig, usage};
pub use config_error::ConfigError;
pub use config_human_check::{HumanCheckConfig, HumanCheckKind};
pub use config_warning::{ConfigWarning, NoNextKey};
pub use decide::{Approved, ClockReading, Decision, ENTROPY_BYTES, KEY_PROPAGATION, KeysDiffer, Verifier, decide};
pub use endpoint::App;
pub use human_check::{
    CHALLENGE_LIFETIME, CheckUnavailable, HttpClientUnavailable, HumanCheck, HumanGate, Judgement, LoginBinding,
    ProofOfWork, Provider, SiteVerify, Widget,
};
pub use log_output::LogOutput;
pub use login_request::{
    LoginRequest, MAX_CLIENT_ID_BYTES, MAX_QUERY_BYTES, MAX_REDIRECT_URI_BYTES, MAX_STATE_BYTES, Parameter,
};
pub use metrics::Metrics;
pub use navigation::{NavigationsOnly, check_navigation};
pub use page::pages_for_shoppers;
pub use policy::{Guarded, Policy, PolicyLayer};
pub use rate_limit::{CELLS, Limits, LocalRateLimiter, Rate, RateLimit, RateLimiter, RedisRateLimiter, Verdict};
pub use refusal::{Refusal, RefusalCode};
pub use router::{HEALTH_PATH, LOGIN_PATH, Login, STATE_LIFETIME, router, router_with_policy, standalone};
pub use server::{AnyApp, Connections, ServerLimits, serve, serve_counted, termination};
pub use service::{CannotServe, METRICS_PATH, READY_PATH, Service};
pub use settings::{SETTINGS, Setting};
pub use shared_store::{InvalidStoreUrl, PAUSE, SharedStore, StoreFailure, StoreUrl, WhenDown};
pub use used_states::{CAPACITY, SharedStates, local as local_states};
pub use user_id::{InvalidUserIdPrefix, USER_ID_PREFIX, UserIdPrefix};
