#![doc = include_str!("../README.md")]

// In the order of their layers: a module uses only those above it.
mod decision;
#[cfg(feature = "server")]
mod http;
#[cfg(feature = "server")]
mod shared_store;

#[cfg(feature = "server")]
mod rate_limit;
#[cfg(feature = "server")]
mod used_states;

#[cfg(feature = "server")]
mod human_check;

#[cfg(feature = "server")]
mod config;
#[cfg(feature = "server")]
mod listening;
#[cfg(feature = "server")]
mod observability;

#[cfg(feature = "server")]
mod service;

#[cfg(feature = "server")]
mod health_check;
#[cfg(feature = "server")]
mod self_check;

#[cfg(feature = "server")]
pub use authress_secret::Secret;
#[cfg(feature = "server")]
pub use config::{
    Config, ConfigError, ConfigWarning, HumanCheckConfig, HumanCheckKind, InvalidToml, Listeners, LogConfig, NoNextKey,
    SETTINGS, Setting, StoreConfig, usage,
};
pub use decision::{
    AccessKey, AccessKeyError, Approved, AuthressDomain, AuthressDomainError, ClockReading, Decision, ENTROPY_BYTES,
    InvalidUserIdPrefix, KEY_PROPAGATION, LIFETIME_S, LoginRequest, MAX_CLIENT_ID_BYTES, MAX_QUERY_BYTES,
    MAX_REDIRECT_URI_BYTES, MAX_STATE_BYTES, NextKeyError, Parameter, QueryParameters, Refusal, RefusalCode,
    TOKEN_TYPE, USER_ID_PREFIX, UserIdPrefix, Verifier, decide,
};
#[cfg(feature = "server")]
pub use health_check::{HealthError, HealthTarget, InvalidHealthUrl, NoFixedPort, check_health};
#[cfg(feature = "server")]
pub use http::{
    App, BACKLOG, Connections, ForwardingHeader, ForwardingIssue, HttpClientUnavailable, ListeningSocket,
    NavigationsOnly, Network, NetworkPrefix, Policy, PolicyLayer, PolicyService, ServerLimits, TrustedProxies,
    check_navigation, check_navigation_or_background, html_error_pages, serve, serve_counted, termination,
};
#[cfg(feature = "server")]
pub use human_check::{
    CHALLENGE_LIFETIME, CheckOutcome, CheckUnavailable, HumanCheck, HumanGate, LoginBinding, ProofOfWork, Provider,
    SiteVerify, Widget,
};
#[cfg(feature = "server")]
pub use listening::{ListenError, Listening, METRICS_SOCKET, PassedSockets};
#[cfg(feature = "server")]
pub use observability::{LogOutput, Metrics};
#[cfg(feature = "server")]
pub use rate_limit::{CELLS, Limits, LocalRateLimiter, Rate, RateLimit, RateLimiter, RedisRateLimiter, Verdict};
#[cfg(feature = "server")]
pub use self_check::{Check, ChecksFailed, Finding, Level, Report, self_check};
#[cfg(feature = "server")]
pub use service::{
    HEALTH_PATH, LOGIN_PATH, Login, METRICS_PATH, READY_PATH, STATE_LIFETIME, Service, ServiceError, router,
    router_with_policy, standalone,
};
#[cfg(feature = "server")]
pub use shared_store::{InvalidStoreUrl, PAUSE, SharedStore, StoreFailure, StoreUrl, WhenDown};
#[cfg(feature = "server")]
pub use used_states::{CAPACITY, SharedStates, local as local_states};
