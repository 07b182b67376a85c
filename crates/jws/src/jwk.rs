//! Public keys as they are published: JWK and JWKS (RFC 7517, RFC 8037 section 2).

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Deserializer, Serialize};

/// A public Ed25519 key: `{kty:"OKP", crv:"Ed25519", kid, x, alg:"EdDSA", use:"sig"}`.
///
/// Deserializing checks that the point is on the curve, so that verification cannot fail to
/// parse the key. `alg` and `use` may be missing in the input and are always written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WireJwk", into = "WireJwk")]
pub struct Jwk {
    kid: String,
    public_key: VerifyingKey,
}

impl Jwk {
    /// The key's id, unique within its set.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key: 32 bytes as base64url without padding (RFC 8037 section 2).
    pub fn x(&self) -> String {
        Base64UrlUnpadded::encode_string(self.public_key.as_bytes())
    }

    pub(crate) fn from_public_key(kid: String, public_key: VerifyingKey) -> Self {
        Self { kid, public_key }
    }

    pub(crate) fn public_key(&self) -> &VerifyingKey {
        &self.public_key
    }
}

/// A set of public keys: `{"keys": [...]}` (RFC 7517 section 5).
///
/// Unusable keys of a document are skipped: other types, other purposes, no `kid`, invalid values. A tenant that still
/// publishes an RSA key must not lose its Ed25519 keys. A document that is not a set is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    /// The usable keys, in the order of the document.
    pub keys: Vec<Jwk>,
}

impl JwkSet {
    /// The key with this id, compared exactly. The first one when the id occurs twice.
    pub fn find(&self, kid: &str) -> Option<&Jwk> {
        self.keys.iter().find(|key| key.kid == kid)
    }
}

impl<'de> Deserialize<'de> for JwkSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct WireSet {
            keys: Vec<serde_json::Value>,
        }
        let set = WireSet::deserialize(deserializer)?;
        let usable = |value| serde_json::from_value(value).ok();
        Ok(Self { keys: set.keys.into_iter().filter_map(usable).collect() })
    }
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwkError {
    /// `kty`, `crv`, `alg` or `use` names something other than Ed25519 signatures.
    NotAnEd25519SignatureKey,
    /// `x` is not 32 bytes of base64url that encode a point of the curve, or it is a point of small order, for which
    /// signatures can be forged.
    InvalidPublicKey,
}

impl fmt::Display for JwkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnEd25519SignatureKey => "the JWK is not an Ed25519 signature key",
            Self::InvalidPublicKey => "the JWK's x is not a valid Ed25519 public key",
        })
    }
}

impl std::error::Error for JwkError {}

#[derive(Serialize, Deserialize)]
struct WireJwk {
    kty: String,
    crv: String,
    kid: String,
    x: String,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
}

impl TryFrom<WireJwk> for Jwk {
    type Error = JwkError;

    fn try_from(wire: WireJwk) -> Result<Self, JwkError> {
        let alg_fits = wire.alg.is_none_or(|alg| alg == "EdDSA");
        let purpose_fits = wire.purpose.is_none_or(|purpose| purpose == "sig");
        if wire.kty != "OKP" || wire.crv != "Ed25519" || !alg_fits || !purpose_fits {
            return Err(JwkError::NotAnEd25519SignatureKey);
        }
        let mut x = [0_u8; 32];
        match Base64UrlUnpadded::decode(without_padding(&wire.x), &mut x) {
            Ok(decoded) if decoded.len() == 32 => {}
            Ok(_) | Err(_) => return Err(JwkError::InvalidPublicKey),
        }
        let public_key = VerifyingKey::from_bytes(&x).map_err(|_| JwkError::InvalidPublicKey)?;
        if public_key.is_weak() {
            return Err(JwkError::InvalidPublicKey);
        }
        Ok(Self { kid: wire.kid, public_key })
    }
}

/// Returns base64url without padding, which RFC 7518 section 6 does not allow in keys. A padded key is the same key, and a
/// service that pads its keys must not make every token invalid.
pub(crate) fn without_padding(base64url: &str) -> &str {
    base64url.trim_end_matches('=')
}

impl From<Jwk> for WireJwk {
    fn from(jwk: Jwk) -> Self {
        Self {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            x: jwk.x(),
            kid: jwk.kid,
            alg: Some("EdDSA".to_owned()),
            purpose: Some("sig".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::SigningKey;

    fn wire(changes: &[(&str, Value)]) -> Value {
        let mut jwk = serde_json::to_value(SigningKey::generate("k1").unwrap().public_jwk()).unwrap();
        for (name, value) in changes {
            match value {
                Value::Null => jwk.as_object_mut().unwrap().remove(*name),
                other => jwk.as_object_mut().unwrap().insert((*name).to_owned(), other.clone()),
            };
        }
        jwk
    }

    fn read(changes: &[(&str, Value)]) -> Result<Jwk, serde_json::Error> {
        serde_json::from_value(wire(changes))
    }

    #[test]
    fn the_wire_form_has_all_six_members() {
        let jwk = SigningKey::generate("k1").unwrap().public_jwk();
        assert_eq!(
            serde_json::to_value(&jwk).unwrap(),
            json!({"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": jwk.x(), "alg": "EdDSA", "use": "sig"})
        );
    }

    #[test]
    fn the_wire_form_is_read_back() {
        let jwk = SigningKey::generate("k1").unwrap().public_jwk();
        let text = serde_json::to_string(&jwk).unwrap();
        assert_eq!(serde_json::from_str::<Jwk>(&text).unwrap(), jwk);
    }

    #[test]
    fn alg_and_use_may_be_missing_as_in_rfc_8037_a_2() {
        assert!(read(&[("alg", Value::Null), ("use", Value::Null)]).is_ok());
    }

    #[test]
    fn other_key_types_and_purposes_are_rejected() {
        assert!(read(&[("kty", json!("EC"))]).is_err());
        assert!(read(&[("crv", json!("X25519"))]).is_err());
        assert!(read(&[("alg", json!("HS256"))]).is_err());
        assert!(read(&[("use", json!("enc"))]).is_err());
        assert!(read(&[("kid", Value::Null)]).is_err());
    }

    #[test]
    fn invalid_and_weak_points_are_rejected() {
        let identity_point = Base64UrlUnpadded::encode_string(&{
            let mut point = [0_u8; 32];
            point[0] = 1;
            point
        });
        for x in ["", "AAAA", "not base64!", &"A".repeat(44), &identity_point] {
            assert!(read(&[("x", json!(x))]).is_err(), "{x:?}");
        }
    }

    #[test]
    fn a_padded_key_is_the_same_key() {
        let jwk: Jwk = serde_json::from_value(wire(&[])).unwrap();
        assert_eq!(read(&[("x", json!(format!("{}=", jwk.x())))]).unwrap(), jwk);
        for x in ["=".to_owned(), "A=".repeat(22), format!("={}", jwk.x())] {
            assert!(read(&[("x", json!(x))]).is_err(), "{x}");
        }
    }

    #[test]
    fn unusable_keys_of_a_set_are_skipped() {
        let set: JwkSet = serde_json::from_value(json!({"keys": [
            {"kty": "RSA", "kid": "old", "n": "AQAB", "e": "AQAB", "alg": "RS512"},
            wire(&[]),
            wire(&[("x", json!("AAAA"))]),
            17
        ]}))
        .unwrap();
        assert_eq!(set.keys.iter().map(Jwk::kid).collect::<Vec<_>>(), ["k1"]);
    }

    #[test]
    fn a_document_without_keys_is_an_error() {
        for text in ["{}", "[]", r#"{"keys":{}}"#, "null", ""] {
            assert!(serde_json::from_str::<JwkSet>(text).is_err(), "{text:?}");
        }
    }
}
