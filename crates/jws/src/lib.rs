//! Ed25519 keys, signed JWTs and JWKS, for the servers.
//!
//! This crate signs with `EdDSA` and Ed25519 (RFC 8037). It verifies these signatures and the `RS512` of older
//! tenants, in the compact serialization (RFC 7515 section 3.1). It does not read a clock, fetch keys or check claims:
//! the caller chooses the keys and checks `iss`, `exp` and the other claims. Only [`SigningKey::generate`] uses
//! randomness.
//!
//! The primitives are those of `ed25519-dalek`, `ring` and, if asked for, `aws-lc-rs`. Why the form of tokens is not
//! checked by the crate `jsonwebtoken` is in `docs/decisions/verifier.md` (A5).
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
#[cfg(feature = "rsa")]
mod key_ring;
#[cfg(feature = "rsa")]
mod rsa;
mod signing_key;
mod unique_members;
mod verify;

pub use jwk::{Jwk, JwkError, JwkSet};
#[cfg(feature = "rsa")]
pub use key_ring::KeyRing;
#[cfg(feature = "rsa")]
pub use rsa::{RsaJwk, UnusableRsaKey};
pub use signing_key::{KeyError, ProtectedHeader, SigningKey};
#[cfg(feature = "rsa")]
pub use verify::verify_with_ring;
pub use verify::{Header, MAX_TOKEN_BYTES, TokenPart, Verified, VerifyError, verify};
