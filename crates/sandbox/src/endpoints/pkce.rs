//! Proof Key for Code Exchange (RFC 7636), as a server checks it: method S256 only.

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The published client's verifiers have up to 234 characters, beyond RFC 7636's 128.
const MAX_VERIFIER_CHARS: usize = 256;

/// Whether an authorization request has the method `S256` and a challenge of that method: a SHA-256 digest in base64url
/// (RFC 7636 section 4.2).
pub(crate) fn is_s256_challenge(method: Option<&str>, challenge: &str) -> bool {
    let mut digest = [0; 32];
    method == Some("S256") && Base64UrlUnpadded::decode(challenge, &mut digest).is_ok_and(|bytes| bytes.len() == 32)
}

/// Whether `verifier` belongs to `challenge` (RFC 7636 section 4.6).
pub(crate) fn verifies(verifier: &str, challenge: &str) -> bool {
    let computed = Base64UrlUnpadded::encode_string(&Sha256::digest(verifier));
    verifier.len() <= MAX_VERIFIER_CHARS && secrets_match(&computed, challenge)
}

/// Compares two secrets in constant time.
pub(crate) fn secrets_match(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_pair_of_rfc_7636_appendix_b_belongs_together() {
        assert!(is_s256_challenge(Some("S256"), CHALLENGE));
        assert!(verifies(VERIFIER, CHALLENGE));
        assert!(!verifies(CHALLENGE, VERIFIER));
        assert!(!verifies("", CHALLENGE));
    }

    #[test]
    fn other_methods_and_challenges_of_another_form_are_rejected() {
        for (method, challenge) in [
            (None, CHALLENGE),
            (Some("plain"), CHALLENGE),
            (Some("S256"), ""),
            (Some("S256"), VERIFIER.get(1..).unwrap()),
            (Some("S256"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"),
            (Some("S256"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM="),
        ] {
            assert!(!is_s256_challenge(method, challenge), "{method:?} {challenge}");
        }
    }

    #[test]
    fn a_verifier_has_at_most_256_characters() {
        let long = "v".repeat(257);
        let challenge = Base64UrlUnpadded::encode_string(&Sha256::digest(&long));
        assert!(!verifies(&long, &challenge));
    }
}
