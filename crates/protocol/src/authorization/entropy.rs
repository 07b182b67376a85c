//! The randomness of one authorization request. The caller draws it, so that this crate stays deterministic.

use super::pkce::VERIFIER_ENTROPY_BYTES;
use std::fmt;

/// Random values for one authorization request. They do not print.
#[derive(Clone, Copy)]
pub struct Entropy {
    /// For the PKCE code verifier: from a cryptographic source.
    pub code_verifier: [u8; VERIFIER_ENTROPY_BYTES],
    /// Where the search for the proof of work starts.
    pub search_start: u32,
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
