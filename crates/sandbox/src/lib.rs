//! A local Authress for development and tests.
//!
//! It speaks the login protocol as strictly as production is known to: redirect allow-lists, PKCE,
//! single-use anti-abuse hashes, states and codes, signed tokens, credentialed CORS on every
//! answer. Where production's behaviour is not known it takes the safe side. Everything is kept in
//! memory and forgotten at the end, and it listens on loopback only. **It is not an
//! authentication service**: at its fake identity providers anybody can be anybody.
//!
//! Decisions (`authentication`, `login`, `exchange`, `account`, `provider`) are functions of the
//! `State`, the call, the time and fresh entropy. `http` only reads calls and writes answers.

mod account;
mod answer;
mod anti_abuse;
mod application;
mod authentication;
mod bounded;
mod clock;
mod config;
mod connection;
mod cookies;
mod entropy;
mod exchange;
mod faults;
mod html;
mod http;
mod identity;
mod login;
mod provider;
mod refusal;
mod request;
mod request_log;
mod sandbox;
mod service_client;
mod session;
mod site;
mod state;
mod tokens;

pub use config::{ApplicationConfig, Config, ConfigError, ConnectionConfig, ServiceClientConfig, TlsConfig};
pub use sandbox::{Sandbox, SandboxError};
