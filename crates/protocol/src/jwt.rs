//! Reading JSON Web Tokens (RFC 7519) without judging them.
//!
//! A browser client cannot decide whether a token is genuine: it only shows what the token says
//! and when it ends. Signatures are verified where they matter, on servers.

use crate::{base64url, clock::milliseconds, json::JsonObject, text};
use std::rc::Rc;

/// Seconds by which an expiry is brought forward, so that a token is not used in its last moments.
pub const EXPIRY_MARGIN_SECONDS: i64 = 10;

/// The claims of a token whose signature nobody has checked.
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
    /// Seconds by which the expiry is brought forward.
    margin_s: i64,
}

impl UnverifiedClaims {
    /// Reads the second segment of a compact JWT. The header and signature may be anything, even
    /// empty: Authress issues identity cookies without either.
    pub fn decode(token: &str) -> Option<Self> {
        let payload = text::split(token, b'.').nth(1)?;
        Self::of_json(String::from_utf8(base64url::decode(payload)?).ok()?, EXPIRY_MARGIN_SECONDS)
    }

    /// Reads an identity: a JWT, or the claims themselves as JSON, the form that Authress and published clients use
    /// where a JWT would outgrow a cookie. The published clients use such claims up to their very `exp`.
    pub fn decode_identity(text: &str) -> Option<Self> {
        if text.trim_ascii_start().starts_with('{') { Self::of_json(text.to_owned(), 0) } else { Self::decode(text) }
    }

    fn of_json(text: String, margin_s: i64) -> Option<Self> {
        let json = JsonObject::parse(&text)?;
        Some(Self(Rc::new(Claims {
            subject: json.str("sub"),
            issuer: json.str("iss"),
            client_id: json.str("client_id"),
            authorized_party: json.str("azp"),
            issued_at: json.i64("iat"),
            expires_at: json.i64("exp"),
            margin_s,
            text,
        })))
    }

    /// The claims as the JSON text the token carries.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The user id, claim `sub`.
    pub fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// The issuer, claim `iss`.
    pub fn issuer(&self) -> Option<&str> {
        self.0.issuer.as_deref()
    }

    /// The application the token is for, claim `client_id`.
    pub fn client_id(&self) -> Option<&str> {
        self.0.client_id.as_deref()
    }

    /// The connection that identified the user, claim `azp`.
    pub fn authorized_party(&self) -> Option<&str> {
        self.0.authorized_party.as_deref()
    }

    /// When the token was issued, in seconds since 1970: claim `iat`.
    pub fn issued_at(&self) -> Option<i64> {
        self.0.issued_at.filter(|iat| *iat != 0)
    }

    /// How long the token lasts altogether, in seconds: `exp` less `iat`.
    pub fn lifetime_s(&self) -> Option<i64> {
        Some(self.0.expires_at?.saturating_sub(self.issued_at()?))
    }

    /// When to stop using the token, in seconds since 1970: claim `exp` less the margin.
    pub fn usable_until(&self) -> Option<i64> {
        self.0.expires_at.filter(|exp| *exp != 0).map(|exp| exp.saturating_sub(self.0.margin_s))
    }

    /// Whether the token is past its use at `now_ms`; a token without expiry never is.
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
    fn claims_are_read_and_expiry_comes_ten_seconds_early() {
        let claims =
            UnverifiedClaims::decode(&token(r#"{"sub":"user_a","iss":"https://login.example.com","exp":1000}"#))
                .unwrap();
        assert_eq!((claims.subject(), claims.issuer()), (Some("user_a"), Some("https://login.example.com")));
        assert_eq!(claims.usable_until(), Some(990));
        assert!(!claims.is_expired(990_000));
        assert!(claims.is_expired(990_001));
    }

    #[test]
    fn a_token_without_header_or_signature_is_read() {
        let payload = base64url::encode(br#"{"sub":"user_a"}"#);
        for token in [format!(".{payload}"), format!(".{payload}."), format!("x.{payload}.y.z")] {
            assert_eq!(UnverifiedClaims::decode(&token).unwrap().subject(), Some("user_a"));
        }
    }

    #[test]
    fn an_identity_may_be_claims_in_json_with_their_very_expiry() {
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
    fn what_is_no_object_is_no_claims() {
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
