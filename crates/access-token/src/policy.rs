//! Which access tokens are accepted: the whole policy in one pure function.

use std::fmt;
use std::net::Ipv4Addr;

use authress_jws::{KeyRing, Verified};
use serde_json::{Map, Value};

use crate::token_error::TokenError;

/// The default of the allowed clock skew between issuer and shop, in seconds.
pub const DEFAULT_LEEWAY_S: u32 = 5;

/// The longest accepted user id, in bytes: a shop stores data by user id. Authress's are far shorter.
pub const MAX_USER_ID_BYTES: usize = 256;

/// Which access tokens are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPolicy {
    issuer: String,
    audience: Option<String>,
    application_id: Option<String>,
    service_clients: Vec<String>,
    leeway_s: u32,
}

impl TokenPolicy {
    /// Accepts users' tokens whose `iss` is exactly `issuer`, the Authress custom domain: scheme and host,
    /// no slash at the end. `http` is allowed for loopback addresses and `localhost`.
    ///
    /// # Errors
    /// [`InvalidIssuer`].
    pub fn new(issuer: &str) -> Result<Self, InvalidIssuer> {
        let url = reqwest::Url::parse(issuer).map_err(|_| InvalidIssuer)?;
        let is_local = url.host_str().is_some_and(|host| {
            let is_loopback = host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
            host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || is_loopback
        });
        let is_origin = url.origin().is_tuple() && url.origin().ascii_serialization() == issuer;
        if !is_origin || !(url.scheme() == "https" || (url.scheme() == "http" && is_local)) {
            return Err(InvalidIssuer);
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            audience: None,
            application_id: None,
            service_clients: Vec::new(),
            leeway_s: DEFAULT_LEEWAY_S,
        })
    }

    /// Requires this `aud` (RFC 7519 section 4.1.3), alone or among others.
    #[must_use]
    pub fn for_audience(self, audience: impl Into<String>) -> Self {
        Self { audience: Some(audience.into()), ..self }
    }

    /// Requires this `client_id`. Tokens of all applications of an account have the same keys
    /// and issuer: without this, a token that was issued to another application is accepted here.
    #[must_use]
    pub fn for_application(self, application_id: impl Into<String>) -> Self {
        Self { application_id: Some(application_id.into()), ..self }
    }

    /// Also accepts the tokens that this service client signs itself, if their `sub` is the service client.
    #[must_use]
    pub fn with_service_client(mut self, client_id: impl Into<String>) -> Self {
        self.service_clients.push(client_id.into());
        self
    }

    /// The allowed clock skew, in seconds. Default [`DEFAULT_LEEWAY_S`].
    #[must_use]
    pub fn with_leeway_s(self, leeway_s: u32) -> Self {
        Self { leeway_s, ..self }
    }

    /// The issuer of users' tokens.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// All issuers whose tokens are accepted: the users' first, then one for each service client.
    pub fn issuers(&self) -> impl Iterator<Item = String> {
        let clients = self.service_clients.iter().map(|client_id| format!("{}/v1/clients/{client_id}", self.issuer));
        std::iter::once(self.issuer.clone()).chain(clients)
    }

    /// Verifies a token at `now` in seconds since 1970. `issuer` is one of [`TokenPolicy::issuers`],
    /// and `keys` are its published keys. The caller selects them by the unverified `iss`, which is then verified here.
    ///
    /// The token must be signed with one of the keys and the algorithm of that key, be an access
    /// token (`typ` is `at+jwt`, RFC 9068 section 2.1), be of `issuer`, and be valid now.
    ///
    /// # Errors
    /// The first [`TokenError`] that applies, in that order.
    pub fn verify(&self, token: &str, issuer: &str, keys: &KeyRing, now: i64) -> Result<AccessToken, TokenError> {
        let token = authress_jws::verify_with_ring(token, keys, None)?;
        if !token.header.typ.as_deref().is_some_and(is_access_token_type) {
            return Err(TokenError::WrongType);
        }
        if token.claim_str("iss") != Some(issuer) || !self.issuers().any(|known| known == issuer) {
            return Err(TokenError::OtherIssuer);
        }
        self.check_times(&token, now)?;
        if self.audience.as_deref().is_some_and(|audience| !has_audience(&token.claims, audience)) {
            return Err(TokenError::OtherAudience);
        }
        let user_id = match token.claim_str("sub") {
            Some(sub) if !sub.is_empty() && sub.len() <= MAX_USER_ID_BYTES => sub.to_owned(),
            Some(_) | None => return Err(TokenError::NoUserId),
        };
        // A service client has its own key: without this rule it could sign tokens for any user.
        let client_id = issuer.strip_prefix(&self.issuer).and_then(|path| path.strip_prefix("/v1/clients/"));
        match client_id {
            Some(client_id) if client_id != user_id => return Err(TokenError::OtherSubject),
            Some(_) => {}
            None => {
                let application_id = self.application_id.as_deref();
                if application_id.is_some() && token.claim_str("client_id") != application_id {
                    return Err(TokenError::OtherApplication);
                }
            }
        }
        Ok(AccessToken { user_id, claims: token.claims })
    }

    fn check_times(&self, token: &Verified, now: i64) -> Result<(), TokenError> {
        let leeway = i64::from(self.leeway_s);
        // RFC 7519 section 4.1.4: on or after `exp` a token must not be accepted. Dates may have fractions of a second.
        match whole_seconds(&token.claims, "exp")? {
            Some(exp) if now < exp.saturating_add(leeway) => {}
            Some(_) => return Err(TokenError::Expired),
            None => return Err(TokenError::Malformed),
        }
        match whole_seconds(&token.claims, "nbf")? {
            Some(nbf) if nbf > now.saturating_add(leeway) => Err(TokenError::NotYetValid),
            Some(_) | None => Ok(()),
        }
    }
}

/// A valid access token. Handlers of axum extract it with a [`TokenVerifier`](crate::TokenVerifier).
#[derive(Clone, Debug, PartialEq)]
pub struct AccessToken {
    /// The user: `sub`.
    pub user_id: String,
    /// All claims.
    pub claims: Map<String, Value>,
}

impl AccessToken {
    /// The connection with which the user has logged in: `azp`. For an anonymous shopper it is a service client.
    pub fn connection_id(&self) -> Option<&str> {
        self.claims.get("azp")?.as_str()
    }

    /// Whether `scope` (RFC 8693 section 4.2) contains this scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        let scopes = self.claims.get("scope").and_then(Value::as_str).unwrap_or_default();
        scopes.split(' ').any(|word| word == scope)
    }
}

/// The issuer is not an origin, or one without TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidIssuer;

impl fmt::Display for InvalidIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the issuer must be the Authress custom domain such as https://login.example.com, in lower case, without \
             a path or slash at the end; http is for this machine only",
        )
    }
}

impl std::error::Error for InvalidIssuer {}

/// RFC 9068 section 2.1 with the short and the long form of media types (RFC 7515 section 4.1.9).
fn is_access_token_type(typ: &str) -> bool {
    typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt")
}

fn has_audience(claims: &Map<String, Value>, audience: &str) -> bool {
    match claims.get("aud") {
        Some(Value::String(only)) => only == audience,
        Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(audience)),
        Some(_) | None => false,
    }
}

/// A NumericDate (RFC 7519 section 2), truncated to whole seconds.
fn whole_seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, TokenError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let fraction = || value.as_f64().filter(|date| date.abs() < 1e15).map(|date| date as i64);
    value.as_i64().or_else(fraction).map(Some).ok_or(TokenError::Malformed)
}

#[cfg(test)]
mod tests {
    use authress_jws::{JwkSet, SigningKey};
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://login.example.com";
    const NOW: i64 = 1_800_000_000;

    struct Issuer(SigningKey);

    impl Issuer {
        fn new() -> Self {
            Self(SigningKey::generate("k1").unwrap())
        }

        fn keys(&self) -> KeyRing {
            JwkSet { keys: vec![self.0.public_jwk()] }.into()
        }

        /// A valid token with some claims changed; `null` removes one.
        fn token(&self, typ: &str, changes: &[(&str, Value)]) -> String {
            let mut claims = json!({
                "iss": ISSUER, "sub": "user_a", "client_id": "app_shop", "azp": "sc_shop", "aud": ["t1", ISSUER],
                "scope": "openid profile", "iat": NOW - 10, "exp": NOW + 100,
            });
            for (name, value) in changes {
                match value {
                    Value::Null => claims.as_object_mut().unwrap().remove(*name),
                    other => claims.as_object_mut().unwrap().insert((*name).to_owned(), other.clone()),
                };
            }
            self.0.sign_jwt(typ, &claims)
        }

        fn verify(&self, policy: &TokenPolicy, changes: &[(&str, Value)]) -> Result<AccessToken, TokenError> {
            policy.verify(&self.token("at+jwt", changes), ISSUER, &self.keys(), NOW)
        }
    }

    fn policy() -> TokenPolicy {
        TokenPolicy::new(ISSUER).unwrap().for_application("app_shop")
    }

    #[test]
    fn a_valid_token_has_its_user() {
        let token = Issuer::new().verify(&policy(), &[]).unwrap();
        assert_eq!((token.user_id.as_str(), token.connection_id()), ("user_a", Some("sc_shop")));
        assert!(token.has_scope("profile") && !token.has_scope("prof"));
    }

    #[test]
    fn each_wrong_claim_has_its_error() {
        let issuer = Issuer::new();
        for (name, value, error) in [
            ("iss", json!("https://login.example.com/"), TokenError::OtherIssuer),
            ("iss", json!("https://login.example.com.evil.test"), TokenError::OtherIssuer),
            ("iss", Value::Null, TokenError::OtherIssuer),
            ("exp", json!(NOW - 5), TokenError::Expired),
            ("exp", json!(0), TokenError::Expired),
            ("exp", Value::Null, TokenError::Malformed),
            ("exp", json!("2099-01-01"), TokenError::Malformed),
            ("exp", json!(1e300), TokenError::Malformed),
            ("nbf", json!(NOW + 6), TokenError::NotYetValid),
            ("nbf", json!("soon"), TokenError::Malformed),
            ("client_id", json!("app_other"), TokenError::OtherApplication),
            ("client_id", Value::Null, TokenError::OtherApplication),
            ("sub", json!(""), TokenError::NoUserId),
            ("sub", json!(7), TokenError::NoUserId),
            ("sub", json!("x".repeat(257)), TokenError::NoUserId),
        ] {
            assert_eq!(issuer.verify(&policy(), &[(name, value.clone())]), Err(error), "{name}: {value}");
        }
    }

    #[test]
    fn clocks_may_differ_by_the_leeway() {
        let issuer = Issuer::new();
        assert!(issuer.verify(&policy(), &[("exp", json!(NOW - 4))]).is_ok());
        assert!(issuer.verify(&policy(), &[("exp", json!(NOW as f64 - 3.5))]).is_ok());
        assert!(issuer.verify(&policy(), &[("nbf", json!(NOW + 5))]).is_ok());
        let strict = policy().with_leeway_s(0);
        assert_eq!(issuer.verify(&strict, &[("exp", json!(NOW))]), Err(TokenError::Expired));
        assert!(issuer.verify(&strict, &[("exp", json!(NOW + 1))]).is_ok());
    }

    #[test]
    fn the_audience_is_checked_when_it_is_configured() {
        let issuer = Issuer::new();
        let with = |audience: &str| policy().for_audience(audience);
        assert!(issuer.verify(&with(ISSUER), &[]).is_ok());
        assert!(issuer.verify(&with("t1"), &[("aud", json!("t1"))]).is_ok());
        for aud in [Value::Null, json!("t2"), json!([]), json!(["t11"]), json!({"t1": true})] {
            assert_eq!(issuer.verify(&with("t1"), &[("aud", aud.clone())]), Err(TokenError::OtherAudience), "{aud}");
        }
    }

    #[test]
    fn only_access_tokens_are_accepted() {
        let issuer = Issuer::new();
        let verify = |typ| policy().verify(&issuer.token(typ, &[]), ISSUER, &issuer.keys(), NOW).map(|_| ());
        assert_eq!(verify("AT+JWT"), Ok(()));
        assert_eq!(verify("application/at+jwt"), Ok(()));
        for typ in ["JWT", "oauth-authz-req+jwt", "", "at+jwt "] {
            assert_eq!(verify(typ), Err(TokenError::WrongType), "{typ}");
        }
    }

    #[test]
    fn a_service_client_is_accepted_only_for_itself_and_only_if_configured() {
        let issuer = Issuer::new();
        let iss = format!("{ISSUER}/v1/clients/sc_erp");
        let verify = |policy: &TokenPolicy, sub: &str| {
            let token = issuer.token("at+jwt", &[("iss", json!(iss)), ("sub", json!(sub)), ("client_id", Value::Null)]);
            policy.verify(&token, &iss, &issuer.keys(), NOW).map(|token| token.user_id)
        };
        let known = policy().with_service_client("sc_erp");
        assert_eq!(verify(&known, "sc_erp").as_deref(), Ok("sc_erp"));
        assert_eq!(verify(&known, "user_a"), Err(TokenError::OtherSubject));
        assert_eq!(verify(&policy(), "sc_erp"), Err(TokenError::OtherIssuer));
        assert_eq!(verify(&policy().with_service_client("sc_other"), "sc_erp"), Err(TokenError::OtherIssuer));
    }

    #[test]
    fn an_issuer_is_an_origin_with_tls_or_on_loopback() {
        for good in ["https://login.example.com", "http://127.0.0.1:8888", "http://localhost:1", "https://x.test:8443"]
        {
            assert!(TokenPolicy::new(good).is_ok(), "{good}");
        }
        for wrong in [
            "",
            "login.example.com",
            "https://login.example.com/",
            "http://login.example.com",
            "http://127.evil.test",
            "https://A.test",
            "data:x",
        ] {
            assert_eq!(TokenPolicy::new(wrong), Err(InvalidIssuer), "{wrong}");
        }
    }
}
