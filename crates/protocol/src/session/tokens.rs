//! Tokens as Authress issues them, and whether they are for this host, application and user.

use super::{
    cookies,
    origin::SessionOrigin,
    record::{SessionWrite, write_record},
};
use crate::{
    clock::{ClockReading, milliseconds},
    error::{Error, ErrorCode},
    json::JsonObject,
    jwt::{UnverifiedClaims, margin_s},
    page::Page,
    secret::Secret,
    settings::{Settings, is_service_client},
};

/// The tokens of a response or callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    access_token: Option<Secret>,
    id_token: Secret,
    claims: UnverifiedClaims,
    /// The lifetime in seconds from now.
    expires_in: Option<i64>,
}

impl Tokens {
    /// Checks that both tokens are of one user, of this Authress host and for this application.
    ///
    /// Fails with [`ErrorCode::InvalidServerResponse`].
    pub fn new(
        settings: &Settings,
        access_token: Option<Secret>,
        id_token: Secret,
        expires_in: Option<i64>,
    ) -> Result<Self, Error> {
        // The record would be read as claims in JSON; see `UnverifiedClaims::decode_identity`.
        let is_jwt = |_: &UnverifiedClaims| !id_token.expose().trim_ascii_start().starts_with('{');
        let claims = UnverifiedClaims::decode(id_token.expose()).filter(is_jwt);
        let claims = claims.ok_or(ErrorCode::InvalidServerResponse)?;
        let user_id = claims.subject().unwrap_or_default();
        let is_foreign = |token: &Secret| match_token(settings, token.expose(), user_id) == TokenMatch::Foreign;
        if !is_own_identity(settings, &claims) || access_token.as_ref().is_some_and(is_foreign) {
            return Err(ErrorCode::InvalidServerResponse.into());
        }
        Ok(Self { access_token, id_token, claims, expires_in })
    }

    /// Reads a response `{access_token, id_token, expires_in}`. Returns `None` if it has no id token: then the session
    /// is in cookies.
    pub fn from_response(settings: &Settings, body: &Secret) -> Result<Option<Self>, Error> {
        let Some(response) = JsonObject::parse(body.expose()) else { return Ok(None) };
        let secret = |name| response.str(name).filter(|token: &String| !token.is_empty()).map(Secret::new);
        let Some(id_token) = secret("id_token") else { return Ok(None) };
        Self::new(settings, secret("access_token"), id_token, response.i64("expires_in")).map(Some)
    }

    /// Returns the user id.
    pub fn user_id(&self) -> &str {
        self.claims.subject().unwrap_or_default()
    }

    /// Returns the claims of the id token.
    pub fn claims(&self) -> &UnverifiedClaims {
        &self.claims
    }

    /// Whether they are of an anonymous session: the connection of the access token (`azp`) is a service client, or that of
    /// the id token where the access token names none.
    pub fn is_anonymous(&self) -> bool {
        is_anonymous(self.access_token.as_ref(), &self.claims)
    }

    /// Returns the clock reading, corrected by the time at which the server issued the tokens: just now.
    pub fn correct(&self, now: ClockReading) -> ClockReading {
        corrected(&self.claims, now)
    }

    /// Returns what to write to store the session. The tokens have just been issued.
    pub fn session_write(&self, page: &Page, now: ClockReading, origin: SessionOrigin) -> SessionWrite {
        let expiry_ms = self.expiry_ms(now);
        let authorization_cookie = self.access_token.as_ref().and_then(|token| {
            let max_age = expiry_ms.map(|expiry| expiry.saturating_sub(now.device_ms) / 1000);
            cookies::set_authorization(page, token.expose(), max_age).map(Secret::new)
        });
        let record =
            |has_token_cookie, token| write_record(self.id_token.expose(), expiry_ms, has_token_cookie, token, origin);
        SessionWrite {
            record: record(authorization_cookie.is_some(), None),
            record_without_cookie: self.access_token.as_ref().map(|token| record(false, Some(token))),
            authorization_cookie,
            access_token: self.access_token.clone(),
        }
    }

    /// Returns when the session ends by the device's clock, which may be wrong. `expires_in` takes precedence over the
    /// tokens' own `exp`.
    fn expiry_ms(&self, now: ClockReading) -> Option<i64> {
        if let Some(seconds) = self.expires_in {
            return Some(now.device_ms.saturating_add(milliseconds(seconds.saturating_sub(margin_s(seconds)).max(0))));
        }
        let access = self.access_token.as_ref().and_then(|token| UnverifiedClaims::decode(token.expose()));
        [self.claims.usable_until(), access.and_then(|claims| claims.usable_until())]
            .into_iter()
            .flatten()
            .min()
            .map(|seconds| self.correct(now).device_ms_of(seconds))
    }
}

/// Returns the clock reading, corrected by a token that has just been issued.
pub(super) fn corrected(fresh: &UnverifiedClaims, now: ClockReading) -> ClockReading {
    fresh.issued_at().map_or(now, |seconds| now.corrected_by(milliseconds(seconds)))
}

/// Whether claims have a user id and are not of another Authress host. An identity cookie may have no issuer.
pub(super) fn is_own_identity(settings: &Settings, claims: &UnverifiedClaims) -> bool {
    let is_foreign = claims.issuer().is_some_and(|issuer| !settings.is_own_token_issuer(issuer));
    claims.subject().is_some_and(|subject| !subject.is_empty()) && !is_foreign
}

/// Whether the shopper is anonymous: the session began with a service client instead of an identity provider.
///
/// The connection in the access token (`azp`) decides. An identity cookie may lack it, and is not verified by any server;
/// it counts only without one in the token.
pub(super) fn is_anonymous(access_token: Option<&Secret>, identity: &UnverifiedClaims) -> bool {
    let access = access_token.and_then(|token| is_of_service_client(token, identity));
    access.or_else(|| names_service_client(identity)).unwrap_or_default()
}

/// Whether an access token of the user of `identity` names a service client as its connection. `None` if it names no
/// connection.
pub(super) fn is_of_service_client(access_token: &Secret, identity: &UnverifiedClaims) -> Option<bool> {
    let token = UnverifiedClaims::decode(access_token.expose())?;
    if token.subject() == identity.subject() { names_service_client(&token) } else { None }
}

fn names_service_client(token: &UnverifiedClaims) -> Option<bool> {
    let connection = token.authorized_party().filter(|azp| !azp.is_empty());
    connection.map(is_service_client)
}

/// Whether an access token is for this host, application and user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenMatch {
    /// It names exactly this issuer, this user, and no other application.
    Own,
    /// It names an issuer below or above this one, this user and this application.
    Related,
    /// It is opaque, or names neither of them.
    Unknown,
    /// It names another issuer, application or user.
    Foreign,
}

pub(super) fn match_token(settings: &Settings, token: &str, user_id: &str) -> TokenMatch {
    UnverifiedClaims::decode(token).map_or(TokenMatch::Unknown, |claims| match_claims(settings, &claims, user_id))
}

pub(super) fn match_claims(settings: &Settings, claims: &UnverifiedClaims, user_id: &str) -> TokenMatch {
    let is_foreign = claims.issuer().is_some_and(|issuer| !settings.is_own_token_issuer(issuer))
        || claims.client_id().is_some_and(|id| id != settings.application_id())
        || claims.subject().is_some_and(|subject| subject != user_id);
    let Some(issuer) = claims.issuer().filter(|_| !is_foreign && claims.subject().is_some()) else {
        return if is_foreign { TokenMatch::Foreign } else { TokenMatch::Unknown };
    };
    match (settings.is_issuer(issuer), claims.client_id()) {
        (true, _) => TokenMatch::Own,
        (false, Some(_)) => TokenMatch::Related,
        (false, None) => TokenMatch::Unknown,
    }
}
