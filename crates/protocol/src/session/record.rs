//! The record of a session in the browser's storage, in the published client's form.

use super::cookies::{self, Cookies};
use crate::{
    decimal::decimal,
    json::{JsonObject, ObjectWriter},
    jwt::UnverifiedClaims,
    secret::Secret,
};

/// Where the identity is stored, shared with the published client.
pub const STORAGE_KEY: &str = "AuthenticationCredentialsStorage";

/// What to write for a new session: first the cookie, then the record.
#[derive(Debug, PartialEq, Eq)]
pub struct SessionWrite {
    /// The assignment to `document.cookie` that stores the access token.
    pub authorization_cookie: Option<Secret>,
    /// The record for [`STORAGE_KEY`].
    pub record: Secret,
    /// The record in its place where the browser has not kept the cookie: the access token is in it.
    pub record_without_cookie: Option<Secret>,
    pub(super) access_token: Option<Secret>,
}

impl SessionWrite {
    /// Whether the access token is not among `cookies` after its cookie was assigned. Browsers drop in silence what
    /// is longer than 4,096 bytes (RFC 6265 section 6.1), what the user forbids, and what would replace an HttpOnly cookie.
    pub fn is_cookie_missing(&self, cookies: &Cookies) -> bool {
        self.access_token.as_ref().is_some_and(|token| {
            !cookies.all(cookies::AUTHORIZATION).any(|value| cookies::decode_value(value) == token.expose())
        })
    }
}

/// The end of a stored session by the device's clock, in milliseconds since 1970; `None` if it has
/// none or the record is unusable.
pub fn expires_at_ms(record: &str) -> Option<i64> {
    JsonObject::parse(record)?.i64("expiry")
}

pub(super) fn record(
    id_token: &str,
    expiry_ms: Option<i64>,
    has_token_cookie: bool,
    access_token: Option<&Secret>,
) -> Secret {
    let mut record = ObjectWriter::new().string("idToken", id_token);
    if let Some(expiry_ms) = expiry_ms {
        record = record.raw("expiry", &decimal(expiry_ms));
    }
    let record = record.bool("jsCookies", has_token_cookie);
    Secret::new(record.optional("accessToken", access_token.map(Secret::expose)).finish())
}

/// The identity in a record. Early versions of the published client stored the claims as an object.
pub(super) fn record_identity(record: &JsonObject) -> Option<UnverifiedClaims> {
    let id_token = record.str("idToken").or_else(|| record.object("idToken"))?;
    UnverifiedClaims::decode_identity(&id_token)
}

/// How long the tokens of a stored session last altogether, in seconds, where they say so.
pub fn lifetime_s(record: &str) -> Option<i64> {
    record_identity(&JsonObject::parse(record)?)?.lifetime_s()
}
