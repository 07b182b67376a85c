//! Proof Key for Code Exchange, RFC 7636, method S256.

use crate::{base64url, secret::Secret, text};
use authress_sha256::digest;

/// Bytes of randomness behind a code verifier. 48 bytes become 64 characters, inside the
/// 43 to 128 that RFC 7636 section 4.1 allows, and exceed its recommended 256 bits.
pub const VERIFIER_ENTROPY_BYTES: usize = 48;

/// The secret half of a PKCE pair. It stays in the browser until the code exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeVerifier(Secret);

impl CodeVerifier {
    /// Makes a verifier from bytes of the browser's cryptographic randomness.
    pub fn from_entropy(entropy: [u8; VERIFIER_ENTROPY_BYTES]) -> Self {
        Self(Secret::new(base64url::encode(&entropy)))
    }

    /// Takes back a verifier from storage, whatever its length: the published client writes up to
    /// 234 characters, and a login that it began must be completed.
    pub fn restore(stored: &str) -> Self {
        Self(Secret::new(stored))
    }

    /// The verifier itself, for storage and the code exchange.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Another unguessable text, from which the verifier cannot be learnt.
    pub(crate) fn derive(&self, purpose: &str) -> String {
        base64url::encode(&digest(text::concat(&[purpose, "|", self.expose()]).as_bytes()))
    }

    /// The public half, sent with the authentication request.
    pub fn challenge(&self) -> String {
        challenge_s256(self.expose())
    }
}

/// The S256 code challenge of a verifier, RFC 7636 section 4.2.
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
