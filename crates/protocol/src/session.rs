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

/// What to write for a new session: first the cookie, then the record.
#[derive(Debug, PartialEq, Eq)]
pub struct SessionWrite {
    /// The assignment to `document.cookie` that stores the access token.
    pub authorization_cookie: Option<Secret>,
    /// The record for [`STORAGE_KEY`].
    pub record: Secret,
    /// The record in its place where the browser has not kept the cookie: the access token is in it.
    pub record_without_cookie: Option<Secret>,
    access_token: Option<Secret>,
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

fn corrected(fresh: &UnverifiedClaims, now: Moment) -> Moment {
    fresh.issued_at().map_or(now, |seconds| now.corrected_by(milliseconds(seconds)))
}

/// The end of a stored session by the device's clock, in milliseconds since 1970; `None` if it has
/// none or the record is unusable.
pub fn expires_at_ms(record: &str) -> Option<i64> {
    JsonObject::parse(record)?.i64("expiry")
}

fn record(id_token: &str, expiry_ms: Option<i64>, has_token_cookie: bool, access_token: Option<&Secret>) -> Secret {
    let mut record = ObjectWriter::new().string("idToken", id_token);
    if let Some(expiry_ms) = expiry_ms {
        record = record.raw("expiry", &decimal(expiry_ms));
    }
    let record = record.bool("jsCookies", has_token_cookie);
    Secret::new(record.optional("accessToken", access_token.map(Secret::expose)).finish())
}

/// The identity in a record. Early versions of the published client stored the claims as an object.
fn record_identity(record: &JsonObject) -> Option<UnverifiedClaims> {
    let id_token = record.str("idToken").or_else(|| record.object("idToken"))?;
    UnverifiedClaims::decode_identity(&id_token)
}

/// How long the tokens of a stored session last altogether, in seconds, where they say so.
pub fn lifetime_s(record: &str) -> Option<i64> {
    record_identity(&JsonObject::parse(record)?)?.lifetime_s()
}

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

/// Whether claims have a user id and are not of another Authress host. A missing issuer is no foreign one: identity
/// cookies may come without.
fn is_own_identity(settings: &Settings, claims: &UnverifiedClaims) -> bool {
    let is_foreign = claims.issuer().is_some_and(|issuer| !settings.is_own_token_issuer(issuer));
    claims.subject().is_some_and(|subject| !subject.is_empty()) && !is_foreign
}

/// How an access token fits a user of this host and application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// It names issuer and user, and no other application.
    Own,
    /// It says nothing against it.
    Unknown,
    /// It names another issuer, application or user.
    Foreign,
}

fn fit_of(settings: &Settings, token: &str, user_id: &str) -> Fit {
    UnverifiedClaims::decode(token).map_or(Fit::Unknown, |claims| fit_of_claims(settings, &claims, user_id))
}

fn fit_of_claims(settings: &Settings, claims: &UnverifiedClaims, user_id: &str) -> Fit {
    let is_foreign = claims.issuer().is_some_and(|issuer| !settings.is_own_token_issuer(issuer))
        || claims.client_id().is_some_and(|id| id != settings.application_id())
        || claims.subject().is_some_and(|subject| subject != user_id);
    match (is_foreign, claims.issuer().is_some() && claims.subject().is_some()) {
        (true, _) => Fit::Foreign,
        (false, true) => Fit::Own,
        (false, false) => Fit::Unknown,
    }
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

    fn session(record: Option<&str>, cookies: &str) -> StoredSession {
        StoredSession::new(record, Cookies::new(cookies))
    }

    fn who(record: Option<&str>, cookies: &str) -> Option<String> {
        let identity = session(record, cookies).identity(&settings(), NOW, UserCookie::Reachable);
        identity.and_then(|claims| claims.subject().map(str::to_owned))
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
    fn a_token_that_the_browser_keeps_in_no_cookie_is_in_the_record() {
        let page = Page::new("https://www.other.test/").unwrap();
        let access = own(r#","client_id":"app_shop""#);
        let write = tokens(&access, &own(""), Some(100)).unwrap().store(&page, NOW);
        assert!(write.is_cookie_missing(&Cookies::new("authorization=older; x=y")));
        assert!(!write.is_cookie_missing(&Cookies::new(format!("authorization=older; authorization={access}"))));
        let record = write.record_without_cookie.unwrap();
        let token = |cookies: &str| {
            let token = session(Some(record.expose()), cookies).access_token(&settings(), "user_a");
            token.map(|token| token.expose().to_owned())
        };
        assert_eq!(who(Some(record.expose()), "").as_deref(), Some("user_a"));
        let other_user = token_of("user_b");
        for cookies in ["", "authorization=opaque", &format!("authorization={other_user}")] {
            assert_eq!(token(cookies).as_deref(), Some(access.as_str()), "{cookies}");
        }
        let without_token = Tokens::new(&settings(), None, Secret::new(own("")), None).unwrap().store(&page, NOW);
        assert!(!without_token.is_cookie_missing(&Cookies::default()));
        assert!(!format!("{:?}", tokens(&access, &own(""), None).unwrap().store(&page, NOW)).contains(&access));
    }

    fn token_of(user_id: &str) -> String {
        token(&format!(r#"{{"iss":"https://login.shop.test","sub":"{user_id}"}}"#))
    }

    #[test]
    fn a_session_of_another_application_or_user_is_none() {
        let record = format!(r#"{{"idToken":"{}","jsCookies":true}}"#, own(""));
        let other_application = own(r#","client_id":"app_other""#);
        for token in [other_application.clone(), token_of("user_b"), token(r#"{"iss":"https://evil.test"}"#)] {
            assert_eq!(who(Some(&record), &format!("authorization={token}")), None);
            assert_eq!(who(None, &format!("user={}; authorization={token}", own(""))), None);
        }
        let http_only = record.replace("true", "false");
        let cookies = format!("authorization={other_application}");
        assert_eq!(who(Some(&http_only), &cookies).as_deref(), Some("user_a"), "its own token is HttpOnly");
    }

    #[test]
    fn a_shops_own_user_cookie_is_no_identity_where_authress_sets_none() {
        let cookies = format!("user={}", token(r#"{"sub":"42"}"#));
        let identity = |cookie| session(None, &cookies).identity(&settings(), NOW, cookie).is_some();
        assert!(!identity(UserCookie::Unreachable));
        assert!(identity(UserCookie::Reachable));
        assert!(identity(UserCookie::Fresh));
        let cookies = format!("user={}", own(""));
        assert!(session(None, &cookies).identity(&settings(), NOW, UserCookie::Unreachable).is_some());
    }

    #[test]
    fn an_identity_of_published_clients_may_be_claims_in_json() {
        let claims = r#"{"iss":"https://login.shop.test","sub":"user_a","exp":1000}"#;
        let text = claims.replace('"', "\\\"");
        for id_token in [format!("\"{text}\""), claims.to_owned()] {
            let record = format!(r#"{{"idToken":{id_token},"expiry":{},"jsCookies":false}}"#, NOW.device_ms);
            assert_eq!(who(Some(&record), "").as_deref(), Some("user_a"), "{record}");
        }
        let encoded = claims.replace('{', "%7B").replace('}', "%7D").replace('"', "%22").replace(',', "%2C");
        let here = session(None, &format!("user={encoded}"));
        let (write, _) = here.adopt_user_cookie(&settings(), NOW, UserCookie::Fresh).unwrap();
        assert_eq!(who(Some(write.record.expose()), "").as_deref(), Some("user_a"));
        assert_eq!(expires_at_ms(write.record.expose()), Some(1_000_000), "no ten seconds are taken off");
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
        let here = session(None, &format!("user={}; authorization=x", own("")));
        let (write, _) = here.adopt_user_cookie(&settings(), NOW, UserCookie::Unreachable).unwrap();
        assert_eq!(who(Some(write.record.expose()), "authorization=x").as_deref(), Some("user_a"));
        assert_eq!(who(Some(write.record.expose()), ""), None);
    }

    #[test]
    fn tokens_that_do_not_belong_together_are_refused() {
        let other = token(r#"{"iss":"https://login.shop.test","sub":"user_b"}"#);
        let foreign = token(r#"{"iss":"https://evil.test","sub":"user_a"}"#);
        let other_application = own(r#","client_id":"app_other""#);
        for (access, id) in [
            (&other, &own("")),
            (&other_application, &own("")),
            (&foreign, &own("")),
            (&own(""), &foreign),
            (&own(""), &token("{}")),
        ] {
            assert_eq!(tokens(access, id, None).unwrap_err().code, ErrorCode::InvalidServerResponse);
        }
    }

    #[test]
    fn only_a_token_of_this_host_and_application_is_handed_out() {
        let pick = |cookies: &[&str]| {
            let text: Vec<_> = cookies.iter().map(|value| format!("authorization={value}")).collect();
            let here = session(None, &text.join("; "));
            here.access_token(&settings(), "user_a").map(|token| token.expose().to_owned())
        };
        let (ours, foreign) = (own(r#","client_id":"app_shop""#), token(r#"{"iss":"https://evil.test"}"#));
        let other_application = own(r#","client_id":"app_other""#);
        let other_user = token(r#"{"iss":"https://login.shop.test","sub":"user_b"}"#);
        assert_eq!(pick(&["opaque", &foreign, &other_application, &ours]), Some(ours.clone()));
        let shops_own = token(r#"{"uid":5}"#);
        assert_eq!(pick(&[&shops_own, &ours]), Some(ours), "a token that names no user is not ahead");
        assert_eq!(pick(&[&shops_own]), Some(shops_own));
        assert_eq!(pick(&[&foreign, &other_application, &other_user]), None);
        assert_eq!(pick(&["opaque", &foreign]).as_deref(), Some("opaque"));
        assert_eq!(pick(&[]), None);
    }

    #[test]
    fn a_session_is_being_replaced_while_only_another_users_token_is_here() {
        let record = format!(r#"{{"idToken":"{}","jsCookies":true}}"#, own(""));
        let replaced = |cookies: &str| session(Some(&record), cookies).is_being_replaced(&settings(), NOW);
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
            let here = session(None, &format!("user={fresh}"));
            let (write, now) = here.adopt_user_cookie(&settings(), now, UserCookie::Fresh).unwrap();
            assert_eq!(expires_at_ms(write.record.expose()), Some(ends_at));
            assert_eq!(now.skew_ms, -wrong_by);
            assert!(
                here.identity(&settings(), now, UserCookie::Reachable).is_some(),
                "once known, the error of the clock is counted"
            );
        }
    }
}
