//! What of a session is in this browser: who the shopper is, and the access token.

use super::{
    cookies::{self, Cookies},
    record::{SessionWrite, record, record_identity},
    tokens::{Fit, corrected, fit_of, fit_of_claims, is_own_identity},
};
use crate::{clock::Moment, json::JsonObject, jwt::UnverifiedClaims, secret::Secret, settings::Settings};

/// How long an identity without expiry is kept, in milliseconds: a day.
const DEFAULT_LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;

/// Which identity cookies count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserCookie {
    /// Authress has set one just now, if there is one. Its own beginning then tells how wrong the device's clock is.
    Fresh,
    /// One without an issuer counts: Authress's cookies reach the page.
    Reachable,
    /// One without an issuer is another one's: a shop may have a cookie `user` of its own.
    Unreachable,
}

/// What of a session is in this browser: the record under [`STORAGE_KEY`], and the cookies.
#[derive(Debug)]
pub struct StoredSession {
    record: Option<JsonObject>,
    cookies: Cookies,
}

impl StoredSession {
    /// Takes both as they were read.
    pub fn new(record: Option<&str>, cookies: Cookies) -> Self {
        Self { record: record.and_then(JsonObject::parse), cookies }
    }

    /// Who the shopper is, as far as this browser knows without asking.
    ///
    /// The stored record counts first. Where it is missing or over, the `user` cookie does. Where script can read
    /// access tokens and none is of the identity, there is no session: it is another application's or user's.
    pub fn identity(&self, settings: &Settings, now: Moment, cookie: UserCookie) -> Option<UnverifiedClaims> {
        let stored = self.recorded(settings, now).filter(|claims| {
            let has_token = || self.access_token(settings, claims.subject().unwrap_or_default()).is_some();
            !self.record_promises_token() || has_token()
        });
        stored.or_else(|| self.cookie_identity(settings, now, cookie).map(|(_, claims)| claims))
    }

    /// The access token of `user_id` for this host and application, as far as script can read it.
    ///
    /// A token that names another issuer, application or user is never taken. One that names all of them comes first,
    /// then one in the record; one that says less or cannot be read is the last resort.
    pub fn access_token(&self, settings: &Settings, user_id: &str) -> Option<Secret> {
        let tokens = || self.cookies.all(cookies::AUTHORIZATION).map(cookies::decode_value);
        let find = |fit| tokens().find(|token| fit_of(settings, token, user_id) == fit).map(Secret::new);
        let stored = || {
            let token = self.record.as_ref()?.str("accessToken")?;
            (fit_of(settings, &token, user_id) != Fit::Foreign).then(|| Secret::new(token))
        };
        find(Fit::Own).or_else(stored).or_else(|| find(Fit::Unknown))
    }

    /// Whether the stored session is being replaced right now: its access token is gone, and that of another user is
    /// here. The tab that signs in writes the token an instant before the identity.
    pub fn is_being_replaced(&self, settings: &Settings, now: Moment) -> bool {
        let Some(claims) = self.recorded(settings, now).filter(|_| self.record_promises_token()) else { return false };
        let is_of_another = |value| {
            let token = UnverifiedClaims::decode(&cookies::decode_value(value));
            token.is_some_and(|token| {
                token.subject().is_some_and(|user_id| fit_of_claims(settings, &token, user_id) == Fit::Own)
            })
        };
        self.access_token(settings, claims.subject().unwrap_or_default()).is_none()
            && self.cookies.all(cookies::AUTHORIZATION).any(is_of_another)
    }

    /// The record that keeps what Authress has set in the `user` cookie, and what the time is then known to be.
    pub fn adopt_user_cookie(
        &self,
        settings: &Settings,
        now: Moment,
        cookie: UserCookie,
    ) -> Option<(SessionWrite, Moment)> {
        let fresh = self.user_cookie().filter(|_| cookie == UserCookie::Fresh);
        let now = fresh.map_or(now, |(_, claims)| corrected(&claims, now));
        let (id_token, claims) = self.cookie_identity(settings, now, cookie)?;
        let expiry_ms = claims
            .usable_until()
            .map_or(now.device_ms.saturating_add(DEFAULT_LIFETIME_MS), |seconds| now.device_ms_of(seconds));
        // The token is in the cookie that Authress has set, and in no record from before.
        let only_cookies = Self { record: None, cookies: self.cookies.clone() };
        let has_token_cookie = only_cookies.access_token(settings, claims.subject().unwrap_or_default()).is_some();
        let record = record(&id_token, Some(expiry_ms), has_token_cookie, None);
        let write =
            SessionWrite { authorization_cookie: None, record, record_without_cookie: None, access_token: None };
        Some((write, now))
    }

    /// The identity in the record, if it is not over.
    fn recorded(&self, settings: &Settings, now: Moment) -> Option<UnverifiedClaims> {
        let record = self.record.as_ref()?;
        let is_over = record.i64("expiry").is_some_and(|expiry| expiry < now.device_ms);
        record_identity(record).filter(|claims| !is_over && is_own_identity(settings, claims))
    }

    /// Whether the record says that script can read the access token.
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
        now: Moment,
        cookie: UserCookie,
    ) -> Option<(String, UnverifiedClaims)> {
        let (id_token, claims) = self.user_cookie()?;
        let is_named = claims.issuer().is_some() || cookie != UserCookie::Unreachable;
        let is_current = !claims.is_expired(now.server_ms());
        // Beside a fresh identity a token of another application may stand, and the own one be HttpOnly.
        let is_of_another = cookie != UserCookie::Fresh
            && self.cookies.first(cookies::AUTHORIZATION).is_some()
            && self.access_token(settings, claims.subject().unwrap_or_default()).is_none();
        let counts = is_named && is_current && !is_of_another && is_own_identity(settings, &claims);
        counts.then_some((id_token, claims))
    }
}
