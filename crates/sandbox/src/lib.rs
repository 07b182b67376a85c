//! A local Authress for development and tests.
//!
//! It implements the login protocol as strictly as production is known to: allowed redirect URLs, PKCE,
//! single-use anti-abuse hashes, states and codes, signed tokens, credentialed CORS on every
//! response. Where evidence of production's behaviour is weak or contradicts what this project assumes, a switch of the
//! [`Dialect`] decides; this crate's README has a table of them. All state is kept in
//! memory and lost when the process ends, and it listens on loopback only. **It is not an
//! authentication service**: at its fake identity providers, everyone can log in as anyone.
//!
//! # Where production's behaviour is not known
//!
//! The default dialect follows these rules, and so does every other one where it has no switch:
//!
//! - **Redirect URLs.** An entry of `redirectUrls` allows its scheme, port and host, sub-domains of a host of
//!   two or more labels, its path and what is below it, any query and fragment.
//! - **Cross-origin access.** Every origin is echoed, so that error responses can be read; credentials are
//!   allowed, and session cookies count, only for pages of a configured application.
//! - **Anti-abuse hashes** are valid for five minutes either way, and once per PKCE challenge or code.
//! - **An invalid callback** (unknown or used state, an invalid code of the verifier) ends on an error page and not in
//!   a redirect, and the request stays pending. An expired request, a cancelled login and a rejected link are
//!   reported to the application with `nonce`, `iss`, `error`, `errorCode` and `error_description`.
//! - **A rejected token request** does not use up the code; a successful one does.
//! - **`responseLocation: none`** starts the session and sends neither code nor tokens; `query`
//!   sends a code where cookies would have been used otherwise.
//! - **Linking** starts a new session whose `azp` is the new connection, and responds like a login.
//!   The identities of service clients cannot be linked, and a user cannot log in with them again: the last
//!   identity of a provider cannot be unlinked.
//! - **Credentials** of a provider are random, opaque and new with each login. The session of a service client
//!   has none.
//! - **Devices** are listed only: no login asks for them. The code of a TOTP device is checked. Of a WebAuthn
//!   registration, the fields, challenge and origin are checked and the attestation is not.
//! - **Extensions** get a code and never a session: the platform's session in the browser stays as it was.
//!   Their tokens do not give access to the user's account.
//! - **Tenants** stand for a connection. Connection properties are ignored, and so are unknown invites without the switch.
//!
//! - **The management API** is the part that a shop's server needs. The README says which of its rules are inferred.
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
    ApplicationConfig, Config, ConfigError, ConnectionConfig, ExtensionConfig, PermissionConfig, ResourceConfig,
    RoleConfig, ServiceClientConfig, StatementConfig,
};
pub use dialect::{
    AccessTokenAudience, CallbackErrors, Dialect, IdentityCookie, InvalidInput, IssuerHost, LargeIdentityCookie,
    NoSession, RefusedLink, RenewalResponse, UnknownTenant, UserIds,
};
pub use http::Delay;
pub use model::service_client::ServiceClientOptions;
#[cfg(feature = "server")]
pub use sandbox::Sandbox;
pub use sandbox::{InProcess, SandboxError};
