//! The session as this browser has stored it: the identity and the access token, read from the record and the cookies.
//!
//! `pkg/src/fast-session.js` reads the unambiguous case without the module; `tests/vectors/stored-session.json` compares
//! both.

use super::{
    cookies::{self, Cookies},
    record::{SessionWrite, record_identity, write_record},
    tokens::{TokenMatch, corrected, is_own_identity, match_claims, match_token},
};
use crate::{
    clock::ClockReading,
    json::JsonObject,
    jwt::UnverifiedClaims,
    secret::Secret,
    settings::{SERVICE_CLIENT_PREFIX, Settings},
};

/// The lifetime of an identity without an expiry, in milliseconds: a day.
const DEFAULT_LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;

/// Which `user` cookies count as an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserCookie {
    /// Authress has just set the cookie, if there is one. Its `iat` then reveals the skew of the device's clock.
    Fresh,
    /// Authress's cookies reach the page, so a cookie without an issuer counts.
    Reachable,
    /// Authress's cookies do not reach the page. A cookie without an issuer does not count: a shop may have its own
    /// `user`.
    Unreachable,
}

/// The record under [`STORAGE_KEY`](super::record::STORAGE_KEY), and the cookies.
#[derive(Debug)]
pub struct StoredSession {
    record: Option<JsonObject>,
    cookies: Cookies,
}

impl StoredSession {
    /// Takes the record and the cookies as they were read.
    pub fn new(record: Option<&str>, cookies: Cookies) -> Self {
        Self { record: record.and_then(JsonObject::parse), cookies }
    }

    /// Returns the identity of the session, `None` if this browser has stored none.
    ///
    /// The record takes precedence over the `user` cookie, unless it is missing or expired. If script can read access
    /// tokens and none is for the identity, there is no session: the tokens are for another application or user.
    pub fn identity(&self, settings: &Settings, now: ClockReading, cookie: UserCookie) -> Option<UnverifiedClaims> {
        let stored = self.recorded_identity(settings, now).filter(|claims| {
            let has_token = || self.access_token(settings, claims.subject().unwrap_or_default()).is_some();
            !self.record_promises_token() || has_token()
        });
        stored.or_else(|| self.cookie_identity(settings, now, cookie).map(|(_, claims)| claims))
    }

    /// Returns the access token of `user_id` for this host and application, `None` if script cannot read one.
    ///
    /// A cookie that names issuer and user takes precedence over the record, and the record over an opaque cookie. Of
    /// two issuers the very host of the settings comes first. A token that names another issuer, application or user
    /// never counts.
    pub fn access_token(&self, settings: &Settings, user_id: &str) -> Option<Secret> {
        let tokens = || self.cookies.all(cookies::AUTHORIZATION).map(cookies::decode_value);
        let find = |wanted| tokens().find(|token| match_token(settings, token, user_id) == wanted).map(Secret::new);
        let stored = || {
            let token = self.record.as_ref()?.str("accessToken")?;
            (match_token(settings, &token, user_id) != TokenMatch::Foreign).then(|| Secret::new(token))
        };
        find(TokenMatch::Own)
            .or_else(|| find(TokenMatch::Related))
            .or_else(stored)
            .or_else(|| find(TokenMatch::Unknown))
    }

    /// Whether the shopper is anonymous: the session of `identity` began with a service client instead of an identity
    /// provider.
    ///
    /// An access token of the same user takes precedence, since an identity cookie may lack the connection (`azp`).
    pub fn is_anonymous(&self, identity: &UnverifiedClaims) -> bool {
        let has_connection = |token: &UnverifiedClaims| {
            token.subject() == identity.subject() && token.authorized_party().is_some_and(|azp| !azp.is_empty())
        };
        let mut tokens = self.cookies.all(cookies::AUTHORIZATION).map(cookies::decode_value);
        let access = tokens.find_map(|token| UnverifiedClaims::decode(&token).filter(has_connection));
        let named = access.as_ref().unwrap_or(identity);
        named.authorized_party().is_some_and(|azp| azp.starts_with(SERVICE_CLIENT_PREFIX))
    }

    /// Whether another tab is replacing the stored session: its access token is gone, and there is one of another user.
    /// The tab that signs in writes the token an instant before the record.
    pub fn is_being_replaced(&self, settings: &Settings, now: ClockReading) -> bool {
        let Some(claims) = self.recorded_identity(settings, now).filter(|_| self.record_promises_token()) else {
            return false;
        };
        let is_for_another = |value| {
            let token = UnverifiedClaims::decode(&cookies::decode_value(value));
            token.is_some_and(|token| {
                let matched = token.subject().map(|user_id| match_claims(settings, &token, user_id));
                matches!(matched, Some(TokenMatch::Own | TokenMatch::Related))
            })
        };
        self.access_token(settings, claims.subject().unwrap_or_default()).is_none()
            && self.cookies.all(cookies::AUTHORIZATION).any(is_for_another)
    }

    /// Whether the stored session has no access token that script can read, neither its own nor another's, although the
    /// record promises one. WebKit shows a tab no cookies at all for an instant while another tab writes one.
    pub fn has_lost_token(&self, settings: &Settings, now: ClockReading) -> bool {
        self.record_promises_token()
            && self.cookies.first(cookies::AUTHORIZATION).is_none()
            && self
                .recorded_identity(settings, now)
                .is_some_and(|claims| self.access_token(settings, claims.subject().unwrap_or_default()).is_none())
    }

    /// Returns what to write to store the session of the `user` cookie, and the corrected clock reading. `None` if the
    /// cookie is missing or does not count.
    pub fn session_write_of_user_cookie(
        &self,
        settings: &Settings,
        now: ClockReading,
        cookie: UserCookie,
    ) -> Option<(SessionWrite, ClockReading)> {
        let fresh = self.user_cookie().filter(|_| cookie == UserCookie::Fresh);
        let now = fresh.map_or(now, |(_, claims)| corrected(&claims, now));
        let (id_token, claims) = self.cookie_identity(settings, now, cookie)?;
        let expiry_ms = claims
            .usable_until()
            .map_or(now.device_ms.saturating_add(DEFAULT_LIFETIME_MS), |seconds| now.device_ms_of(seconds));
        // The token is in the cookie that Authress has set, not in the record of an earlier session.
        let only_cookies = Self { record: None, cookies: self.cookies.clone() };
        let has_token_cookie = only_cookies.access_token(settings, claims.subject().unwrap_or_default()).is_some();
        let record = write_record(&id_token, Some(expiry_ms), has_token_cookie, None);
        let write =
            SessionWrite { authorization_cookie: None, record, record_without_cookie: None, access_token: None };
        Some((write, now))
    }

    /// Returns the identity of the record, if it has not expired.
    fn recorded_identity(&self, settings: &Settings, now: ClockReading) -> Option<UnverifiedClaims> {
        let record = self.record.as_ref()?;
        let is_expired = record.i64("expiry").is_some_and(|expiry| expiry < now.device_ms);
        record_identity(record).filter(|claims| !is_expired && is_own_identity(settings, claims))
    }

    /// Whether the record promises an access token that script can read.
    fn record_promises_token(&self) -> bool {
        let record = self.record.as_ref();
        record.is_some_and(|record| record.bool("jsCookies") == Some(true) || record.str("accessToken").is_some())
    }

    fn user_cookie(&self) -> Option<(String, UnverifiedClaims)> {
        let id_token = cookies::decode_value(self.cookies.first(cookies::USER)?);
        let claims = UnverifiedClaims::decode_identity(&id_token)?;
        Some((id_token, claims))
    }

    fn cookie_identity(
        &self,
        settings: &Settings,
        now: ClockReading,
        cookie: UserCookie,
    ) -> Option<(String, UnverifiedClaims)> {
        let (id_token, claims) = self.user_cookie()?;
        let is_from_authress = claims.issuer().is_some() || cookie != UserCookie::Unreachable;
        let is_current = !claims.is_expired(now.server_ms());
        // Authress may have set an HttpOnly token beside a fresh identity, while a token of another application is
        // readable.
        let is_for_another = cookie != UserCookie::Fresh
            && self.cookies.first(cookies::AUTHORIZATION).is_some()
            && self.access_token(settings, claims.subject().unwrap_or_default()).is_none();
        let counts = is_from_authress && is_current && !is_for_another && is_own_identity(settings, &claims);
        counts.then_some((id_token, claims))
    }
}
