//! Service clients: connections whose users a shop's own verifier asserts with a signed JWT.

use std::fmt;

use authress_jws::{JwkSet, KeyError, SigningKey, Verified, VerifyError, verify};
use authress_secret::Secret;
use base64ct::{Base64, Encoding};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::dialect::Dialect;
use crate::entropy::Entropy;
use crate::site::PublicUrl;

/// The account every service client of the sandbox belongs to.
pub(crate) const ACCOUNT_ID: &str = "acc_localsandbox";

/// The `typ` of the JWT that a verifier sends as `code`.
const CODE_TYPE: &str = "oauth-authz-req+jwt";
/// The longest lifetime of that JWT, in seconds.
const MAX_CODE_LIFETIME_S: i64 = 3600;
/// How far `iat` may be ahead, in seconds: SDKs round it to the nearest second, and clocks differ.
const MAX_CLOCK_SKEW_S: i64 = 30;
/// The `typ` of a client's own access tokens.
const ACCESS_TOKEN_TYPE: &str = "at+jwt";
/// The longest lifetime of such a token, in seconds: that of Authress's SDKs.
const MAX_ACCESS_TOKEN_LIFETIME_S: i64 = 24 * 60 * 60;
/// The longest user id, in bytes, where Authress's grammar is not enforced.
const MAX_USER_ID_BYTES: usize = 256;
/// The longest user id in Authress's grammar, in characters.
const MAX_USER_ID_CHARS: usize = 128;

/// A service client with the public half of its access key.
#[derive(Debug, Clone)]
pub(crate) struct ServiceClient {
    pub(crate) id: String,
    authorization_url: Url,
    keys: JwkSet,
    pub(crate) options: ServiceClientOptions,
}

/// Authress's options of a service client. In Authress both are off by default; here a service client without
/// `grantTokenGeneration` would have no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ServiceClientOptions {
    /// Whether its statements log users in. Default: yes.
    pub grant_token_generation: bool,
    /// Whether it may ask for every user's permissions and resources. Default: no.
    pub grant_user_permissions_access: bool,
}

impl Default for ServiceClientOptions {
    fn default() -> Self {
        Self { grant_token_generation: true, grant_user_permissions_access: false }
    }
}

/// The user that a verifier asserts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VerifiedUser {
    pub(crate) user_id: String,
    pub(crate) email: Option<String>,
}

impl ServiceClient {
    /// Generates a key pair. The private key is returned as the access key
    /// `{clientId}.{keyId}.{accountId}.{privateKey}` and not kept.
    pub(crate) fn generate(
        id: &str,
        authorization_url: Url,
        options: ServiceClientOptions,
        entropy: &mut Entropy,
    ) -> Result<(Self, Secret), KeyError> {
        let key_id: String = entropy.id().chars().take(4).collect();
        let key = SigningKey::generate(key_id)?;
        let private_key = Base64::encode_string(&key.to_pkcs8_der());
        let access_key = Secret::new([id, key.kid(), ACCOUNT_ID, &private_key].join("."));
        let keys = JwkSet { keys: vec![key.public_jwk()] };
        Ok((Self { id: id.to_owned(), authorization_url, keys, options }, access_key))
    }

    pub(crate) fn public_keys(&self) -> &JwkSet {
        &self.keys
    }

    /// The URL of the verifier with the parameters of an authentication request.
    pub(crate) fn authentication_url(&self, request_id: &str, public_url: &PublicUrl, dialect: &Dialect) -> String {
        let mut url = self.authorization_url.clone();
        if dialect.client_id_for_verifiers {
            url.query_pairs_mut().append_pair("client_id", &self.id);
        }
        let login_url = public_url.login_url();
        url.query_pairs_mut().append_pair("state", request_id).append_pair("redirect_uri", &login_url);
        url.into()
    }

    /// Checks the authorization response of a verifier: the parameters `code` and `iss` of the callback.
    pub(crate) fn verify_code(
        &self,
        code: &str,
        iss: Option<&str>,
        public_url: &PublicUrl,
        dialect: &Dialect,
        now_ms: u64,
    ) -> Result<VerifiedUser, CodeError> {
        let expected_issuer = public_url.service_client_issuer(&self.id);
        if iss != Some(expected_issuer.as_str()) {
            return Err(CodeError::IssuerMismatch);
        }
        let verified = verify(code, &self.keys, Some(CODE_TYPE)).map_err(CodeError::InvalidToken)?;
        let claim = |name| verified.claim_str(name);
        if claim("iss") != Some(expected_issuer.as_str()) {
            return Err(CodeError::IssuerMismatch);
        }
        if !is_for_account(&verified) {
            return Err(CodeError::AudienceMismatch);
        }
        if claim("client_id") != Some(self.id.as_str()) {
            return Err(CodeError::ClientMismatch);
        }
        let now = i64::try_from(now_ms / 1000).unwrap_or(i64::MAX);
        let (Some(iat), Some(exp)) = (verified.claim_i64("iat"), verified.claim_i64("exp")) else {
            return Err(CodeError::MissingTimes);
        };
        let age = now.saturating_sub(iat);
        if exp <= now || verified.claim_i64("max_age").is_some_and(|max_age| age > max_age) {
            return Err(CodeError::Expired);
        }
        if age < -MAX_CLOCK_SKEW_S {
            return Err(CodeError::IssuedInTheFuture);
        }
        if exp.saturating_sub(iat) > MAX_CODE_LIFETIME_S {
            return Err(CodeError::LifetimeTooLong);
        }
        let subject = claim("sub").filter(|sub| is_valid_user_id(sub, dialect)).ok_or(CodeError::InvalidUserId)?;
        Ok(VerifiedUser { user_id: subject.to_owned(), email: claim("email").map(str::to_owned) })
    }

    /// Whether this is a valid access token of the client itself, made with its access key.
    pub(crate) fn is_own_access_token(&self, token: &str, public_url: &PublicUrl, now_ms: u64) -> bool {
        let Ok(verified) = verify(token, &self.keys, Some(ACCESS_TOKEN_TYPE)) else { return false };
        let is = |name, value: &str| verified.claim_str(name) == Some(value);
        let now = i64::try_from(now_ms / 1000).unwrap_or(i64::MAX);
        let (Some(iat), Some(exp)) = (verified.claim_i64("iat"), verified.claim_i64("exp")) else { return false };
        is("iss", &public_url.service_client_issuer(&self.id))
            && is("sub", &self.id)
            && is("client_id", &self.id)
            && is_for_account(&verified)
            && now < exp
            && iat.saturating_sub(now) <= MAX_CLOCK_SKEW_S
            && exp.saturating_sub(iat) <= MAX_ACCESS_TOKEN_LIFETIME_S
    }
}

/// Whether `aud` is the account of the access key.
fn is_for_account(verified: &Verified) -> bool {
    let audience = format!("{ACCOUNT_ID}.accounts.authress.io");
    match verified.claims.get("aud") {
        Some(Value::String(aud)) => *aud == audience,
        Some(Value::Array(list)) => list.iter().any(|aud| aud.as_str() == Some(&audience)),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => false,
    }
}

/// The name of a service client among the users of an access record.
pub(crate) fn service_client_user_id(client_id: &str) -> String {
    format!("Authress:ServiceClients/{client_id}")
}

fn is_valid_user_id(id: &str, dialect: &Dialect) -> bool {
    if dialect.checks_user_ids {
        return follows_grammar(id);
    }
    !id.trim().is_empty() && id.len() <= MAX_USER_ID_BYTES && !id.contains(char::is_control)
}

/// Whether a user id follows `^[a-zA-Z0-9+._|/~:@\s-]{1,128}$`, the pattern of Authress's management API.
pub(crate) fn follows_grammar(id: &str) -> bool {
    let allowed = |character: char| {
        character.is_ascii_alphanumeric() || character.is_whitespace() || "+._|/~:@-".contains(character)
    };
    (1..=MAX_USER_ID_CHARS).contains(&id.chars().count()) && id.chars().all(allowed)
}

/// Why a verifier's code is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeError {
    /// `iss`, as parameter or claim, is not this sandbox's issuer for the client.
    IssuerMismatch,
    /// The JWT's form, type, key or signature is wrong.
    InvalidToken(VerifyError),
    /// `aud` is not the account's.
    AudienceMismatch,
    /// `client_id` is another service client.
    ClientMismatch,
    /// `iat` or `exp` is missing.
    MissingTimes,
    /// `exp` or `max_age` has passed.
    Expired,
    /// `iat` is ahead of the sandbox's clock.
    IssuedInTheFuture,
    /// The JWT would be valid for more than an hour.
    LifetimeTooLong,
    /// `sub` is missing, empty, too long or contains characters that a user id cannot have.
    InvalidUserId,
}

impl CodeError {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::IssuerMismatch => "VerifierIssuerMismatch",
            Self::InvalidToken(_) => "VerifierTokenInvalid",
            Self::AudienceMismatch => "VerifierAudienceMismatch",
            Self::ClientMismatch => "VerifierClientMismatch",
            Self::MissingTimes => "VerifierTokenTimesMissing",
            Self::Expired => "VerifierTokenExpired",
            Self::IssuedInTheFuture => "VerifierTokenIssuedInTheFuture",
            Self::LifetimeTooLong => "VerifierTokenLivesTooLong",
            Self::InvalidUserId => "VerifierUserIdInvalid",
        }
    }
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = match self {
            Self::IssuerMismatch => {
                "iss must be {login domain}/v1/clients/{clientId}; check the verifier's Authress domain"
            }
            Self::InvalidToken(error) => {
                return write!(f, "the code is not a JWT signed with this client's key: {error}");
            }
            Self::AudienceMismatch => "aud must be {accountId}.accounts.authress.io of the access key",
            Self::ClientMismatch => "client_id must be the service client of the authentication request",
            Self::MissingTimes => "iat and exp must be whole seconds",
            Self::Expired => "the verifier's JWT is no longer valid; check both clocks",
            Self::IssuedInTheFuture => "iat is in the future; check both clocks",
            Self::LifetimeTooLong => "exp may be at most an hour after iat",
            Self::InvalidUserId => {
                "sub must be a user id of 1 to 128 of the characters a-z, A-Z, 0-9, +._|/~:@- and white space"
            }
        };
        f.write_str(sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW_MS: u64 = 1_700_000_000_000;
    const NOW: i64 = 1_700_000_000;
    const ISS: &str = "http://127.0.0.1:8888/v1/clients/sc_shop";

    fn issuer() -> PublicUrl {
        PublicUrl::parse("http://127.0.0.1:8888").unwrap()
    }

    fn client_and_key() -> (ServiceClient, SigningKey) {
        let url = Url::parse("http://127.0.0.1:9000/v1/login?shop=1").unwrap();
        let (client, access_key) =
            ServiceClient::generate("sc_shop", url, ServiceClientOptions::default(), &mut Entropy::from_seed([3; 32]))
                .unwrap();
        let parts: Vec<&str> = access_key.expose().split('.').collect();
        assert_eq!((parts[0], parts[2], parts.len()), ("sc_shop", ACCOUNT_ID, 4));
        let key = SigningKey::from_pkcs8_der(parts[1], &Base64::decode_vec(parts[3]).unwrap()).unwrap();
        (client, key)
    }

    fn claims() -> Value {
        json!({ "iss": ISS, "aud": "acc_localsandbox.accounts.authress.io", "sub": "user_1", "client_id": "sc_shop",
            "iat": NOW, "exp": NOW + 60, "max_age": 60, "scope": "openid" })
    }

    fn check_with(change: impl FnOnce(&mut Value)) -> Result<VerifiedUser, CodeError> {
        let (client, key) = client_and_key();
        let mut claims = claims();
        change(&mut claims);
        client.verify_code(&key.sign_jwt(CODE_TYPE, &claims), Some(ISS), &issuer(), &Dialect::default(), NOW_MS)
    }

    #[test]
    fn the_code_of_the_verifier_is_accepted() {
        assert_eq!(check_with(|_| ()).unwrap().user_id, "user_1");
        assert!(check_with(|claims| claims["aud"] = json!(["acc_localsandbox.accounts.authress.io"])).is_ok());
        assert!(check_with(|claims| claims["iat"] = json!(NOW + 1)).is_ok());
    }

    /// The statements that `tests/vectors/make-login-statements.mjs` writes, with this sandbox's names and clock.
    #[test]
    fn the_statements_of_both_versions_of_the_sdk_are_accepted() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../../../tests/vectors/login-statements.json")).unwrap();
        assert_eq!(vectors["issuedAt"], NOW);
        let (client, key) = client_and_key();
        let statements = vectors["statements"].as_array().unwrap();
        assert_eq!(statements.len(), 3);
        for statement in statements {
            let mut claims = statement["claims"].clone();
            for name in ["iss", "aud", "client_id"] {
                claims[name] = self::claims()[name].clone();
            }
            let code = key.sign_jwt(statement["header"]["typ"].as_str().unwrap(), &claims);
            let check = |now_ms| client.verify_code(&code, Some(ISS), &issuer(), &Dialect::default(), now_ms);
            let user = check(NOW_MS).unwrap();
            assert_eq!(user.user_id, statement["userId"]);
            assert_eq!(user.email.as_deref(), claims["email"].as_str());
            // Each is valid as long as it says: a minute or an hour.
            let lifetime_ms = claims["max_age"].as_u64().unwrap() * 1000;
            assert!(check(NOW_MS + lifetime_ms - 1000).is_ok(), "{claims}");
            assert_eq!(check(NOW_MS + lifetime_ms), Err(CodeError::Expired), "{claims}");
        }
    }

    #[test]
    fn each_wrong_claim_has_its_own_error() {
        use CodeError::*;
        let cases: [(&str, Value, CodeError); 14] = [
            ("iss", json!("http://127.0.0.1:8888"), IssuerMismatch),
            ("iss", Value::Null, IssuerMismatch),
            ("aud", json!("acc_other.accounts.authress.io"), AudienceMismatch),
            ("aud", Value::Null, AudienceMismatch),
            ("client_id", json!("sc_other"), ClientMismatch),
            ("exp", json!(NOW), Expired),
            ("max_age", json!(-1), Expired),
            ("exp", json!(NOW + 3601), LifetimeTooLong),
            ("iat", json!(NOW + 31), IssuedInTheFuture),
            ("iat", Value::Null, MissingTimes),
            ("exp", json!("soon"), MissingTimes),
            ("sub", json!(" "), InvalidUserId),
            ("sub", json!("user\n1"), InvalidUserId),
            ("sub", Value::Null, InvalidUserId),
        ];
        for (name, value, error) in cases {
            let result = check_with(|claims| claims[name] = value.clone());
            assert_eq!(result, Err(error), "{name} = {value}");
        }
    }

    #[test]
    fn an_access_token_of_the_client_names_it_and_the_account_and_lives_a_day_at_most() {
        let (client, key) = client_and_key();
        let accepted = |typ: &str, change: fn(&mut Value)| {
            let mut claims = claims();
            claims["sub"] = json!("sc_shop");
            claims["exp"] = json!(NOW + 86_400);
            change(&mut claims);
            client.is_own_access_token(&key.sign_jwt(typ, &claims), &issuer(), NOW_MS)
        };
        assert!(accepted("at+jwt", |_| ()) && accepted("at+jwt", |claims| claims["iat"] = json!(NOW + 30)));
        assert!(!accepted("JWT", |_| ()) && !accepted(CODE_TYPE, |_| ()));
        let changes: [fn(&mut Value); 10] = [
            |claims| claims["iss"] = json!("http://127.0.0.1:8888"),
            |claims| claims["iss"] = json!("http://127.0.0.1:8888/v1/clients/sc_other"),
            |claims| claims["sub"] = json!("user_1"),
            |claims| claims["client_id"] = json!("sc_other"),
            |claims| claims["aud"] = json!("acc_other.accounts.authress.io"),
            |claims| claims["exp"] = json!(NOW),
            |claims| claims["exp"] = json!(NOW + 86_401),
            |claims| claims["exp"] = Value::Null,
            |claims| claims["iat"] = json!(NOW + 31),
            |claims| claims["iat"] = Value::Null,
        ];
        for (index, change) in changes.into_iter().enumerate() {
            assert!(!accepted("at+jwt", change), "{index}");
        }
        let mut claims = claims();
        claims["sub"] = json!("sc_shop");
        let forged = SigningKey::generate(key.kid()).unwrap().sign_jwt("at+jwt", &claims);
        assert!(!client.is_own_access_token(&forged, &issuer(), NOW_MS));
    }

    #[test]
    fn the_type_key_and_issuer_parameter_are_checked() {
        let (client, key) = client_and_key();
        let check = |code: &str, iss| client.verify_code(code, iss, &issuer(), &Dialect::default(), NOW_MS);
        let good = key.sign_jwt(CODE_TYPE, &claims());
        assert_eq!(check(&good, None), Err(CodeError::IssuerMismatch));
        assert_eq!(check(&good, Some("http://127.0.0.1:8888/v1/clients/sc_other")), Err(CodeError::IssuerMismatch));
        let access_token = key.sign_jwt("at+jwt", &claims());
        assert_eq!(check(&access_token, Some(ISS)), Err(CodeError::InvalidToken(VerifyError::UnexpectedType)));
        let foreign = SigningKey::generate("other").unwrap().sign_jwt(CODE_TYPE, &claims());
        assert_eq!(check(&foreign, Some(ISS)), Err(CodeError::InvalidToken(VerifyError::UnknownKeyId)));
        let forged = SigningKey::generate(key.kid()).unwrap().sign_jwt(CODE_TYPE, &claims());
        assert_eq!(check(&forged, Some(ISS)), Err(CodeError::InvalidToken(VerifyError::InvalidSignature)));
    }

    #[test]
    fn the_authorization_url_keeps_its_own_query() {
        let (client, _) = client_and_key();
        assert_eq!(
            client.authentication_url("R", &issuer(), &Dialect::default()),
            "http://127.0.0.1:9000/v1/login?shop=1&client_id=sc_shop&state=R&redirect_uri=http%3A%2F%2F127.0.0.1%3A8888%2Flogin"
        );
        assert_eq!(
            client.authentication_url("R", &issuer(), &Dialect::strict()),
            "http://127.0.0.1:9000/v1/login?shop=1&state=R&redirect_uri=http%3A%2F%2F127.0.0.1%3A8888%2Flogin"
        );
    }

    #[test]
    fn the_grammar_of_user_ids_is_enforced_in_a_strict_dialect() {
        let (client, key) = client_and_key();
        let is_accepted = |user_id: &str, dialect: &Dialect| {
            let mut claims = claims();
            claims["sub"] = json!(user_id);
            client.verify_code(&key.sign_jwt(CODE_TYPE, &claims), Some(ISS), &issuer(), dialect, NOW_MS).is_ok()
        };
        let long = "u".repeat(129);
        for good in ["user_1", "google-oauth2|1095", "slack|T0/U1", "Authress|a:b@c d", "+.~-", &long[1..]] {
            assert!(is_accepted(good, &Dialect::strict()) && is_accepted(good, &Dialect::default()), "{good}");
        }
        for bad in ["user(1)", "us\u{e9}r", "user%31", &long] {
            assert!(!is_accepted(bad, &Dialect::strict()) && is_accepted(bad, &Dialect::default()), "{bad}");
        }
    }
}
