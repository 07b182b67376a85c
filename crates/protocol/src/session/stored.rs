//! The session as this browser has stored it: the identity and the access token, read from the record and the cookies.
//!
//! `pkg/src/fast-session.js` reads the unambiguous case without the module; `tests/vectors/stored-session.json` compares
//! both.

use super::{
    cookies::{self, Cookies},
    credentials::SessionCredentials,
    origin::SessionOrigin,
    record::{SessionWrite, record_identity, write_record},
    tokens::{TokenMatch, corrected, is_anonymous, is_of_service_client, is_own_identity, match_claims, match_token},
};
use crate::{
    clock::ClockReading,
    error::{Error, ErrorCode},
    json::JsonObject,
    jwt::UnverifiedClaims,
    page::Page,
    secret::Secret,
    settings::Settings,
};

/// The lifetime of an identity without an expiry, in milliseconds: a day.
const DEFAULT_LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;

/// A session: whose it is, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The claims of the id token.
    pub identity: UnverifiedClaims,
    /// Whether it began with a service client, and the shopper has not signed in with an identity provider.
    pub is_anonymous: bool,
    /// Where it comes from.
    pub origin: SessionOrigin,
}

impl Session {
    /// Whether a sign-in links the identity to this session, so that the user id becomes the customer's.
    /// `signIn` of the npm package has the same rule, to ask for a claim ticket where it is not so.
    pub fn becomes_account(&self) -> bool {
        self.is_anonymous && self.origin == SessionOrigin::Begun
    }

    /// Returns the user id.
    pub fn user_id(&self) -> &str {
        self.identity.subject().unwrap_or_default()
    }
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

    /// Returns the session, `None` if this browser has stored none; see [`Self::identity`].
    pub fn session(&self, settings: &Settings, now: ClockReading) -> Option<Session> {
        self.identity(settings, now).map(|identity| self.session_of(settings, identity))
    }

    /// Returns the session of the record, even if it has expired.
    pub fn recorded_session(&self, settings: &Settings) -> Option<Session> {
        let identity = record_identity(self.record.as_ref()?)?;
        Some(self.session_of(settings, identity))
    }

    /// Returns the session that Authress has just set in cookies, whatever the record says, if it counts.
    pub fn arrived_session(&self, settings: &Settings, now: ClockReading) -> Option<Session> {
        let only_cookies = self.only_cookies();
        let (_, identity, _) = only_cookies.arrived_identity(settings, now)?;
        Some(only_cookies.session_of(settings, identity))
    }

    /// Returns where a session of `user_id` comes from that no callback has brought: the record of the same user says so,
    /// even an expired one. A session of another user was found.
    pub fn origin_of(&self, user_id: &str) -> SessionOrigin {
        let record = self
            .record
            .as_ref()
            .filter(|record| record_identity(record).is_some_and(|identity| identity.subject() == Some(user_id)));
        record.map_or(SessionOrigin::Found, SessionOrigin::of_record)
    }

    /// Whether a session of `user_id` that cookies or a renewal have brought may take the place of the stored one.
    ///
    /// The user id of a session never changes. Another customer has signed in, for example in a sibling application, and
    /// the stored session is over. Another *anonymous* session may be planted, and replaces none that has not expired.
    pub fn accepts_renewal(&self, settings: &Settings, now: ClockReading, user_id: &str, is_anonymous: bool) -> bool {
        let current = self.recorded_identity(settings, now);
        !is_anonymous || current.is_none_or(|identity| identity.subject() == Some(user_id))
    }

    /// Whether script can read the access token of the session in the record.
    pub fn has_own_token(&self, settings: &Settings, now: ClockReading) -> bool {
        let current = self.recorded_identity(settings, now);
        current.is_some_and(|identity| self.own_token(settings, &identity).is_some())
    }

    /// Returns the assignment to `document.cookie` that restores the access token of the session in the record after a
    /// response has replaced it. `None` if script cannot read the token, or the record has it.
    pub fn own_token_cookie(&self, settings: &Settings, page: &Page, now: ClockReading) -> Option<Secret> {
        let identity = self.recorded_identity(settings, now)?;
        let token = self.only_cookies().own_token(settings, &identity)?;
        let expiry_ms = self.record.as_ref()?.i64("expiry");
        let max_age = expiry_ms.map(|expiry| expiry.saturating_sub(now.device_ms) / 1000);
        cookies::set_authorization(page, token.expose(), max_age).map(Secret::new)
    }

    /// Returns the credentials of the session for a request that is about its user.
    ///
    /// Fails with [`ErrorCode::NotLoggedIn`] if there is no session, and with [`ErrorCode::UserChanged`] if the access
    /// token that script can read is another user's: the cookies that go with the request are then likely theirs, too.
    pub fn credentials(
        &self,
        settings: &Settings,
        now: ClockReading,
        with_credentials: bool,
    ) -> Result<SessionCredentials, Error> {
        let session = self.session(settings, now).ok_or(ErrorCode::NotLoggedIn)?;
        let access_token = self.own_token(settings, &session.identity);
        if access_token.is_none() && self.has_token(settings) {
            return Err(ErrorCode::UserChanged.into());
        }
        // The server verifies the token that names an identity provider, since the request carries it.
        let is_of_service_client =
            access_token.as_ref().and_then(|token| is_of_service_client(token, &session.identity));
        let is_customer = is_of_service_client == Some(false);
        Ok(SessionCredentials {
            user_id: session.user_id().to_owned(),
            access_token,
            with_credentials,
            may_link: session.origin == SessionOrigin::Begun || is_customer,
        })
    }

    /// Returns the identity of the session, `None` if this browser has stored none.
    ///
    /// If script can read access tokens and none is for the identity, there is no session: the tokens are for another
    /// application or user. A `user` cookie alone is no session: any sibling host can set one, and nothing in this
    /// browser can verify it. It counts when Authress has just set it; see [`Self::arrived_session`].
    pub fn identity(&self, settings: &Settings, now: ClockReading) -> Option<UnverifiedClaims> {
        self.recorded_identity(settings, now)
            .filter(|claims| !self.record_promises_token() || self.own_token(settings, claims).is_some())
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

    /// Whether another tab is replacing the stored session: its access token is gone, and there is one of another user.
    /// The tab that signs in writes the token an instant before the record.
    pub fn is_being_replaced(&self, settings: &Settings, now: ClockReading) -> bool {
        let Some(claims) = self.recorded_identity(settings, now).filter(|_| self.record_promises_token()) else {
            return false;
        };
        self.own_token(settings, &claims).is_none() && self.has_token(settings)
    }

    /// Whether the stored session has no access token that script can read, neither its own nor another's, although the
    /// record promises one. WebKit shows a tab no cookies at all for an instant while another tab writes one.
    pub fn has_lost_token(&self, settings: &Settings, now: ClockReading) -> bool {
        self.record_promises_token()
            && self.cookies.first(cookies::AUTHORIZATION).is_none()
            && self.recorded_identity(settings, now).is_some_and(|claims| self.own_token(settings, &claims).is_none())
    }

    /// Returns what to write to store the session that Authress has just set in cookies, and the corrected clock reading.
    /// `None` if the `user` cookie is missing or does not count. Such a session was found, whatever its `origin`, if
    /// there are cookies of two users.
    pub fn session_write_of_user_cookie(
        &self,
        settings: &Settings,
        now: ClockReading,
        origin: SessionOrigin,
    ) -> Option<(SessionWrite, ClockReading)> {
        let (id_token, claims, now) = self.arrived_identity(settings, now)?;
        let user_id = claims.subject().unwrap_or_default();
        let origin = if self.has_one_user() { origin } else { SessionOrigin::Found };
        let expiry_ms = claims
            .usable_until()
            .map_or(now.device_ms.saturating_add(DEFAULT_LIFETIME_MS), |seconds| now.device_ms_of(seconds));
        // The token is in the cookie that Authress has set, not in the record of an earlier session.
        let has_token_cookie = self.only_cookies().access_token(settings, user_id).is_some();
        let record = write_record(&id_token, Some(expiry_ms), has_token_cookie, None, origin);
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

    fn session_of(&self, settings: &Settings, identity: UnverifiedClaims) -> Session {
        let access_token = self.own_token(settings, &identity);
        Session {
            is_anonymous: is_anonymous(access_token.as_ref(), &identity),
            origin: self.origin_of(identity.subject().unwrap_or_default()),
            identity,
        }
    }

    fn own_token(&self, settings: &Settings, identity: &UnverifiedClaims) -> Option<Secret> {
        self.access_token(settings, identity.subject().unwrap_or_default())
    }

    /// Whether script can read an access token for this host and application, of any user.
    fn has_token(&self, settings: &Settings) -> bool {
        self.cookies.all(cookies::AUTHORIZATION).any(|value| {
            let token = UnverifiedClaims::decode(&cookies::decode_value(value));
            token.is_some_and(|token| {
                let matched = token.subject().map(|user_id| match_claims(settings, &token, user_id));
                matches!(matched, Some(TokenMatch::Own | TokenMatch::Related))
            })
        })
    }

    fn only_cookies(&self) -> Self {
        Self { record: None, cookies: self.cookies.clone() }
    }

    /// Whether the `user` cookies name one user only. A sibling host can set a cookie that browsers list before
    /// Authress's (RFC 6265 section 5.4: the longer path comes first).
    fn has_one_user(&self) -> bool {
        let subject = |value| {
            let claims = UnverifiedClaims::decode_identity(&cookies::decode_value(value));
            claims.and_then(|claims| claims.subject().map(str::to_owned))
        };
        let mut users = self.cookies.all(cookies::USER).map(subject);
        let first = users.next();
        users.all(|user| Some(user) == first)
    }

    /// Returns the id token that Authress has just set in the `user` cookie, its claims, and the corrected clock reading.
    /// Its access token may be in an HttpOnly cookie, while script can read a token of another application.
    fn arrived_identity(
        &self,
        settings: &Settings,
        now: ClockReading,
    ) -> Option<(String, UnverifiedClaims, ClockReading)> {
        let id_token = cookies::decode_value(self.cookies.first(cookies::USER)?);
        let claims = UnverifiedClaims::decode_identity(&id_token)?;
        let now = corrected(&claims, now);
        let counts = !claims.is_expired(now.server_ms()) && is_own_identity(settings, &claims);
        counts.then_some((id_token, claims, now))
    }
}
