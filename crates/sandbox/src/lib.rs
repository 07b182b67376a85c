//! A local Authress for development and tests.
//!
//! It speaks the login protocol as strictly as production is known to: redirect allow-lists, PKCE,
//! single-use anti-abuse hashes, states and codes, signed tokens, credentialed CORS on every
//! answer. Where production's behaviour is not known it takes the safe side. Everything is kept in
//! memory and forgotten at the end, and it listens on loopback only. **It is not an
//! authentication service**: at its fake identity providers anybody can be anybody.
//!
//! # Where production's behaviour is not known
//!
//! - **Redirects.** An allow-list entry allows its scheme, port and host, sub-domains of a host of
//!   two or more labels, its path and what is below it, any query and fragment.
//! - **Cross-origin access.** Every origin is echoed, so that refusals can be read; credentials are
//!   allowed, and session cookies count, only for pages of a configured application.
//! - **Anti-abuse hashes** hold for five minutes either way and once per PKCE challenge or code.
//! - **A return that cannot be trusted** (unknown or used state, a verifier's answer that does not
//!   hold) ends on a page, not in a redirect, and leaves a pending login pending. An expired
//!   request, a cancelled login and a refused link are told to the application with `nonce`,
//!   `iss`, `error`, `errorCode` and `error_description`.
//! - **A refused code exchange** does not use the code up; a successful one does.
//! - **`responseLocation: none`** starts the session and sends neither code nor tokens; `query`
//!   gives a code wherever cookies would have been the answer.
//! - **Linking** makes a new session whose `azp` is the new connection and answers like a login.
//!   A service client's identities cannot be linked, and do not count as a way to log in: the last
//!   identity of a provider cannot be unlinked.
//! - **Credentials** of a provider are opaque, made up and new with each login. A service client's
//!   session has none.
//! - **Devices** are only kept in a list: no login asks for them. A TOTP code is checked, a WebAuthn
//!   registration only for its fields, challenge and origin, not for its attestation.
//! - **Extensions** get a code and never a session: a platform's page stays logged in as it was.
//!   Their tokens are refused wherever a user's account is read or changed.
//! - **Tenants** do not exist; invitations and connection properties are ignored.
//!
//! # Structure
//!
//! - `model`: applications, users, sessions, pending requests, codes. `state` holds all of it.
//! - `endpoints`: what each endpoint decides, as functions of the state, the request, the time and fresh randomness.
//! - `http`: routes, reading requests, writing responses; pages in `http::html`.
//! - `control`: what tests control, served below `/sandbox`.
//! - `config`: the configuration file. `dialect`: the switches for what differs between servers.

mod bounded_map;
mod clock;
mod config;
mod control;
mod cookies;
mod dialect;
mod endpoints;
mod entropy;
mod error;
mod http;
mod model;
mod request_context;
mod sandbox;
mod site;
mod state;
mod tokens;

#[cfg(test)]
mod tests;

pub use config::{
    ApplicationConfig, Config, ConfigError, ConnectionConfig, ExtensionConfig, ServiceClientConfig, TlsConfig,
};
pub use sandbox::{InProcess, Sandbox, SandboxError};
