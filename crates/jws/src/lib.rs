//! Ed25519 keys, signed JWTs and JWKS, for the servers.
//!
//! Signs with one algorithm, `EdDSA` with Ed25519 (RFC 8037), verifies it and the `RS512` of older
//! tenants, and knows one token form, the three-segment
//! compact serialization (RFC 7515 section 3.1). It does not read a clock, fetch keys or decide
//! who may be trusted: which keys are offered and what `iss`, `exp` and the other claims must say
//! is the caller's policy. Randomness is used by [`SigningKey::generate`] alone.
//!
//! ```
//! use authress_jws::{JwkSet, SigningKey, verify};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = SigningKey::generate("key-1")?;
//! let token = key.sign_jwt("at+jwt", &serde_json::json!({ "sub": "user_1", "exp": 1_700_000_060 }));
//!
//! let published = JwkSet { keys: vec![key.public_jwk()] };
//! let verified = verify(&token, &published, Some("at+jwt"))?;
//! assert_eq!(verified.claim_str("sub"), Some("user_1"));
//! assert_eq!(verified.claim_i64("exp"), Some(1_700_000_060));
//! # Ok(())
//! # }
//! ```

mod ed25519;
mod jwk;
mod rsa;
mod signing_key;
mod verify;

pub use jwk::{Jwk, JwkError, JwkSet};
pub use rsa::{KeyRing, RsaJwk, UnusableRsaKey};
pub use signing_key::{KeyError, ProtectedHeader, SigningKey};
pub use verify::{Header, MAX_TOKEN_BYTES, TokenPart, Verified, VerifyError, verify, verify_with_ring};
