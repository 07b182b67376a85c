//! Pending authorizations: logins and links that have begun and whose callback has not come yet.
//!
//! Each has a storage key of its own, so that several tabs can sign in at once and none uses up what belongs to
//! another. The latest one is also stored under the published client's key, so that a shop can switch between the two
//! clients while a login is pending.

use super::pkce::CodeVerifier;
use crate::{
    callback_url,
    json::{JsonObject, ObjectWriter},
    jwt::UnverifiedClaims,
    secret::Secret,
    settings::{Settings, is_service_client},
    web_url::is_path_segment,
};

/// The storage key of the published client's one pending login.
pub const LEGACY_KEY: &str = "AuthenticationRequestNonce";
/// The prefix of this client's storage keys; the nonce follows.
pub const KEY_PREFIX: &str = "AuthenticationRequestNonce.";
/// How long a login may be pending, in milliseconds: an hour, the longest lifetime that Authress can be set to.
const MAX_AGE_MS: i64 = 60 * 60 * 1000;
/// How long other tabs wait for the session of a login for an anonymous user id, in milliseconds. The tab that began it
/// may be frozen or closed.
pub const SHARED_MS: u32 = 5_000;
/// How long the JSON may be that the application gets back with the result, in bytes.
pub const MAX_APP_STATE_BYTES: usize = 2_048;

/// A login or link that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingAuthorization {
    /// The id of the authentication request. The callback has it as the parameter `nonce`.
    pub nonce: String,
    /// The PKCE code verifier for the code exchange.
    pub code_verifier: CodeVerifier,
    /// The requested connection.
    pub connection_id: Option<String>,
    /// The requested tenant.
    pub tenant_lookup_identifier: Option<String>,
    /// The origin of the Authress host. The published client does not store it.
    pub issuer: Option<String>,
    /// The application. The published client does not store it.
    pub application_id: Option<String>,
    /// The redirect URL without callback parameters. The code exchange repeats it.
    pub redirect_url: String,
    /// The page's address where it differs from `redirect_url`: it is shown again after the callback.
    pub page_url: Option<String>,
    /// Whether cookies reach Authress from this page, as Authress said.
    pub enable_credentials: Option<bool>,
    /// Whether several accounts may be signed in.
    pub multi_account: Option<bool>,
    /// For a link: the user id to which the identity is added.
    pub link_user_id: Option<String>,
    /// The user of the session in which it began, `None` without a session.
    pub user_id: Option<String>,
    /// The [session generation](crate::callback::generation) in which it began. The published client does not store it.
    pub generation: Option<i64>,
    /// JSON of the application, which gets it back with the result. It stays in this browser.
    pub app_state: Option<Secret>,
    /// When it began, in milliseconds since 1970 by the device's clock.
    pub created_at_ms: i64,
    /// The skew of that clock, in milliseconds; see [`crate::clock::ClockReading::skew_ms`].
    pub clock_skew_ms: i64,
}

impl PendingAuthorization {
    /// Returns the storage key for a nonce.
    pub fn key(nonce: &str) -> String {
        [KEY_PREFIX, nonce].concat()
    }

    /// Whether a client with these settings began it. A page may have clients of several hosts and applications, and
    /// the client that began a login handles its callback.
    pub fn belongs_to(&self, settings: &Settings) -> bool {
        self.issuer.as_deref().is_none_or(|issuer| settings.is_issuer(issuer))
            && self.application_id.as_deref().is_none_or(|id| id == settings.application_id())
    }

    /// Returns the address to show after the callback at `href`, `None` if `href` stays.
    pub fn href_after_callback(&self, href: &str) -> Option<String> {
        let cleaned = callback_url::without_callback_parameters(&self.redirect_url);
        let page_url = self.page_url.as_deref().or(cleaned.as_deref()).unwrap_or(&self.redirect_url);
        callback_url::restore_page_url(href, page_url)
            .or_else(|| callback_url::without_callback_parameters(href))
            .filter(|address| address != href)
    }

    /// Whether it is a login with a service client, for an anonymous user id.
    pub fn is_anonymous_login(&self) -> bool {
        self.link_user_id.is_none() && self.connection_id.as_deref().is_some_and(is_service_client)
    }

    /// Returns how long other tabs of these settings still wait for its session, in milliseconds. `None` if it is no login
    /// for an anonymous user id, or they have waited long enough.
    pub fn shared_for_ms(&self, settings: &Settings, now_ms: i64) -> Option<u32> {
        let age_ms = u32::try_from(now_ms.saturating_sub(self.created_at_ms)).ok()?;
        let remaining_ms = SHARED_MS.checked_sub(age_ms).filter(|remaining_ms| *remaining_ms > 0)?;
        (self.is_anonymous_login() && self.belongs_to(settings)).then_some(remaining_ms)
    }

    /// Whether it is pending for more than an hour. The published client does not store when a login began.
    pub fn is_expired(&self, now_ms: i64) -> bool {
        self.created_at_ms != 0 && is_expired(self.created_at_ms, now_ms)
    }

    /// Whether a session of `user_id` may complete it. A link must keep its user id.
    pub fn accepts_user(&self, user_id: &str) -> bool {
        self.link_user_id.as_deref().is_none_or(|expected| expected == user_id)
    }

    /// Whether a token was issued after this login or link began.
    pub fn is_before(&self, token: &UnverifiedClaims) -> bool {
        let began_at_s = self.created_at_ms.saturating_add(self.clock_skew_ms) / 1000;
        token.issued_at().is_some_and(|issued_at| issued_at >= began_at_s)
    }

    /// Whether a token names the connection that was asked for: the user has signed in through it. The connection of a
    /// tenant is not known here; it is any identity provider.
    pub fn is_named_by(&self, token: &UnverifiedClaims) -> bool {
        let Some(connection) = token.authorized_party() else { return false };
        match self.tenant_lookup_identifier {
            Some(_) => !is_service_client(connection),
            None => self.connection_id.as_deref() == Some(connection),
        }
    }

    /// Writes the record to store. The published client ignores the members that it does not know.
    pub fn to_json(&self) -> Secret {
        let mut record = ObjectWriter::new()
            .string("nonce", &self.nonce)
            .string("codeVerifier", self.code_verifier.expose())
            .optional("lastConnectionId", self.connection_id.as_deref())
            .optional("tenantLookupIdentifier", self.tenant_lookup_identifier.as_deref())
            .string("redirectUrl", &self.redirect_url)
            .optional("pageUrl", self.page_url.as_deref())
            .optional("issuer", self.issuer.as_deref())
            .optional("applicationId", self.application_id.as_deref());
        if let Some(enable_credentials) = self.enable_credentials {
            record = record.bool("enableCredentials", enable_credentials);
        }
        if let Some(multi_account) = self.multi_account {
            record = record.bool("multiAccount", multi_account);
        }
        let mut record = record
            .optional("linkUserId", self.link_user_id.as_deref())
            .optional("userId", self.user_id.as_deref())
            .optional("appState", self.app_state.as_ref().map(Secret::expose))
            .number("createdAt", self.created_at_ms);
        if let Some(generation) = self.generation {
            record = record.number("generation", generation);
        }
        if self.clock_skew_ms != 0 {
            record = record.number("clockSkew", self.clock_skew_ms);
        }
        Secret::new(record.finish())
    }

    /// Reads a record of this or the published client. Returns `None` if it is unusable.
    pub fn from_json(text: &str) -> Option<Box<Self>> {
        let record = JsonObject::parse(text)?;
        Some(Box::new(Self {
            nonce: record.str("nonce").filter(|nonce| is_path_segment(nonce))?,
            code_verifier: CodeVerifier::restore(&record.str("codeVerifier")?),
            connection_id: record.str("lastConnectionId"),
            tenant_lookup_identifier: record.str("tenantLookupIdentifier"),
            issuer: record.str("issuer"),
            application_id: record.str("applicationId"),
            redirect_url: record.str("redirectUrl")?,
            page_url: record.str("pageUrl"),
            enable_credentials: record.bool("enableCredentials"),
            multi_account: record.bool("multiAccount"),
            link_user_id: record.str("linkUserId"),
            user_id: record.str("userId"),
            generation: record.i64("generation"),
            app_state: record.str("appState").map(Secret::new),
            created_at_ms: record.i64("createdAt").unwrap_or(0),
            clock_skew_ms: record.i64("clockSkew").unwrap_or(0),
        }))
    }
}

/// Whether a stored record can be deleted: it is unreadable, or pending for more than an hour.
pub fn is_stale(text: &str, now_ms: i64) -> bool {
    PendingAuthorization::from_json(text).is_none_or(|pending| pending.is_expired(now_ms))
}

/// Whether an hour has passed since `began_at_ms`.
///
/// A record from the future stays, since the clock may have been set back: a record too many does less harm than a lost
/// login.
pub(crate) fn is_expired(began_at_ms: i64, now_ms: i64) -> bool {
    now_ms.saturating_sub(began_at_ms) > MAX_AGE_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending() -> PendingAuthorization {
        PendingAuthorization {
            nonce: "R1".into(),
            code_verifier: CodeVerifier::restore("verifier"),
            connection_id: Some("con_a".into()),
            tenant_lookup_identifier: None,
            issuer: Some("https://login.shop.test".into()),
            application_id: Some("app_shop".into()),
            redirect_url: "https://app.shop.test/".into(),
            page_url: Some("https://app.shop.test/?code=SUMMER20".into()),
            enable_credentials: Some(true),
            multi_account: None,
            link_user_id: Some("user_a".into()),
            user_id: Some("user_a".into()),
            generation: Some(3),
            app_state: Some(Secret::new(r#"{"productId":"mug"}"#)),
            created_at_ms: 1_000,
            clock_skew_ms: -86_400_000,
        }
    }

    #[test]
    fn a_record_reads_back() {
        assert_eq!(PendingAuthorization::from_json(pending().to_json().expose()), Some(Box::new(pending())));
    }

    #[test]
    fn the_published_clients_record_is_read() {
        let text = r#"{"nonce":"R","codeVerifier":"v","lastConnectionId":"sc_a","redirectUrl":"http://localhost/","enableCredentials":false}"#;
        let pending = PendingAuthorization::from_json(text).unwrap();
        assert_eq!((pending.nonce.as_str(), pending.enable_credentials), ("R", Some(false)));
        assert_eq!(pending.link_user_id, None);
        for (host, application) in [("https://login.shop.test", "app_shop"), ("https://login.other.test", "app_other")]
        {
            assert!(
                pending.belongs_to(&Settings::new(host, Some(application)).unwrap()),
                "a record that names no host and application"
            );
        }
    }

    #[test]
    fn a_record_belongs_to_the_host_and_application_that_began_it() {
        let belongs_to = |host, application| pending().belongs_to(&Settings::new(host, Some(application)).unwrap());
        assert!(belongs_to("https://login.shop.test", "app_shop"));
        assert!(!belongs_to("https://login.shop.test", "app_other"));
        assert!(!belongs_to("https://login.other.test", "app_shop"));
    }

    #[test]
    fn the_page_url_is_shown_after_a_callback() {
        let after = |href| pending().href_after_callback(href);
        let own = Some("https://app.shop.test/?code=SUMMER20".to_owned());
        assert_eq!(after("https://app.shop.test/?nonce=R1&iss=i&code=2"), own);
        assert_eq!(
            after("https://app.shop.test/elsewhere?nonce=R1&a"),
            Some("https://app.shop.test/elsewhere?a".into())
        );
        let published = PendingAuthorization {
            page_url: None,
            redirect_url: "https://app.shop.test/?x=1&nonce=old&code=used".into(),
            ..pending()
        };
        let address = published.href_after_callback("https://app.shop.test/?x=1&nonce=R1&code=2");
        assert_eq!(
            address.as_deref(),
            Some("https://app.shop.test/?x=1"),
            "parameters of an earlier callback are not shown again"
        );
    }

    #[test]
    fn a_nonce_that_is_no_path_segment_is_refused() {
        let record = pending().to_json();
        let planted = record.expose().replace("\"R1\"", "\"../../session?x\"");
        assert!(PendingAuthorization::from_json(record.expose()).is_some());
        assert!(PendingAuthorization::from_json(&planted).is_none());
    }

    #[test]
    fn a_record_is_stale_after_an_hour() {
        let text = pending().to_json();
        let text = text.expose();
        assert!(!is_stale(text, 1_000 + MAX_AGE_MS));
        assert!(is_stale(text, 1_001 + MAX_AGE_MS));
        assert!(!is_stale(text, -5_000));
        assert!(is_stale("{}", 0));
        let published = PendingAuthorization { created_at_ms: 0, ..pending() }.to_json();
        assert!(!is_stale(published.expose(), 1_001 + MAX_AGE_MS), "it may still be pending");
    }

    fn token(claims: &str) -> UnverifiedClaims {
        UnverifiedClaims::decode(&format!("e30.{}.", crate::base64url::encode(claims.as_bytes()))).unwrap()
    }

    #[test]
    fn a_token_was_issued_after_the_login_began() {
        let pending = PendingAuthorization { created_at_ms: 1_800_000_000_999, clock_skew_ms: 0, ..pending() };
        for (claims, is_before) in [
            (r#"{"iat":1800000000}"#, true),
            (r#"{"iat":1800000300}"#, true),
            (r#"{"iat":1799999999}"#, false),
            ("{}", false),
        ] {
            assert_eq!(pending.is_before(&token(claims)), is_before, "{claims}");
        }
        let skewed = PendingAuthorization { clock_skew_ms: -86_400_000, ..pending };
        assert!(skewed.is_before(&token(r#"{"iat":1799913600}"#)), "by the clock of the server");
    }

    #[test]
    fn a_token_names_the_connection_that_was_asked_for() {
        let shows = |tenant: Option<&str>, claims: &str| {
            let tenant_lookup_identifier = tenant.map(str::to_owned);
            PendingAuthorization { tenant_lookup_identifier, ..pending() }.is_named_by(&token(claims))
        };
        for (claims, shows_connection, shows_tenant) in [
            (r#"{"azp":"con_a"}"#, true, true),
            (r#"{"azp":"con_b"}"#, false, true),
            (r#"{"azp":"sc_shop"}"#, false, false),
            ("{}", false, false),
        ] {
            assert_eq!(shows(None, claims), shows_connection, "{claims}");
            assert_eq!(shows(Some("tenant"), claims), shows_tenant, "{claims}");
        }
        let any = PendingAuthorization { connection_id: None, ..pending() };
        assert!(!any.is_named_by(&token("{}")), "no connection was asked for");
    }

    #[test]
    fn the_code_verifier_does_not_print() {
        assert!(!format!("{:?}", pending()).contains("\"verifier\""));
    }
}
