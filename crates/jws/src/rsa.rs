//! The RSA keys of older tenants, for verification only: `RS512` (RFC 7518 section 3.3).

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use ring::signature::{RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents};
use serde::Deserialize;

use crate::jwk::without_padding;

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

/// The JWK is not an RSA key of 2048 to 8192 bits for `RS512` signatures.
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
            let bytes = Base64UrlUnpadded::decode_vec(without_padding(text)).map_err(|_| UnusableRsaKey)?;
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
    fn a_key_for_another_purpose_or_of_a_smaller_size_is_rejected() {
        assert!(read(&[]).is_some());
        assert!(read(&[("alg", Value::Null), ("use", Value::Null)]).is_some());
        assert_eq!(read(&[("e", json!("AQAB=="))]), read(&[("e", json!("AQAB"))]), "padding is not part of a key");
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
