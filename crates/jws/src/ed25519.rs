//! Ed25519 signatures, by `ed25519-dalek` or AWS-LC. Ed25519 is deterministic (RFC 8032 section 5.1.6): the tests check
//! that both produce the same signature.

/// A private key, ready to sign. It is overwritten when dropped.
pub(crate) struct Signer(Inner);

/// AWS-LC takes less than half the time for a signature. Building it takes a C compiler and a minute, so it is
/// behind the feature `aws-lc`.
#[cfg(feature = "aws-lc")]
type Inner = aws_lc_rs::signature::Ed25519KeyPair;

#[cfg(not(feature = "aws-lc"))]
type Inner = ed25519_dalek::SigningKey;

#[cfg(feature = "aws-lc")]
impl Signer {
    #[expect(clippy::expect_used, reason = "32 bytes and the public key that was made of them")]
    pub(crate) fn new(secret: &ed25519_dalek::SigningKey) -> Self {
        let public_key = secret.verifying_key();
        let pair = Inner::from_seed_and_public_key(secret.as_bytes(), public_key.as_bytes());
        Self(pair.expect("a seed and its public key are a key pair"))
    }

    #[expect(clippy::expect_used, reason = "fails only when memory cannot be allocated")]
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature = self.0.try_sign(message).expect("an Ed25519 key signs every message");
        signature.as_ref().try_into().expect("an Ed25519 signature has 64 bytes")
    }
}

#[cfg(not(feature = "aws-lc"))]
impl Signer {
    pub(crate) fn new(secret: &ed25519_dalek::SigningKey) -> Self {
        Self(secret.clone())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        ed25519_dalek::Signer::sign(&self.0, message).to_bytes()
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::Signer as _;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_implementations_produce_the_same_signature(seed: [u8; 32], message: Vec<u8>) {
            let secret = ed25519_dalek::SigningKey::from_bytes(&seed);
            prop_assert_eq!(Signer::new(&secret).sign(&message), secret.sign(&message).to_bytes());
        }
    }
}
