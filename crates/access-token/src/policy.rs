//! Which access tokens are accepted: the whole policy in one pure function.

use authress_jws::{KeyRing, Verified};
use serde_json::{Map, Value};

use crate::issuers::{AccountHost, InvalidIssuer, Named};
use crate::token_error::TokenError;

/// The default of the allowed clock skew between issuer and shop, in seconds.
pub const DEFAULT_LEEWAY_S: u32 = 5;

/// The longest accepted user id, in bytes: a shop stores data by user id. Authress's are far shorter.
pub const MAX_USER_ID_BYTES: usize = 256;

/// Which access tokens are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPolicy {
    host: AccountHost,
    audience: Option<String>,
    application_id: Option<String>,
    service_clients: Vec<String>,
    leeway_s: u32,
}

impl TokenPolicy {
    /// Accepts users' tokens of `issuer`, the Authress custom domain: scheme and host, no slash at the end. `http` is
    /// allowed for loopback addresses and `localhost`.
    ///
    /// The `iss` of a token must be exactly this. Only if it is a host of Authress that names an account,
    /// `https://{account}.login.authress.io`, `https://{account}.api.authress.io` or
    /// `https://{account}.api-{region}.authress.io`, all of these hosts of this account are the same issuer.
    ///
    /// # Errors
    /// [`InvalidIssuer`].
    pub fn new(issuer: &str) -> Result<Self, InvalidIssuer> {
        Ok(Self {
            host: AccountHost::parse(issuer)?,
            audience: None,
            application_id: None,
            service_clients: Vec::new(),
            leeway_s: DEFAULT_LEEWAY_S,
        })
    }

    /// Requires this `aud` (RFC 7519 section 4.1.3), alone or among others.
    ///
    /// Use it only for an audience that the application asks for when a user logs in (the client's option `audiences`)
    /// and that is registered for the application in Authress. **A token for which no audience was asked names the
    /// account's id (`["ADZMCGNJ0"]`) or no audience at all, never the issuer**: with this rule it is refused with
    /// [`TokenError::OtherAudience`]. Without this rule `aud` is not looked at.
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

    /// The issuer of users' tokens. For a host of Authress it is the account's login host.
    pub fn issuer(&self) -> String {
        self.host.of_users()
    }

    /// All issuers whose tokens are accepted: the users' first, then one for each service client. Each publishes its own
    /// keys. Of an account's hosts it is the login host for users and the `api` host for service clients.
    pub fn issuers(&self) -> impl Iterator<Item = String> {
        let clients = self.service_clients.iter().map(|client_id| self.host.of_client(client_id));
        std::iter::once(self.issuer()).chain(clients)
    }

    /// Which of [`TokenPolicy::issuers`] the `iss` of a token stands for. The keys of a token are fetched from there,
    /// from a URL that contains nothing of the token.
    pub fn accepted_issuer(&self, iss: &str) -> Option<String> {
        match self.accepted(iss)? {
            Named::Users => Some(self.issuer()),
            Named::Client(client_id) => Some(self.host.of_client(client_id)),
        }
    }

    fn accepted<'a>(&self, iss: &'a str) -> Option<Named<'a>> {
        self.host.read(iss).filter(|named| match named {
            Named::Users => true,
            Named::Client(client_id) => self.service_clients.iter().any(|known| known == client_id),
        })
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
        let iss = token.claim_str("iss").unwrap_or_default();
        let named = self.accepted(iss).ok_or(TokenError::OtherIssuer)?;
        if self.accepted_issuer(iss).as_deref() != Some(issuer) {
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
        match named {
            Named::Client(client_id) if client_id != user_id => return Err(TokenError::OtherSubject),
            Named::Client(_) => {}
            Named::Users => {
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

    /// What `aud` names when the application asked for no audience: an id of the account.
    const ACCOUNT: &str = "ADZMCGNJ0";

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
                "iss": ISSUER, "sub": "user_a", "client_id": "app_shop", "azp": "sc_shop", "aud": [ACCOUNT],
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

    /// The vectors that the npm package's entry for servers reads, too.
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Vectors {
        now: i64,
        application_id: String,
        service_client: String,
        claims: Map<String, Value>,
        cases: Vec<Case>,
    }

    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Case {
        name: String,
        #[serde(default)]
        claims: Map<String, Value>,
        typ: Option<String>,
        audience: Option<String>,
        leeway_seconds: Option<u32>,
        error: Option<String>,
    }

    #[test]
    fn every_vector_has_its_result() {
        let vectors = include_str!("../../../tests/vectors/access-token-policy.json");
        let vectors: Vectors = serde_json::from_str(vectors).unwrap();
        let issuer = Issuer::new();
        for case in vectors.cases {
            let mut claims = vectors.claims.clone();
            claims.extend(case.claims);
            claims.retain(|_, value| !value.is_null());
            let mut policy = TokenPolicy::new(ISSUER).unwrap().for_application(&vectors.application_id);
            policy = policy.with_service_client(&vectors.service_client);
            policy = case.audience.iter().fold(policy, |policy, audience| policy.for_audience(audience));
            policy = case.leeway_seconds.iter().fold(policy, |policy, leeway| policy.with_leeway_s(*leeway));
            let iss = claims.get("iss").and_then(Value::as_str).unwrap_or_default();
            // The verifier does not even look for the keys of another issuer.
            let known = policy.accepted_issuer(iss).unwrap_or_else(|| policy.issuer());
            let token = issuer.0.sign_jwt(case.typ.as_deref().unwrap_or("at+jwt"), &claims);
            let error = policy.verify(&token, &known, &issuer.keys(), vectors.now).err();
            assert_eq!(error.map(TokenError::code), case.error.as_deref(), "{}", case.name);
        }
    }

    #[test]
    fn tokens_without_a_requested_audience_are_accepted_unless_one_is_required() {
        let issuer = Issuer::new();
        for aud in [json!([ACCOUNT]), json!(ACCOUNT), Value::Null] {
            assert!(issuer.verify(&policy(), &[("aud", aud.clone())]).is_ok(), "{aud}");
            // The issuer is never the audience of such a token.
            for required in [ISSUER, "app_shop", "https://api.example.com", ""] {
                let error = issuer.verify(&policy().for_audience(required), &[("aud", aud.clone())]).unwrap_err();
                assert_eq!(error, TokenError::OtherAudience, "{aud} {required}");
                let text = error.to_string();
                assert!(text.contains("register it for the application") && text.contains("request it when"), "{text}");
            }
        }
    }

    /// A policy for a host of Authress, with a service client.
    fn of_account(host: &str) -> TokenPolicy {
        TokenPolicy::new(&format!("https://{host}")).unwrap().with_service_client("sc_erp")
    }

    #[test]
    fn users_and_service_clients_of_one_account_are_accepted_from_each_of_its_hosts() {
        let issuer = Issuer::new();
        for configured in ["acc.login.authress.io", "acc.api.authress.io", "acc.api-eu-west.authress.io"] {
            let policy = of_account(configured);
            let of_policy: Vec<String> = policy.issuers().collect();
            assert_eq!(of_policy, ["https://acc.login.authress.io", "https://acc.api.authress.io/v1/clients/sc_erp"]);
            for host in ["acc.login.authress.io", "acc.api.authress.io", "acc.api-na-east.authress.io"] {
                let (users, client) = (format!("https://{host}"), format!("https://{host}/v1/clients/sc_erp"));
                for (iss, sub, known) in [(&users, "user_a", &of_policy[0]), (&client, "sc_erp", &of_policy[1])] {
                    assert_eq!(policy.accepted_issuer(iss).as_ref(), Some(known));
                    let token = issuer.token("at+jwt", &[("iss", json!(iss)), ("sub", json!(sub))]);
                    let verified = policy.verify(&token, known, &issuer.keys(), NOW).map(|token| token.user_id);
                    assert_eq!(verified.as_deref(), Ok(sub), "{configured} {iss}");
                }
                // A service client cannot sign for a user, from whichever host.
                let token = issuer.token("at+jwt", &[("iss", json!(client)), ("sub", json!("user_a"))]);
                let verified = policy.verify(&token, &of_policy[1], &issuer.keys(), NOW);
                assert_eq!(verified, Err(TokenError::OtherSubject));
                // Nor with its own key in the name of the users' issuer: the caller has chosen that key by the `iss`.
                assert_eq!(policy.verify(&token, &of_policy[0], &issuer.keys(), NOW), Err(TokenError::OtherIssuer));
            }
        }
    }

    #[test]
    fn other_accounts_and_other_hosts_are_refused() {
        let issuer = Issuer::new();
        let policy = of_account("acc.login.authress.io");
        for iss in [
            "https://other.login.authress.io",
            "https://acc.login.authress.io.evil.test",
            "https://login.example.com",
            "https://acc.api.authress.io/v1/clients/sc_other",
            "https://acc.api.authress.io/v1/clients/sc_erp/",
            "https://acc.api.authress.io/v1/clients/sc_erp/../sc_erp",
            "https://other.api.authress.io/v1/clients/sc_erp",
        ] {
            assert_eq!(policy.accepted_issuer(iss), None, "{iss}");
            let token = issuer.token("at+jwt", &[("iss", json!(iss)), ("sub", json!("sc_erp"))]);
            for known in policy.issuers().chain([iss.to_owned()]) {
                let verified = policy.verify(&token, &known, &issuer.keys(), NOW);
                assert_eq!(verified, Err(TokenError::OtherIssuer), "{iss} {known}");
            }
        }
        // A custom domain stands for itself: nothing says which account it is of.
        let policy = self::policy().with_service_client("sc_erp");
        assert_eq!(policy.accepted_issuer("https://acc.api.authress.io/v1/clients/sc_erp"), None);
    }
}
