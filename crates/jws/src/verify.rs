//! Verification of compact JWTs: form and signature. Claims are the caller's to check.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::Signature;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::jwk::{Jwk, JwkSet};
#[cfg(feature = "rsa")]
use crate::key_ring::KeyRing;
#[cfg(feature = "rsa")]
use crate::rsa::RsaJwk;
use crate::unique_members::UniqueMembers;

/// The longest token that is verified, in bytes. HTTP servers rarely accept longer headers.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Checks the form and the signature of a compact JWT.
///
/// The token must have three segments of canonical base64url without padding, a header with `alg`
/// exactly `EdDSA`, a `kid` that is in `keys`, and `typ` exactly `expected_typ` if one is given.
/// The signature is verified strictly (RFC 8032 section 5.1.7, without points of small order), so that a token has
/// only one valid form. Claims are parsed only after that. A name that occurs twice in the header or in the claims is
/// an error.
///
/// **Claims are not checked:** check `exp`, `iss`, `aud` and the others yourself.
///
/// # Errors
/// The first [`VerifyError`] that applies, in the order of the checks above.
pub fn verify(token: &str, keys: &JwkSet, expected_typ: Option<&str>) -> Result<Verified, VerifyError> {
    check(token, expected_typ, |alg, kid| match alg {
        "EdDSA" => Ok(keys.find(kid).map(Key::Ed25519)),
        _ => Err(VerifyError::UnsupportedAlgorithm),
    })
}

/// Like [`verify`], and also accepts tokens that are signed with `RS512`. The algorithm belongs to the key: a token
/// cannot choose it.
///
/// # Errors
/// As [`verify`].
#[cfg(feature = "rsa")]
pub fn verify_with_ring(token: &str, keys: &KeyRing, expected_typ: Option<&str>) -> Result<Verified, VerifyError> {
    check(token, expected_typ, |alg, kid| match alg {
        "EdDSA" => Ok(keys.ed25519.find(kid).map(Key::Ed25519)),
        "RS512" => Ok(keys.find_rsa(kid).map(Key::Rsa)),
        _ => Err(VerifyError::UnsupportedAlgorithm),
    })
}

/// A key and its algorithm.
enum Key<'a> {
    Ed25519(&'a Jwk),
    #[cfg(feature = "rsa")]
    Rsa(&'a RsaJwk),
}

impl Key<'_> {
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519(key) => Signature::from_slice(signature)
                .is_ok_and(|signature| key.public_key().verify_strict(message, &signature).is_ok()),
            #[cfg(feature = "rsa")]
            Self::Rsa(key) => key.verifies(message, signature),
        }
    }
}

fn check<'a>(
    token: &str,
    expected_typ: Option<&str>,
    find: impl Fn(&str, &str) -> Result<Option<Key<'a>>, VerifyError>,
) -> Result<Verified, VerifyError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(VerifyError::TooLong);
    }
    let mut segments = token.split('.');
    let (Some(header_segment), Some(claims_segment), Some(signature_segment), None) =
        (segments.next(), segments.next(), segments.next(), segments.next())
    else {
        return Err(VerifyError::NotThreeSegments);
    };

    let header = decode(header_segment, TokenPart::Header)?;
    let header = parse_object(&header, TokenPart::Header)?;
    let header: WireHeader =
        serde_json::from_value(Value::Object(header)).map_err(|_| VerifyError::InvalidJson(TokenPart::Header))?;
    // An unsupported algorithm is rejected before the other members are checked.
    find(&header.alg, "")?;
    // RFC 7515 section 4.1.11: extensions that must be understood. This crate supports none.
    if header.crit.is_some() {
        return Err(VerifyError::UnsupportedExtension);
    }
    if expected_typ.is_some() && header.typ.as_deref() != expected_typ {
        return Err(VerifyError::UnexpectedType);
    }
    let kid = header.kid.ok_or(VerifyError::MissingKeyId)?;
    let key = find(&header.alg, &kid)?.ok_or(VerifyError::UnknownKeyId)?;

    let signature = decode(signature_segment, TokenPart::Signature)?;
    let signed_length = header_segment.len() + 1 + claims_segment.len();
    let signed = token.get(..signed_length).ok_or(VerifyError::NotThreeSegments)?;
    if !key.verifies(signed.as_bytes(), &signature) {
        return Err(VerifyError::InvalidSignature);
    }

    let claims = decode(claims_segment, TokenPart::Claims)?;
    let claims = parse_object(&claims, TokenPart::Claims)?;
    Ok(Verified { header: Header { kid, typ: header.typ }, claims })
}

/// A token with a valid signature.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// The protected header.
    pub header: Header,
    /// The claims.
    pub claims: Map<String, Value>,
}

impl Verified {
    /// The claim `name` if it is a string.
    pub fn claim_str(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// The claim `name` if it is a whole number, for example `exp` in seconds since 1970.
    pub fn claim_i64(&self, name: &str) -> Option<i64> {
        self.claims.get(name)?.as_i64()
    }
}

/// The protected header of a verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The id of the key that signed.
    pub kid: String,
    /// The type of the token, for example `at+jwt`.
    pub typ: Option<String>,
}

/// One of the three segments of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenPart {
    /// The protected header.
    Header,
    /// The payload.
    Claims,
    /// The signature.
    Signature,
}

impl fmt::Display for TokenPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Claims => "claims",
            Self::Signature => "signature",
        })
    }
}

/// Why a token is rejected. Contains nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyError {
    /// The token is longer than [`MAX_TOKEN_BYTES`].
    TooLong,
    /// The token does not have the form `header.claims.signature`.
    NotThreeSegments,
    /// A segment is not canonical base64url without padding.
    InvalidBase64(TokenPart),
    /// A segment is not a JSON object of the expected form with unique names.
    InvalidJson(TokenPart),
    /// `alg` is not `EdDSA` (or `RS512`, where that is accepted). `none` and `HS256` are attempts to avoid the signature.
    UnsupportedAlgorithm,
    /// The header has `crit` (RFC 7515 section 4.1.11).
    UnsupportedExtension,
    /// `typ` is missing or not the expected one: the token has another purpose.
    UnexpectedType,
    /// The header has no `kid`.
    MissingKeyId,
    /// No key has this `kid`: an old key, or a token of another issuer.
    UnknownKeyId,
    /// The signature does not belong to this header, these claims and this key.
    InvalidSignature,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the token is longer than {MAX_TOKEN_BYTES} bytes"),
            Self::NotThreeSegments => f.write_str("the token does not have three segments"),
            Self::InvalidBase64(part) => {
                write!(f, "the token's {part} is not base64url without padding")
            }
            Self::InvalidJson(part) => write!(f, "the token's {part} is not a valid JSON object"),
            Self::UnsupportedAlgorithm => f.write_str("the token's alg is not accepted here"),
            Self::UnsupportedExtension => f.write_str("the token's header has crit"),
            Self::UnexpectedType => f.write_str("the token's typ is not the expected one"),
            Self::MissingKeyId => f.write_str("the token's header has no kid"),
            Self::UnknownKeyId => f.write_str("no key is known for the token's kid"),
            Self::InvalidSignature => f.write_str("the token's signature is not valid"),
        }
    }
}

impl std::error::Error for VerifyError {}

#[derive(Deserialize)]
struct WireHeader {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    /// `null` counts as present: RFC 7515 section 4.1.11 requires a list that is not empty.
    #[serde(default, deserialize_with = "present")]
    crit: Option<Value>,
}

/// Deserializes any value, including `null`, as `Some`.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn parse_object(json: &[u8], part: TokenPart) -> Result<Map<String, Value>, VerifyError> {
    let parsed: Result<UniqueMembers, _> = serde_json::from_slice(json);
    parsed.map(|members| members.0).map_err(|_| VerifyError::InvalidJson(part))
}

fn decode(segment: &str, part: TokenPart) -> Result<Vec<u8>, VerifyError> {
    Base64UrlUnpadded::decode_vec(segment).map_err(|_| VerifyError::InvalidBase64(part))
}
