//! Tokens as Authress issues them, and which of them are for this host, application and user.

use super::{
    cookies,
    record::{SessionWrite, record},
};
use crate::{
    clock::{Moment, milliseconds},
    error::{Error, ErrorCode},
    json::JsonObject,
    jwt::{EXPIRY_MARGIN_SECONDS, UnverifiedClaims},
    page::Page,
    secret::Secret,
    settings::Settings,
};

/// Tokens as Authress hands them out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    access_token: Option<Secret>,
    id_token: Secret,
    claims: UnverifiedClaims,
    /// Seconds from now.
    expires_in: Option<i64>,
}

impl Tokens {
    /// Checks that tokens belong together, come from this Authress host and are for this application.
    pub fn new(
        settings: &Settings,
        access_token: Option<Secret>,
        id_token: Secret,
        expires_in: Option<i64>,
    ) -> Result<Self, Error> {
        let claims = UnverifiedClaims::decode(id_token.expose()).ok_or(ErrorCode::InvalidServerResponse)?;
        let foreign =
            |claims: &UnverifiedClaims| claims.issuer().is_some_and(|issuer| !settings.is_own_token_issuer(issuer));
        if claims.subject().is_none_or(str::is_empty) || foreign(&claims) {
            return Err(ErrorCode::InvalidServerResponse.into());
        }
        let user_id = claims.subject().unwrap_or_default();
        if access_token.as_ref().is_some_and(|token| fit_of(settings, token.expose(), user_id) == Fit::Foreign) {
            return Err(ErrorCode::InvalidServerResponse.into());
        }
        Ok(Self { access_token, id_token, claims, expires_in })
    }

    /// Reads `{access_token, id_token, expires_in}`; `None` if the answer carries no id token, as
    /// in cookie mode.
    pub fn from_answer(settings: &Settings, body: &Secret) -> Result<Option<Self>, Error> {
        let Some(answer) = JsonObject::parse(body.expose()) else { return Ok(None) };
        let secret = |name| answer.str(name).filter(|token: &String| !token.is_empty()).map(Secret::new);
        let Some(id_token) = secret("id_token") else { return Ok(None) };
        Self::new(settings, secret("access_token"), id_token, answer.i64("expires_in")).map(Some)
    }

    /// The user id.
    pub fn user_id(&self) -> &str {
        self.claims.subject().unwrap_or_default()
    }

    /// What the id token says.
    pub fn claims(&self) -> &UnverifiedClaims {
        &self.claims
    }

    /// This moment, corrected by when the server says that it issued these tokens, just now.
    pub fn correct(&self, now: Moment) -> Moment {
        corrected(&self.claims, now)
    }

    /// What to write so that this session is found again. The tokens have just been issued.
    pub fn store(&self, page: &Page, now: Moment) -> SessionWrite {
        let expiry_ms = self.expiry_ms(now);
        let authorization_cookie = self.access_token.as_ref().and_then(|token| {
            let max_age = expiry_ms.map(|expiry| expiry.saturating_sub(now.device_ms) / 1000);
            cookies::store_authorization(page, token.expose(), max_age).map(Secret::new)
        });
        let record = |has_token_cookie, token| record(self.id_token.expose(), expiry_ms, has_token_cookie, token);
        SessionWrite {
            record: record(authorization_cookie.is_some(), None),
            record_without_cookie: self.access_token.as_ref().map(|token| record(false, Some(token))),
            authorization_cookie,
            access_token: self.access_token.clone(),
        }
    }

    /// The end of the session by this device's clock, which may be wrong: `expires_in` comes first,
    /// then how long the tokens last from their own beginning.
    fn expiry_ms(&self, now: Moment) -> Option<i64> {
        if let Some(seconds) = self.expires_in {
            return Some(now.device_ms.saturating_add(milliseconds((seconds - EXPIRY_MARGIN_SECONDS).max(0))));
        }
        let access = self.access_token.as_ref().and_then(|token| UnverifiedClaims::decode(token.expose()));
        [self.claims.usable_until(), access.and_then(|claims| claims.usable_until())]
            .into_iter()
            .flatten()
            .min()
            .map(|seconds| self.correct(now).device_ms_of(seconds))
    }
}

pub(super) fn corrected(fresh: &UnverifiedClaims, now: Moment) -> Moment {
    fresh.issued_at().map_or(now, |seconds| now.corrected_by(milliseconds(seconds)))
}

/// Whether claims have a user id and are not of another Authress host. A missing issuer is no foreign one: identity
/// cookies may come without.
pub(super) fn is_own_identity(settings: &Settings, claims: &UnverifiedClaims) -> bool {
    let is_foreign = claims.issuer().is_some_and(|issuer| !settings.is_own_token_issuer(issuer));
    claims.subject().is_some_and(|subject| !subject.is_empty()) && !is_foreign
}

/// How an access token fits a user of this host and application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It names issuer and user, and no other application.
    Own,
    /// It says nothing against it.
    Unknown,
    /// It names another issuer, application or user.
    Foreign,
}

pub(super) fn fit_of(settings: &Settings, token: &str, user_id: &str) -> Fit {
    UnverifiedClaims::decode(token).map_or(Fit::Unknown, |claims| fit_of_claims(settings, &claims, user_id))
}

pub(super) fn fit_of_claims(settings: &Settings, claims: &UnverifiedClaims, user_id: &str) -> Fit {
    let is_foreign = claims.issuer().is_some_and(|issuer| !settings.is_own_token_issuer(issuer))
        || claims.client_id().is_some_and(|id| id != settings.application_id())
        || claims.subject().is_some_and(|subject| subject != user_id);
    match (is_foreign, claims.issuer().is_some() && claims.subject().is_some()) {
        (true, _) => Fit::Foreign,
        (false, true) => Fit::Own,
        (false, false) => Fit::Unknown,
    }
}
