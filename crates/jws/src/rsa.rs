//! RSA keys of older tenants: verification only (RFC 7518 section 3.3, `RS512`).

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use ring::signature::{RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents};
use serde::Deserialize;

use crate::jwk::{Jwk, JwkSet};

/// A public RSA key for `RS512` signatures, of 2048 to 8192 bits.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WireRsaJwk")]
pub struct RsaJwk {
    kid: String,
    /// Big-endian, without leading zeros.
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl RsaJwk {
    /// The key's id, unique within its set.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Whether `signature` is this key's `RS512` signature of `message`.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = RsaPublicKeyComponents { n: &self.modulus, e: &self.exponent };
        key.verify(&RSA_PKCS1_2048_8192_SHA512, message, signature).is_ok()
    }
}

impl fmt::Debug for RsaJwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaJwk")
            .field("kid", &self.kid)
            .field("bits", &(self.modulus.len() * 8))
            .finish_non_exhaustive()
    }
}

/// All public keys of an issuer that sign tokens, of both kinds. A key belongs to one algorithm: a
/// token that names another one for it is a token of an unknown key.
///
/// As with [`JwkSet`], keys that cannot be used are skipped when a set is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRing {
    /// For `EdDSA`.
    pub ed25519: JwkSet,
    /// For `RS512`.
    pub rsa: Vec<RsaJwk>,
}

impl KeyRing {
    /// Whether a key of either kind has this id.
    pub fn contains(&self, kid: &str) -> bool {
        self.ed25519.find(kid).is_some() || self.find_rsa(kid).is_some()
    }

    pub(crate) fn find_rsa(&self, kid: &str) -> Option<&RsaJwk> {
        self.rsa.iter().find(|key| key.kid == kid)
    }
}

impl From<JwkSet> for KeyRing {
    fn from(ed25519: JwkSet) -> Self {
        Self { ed25519, rsa: Vec::new() }
    }
}

impl<'de> Deserialize<'de> for KeyRing {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct WireSet {
            keys: Vec<serde_json::Value>,
        }
        let mut ring = Self::default();
        for key in WireSet::deserialize(deserializer)?.keys {
            if let Ok(key) = serde_json::from_value::<Jwk>(key.clone()) {
                ring.ed25519.keys.push(key);
            } else if let Ok(key) = serde_json::from_value::<RsaJwk>(key) {
                ring.rsa.push(key);
            }
        }
        Ok(ring)
    }
}

/// Why a JWK is no RSA key this crate can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnusableRsaKey;

impl fmt::Display for UnusableRsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the JWK is not an RSA key of 2048 to 8192 bits for RS512 signatures")
    }
}

impl std::error::Error for UnusableRsaKey {}

#[derive(Deserialize)]
struct WireRsaJwk {
    kty: String,
    kid: String,
    n: String,
    e: String,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
}

impl TryFrom<WireRsaJwk> for RsaJwk {
    type Error = UnusableRsaKey;

    fn try_from(wire: WireRsaJwk) -> Result<Self, UnusableRsaKey> {
        let alg_fits = wire.alg.is_none_or(|alg| alg == "RS512");
        let purpose_fits = wire.purpose.is_none_or(|purpose| purpose == "sig");
        let number = |text: &str| {
            let bytes = Base64UrlUnpadded::decode_vec(text).map_err(|_| UnusableRsaKey)?;
            Ok(bytes.into_iter().skip_while(|byte| *byte == 0).collect::<Vec<u8>>())
        };
        let (modulus, exponent) = (number(&wire.n)?, number(&wire.e)?);
        let is_sane = (256..=1024).contains(&modulus.len()) && (1..=4).contains(&exponent.len());
        if wire.kty != "RSA" || !alg_fits || !purpose_fits || !is_sane {
            return Err(UnusableRsaKey);
        }
        Ok(Self { kid: wire.kid, modulus, exponent })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(changes: &[(&str, Value)]) -> Option<RsaJwk> {
        let modulus = Base64UrlUnpadded::encode_string(&[0xc1; 256]);
        let mut key = json!({ "kty": "RSA", "kid": "old", "n": modulus, "e": "AQAB", "alg": "RS512", "use": "sig" });
        for (name, value) in changes {
            key[*name] = value.clone();
        }
        serde_json::from_value(key).ok()
    }

    #[test]
    fn a_key_for_another_purpose_or_that_is_too_small_is_refused() {
        assert!(read(&[]).is_some());
        assert!(read(&[("alg", Value::Null), ("use", Value::Null)]).is_some());
        for (name, value) in [
            ("kty", json!("EC")),
            ("alg", json!("RS256")),
            ("alg", json!("HS256")),
            ("use", json!("enc")),
            ("n", json!(Base64UrlUnpadded::encode_string(&[0xc1; 128]))),
            ("n", json!(Base64UrlUnpadded::encode_string(&[0; 256]))),
            ("n", json!("+/")),
            ("e", json!("")),
            ("kid", Value::Null),
        ] {
            assert!(read(&[(name, value.clone())]).is_none(), "{name}: {value}");
        }
    }
}
