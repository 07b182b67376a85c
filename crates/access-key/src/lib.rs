//! What a service client's signature consists of: its access key, and the Authress domain that names the issuer.
//!
//! Two programs sign with an access key: the verifier vouches for user ids, and `authress-service-client` makes the
//! service client's own tokens. This crate parses what both are configured with. It makes no statements, reads no clock
//! and does no I/O, and compiles to WebAssembly.

mod access_key;
mod authress_domain;

pub use access_key::{AccessKey, AccessKeyError};
pub use authress_domain::{AuthressDomain, AuthressDomainError, LOGIN_PATH};
