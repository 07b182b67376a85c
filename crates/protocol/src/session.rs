//! The session in this browser: the tokens it came with, who the shopper is, and renewal.

use crate::{
    cookies::{self, Cookies},
    decimal::decimal,
    error::{Error, ErrorCode},
    json::{JsonObject, ObjectWriter},
    jwt::{EXPIRY_MARGIN_SECONDS, UnverifiedClaims},
    moment::{Moment, milliseconds},
    page::Page,
    secret::Secret,
    settings::Settings,
};

/// Where the identity is stored, shared with the published client.
pub const STORAGE_KEY: &str = "AuthenticationCredentialsStorage";
/// How long an identity without expiry is kept, in milliseconds: a day.
const DEFAULT_LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;

/// Tokens as Authress hands them out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    access_token: Option<Secret>,
    id_token: Secret,
    claims: UnverifiedClaims,
    /// Seconds from now.
    expires_in: Option<i64>,
}

/// What to write for a new session.
#[derive(Debug, PartialEq, Eq)]
pub struct SessionWrite {
    /// The record for [`STORAGE_KEY`].
    pub record: Secret,
    /// The assignment to `document.cookie` that stores the access token.
    pub authorization_cookie: Option<Secret>,
}

impl Tokens {
    /// Checks that tokens belong together and come from this Authress host.
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
        if let Some(access_claims) = access_token.as_ref().and_then(|token| UnverifiedClaims::decode(token.expose())) {
            let other_user = access_claims.subject().is_some_and(|subject| Some(subject) != claims.subject());
            if other_user || foreign(&access_claims) {
                return Err(ErrorCode::InvalidServerResponse.into());
            }
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
        SessionWrite { record: record(&self.id_token, expiry_ms, authorization_cookie.is_some()), authorization_cookie }
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

fn corrected(fresh: &UnverifiedClaims, now: Moment) -> Moment {
    fresh.issued_at().map_or(now, |seconds| now.corrected_by(milliseconds(seconds)))
}

/// The end of a stored session by the device's clock, in milliseconds since 1970; `None` if it has
/// none or the record is unusable.
pub fn expires_at_ms(record: &str) -> Option<i64> {
    JsonObject::parse(record)?.i64("expiry")
}

fn record(id_token: &Secret, expiry_ms: Option<i64>, has_token_cookie: bool) -> Secret {
    let mut record = ObjectWriter::new().string("idToken", id_token.expose());
    if let Some(expiry_ms) = expiry_ms {
        record = record.raw("expiry", &decimal(expiry_ms));
    }
    Secret::new(record.bool("jsCookies", has_token_cookie).finish())
}

/// How long the tokens of a stored session last altogether, in seconds, where they say so.
pub fn lifetime_s(record: &str) -> Option<i64> {
    UnverifiedClaims::decode(&JsonObject::parse(record)?.str("idToken")?)?.lifetime_s()
}

/// Who the shopper is, as far as this browser knows without asking. Nothing is written.
///
/// The stored record counts first. Where it is missing or over, the `user` cookie does.
pub fn identity(settings: &Settings, record: Option<&str>, cookies: &Cookies, now: Moment) -> Option<UnverifiedClaims> {
    stored_identity(settings, record, cookies, now.device_ms)
        .or_else(|| cookie_identity(settings, cookies, now).map(|(_, claims)| claims))
}

fn stored_identity(
    settings: &Settings,
    record: Option<&str>,
    cookies: &Cookies,
    now_ms: i64,
) -> Option<UnverifiedClaims> {
    let record = JsonObject::parse(record?)?;
    let claims = own_claims(settings, &record.str("idToken")?)?;
    let is_over = record.i64("expiry").is_some_and(|expiry| expiry < now_ms);
    let has_lost_token = record.bool("jsCookies") == Some(true) && cookies.first(cookies::AUTHORIZATION).is_none();
    (!is_over && !has_lost_token).then_some(claims)
}

fn cookie_identity<'a>(settings: &Settings, cookies: &'a Cookies, now: Moment) -> Option<(&'a str, UnverifiedClaims)> {
    let id_token = cookies.first(cookies::USER)?;
    let claims = own_claims(settings, id_token)?;
    (!claims.is_expired(now.server_ms())).then_some((id_token, claims))
}

/// Claims with a user id, and not of another Authress host. A missing issuer is no foreign one:
/// identity cookies come without.
fn own_claims(settings: &Settings, id_token: &str) -> Option<UnverifiedClaims> {
    let claims = UnverifiedClaims::decode(id_token)?;
    let is_foreign = claims.issuer().is_some_and(|issuer| !settings.is_own_token_issuer(issuer));
    let has_user = claims.subject().is_some_and(|subject| !subject.is_empty());
    (has_user && !is_foreign).then_some(claims)
}

/// The record that takes over what Authress has set in the `user` cookie.
///
/// `is_fresh` says that it has just been set. Its own beginning then tells how wrong the device's
/// clock is.
pub fn adopt_user_cookie(
    settings: &Settings,
    cookies: &Cookies,
    now: Moment,
    is_fresh: bool,
) -> Option<(SessionWrite, Moment)> {
    let fresh = cookies.first(cookies::USER).filter(|_| is_fresh).and_then(UnverifiedClaims::decode);
    let now = fresh.map_or(now, |claims| corrected(&claims, now));
    let (id_token, claims) = cookie_identity(settings, cookies, now)?;
    let expiry_ms = claims
        .usable_until()
        .map_or(now.device_ms.saturating_add(DEFAULT_LIFETIME_MS), |seconds| now.device_ms_of(seconds));
    let has_token_cookie = cookies.first(cookies::AUTHORIZATION).is_some();
    let record = record(&Secret::new(id_token), Some(expiry_ms), has_token_cookie);
    Some((SessionWrite { record, authorization_cookie: None }, now))
}

/// The access token of `user_id` for this host and application, from the cookies that script can
/// read.
///
/// A token that names another issuer, application or user is never taken. One that cannot be read
/// is opaque, and the last resort.
pub fn access_token(settings: &Settings, cookies: &Cookies, user_id: &str) -> Option<Secret> {
    let mut opaque = None;
    for value in cookies.all(cookies::AUTHORIZATION) {
        let token = cookies::decode_value(value);
        match UnverifiedClaims::decode(&token) {
            Some(claims) => {
                let is_same_user = claims.subject().is_none_or(|subject| subject == user_id);
                if is_for_us(settings, &claims) && is_same_user {
                    return Some(Secret::new(token));
                }
            }
            None => opaque = opaque.or(Some(Secret::new(token))),
        }
    }
    opaque
}

/// Whether the session of `user_id` is being replaced right now: its access token is gone, and that
/// of another user is here. The tab that signs in writes the token an instant before the identity.
pub fn is_being_replaced(settings: &Settings, cookies: &Cookies, user_id: &str) -> bool {
    access_token(settings, cookies, user_id).is_none()
        && cookies
            .all(cookies::AUTHORIZATION)
            .filter_map(|value| UnverifiedClaims::decode(&cookies::decode_value(value)))
            .any(|claims| is_for_us(settings, &claims))
}

fn is_for_us(settings: &Settings, claims: &UnverifiedClaims) -> bool {
    claims.issuer().is_none_or(|issuer| settings.is_issuer(issuer))
        && claims.client_id().is_none_or(|id| id == settings.application_id())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base64url;

    const NOW: Moment = Moment { device_ms: 1_000_000, skew_ms: 0 };

    fn settings() -> Settings {
        Settings::new("https://login.shop.test", Some("app_shop")).unwrap()
    }

    fn token(claims: &str) -> String {
        format!("e30.{}.sig", base64url::encode(claims.as_bytes()))
    }

    fn own(extra: &str) -> String {
        token(&format!(r#"{{"iss":"https://login.shop.test","sub":"user_a"{extra}}}"#))
    }

    fn tokens(access: &str, id: &str, expires_in: Option<i64>) -> Result<Tokens, Error> {
        Tokens::new(&settings(), Some(Secret::new(access)), Secret::new(id), expires_in)
    }

    fn who(record: Option<&str>, cookies: &str) -> Option<String> {
        identity(&settings(), record, &Cookies::new(cookies), NOW)
            .and_then(|claims| claims.subject().map(str::to_owned))
    }

    #[test]
    fn a_stored_session_reads_back_while_its_cookie_lives() {
        let page = Page::new("https://app.shop.test/").unwrap();
        let write = tokens(&own(""), &own(""), Some(100)).unwrap().store(&page, NOW);
        let cookie = write.authorization_cookie.unwrap();
        assert!(cookie.expose().ends_with("; Max-Age=90; Secure"));
        assert_eq!(who(Some(write.record.expose()), "authorization=x").as_deref(), Some("user_a"));
        assert_eq!(who(Some(write.record.expose()), ""), None);
    }

    #[test]
    fn without_expires_in_the_earlier_expiry_counts_and_comes_ten_seconds_early() {
        let tokens = tokens(&own(r#","exp":1100"#), &own(r#","exp":1200"#), None).unwrap();
        let page = Page::new("http://localhost/").unwrap();
        assert!(tokens.store(&page, NOW).record.expose().contains("\"expiry\":1090000"));
    }

    #[test]
    fn an_expired_or_unreadable_record_is_nobody() {
        let record = |expiry: i64| format!(r#"{{"idToken":"{}","expiry":{expiry},"jsCookies":false}}"#, own(""));
        assert_eq!(who(Some(&record(NOW.device_ms)), "").as_deref(), Some("user_a"));
        assert_eq!(who(Some(&record(NOW.device_ms - 1)), ""), None);
        for text in ["", "null", "{}", r#"{"idToken":5}"#, r#"{"idToken":"x"}"#] {
            assert_eq!(who(Some(text), ""), None, "{text}");
        }
    }

    #[test]
    fn an_identity_without_issuer_is_accepted_and_a_foreign_one_is_not() {
        let record = |claims: &str| format!(r#"{{"idToken":"{}"}}"#, token(claims));
        assert_eq!(who(Some(&record(r#"{"sub":"user_a"}"#)), "").as_deref(), Some("user_a"));
        assert_eq!(who(Some(&record(r#"{"sub":"user_a","iss":"https://evil-login.shop.test.evil"}"#)), ""), None);
        assert_eq!(who(Some(&record(r#"{"sub":"user_a","iss":"no url"}"#)), ""), None);
        assert_eq!(who(Some(&record(r#"{"iss":"https://login.shop.test"}"#)), ""), None);
    }

    #[test]
    fn the_user_cookie_stands_in_and_an_expired_one_does_not() {
        assert_eq!(who(None, &format!("user={}", own(r#","exp":1100"#))).as_deref(), Some("user_a"));
        assert_eq!(who(None, &format!("user={}", own(r#","exp":1000"#))), None);
        let cookies = Cookies::new(format!("user={}; authorization=x", own("")));
        let (write, _) = adopt_user_cookie(&settings(), &cookies, NOW, false).unwrap();
        assert_eq!(who(Some(write.record.expose()), "authorization=x").as_deref(), Some("user_a"));
        assert_eq!(who(Some(write.record.expose()), ""), None);
    }

    #[test]
    fn tokens_that_do_not_belong_together_are_refused() {
        let other = token(r#"{"iss":"https://login.shop.test","sub":"user_b"}"#);
        let foreign = token(r#"{"iss":"https://evil.test","sub":"user_a"}"#);
        for (access, id) in [(&other, &own("")), (&foreign, &own("")), (&own(""), &foreign), (&own(""), &token("{}"))] {
            assert_eq!(tokens(access, id, None).unwrap_err().code, ErrorCode::InvalidServerResponse);
        }
    }

    #[test]
    fn only_a_token_of_this_host_and_application_is_handed_out() {
        let pick = |cookies: &[&str]| {
            let text: Vec<_> = cookies.iter().map(|value| format!("authorization={value}")).collect();
            access_token(&settings(), &Cookies::new(text.join("; ")), "user_a").map(|token| token.expose().to_owned())
        };
        let (ours, foreign) = (own(r#","client_id":"app_shop""#), token(r#"{"iss":"https://evil.test"}"#));
        let other_application = own(r#","client_id":"app_other""#);
        let other_user = token(r#"{"iss":"https://login.shop.test","sub":"user_b"}"#);
        assert_eq!(pick(&["opaque", &foreign, &other_application, &ours]), Some(ours));
        assert_eq!(pick(&[&foreign, &other_application, &other_user]), None);
        assert_eq!(pick(&["opaque", &foreign]).as_deref(), Some("opaque"));
        assert_eq!(pick(&[]), None);
    }

    #[test]
    fn a_session_is_being_replaced_while_only_another_users_token_is_here() {
        let replaced = |cookies: &str| is_being_replaced(&settings(), &Cookies::new(cookies), "user_a");
        let other_user = token(r#"{"iss":"https://login.shop.test","sub":"user_b"}"#);
        assert!(replaced(&format!("authorization={other_user}")));
        assert!(!replaced(&format!("authorization={other_user}; authorization={}", own(""))));
        assert!(!replaced(&format!("authorization={}", token(r#"{"iss":"https://evil.test","sub":"user_b"}"#))));
        assert!(!replaced(""));
    }

    #[test]
    fn a_clock_a_day_fast_or_slow_still_has_a_session_of_the_right_length() {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        let fresh = own(r#","iat":1000,"exp":1100"#);
        for wrong_by in [DAY_MS, -DAY_MS] {
            let now = Moment { device_ms: 1_000_000 + wrong_by, skew_ms: 0 };
            let ends_at = now.device_ms + 90_000;
            let page = Page::new("http://localhost/").unwrap();
            let write = tokens(&fresh, &fresh, None).unwrap().store(&page, now);
            assert_eq!(expires_at_ms(write.record.expose()), Some(ends_at));
            let cookies = Cookies::new(format!("user={fresh}"));
            let (write, now) = adopt_user_cookie(&settings(), &cookies, now, true).unwrap();
            assert_eq!(expires_at_ms(write.record.expose()), Some(ends_at));
            assert_eq!(now.skew_ms, -wrong_by);
            assert!(
                identity(&settings(), None, &cookies, now).is_some(),
                "once known, the error of the clock is counted"
            );
        }
    }
}
