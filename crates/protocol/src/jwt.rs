//! The claims of JSON Web Tokens (RFC 7519), without verifying signatures.
//!
//! A browser client does not decide whether a token is genuine: it shows the claims and stops using the token when it
//! expires. Servers verify signatures.

use crate::{base64url, clock::milliseconds, json::JsonObject};
use std::rc::Rc;

/// How long before its expiry a token is no longer used, in seconds: requests take time.
pub const EXPIRY_MARGIN_SECONDS: i64 = 10;
/// A token with a shorter lifetime has a shorter margin, in seconds: a fifth of it. Otherwise a token of five seconds
/// would be over before it arrives.
pub const SHORT_TOKEN_SECONDS: i64 = EXPIRY_MARGIN_SECONDS * MARGIN_SHARE;
const MARGIN_SHARE: i64 = 5;

/// Returns how long before its expiry a token with this lifetime is no longer used. Both are in seconds.
pub(crate) fn margin_s(lifetime_s: i64) -> i64 {
    (lifetime_s / MARGIN_SHARE).clamp(0, EXPIRY_MARGIN_SECONDS)
}

/// The claims of a token whose signature has not been verified.
#[derive(Clone, Debug)]
pub struct UnverifiedClaims(Rc<Claims>);

impl PartialEq for UnverifiedClaims {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for UnverifiedClaims {}

#[derive(Debug)]
struct Claims {
    text: String,
    subject: Option<String>,
    issuer: Option<String>,
    client_id: Option<String>,
    authorized_party: Option<String>,
    issued_at: Option<i64>,
    expires_at: Option<i64>,
    lifetime_s: Option<i64>,
    /// How long before `exp` the token is no longer used, in seconds.
    margin_s: i64,
}

impl UnverifiedClaims {
    /// Reads the payload of a JWT in compact form. Header and signature are ignored: identity cookies of Authress have
    /// neither.
    pub fn decode(token: &str) -> Option<Self> {
        let payload = token.split('.').nth(1)?;
        Self::of_json(String::from_utf8(base64url::decode(payload)?).ok()?, true)
    }

    /// Reads an identity: a JWT, or the claims as a JSON object. Authress and the published client use the latter where
    /// a JWT would be too long for a cookie. Such claims have no margin before `exp`, as in the published client.
    pub fn decode_identity(text: &str) -> Option<Self> {
        if text.trim_ascii_start().starts_with('{') {
            Self::of_json(text.to_owned(), false)
        } else {
            Self::decode(text)
        }
    }

    fn of_json(text: String, has_margin: bool) -> Option<Self> {
        let json = JsonObject::parse(&text)?;
        let (issued_at, expires_at) = (json.i64("iat").filter(|iat| *iat != 0), json.i64("exp"));
        let lifetime_s = issued_at.zip(expires_at).map(|(iat, exp)| exp.saturating_sub(iat));
        let margin_s = if has_margin { lifetime_s.map_or(EXPIRY_MARGIN_SECONDS, margin_s) } else { 0 };
        Some(Self(Rc::new(Claims {
            subject: json.str("sub"),
            issuer: json.str("iss"),
            client_id: json.str("client_id"),
            authorized_party: json.str("azp"),
            issued_at,
            expires_at,
            lifetime_s,
            margin_s,
            text,
        })))
    }

    /// Returns the claims as JSON text.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Returns the claim `sub`, the user id.
    pub fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// Returns the claim `iss`.
    pub fn issuer(&self) -> Option<&str> {
        self.0.issuer.as_deref()
    }

    /// Returns the claim `client_id`, the application (RFC 9068 section 2.2).
    pub fn client_id(&self) -> Option<&str> {
        self.0.client_id.as_deref()
    }

    /// Returns the claim `azp`, the connection through which the user signed in.
    pub fn authorized_party(&self) -> Option<&str> {
        self.0.authorized_party.as_deref()
    }

    /// Returns the claim `iat`, when the token was issued, in seconds since 1970.
    pub fn issued_at(&self) -> Option<i64> {
        self.0.issued_at
    }

    /// Returns the lifetime of the token in seconds: `exp` minus `iat`.
    pub fn lifetime_s(&self) -> Option<i64> {
        self.0.lifetime_s
    }

    /// Returns until when to use the token, in seconds since 1970: `exp` minus the margin.
    pub fn usable_until(&self) -> Option<i64> {
        self.0.expires_at.filter(|exp| *exp != 0).map(|exp| exp.saturating_sub(self.0.margin_s))
    }

    /// Whether the token is no longer used at `now_ms`, in milliseconds since 1970. A token without `exp` does not
    /// expire.
    pub fn is_expired(&self, now_ms: i64) -> bool {
        self.usable_until().is_some_and(|until| milliseconds(until) < now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.sig", base64url::encode(claims.as_bytes()))
    }

    #[test]
    fn claims_are_read_and_a_token_expires_ten_seconds_early() {
        let claims =
            UnverifiedClaims::decode(&token(r#"{"sub":"user_a","iss":"https://login.example.com","exp":1000}"#))
                .unwrap();
        assert_eq!((claims.subject(), claims.issuer()), (Some("user_a"), Some("https://login.example.com")));
        assert_eq!(claims.usable_until(), Some(990));
        assert!(!claims.is_expired(990_000));
        assert!(claims.is_expired(990_001));
    }

    #[test]
    fn the_last_fifth_of_a_short_token_is_not_used() {
        let until = |claims: &str| UnverifiedClaims::decode(&token(claims)).unwrap().usable_until();
        for (iat, expected) in [(1, 990), (950, 990), (951, 991), (995, 999), (999, 1000), (1000, 1000), (2000, 1000)] {
            assert_eq!(until(&format!(r#"{{"iat":{iat},"exp":1000}}"#)), Some(expected), "{iat}");
        }
        assert_eq!(until(r#"{"exp":9999999}"#), Some(9_999_989));
    }

    #[test]
    fn a_token_without_header_or_signature_is_read() {
        let payload = base64url::encode(br#"{"sub":"user_a"}"#);
        for token in [format!(".{payload}"), format!(".{payload}."), format!("x.{payload}.y.z")] {
            assert_eq!(UnverifiedClaims::decode(&token).unwrap().subject(), Some("user_a"));
        }
    }

    #[test]
    fn an_identity_may_be_json_claims_without_a_margin() {
        let claims = UnverifiedClaims::decode_identity(r#" {"sub":"user_a","exp":1000}"#).unwrap();
        assert_eq!((claims.subject(), claims.usable_until()), (Some("user_a"), Some(1000)));
        let claims = UnverifiedClaims::decode_identity(&token(r#"{"sub":"user_a","exp":1000}"#)).unwrap();
        assert_eq!((claims.subject(), claims.usable_until()), (Some("user_a"), Some(990)));
        for text in ["", "{", "[]", "null", "\"x\""] {
            assert_eq!(UnverifiedClaims::decode_identity(text), None, "{text}");
        }
        assert_eq!(UnverifiedClaims::decode(r#"{"sub":"user_a"}"#), None, "an access token is a JWT");
    }

    #[test]
    fn only_a_json_object_has_claims() {
        for token in ["", "a", "a.", "a.!.c", &token("[]"), &token("null"), &token("{"), "a.gA.c"] {
            assert_eq!(UnverifiedClaims::decode(token), None, "{token}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(text in ".{0,60}", claims in ".{0,60}") {
            let _ = UnverifiedClaims::decode(&text);
            let _ = UnverifiedClaims::decode(&token(&claims));
        }
    }
}
