//! Why a request names nobody, and how that is said over HTTP.

use std::fmt;

use authress_jws::VerifyError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::keys::MIN_INTERVAL;

/// Why a token is refused. Holds nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenRefusal {
    /// No `Authorization: Bearer` header with one token.
    Missing,
    /// Not a signed JWT with the claims an access token has.
    Malformed,
    /// A token made for another purpose, for example an id token.
    WrongType,
    /// Signed with a key the issuer does not publish (any more).
    UnknownKey,
    /// The signature does not fit.
    InvalidSignature,
    /// Another Authress account or custom domain.
    OtherIssuer,
    /// A service client's token that names somebody else than the service client.
    OtherSubject,
    /// Too late.
    Expired,
    /// Too early.
    NotYetValid,
    /// Issued for another audience.
    OtherAudience,
    /// Issued for another application.
    OtherApplication,
    /// `sub` is missing, empty or longer than any user id.
    NoUserId,
    /// The issuer's public keys are not known and cannot be fetched now. The token may be good: try again.
    KeysUnavailable,
}

impl TokenRefusal {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Missing,
        Self::Malformed,
        Self::WrongType,
        Self::UnknownKey,
        Self::InvalidSignature,
        Self::OtherIssuer,
        Self::OtherSubject,
        Self::Expired,
        Self::NotYetValid,
        Self::OtherAudience,
        Self::OtherApplication,
        Self::NoUserId,
        Self::KeysUnavailable,
    ];

    /// The stable code of this refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "TokenMissing",
            Self::Malformed => "TokenMalformed",
            Self::WrongType => "TokenWrongType",
            Self::UnknownKey => "TokenUnknownKey",
            Self::InvalidSignature => "TokenInvalidSignature",
            Self::OtherIssuer => "TokenOtherIssuer",
            Self::OtherSubject => "TokenOtherSubject",
            Self::Expired => "TokenExpired",
            Self::NotYetValid => "TokenNotYetValid",
            Self::OtherAudience => "TokenOtherAudience",
            Self::OtherApplication => "TokenOtherApplication",
            Self::NoUserId => "TokenNoUserId",
            Self::KeysUnavailable => "KeysUnavailable",
        }
    }

    /// 401, or 503 when it is not the token's fault.
    pub fn status(self) -> StatusCode {
        if self == Self::KeysUnavailable { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::UNAUTHORIZED }
    }

    /// The value of `WWW-Authenticate` (RFC 6750 section 3). Who sent no token at all is told the scheme
    /// and no error (section 3.1).
    pub fn challenge(self) -> Option<String> {
        match self {
            Self::KeysUnavailable => None,
            Self::Missing => Some("Bearer".to_owned()),
            refused => Some(format!(r#"Bearer error="invalid_token", error_description="{refused}""#)),
        }
    }
}

impl fmt::Display for TokenRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In a quoted string of a header: no quotation mark, no backslash (RFC 6750 section 3).
        f.write_str(match self {
            Self::Missing => "send one access token as Authorization: Bearer",
            Self::Malformed => "this is not an access token; send what ensureToken() returned",
            Self::WrongType => "this token is not an access token (typ at+jwt); do not send the id token",
            Self::UnknownKey => "the token is signed with a key its issuer does not publish; log in again",
            Self::InvalidSignature => "the token's signature is not valid; send the token unchanged",
            Self::OtherIssuer => "the token is from another issuer than this shop's; log in at this shop",
            Self::OtherSubject => "a service client's token must name the service client itself",
            Self::Expired => "the token has expired; get a new one with ensureToken()",
            Self::NotYetValid => "the token is not valid yet; check the server's clock",
            Self::OtherAudience => "the token is for another audience; ask for this one when logging in",
            Self::OtherApplication => "the token is for another application; log in at this shop",
            Self::NoUserId => "the token names no user; log in again",
            Self::KeysUnavailable => "tokens cannot be checked now; try again soon",
        })
    }
}

impl std::error::Error for TokenRefusal {}

/// `{"errorCode", "title"}` with the status and the challenge. A 503 says when to try again.
impl IntoResponse for TokenRefusal {
    fn into_response(self) -> Response {
        let body = Json(json!({ "errorCode": self.code(), "title": self.to_string() }));
        let mut response = (self.status(), body).into_response();
        if let Some(value) = self.challenge().and_then(|challenge| HeaderValue::try_from(challenge).ok()) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        if self == Self::KeysUnavailable {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(MIN_INTERVAL.as_secs()));
        }
        response
    }
}

impl From<VerifyError> for TokenRefusal {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::TooLong
            | VerifyError::NotThreeSegments
            | VerifyError::InvalidBase64(_)
            | VerifyError::InvalidJson(_)
            | VerifyError::UnsupportedAlgorithm
            | VerifyError::UnsupportedExtension
            | VerifyError::MissingKeyId => Self::Malformed,
            VerifyError::UnexpectedType => Self::WrongType,
            VerifyError::UnknownKeyId => Self::UnknownKey,
            VerifyError::InvalidSignature => Self::InvalidSignature,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_a_token_is_a_401_with_a_challenge_that_is_a_header() {
        for refusal in TokenRefusal::ALL.iter().filter(|refusal| **refusal != TokenRefusal::KeysUnavailable) {
            let response = refusal.into_response();
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{refusal:?}");
            let challenge = response.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
            assert!(challenge.starts_with("Bearer"), "{challenge}");
            let quotes = challenge.matches('"').count();
            assert!([0, 4].contains(&quotes) && !challenge.contains('\\'), "{challenge}");
        }
    }

    #[test]
    fn without_keys_the_response_says_when_to_try_again() {
        let response = TokenRefusal::KeysUnavailable.into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "3");
        assert!(!response.headers().contains_key(header::WWW_AUTHENTICATE));
    }

    #[test]
    fn a_request_without_a_token_gets_no_error_in_its_challenge() {
        assert_eq!(TokenRefusal::Missing.challenge().as_deref(), Some("Bearer"));
    }
}
