//! Why a token is rejected, and the HTTP response for it.

use std::fmt;

use authress_jws::VerifyError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::issuer_keys::{KeysUnavailable, MIN_INTERVAL};

/// Why a token is rejected. Contains nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// No `Authorization: Bearer` header with one token.
    Missing,
    /// Not a signed JWT with the claims an access token has.
    Malformed,
    /// A token for another purpose, for example an id token.
    WrongType,
    /// Signed with a key that the issuer does not publish, or no longer publishes.
    UnknownKey,
    /// The signature is not valid.
    InvalidSignature,
    /// Another Authress account or custom domain.
    OtherIssuer,
    /// A service client's token whose `sub` is not the service client.
    OtherSubject,
    /// `exp` has passed.
    Expired,
    /// `nbf` has not come yet.
    NotYetValid,
    /// Issued for another audience, or for none: the application did not ask for the audience that this API requires.
    OtherAudience,
    /// Issued for another application.
    OtherApplication,
    /// `sub` is missing, empty or too long.
    NoUserId,
    /// The issuer's public keys are not known and cannot be fetched now. The token may be valid: try again.
    KeysUnavailable,
}

impl TokenError {
    /// All errors.
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

    /// The stable code of this error.
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

    /// 401, or 503 when the issuer's keys are unavailable.
    pub fn status(self) -> StatusCode {
        if self == Self::KeysUnavailable { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::UNAUTHORIZED }
    }

    /// The value of `WWW-Authenticate` (RFC 6750 section 3). For a request without a token it has the scheme
    /// and no error (section 3.1).
    pub fn challenge(self) -> Option<String> {
        match self {
            Self::KeysUnavailable => None,
            Self::Missing => Some("Bearer".to_owned()),
            error => Some(format!(r#"Bearer error="invalid_token", error_description="{error}""#)),
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // These stand in a quoted string of a header: no quotation marks, no backslashes (RFC 6750 section 3).
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
            Self::OtherAudience => {
                "the token is not for the audience that this API requires; register it for the application and request \
                 it when logging in (audiences), or require none: by default aud is the account's id or missing"
            }
            Self::OtherApplication => "the token is for another application; log in at this shop",
            Self::NoUserId => "the token names no user; log in again",
            Self::KeysUnavailable => "tokens cannot be checked now; try again soon",
        })
    }
}

impl std::error::Error for TokenError {}

/// `{"errorCode", "title"}` with the status and the challenge. A 503 has `Retry-After`.
impl IntoResponse for TokenError {
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

impl From<KeysUnavailable> for TokenError {
    fn from(KeysUnavailable: KeysUnavailable) -> Self {
        Self::KeysUnavailable
    }
}

impl From<VerifyError> for TokenError {
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
    fn every_rejected_token_is_a_401_with_a_valid_challenge_header() {
        for error in TokenError::ALL.iter().filter(|error| **error != TokenError::KeysUnavailable) {
            let response = error.into_response();
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{error:?}");
            let challenge = response.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
            assert!(challenge.starts_with("Bearer"), "{challenge}");
            let quotes = challenge.matches('"').count();
            assert!([0, 4].contains(&quotes) && !challenge.contains('\\'), "{challenge}");
        }
    }

    #[test]
    fn without_keys_the_response_has_retry_after() {
        let response = TokenError::KeysUnavailable.into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "3");
        assert!(!response.headers().contains_key(header::WWW_AUTHENTICATE));
    }

    #[test]
    fn a_request_without_a_token_gets_no_error_in_its_challenge() {
        assert_eq!(TokenError::Missing.challenge().as_deref(), Some("Bearer"));
    }
}
