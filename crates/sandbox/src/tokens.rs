//! Access and id tokens: issued after a login, and verified when an access token comes back.

use std::fmt;

use authress_jws::{SigningKey, Verified, VerifyError, verify};
use serde::Serialize;

use crate::entropy::Entropy;
use crate::model::grant::{Grant, Profile};
use crate::site::PublicUrl;

/// The lifetime of access and id tokens, in seconds: 24 hours, Authress's default.
pub(crate) const TOKEN_LIFETIME_S: u64 = 24 * 60 * 60;

/// The header type of access tokens, RFC 9068 section 2.1.
const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// A fresh pair of tokens.
#[derive(Clone, Serialize)]
pub(crate) struct TokenSet {
    pub(crate) access_token: String,
    pub(crate) id_token: String,
    token_type: &'static str,
    /// In seconds.
    pub(crate) expires_in: u64,
    scope: String,
}

impl fmt::Debug for TokenSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSet").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// Signs an access token and an id token for `grant`.
pub(crate) fn issue(
    key: &SigningKey,
    issuer: &PublicUrl,
    grant: &Grant,
    now_ms: u64,
    entropy: &mut Entropy,
) -> TokenSet {
    let issued_at = now_ms / 1000;
    let claims = |aud| Claims {
        iss: issuer.as_str(),
        sub: &grant.user_id,
        aud,
        azp: &grant.connection_id,
        client_id: &grant.application_id,
        scope: &grant.scope,
        iat: issued_at,
        exp: issued_at + TOKEN_LIFETIME_S,
    };
    let audiences = match grant.audiences.as_slice() {
        [] => vec![issuer.as_str()],
        requested => requested.iter().map(String::as_str).collect(),
    };
    let access = AccessClaims { claims: claims(audiences), jti: entropy.id() };
    let id = IdClaims {
        claims: claims(vec![&grant.application_id]),
        email_verified: grant.profile.email.is_some().then_some(true),
        profile: &grant.profile,
    };
    TokenSet {
        access_token: key.sign_jwt(ACCESS_TOKEN_TYPE, &access),
        id_token: key.sign_jwt("JWT", &id),
        token_type: "Bearer",
        expires_in: TOKEN_LIFETIME_S,
        scope: grant.scope.clone(),
    }
}

/// Returns the user, connection and application of an access token of this issuer, `None` if it is not valid.
pub(crate) fn verify_access_token(
    key: &SigningKey,
    issuer: &PublicUrl,
    token: &str,
    now_ms: u64,
) -> Option<AccessToken> {
    let keys = authress_jws::JwkSet { keys: vec![key.public_jwk()] };
    let verified: Result<Verified, VerifyError> = verify(token, &keys, Some(ACCESS_TOKEN_TYPE));
    let verified = verified.ok()?;
    let expires_at = u64::try_from(verified.claim_i64("exp")?).ok()?;
    let is_valid = verified.claim_str("iss") == Some(issuer.as_str()) && now_ms / 1000 < expires_at;
    let text = |name| verified.claim_str(name).map(str::to_owned);
    if !is_valid {
        return None;
    }
    Some(AccessToken { user_id: text("sub")?, connection_id: text("azp")?, application_id: text("client_id")? })
}

/// The claims of a valid access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccessToken {
    pub(crate) user_id: String,
    /// The connection that identified the user: `azp`.
    pub(crate) connection_id: String,
    pub(crate) application_id: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: Vec<&'a str>,
    azp: &'a str,
    client_id: &'a str,
    scope: &'a str,
    iat: u64,
    exp: u64,
}

#[derive(Serialize)]
struct AccessClaims<'a> {
    #[serde(flatten)]
    claims: Claims<'a>,
    jti: String,
}

#[derive(Serialize)]
struct IdClaims<'a> {
    #[serde(flatten)]
    claims: Claims<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    #[serde(flatten)]
    profile: &'a Profile,
}

#[cfg(test)]
mod tests {
    use super::*;
    use authress_jws::JwkSet;

    const NOW_MS: u64 = 1_700_000_000_000;

    fn grant() -> Grant {
        Grant {
            user_id: "user_1".to_owned(),
            connection_id: "con_acorn".to_owned(),
            application_id: "app_demo".to_owned(),
            audiences: vec![],
            scope: "openid profile email".to_owned(),
            profile: Profile { name: Some("Ada".to_owned()), email: Some("ada@x.test".to_owned()), picture: None },
        }
    }

    fn issued() -> (SigningKey, PublicUrl, TokenSet) {
        let key = SigningKey::generate("k").unwrap();
        let issuer = PublicUrl::parse("https://login.shop.test").unwrap();
        let tokens = issue(&key, &issuer, &grant(), NOW_MS, &mut Entropy::from_seed([1; 32]));
        (key, issuer, tokens)
    }

    #[test]
    fn both_tokens_are_signed_and_name_the_user() {
        let (key, _, tokens) = issued();
        let keys = JwkSet { keys: vec![key.public_jwk()] };
        let access = verify(&tokens.access_token, &keys, Some("at+jwt")).unwrap();
        assert_eq!(access.claim_str("iss"), Some("https://login.shop.test"));
        assert_eq!(access.claim_str("sub"), Some("user_1"));
        assert_eq!(access.claim_str("azp"), Some("con_acorn"));
        assert_eq!(access.claim_i64("exp"), Some(1_700_000_000 + 86_400));
        assert_eq!(access.claims["aud"], serde_json::json!(["https://login.shop.test"]));
        let id = verify(&tokens.id_token, &keys, Some("JWT")).unwrap();
        assert_eq!(id.claim_str("name"), Some("Ada"));
        assert_eq!(id.claims["aud"], serde_json::json!(["app_demo"]));
        assert!(!id.claims.contains_key("picture"));
    }

    #[test]
    fn an_access_token_is_valid_until_it_expires_and_an_id_token_never_is() {
        let (key, issuer, tokens) = issued();
        let at = |token: &str, now_ms| verify_access_token(&key, &issuer, token, now_ms).map(|token| token.user_id);
        assert_eq!(at(&tokens.access_token, NOW_MS).as_deref(), Some("user_1"));
        assert_eq!(at(&tokens.access_token, NOW_MS + TOKEN_LIFETIME_S * 1000), None);
        assert_eq!(at(&tokens.id_token, NOW_MS), None);
        let foreign = PublicUrl::parse("https://login.other.test").unwrap();
        assert_eq!(verify_access_token(&key, &foreign, &tokens.access_token, NOW_MS), None);
    }
}
