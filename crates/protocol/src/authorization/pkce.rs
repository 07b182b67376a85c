//! Proof Key for Code Exchange, RFC 7636, method S256.

use crate::{base64url, secret::Secret};
use authress_sha256::digest;

/// The number of random bytes in a code verifier. 48 bytes become 64 characters: RFC 7636 section 4.1 allows 43 to 128
/// and recommends at least 256 bits.
pub const VERIFIER_ENTROPY_BYTES: usize = 48;

/// The code verifier: the secret that the browser keeps until the code exchange (RFC 7636 section 4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeVerifier(Secret);

impl CodeVerifier {
    /// Encodes bytes from a cryptographic source of randomness.
    pub fn from_entropy(entropy: [u8; VERIFIER_ENTROPY_BYTES]) -> Self {
        Self(Secret::new(base64url::encode(&entropy)))
    }

    /// Reads a verifier back from storage, whatever its length. The published client writes up to 234 characters, and
    /// this client completes logins that the published client began.
    pub fn restore(stored: &str) -> Self {
        Self(Secret::new(stored))
    }

    /// Returns the verifier itself, for storage and the code exchange.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Derives another unguessable string for `purpose`, which does not reveal the verifier.
    pub(crate) fn derive(&self, purpose: &str) -> String {
        base64url::encode(&digest([purpose, "|", self.expose()].concat().as_bytes()))
    }

    /// Returns the code challenge, which the authorization request carries.
    pub fn challenge(&self) -> String {
        challenge_s256(self.expose())
    }
}

/// Returns the S256 code challenge of a verifier (RFC 7636 section 4.2).
pub fn challenge_s256(verifier: &str) -> String {
    base64url::encode(&digest(verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_7636_appendix_b() {
        assert_eq!(
            challenge_s256("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn a_verifier_has_an_allowed_length_and_alphabet() {
        let verifier = CodeVerifier::from_entropy([0xa5; VERIFIER_ENTROPY_BYTES]);
        assert!((43..=128).contains(&verifier.expose().len()));
        assert!(verifier.expose().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)));
    }
}
