//! Logins and links that have begun and not yet returned.
//!
//! Each waits under a key of its own, so that several tabs can be under way at once and none
//! consumes what belongs to another. The last one is also written where the published client
//! looks, so that a shop can change between the two in the middle of a login.

use crate::{
    authorization::pkce::CodeVerifier,
    callback_url,
    decimal::decimal,
    json::{JsonObject, ObjectWriter},
    jwt::UnverifiedClaims,
    secret::Secret,
    settings::Settings,
    text,
    web_url::is_path_segment,
};

/// Where the published client keeps its one pending login.
pub const LEGACY_KEY: &str = "AuthenticationRequestNonce";
/// What the keys of this client's pending logins begin with.
pub const KEY_PREFIX: &str = "AuthenticationRequestNonce.";
/// How long a login may be under way: the longest leeway that Authress can be set to.
const MAX_AGE_MS: i64 = 60 * 60 * 1000;

/// Randomness for one request.
#[derive(Clone, Copy)]
pub struct Entropy {
    /// For the PKCE code verifier.
    pub code_verifier: [u8; super::pkce::VERIFIER_ENTROPY_BYTES],
    /// Where the anti-abuse search starts.
    pub search_start: u32,
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What must be remembered until the browser returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingRequest {
    /// The authentication request id, which comes back as `nonce`.
    pub nonce: String,
    /// The PKCE verifier that the code exchange needs.
    pub code_verifier: CodeVerifier,
    /// The connection asked for.
    pub connection_id: Option<String>,
    /// The tenant lookup identifier asked for.
    pub tenant_lookup_identifier: Option<String>,
    /// The origin of the Authress host that was asked. Records of the published client do not say.
    pub issuer: Option<String>,
    /// The application that asked. Records of the published client do not say.
    pub application_id: Option<String>,
    /// Where the browser returns to; the code exchange repeats it. It has no callback parameters.
    pub redirect_url: String,
    /// The page's own address, where it differs from `redirect_url`: to be shown again after the callback.
    pub page_url: Option<String>,
    /// Authress's word on whether cookies reach it from here.
    pub enable_credentials: Option<bool>,
    /// Whether more than one account may be signed in.
    pub multi_account: Option<bool>,
    /// Set for a link: the user id that takes the new identity.
    pub link_user_id: Option<String>,
    /// When it began, in milliseconds since 1970 by the device's clock.
    pub created_at_ms: i64,
    /// How wrong that clock had turned out to be; see [`crate::clock::Moment`].
    pub clock_skew_ms: i64,
}

impl PendingRequest {
    /// The storage key of the request that will return with `nonce`.
    pub fn key(nonce: &str) -> String {
        text::concat(&[KEY_PREFIX, nonce])
    }

    /// Whether a client with these settings has begun it: a page may have clients of several hosts and applications, and
    /// a callback is handled by the one that began.
    pub fn is_of(&self, settings: &Settings) -> bool {
        self.issuer.as_deref().is_none_or(|issuer| settings.is_issuer(issuer))
            && self.application_id.as_deref().is_none_or(|id| id == settings.application_id())
    }

    /// The address to show after the callback at `href`; `None` if it stays as it is.
    pub fn address_after(&self, href: &str) -> Option<String> {
        let cleaned = callback_url::without_return_parameters(&self.redirect_url);
        let own = self.page_url.as_deref().or(cleaned.as_deref()).unwrap_or(&self.redirect_url);
        callback_url::restored(href, own)
            .or_else(|| callback_url::without_return_parameters(href))
            .filter(|address| address != href)
    }

    /// Whether a session of `user_id` is what this request was for. A link keeps its user id.
    pub fn accepts_user(&self, user_id: &str) -> bool {
        self.link_user_id.as_deref().is_none_or(|expected| expected == user_id)
    }

    /// Whether the session that Authress has now shows that this request was completed, although its
    /// own answer got lost: another user id than `before`, or the connection that was asked for.
    pub fn is_completed_by(&self, before: Option<&UnverifiedClaims>, now: &UnverifiedClaims) -> bool {
        let is_other_user = before.and_then(UnverifiedClaims::subject) != now.subject();
        let was_there = before.and_then(UnverifiedClaims::authorized_party) == now.authorized_party();
        let is_by_connection = self.connection_id.is_some() && self.connection_id.as_deref() == now.authorized_party();
        is_other_user || (is_by_connection && !was_there)
    }

    /// The record as stored. Members beyond those of the published client are ignored by it.
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
        let mut record =
            record.optional("linkUserId", self.link_user_id.as_deref()).raw("createdAt", &decimal(self.created_at_ms));
        if self.clock_skew_ms != 0 {
            record = record.raw("clockSkew", &decimal(self.clock_skew_ms));
        }
        Secret::new(record.finish())
    }

    /// Reads a record back, the published client's too; `None` if it is unusable.
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
            created_at_ms: record.i64("createdAt").unwrap_or(0),
            clock_skew_ms: record.i64("clockSkew").unwrap_or(0),
        }))
    }
}

/// Whether a stored record can be thrown away: unreadable, or under way for over an hour.
///
/// A record from the future (the clock was set back) stays: losing a login is worse than a record
/// too many.
pub fn is_stale(text: &str, now_ms: i64) -> bool {
    let record = JsonObject::parse(text).filter(|record| record.str("nonce").is_some());
    record.is_none_or(|record| now_ms.saturating_sub(record.i64("createdAt").unwrap_or(0)) > MAX_AGE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> PendingRequest {
        PendingRequest {
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
            created_at_ms: 1_000,
            clock_skew_ms: -86_400_000,
        }
    }

    #[test]
    fn a_record_reads_back() {
        assert_eq!(PendingRequest::from_json(request().to_json().expose()), Some(Box::new(request())));
    }

    #[test]
    fn the_published_clients_record_is_read() {
        let text = r#"{"nonce":"R","codeVerifier":"v","lastConnectionId":"sc_a","redirectUrl":"http://localhost/","enableCredentials":false}"#;
        let request = PendingRequest::from_json(text).unwrap();
        assert_eq!((request.nonce.as_str(), request.enable_credentials), ("R", Some(false)));
        assert_eq!(request.link_user_id, None);
        for (host, application) in [("https://login.shop.test", "app_shop"), ("https://login.other.test", "app_other")]
        {
            assert!(request.is_of(&Settings::new(host, Some(application)).unwrap()), "a record without an owner");
        }
    }

    #[test]
    fn a_record_is_of_the_host_and_application_that_began() {
        let is_of = |host, application| request().is_of(&Settings::new(host, Some(application)).unwrap());
        assert!(is_of("https://login.shop.test", "app_shop"));
        assert!(!is_of("https://login.shop.test", "app_other"));
        assert!(!is_of("https://login.other.test", "app_shop"));
    }

    #[test]
    fn the_pages_own_address_is_shown_after_a_callback() {
        let after = |href| request().address_after(href);
        let own = Some("https://app.shop.test/?code=SUMMER20".to_owned());
        assert_eq!(after("https://app.shop.test/?nonce=R1&iss=i&code=2"), own);
        assert_eq!(
            after("https://app.shop.test/elsewhere?nonce=R1&a"),
            Some("https://app.shop.test/elsewhere?a".into())
        );
        let published = PendingRequest {
            page_url: None,
            redirect_url: "https://app.shop.test/?x=1&nonce=old&code=used".into(),
            ..request()
        };
        let address = published.address_after("https://app.shop.test/?x=1&nonce=R1&code=2");
        assert_eq!(address.as_deref(), Some("https://app.shop.test/?x=1"), "an earlier callback's leftovers stay away");
    }

    #[test]
    fn a_nonce_that_would_leave_its_place_in_a_path_is_none() {
        let record = request().to_json();
        let planted = record.expose().replace("\"R1\"", "\"../../session?x\"");
        assert!(PendingRequest::from_json(record.expose()).is_some());
        assert!(PendingRequest::from_json(&planted).is_none());
    }

    #[test]
    fn a_record_is_stale_after_an_hour() {
        let text = request().to_json();
        let text = text.expose();
        assert!(!is_stale(text, 1_000 + MAX_AGE_MS));
        assert!(is_stale(text, 1_001 + MAX_AGE_MS));
        assert!(!is_stale(text, -5_000));
        assert!(is_stale("{}", 0));
    }

    #[test]
    fn a_request_is_completed_by_another_user_or_by_its_connection() {
        let claims = |user: &str, connection: &str| {
            let claims = format!(r#"{{"sub":"{user}","azp":"{connection}"}}"#);
            UnverifiedClaims::decode(&format!("e30.{}.", crate::base64url::encode(claims.as_bytes()))).unwrap()
        };
        let before = claims("user_a", "sc_shop");
        assert!(request().is_completed_by(None, &claims("user_a", "sc_shop")));
        assert!(request().is_completed_by(Some(&before), &claims("user_b", "con_a")));
        assert!(request().is_completed_by(Some(&before), &claims("user_a", "con_a")));
        assert!(!request().is_completed_by(Some(&before), &before), "this is the session from before");
        let linked = claims("user_a", "con_a");
        assert!(!request().is_completed_by(Some(&linked), &linked));
    }

    #[test]
    fn the_verifier_does_not_print() {
        assert!(!format!("{:?}", request()).contains("\"verifier\""));
    }
}
