//! A private Ed25519 key that signs JWTs.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::DecodePrivateKey;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::ed25519::Signer;
use crate::jwk::Jwk;

/// A private Ed25519 key with the id under which its public half is published.
///
/// It is parsed once, so that signing cannot fail. The secret is overwritten when dropped and
/// never printed.
pub struct SigningKey {
    kid: String,
    secret: ed25519_dalek::SigningKey,
    signer: Signer,
}

impl SigningKey {
    /// Generates a key with the operating system's randomness.
    ///
    /// # Errors
    /// [`KeyError::EntropyUnavailable`] when the operating system gives no random bytes.
    pub fn generate(kid: impl Into<String>) -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0_u8; SEED_BYTES]);
        getrandom::fill(seed.as_mut_slice()).map_err(|_| KeyError::EntropyUnavailable)?;
        Ok(Self::new(kid.into(), ed25519_dalek::SigningKey::from_bytes(&seed)))
    }

    /// Reads a PKCS#8 document with an Ed25519 key (RFC 8410 section 7), with or without the
    /// public key in it. A public key that does not belong to the private one is an error.
    ///
    /// # Errors
    /// [`KeyError::NotEd25519Pkcs8`], which contains nothing of `der`.
    pub fn from_pkcs8_der(kid: impl Into<String>, der: &[u8]) -> Result<Self, KeyError> {
        let secret = ed25519_dalek::SigningKey::from_pkcs8_der(der).map_err(|_| KeyError::NotEd25519Pkcs8)?;
        Ok(Self::new(kid.into(), secret))
    }

    fn new(kid: String, secret: ed25519_dalek::SigningKey) -> Self {
        let signer = Signer::new(&secret);
        Self { kid, secret, signer }
    }

    /// The key as a PKCS#8 document of 48 bytes without the public key: the form in Authress
    /// access keys (RFC 8410 section 10.3, first example).
    pub fn to_pkcs8_der(&self) -> Zeroizing<Vec<u8>> {
        let mut der = Zeroizing::new(Vec::with_capacity(PKCS8_PREFIX.len() + SEED_BYTES));
        der.extend_from_slice(&PKCS8_PREFIX);
        der.extend_from_slice(self.secret.as_bytes());
        der
    }

    /// The key id of the `kid` header.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key, for publication in a JWKS.
    pub fn public_jwk(&self) -> Jwk {
        Jwk::from_public_key(self.kid.clone(), self.secret.verifying_key())
    }

    /// Signs a JWT in compact serialization with the header `{alg:"EdDSA", kid, typ}`.
    ///
    /// `typ` is the media type of the token without `application/`, for example `at+jwt`
    /// (RFC 9068 section 2.1).
    ///
    /// # Panics
    /// When `claims` cannot be serialized as JSON. Structs of strings and numbers and
    /// [`serde_json::Value`] always can; a map with keys that are not strings cannot.
    pub fn sign_jwt(&self, typ: &str, claims: &impl Serialize) -> String {
        self.sign_with(&self.protected_header(typ), claims)
    }

    /// The header `{alg:"EdDSA", kid, typ}` of this key's tokens, for [`SigningKey::sign_with`].
    pub fn protected_header(&self, typ: &str) -> ProtectedHeader {
        let mut text = String::new();
        push_segment(&mut text, &HeaderMembers { alg: "EdDSA", kid: &self.kid, typ });
        text.push('.');
        ProtectedHeader(text)
    }

    /// Like [`SigningKey::sign_jwt`], with a header that is serialized once for many tokens of one
    /// type. The header must be this key's.
    ///
    /// # Panics
    /// As [`SigningKey::sign_jwt`].
    pub fn sign_with(&self, header: &ProtectedHeader, claims: &impl Serialize) -> String {
        let mut token = String::with_capacity(header.0.len() + TYPICAL_REST_BYTES);
        token.push_str(&header.0);
        push_segment(&mut token, claims);
        let signature = self.signer.sign(token.as_bytes());
        token.push('.');
        push_base64url(&mut token, &signature);
        token
    }
}

/// The serialized header of a JWT: its first segment and the dot after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectedHeader(String);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).field("secret", &"[redacted]").finish()
    }
}

/// Why a key could not be generated or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The operating system gave no random bytes.
    EntropyUnavailable,
    /// The bytes are not a PKCS#8 document with an Ed25519 private key: truncated, of another
    /// algorithm (RSA, P-256), or with a public key that does not match.
    NotEd25519Pkcs8,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EntropyUnavailable => "the operating system gave no random bytes",
            Self::NotEd25519Pkcs8 => "not a PKCS#8 document with an Ed25519 private key",
        })
    }
}

impl std::error::Error for KeyError {}

#[derive(Serialize)]
struct HeaderMembers<'a> {
    alg: &'static str,
    kid: &'a str,
    typ: &'a str,
}

#[expect(clippy::expect_used, reason = "documented panic: claims that cannot be serialized are a bug of the caller")]
fn push_segment(token: &mut String, value: &impl Serialize) {
    let mut json = Vec::with_capacity(TYPICAL_REST_BYTES);
    serde_json::to_writer(&mut json, value).expect("claims must be serializable as JSON");
    push_base64url(token, &json);
}

/// A token's content is public: unlike keys, it needs no constant-time encoder such as base64ct's.
fn push_base64url(token: &mut String, bytes: &[u8]) {
    URL_SAFE_NO_PAD.encode_string(bytes, token);
}

/// The typical length of claims and signature in base64url.
const TYPICAL_REST_BYTES: usize = 640;

const SEED_BYTES: usize = 32;

/// SEQUENCE { version 0, algorithm 1.3.101.112, OCTET STRING { OCTET STRING of 32 bytes } }.
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

#[cfg(test)]
mod tests {
    use base64ct::{Base64UrlUnpadded, Encoding};

    use super::*;

    /// RFC 8037 appendix A.1, `d` and `x`.
    const RFC8037_D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const RFC8037_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn rfc8037_key() -> SigningKey {
        let mut der = PKCS8_PREFIX.to_vec();
        der.extend(Base64UrlUnpadded::decode_vec(RFC8037_D).unwrap());
        SigningKey::from_pkcs8_der("rfc8037", &der).unwrap()
    }

    #[test]
    fn the_public_key_of_rfc_8037_a_1_is_derived() {
        assert_eq!(rfc8037_key().public_jwk().x(), RFC8037_X);
    }

    #[test]
    fn the_signature_of_rfc_8037_a_4_is_reproduced() {
        let signing_input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = rfc8037_key().signer.sign(signing_input.as_bytes());
        assert_eq!(
            Base64UrlUnpadded::encode_string(&signature),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
    }

    #[test]
    fn pkcs8_survives_a_round_trip_in_48_bytes() {
        let key = SigningKey::generate("k").unwrap();
        let der = key.to_pkcs8_der();
        assert_eq!(der.len(), 48);
        let again = SigningKey::from_pkcs8_der("k", &der).unwrap();
        assert_eq!(again.public_jwk(), key.public_jwk());
    }

    #[test]
    fn generated_keys_differ() {
        let first = SigningKey::generate("k").unwrap().public_jwk();
        let second = SigningKey::generate("k").unwrap().public_jwk();
        assert_ne!(first, second);
    }

    #[test]
    fn every_truncated_or_extended_document_is_rejected() {
        let der = SigningKey::generate("k").unwrap().to_pkcs8_der();
        for length in 0..der.len() {
            let cut = SigningKey::from_pkcs8_der("k", &der[..length]);
            assert_eq!(cut.unwrap_err(), KeyError::NotEd25519Pkcs8, "{length} bytes");
        }
        let mut longer = der.to_vec();
        longer.push(0);
        assert!(SigningKey::from_pkcs8_der("k", &longer).is_err());
    }

    #[test]
    fn a_key_of_another_algorithm_is_rejected() {
        let mut x25519 = SigningKey::generate("k").unwrap().to_pkcs8_der();
        x25519[11] = 0x6e;
        assert!(SigningKey::from_pkcs8_der("k", &x25519).is_err());
    }

    #[test]
    fn debug_prints_the_key_id_and_not_the_secret() {
        let printed = format!("{:?}", rfc8037_key());
        assert_eq!(printed, r#"SigningKey { kid: "rfc8037", secret: "[redacted]" }"#);
    }

    #[test]
    fn a_header_that_was_serialized_before_gives_the_same_token() {
        let key = rfc8037_key();
        let claims = serde_json::json!({ "sub": "user_1", "text": "x".repeat(200) });
        assert_eq!(key.sign_with(&key.protected_header("at+jwt"), &claims), key.sign_jwt("at+jwt", &claims));
    }

    #[test]
    fn inputs_of_every_length_are_encoded_completely() {
        for length in 0..200_u8 {
            let bytes: Vec<u8> = (0..length).collect();
            let mut text = String::new();
            push_base64url(&mut text, &bytes);
            assert_eq!(text, Base64UrlUnpadded::encode_string(&bytes));
        }
    }

    #[test]
    fn the_header_has_alg_kid_and_typ() {
        let token = rfc8037_key().sign_jwt("at+jwt", &serde_json::json!({}));
        let header = Base64UrlUnpadded::decode_vec(token.split('.').next().unwrap()).unwrap();
        assert_eq!(header, br#"{"alg":"EdDSA","kid":"rfc8037","typ":"at+jwt"}"#);
    }
}
