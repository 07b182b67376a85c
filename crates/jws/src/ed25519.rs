//! What makes the signatures. Ed25519 is deterministic (RFC 8032 section 5.1.6): whatever makes one,
//! it is the same, and the tests hold both makers to that.

/// A private key, ready to sign. What it holds is wiped when it is dropped.
pub(crate) struct Signer(Inner);

/// AWS-LC's assembly takes less than half the time for a signature. It is written in C and assembly
/// and takes a C compiler and a minute to build, so it has to be asked for by the feature `aws-lc`.
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

    #[expect(clippy::expect_used, reason = "only a failure to allocate ends in an error, as everywhere")]
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
        fn a_signature_is_the_one_that_the_other_maker_makes(seed: [u8; 32], message: Vec<u8>) {
            let secret = ed25519_dalek::SigningKey::from_bytes(&seed);
            prop_assert_eq!(Signer::new(&secret).sign(&message), secret.sign(&message).to_bytes());
        }
    }
}
