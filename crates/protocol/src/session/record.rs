//! The stored record of a session, in the published client's form: `{idToken, expiry, jsCookies}`.
//!
//! Two members are this client's own: `accessToken`, for browsers that keep no token cookie, and `sessionOrigin`, for a
//! session that this browser has not begun.

use super::{
    cookies::{self, Cookies},
    origin::{self, SessionOrigin},
};
use crate::{
    json::{JsonObject, ObjectWriter},
    jwt::UnverifiedClaims,
    secret::Secret,
};

/// The storage key of the record, shared with the published client.
pub const STORAGE_KEY: &str = "AuthenticationCredentialsStorage";

/// What to write to store a session: first the cookie, then the record.
#[derive(Debug, PartialEq, Eq)]
pub struct SessionWrite {
    /// The assignment to `document.cookie` that sets the access token.
    pub authorization_cookie: Option<Secret>,
    /// The value for [`STORAGE_KEY`].
    pub record: Secret,
    /// The value for [`STORAGE_KEY`] if the browser did not keep the cookie. It has the access token.
    pub record_without_cookie: Option<Secret>,
    pub(super) access_token: Option<Secret>,
}

impl SessionWrite {
    /// Whether the access token is missing from `cookies`, read after the assignment. Browsers silently drop cookies of
    /// more than 4,096 bytes (RFC 6265 section 6.1), cookies that the user forbids, and cookies that would replace an
    /// HttpOnly one.
    pub fn is_cookie_missing(&self, cookies: &Cookies) -> bool {
        self.access_token.as_ref().is_some_and(|token| {
            !cookies.all(cookies::AUTHORIZATION).any(|value| cookies::decode_value(value) == token.expose())
        })
    }
}

/// Returns when a stored session ends, in milliseconds since 1970 by the device's clock. `None` if the record is
/// unusable or has no end.
pub fn expires_at_ms(record: &str) -> Option<i64> {
    JsonObject::parse(record)?.i64("expiry")
}

/// Returns the lifetime of the id token of a stored session, in seconds, if the token has one.
pub fn lifetime_s(record: &str) -> Option<i64> {
    identity_of(record)?.lifetime_s()
}

/// Returns the identity of a stored session, even an expired one.
pub fn identity_of(record: &str) -> Option<UnverifiedClaims> {
    record_identity(&JsonObject::parse(record)?)
}

/// Returns the record of the same session as one that this browser has begun. `None` if it is one, or unusable.
pub fn as_begun(record: &str) -> Option<Secret> {
    let record = JsonObject::parse(record).filter(|record| SessionOrigin::of_record(record) == SessionOrigin::Found)?;
    let id_token = record.str("idToken")?;
    let access_token = record.str("accessToken").map(Secret::new);
    let has_token_cookie = record.bool("jsCookies").unwrap_or_default();
    Some(write_record(&id_token, record.i64("expiry"), has_token_cookie, access_token.as_ref(), SessionOrigin::Begun))
}

/// Returns the identity of a record. Early versions of the published client stored the claims as an object.
pub(super) fn record_identity(record: &JsonObject) -> Option<UnverifiedClaims> {
    let id_token = record.str("idToken").or_else(|| record.object("idToken"))?;
    UnverifiedClaims::decode_identity(&id_token)
}

pub(super) fn write_record(
    id_token: &str,
    expiry_ms: Option<i64>,
    has_token_cookie: bool,
    access_token: Option<&Secret>,
    origin: SessionOrigin,
) -> Secret {
    let mut record = ObjectWriter::new().string("idToken", id_token);
    if let Some(expiry_ms) = expiry_ms {
        record = record.number("expiry", expiry_ms);
    }
    let record = record.bool("jsCookies", has_token_cookie).optional(origin::MEMBER, origin.in_record());
    Secret::new(record.optional("accessToken", access_token.map(Secret::expose)).finish())
}
