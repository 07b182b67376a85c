//! Access and id tokens: issued after a login, and verified when an access token comes back.

use std::fmt;

use authress_jws::{SigningKey, Verified, VerifyError, verify};
use authress_login_protocol::base64url;
use serde::Serialize;
use url::form_urlencoded::byte_serialize;

use crate::dialect::{AccessTokenAudience, Dialect, IdentityCookie, LargeIdentityCookie};
use crate::entropy::Entropy;
use crate::model::grant::{Grant, Profile};
use crate::model::service_client::ACCOUNT_ID;

/// From this length on, in bytes, a JWT is too long for the `user` cookie. Browsers allow 4,096 bytes for a whole
/// cookie; Authress's own limit is not known.
const LARGE_IDENTITY_BYTES: usize = 1024;

/// The header type of access tokens, RFC 9068 section 2.1.
const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// A fresh pair of tokens.
#[derive(Clone, Serialize)]
pub(crate) struct TokenSet {
    pub(crate) access_token: String,
    pub(crate) id_token: String,
    /// The value of the `user` cookie.
    #[serde(skip)]
    pub(crate) identity: String,
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
    issuer: &str,
    dialect: &Dialect,
    grant: &Grant,
    now_ms: u64,
    entropy: &mut Entropy,
) -> TokenSet {
    let issued_at = now_ms / 1000;
    let claims = || Claims {
        iss: issuer,
        sub: &grant.user_id,
        scope: &grant.scope,
        iat: issued_at,
        exp: issued_at + dialect.token_lifetime_seconds,
    };
    let party = |aud| Party { aud, azp: &grant.connection_id, client_id: &grant.application_id };
    let audiences = match grant.audiences.as_slice() {
        [] => match dialect.access_token_audience {
            AccessTokenAudience::Issuer => Some(vec![issuer]),
            AccessTokenAudience::Account => Some(vec![ACCOUNT_ID]),
            AccessTokenAudience::Absent => None,
        },
        requested => Some(requested.iter().map(String::as_str).collect()),
    };
    let access = AccessClaims { claims: claims(), party: party(audiences), jti: entropy.id() };
    let id = |party| IdClaims {
        claims: claims(),
        party,
        email_verified: grant.profile.email.is_some().then_some(true),
        profile: &grant.profile,
    };
    let id_token = key.sign_jwt("JWT", &id(Some(party(Some(vec![&grant.application_id])))));
    TokenSet {
        access_token: key.sign_jwt(ACCESS_TOKEN_TYPE, &access),
        identity: identity_cookie(dialect, &id_token, &id(None)),
        id_token,
        token_type: "Bearer",
        expires_in: dialect.token_lifetime_seconds,
        scope: grant.scope.clone(),
    }
}

/// The value of the `user` cookie, for an id token and the lean claims of the same user.
fn identity_cookie(dialect: &Dialect, id_token: &str, lean: &IdClaims<'_>) -> String {
    // Neither form can fail: the claims are texts, numbers and a provider's JSON.
    let json = serde_json::to_string(lean).unwrap_or_default();
    if dialect.large_identity_cookie == LargeIdentityCookie::Json && id_token.len() >= LARGE_IDENTITY_BYTES {
        // A space is `+` in a form and `%20` in a cookie that scripts decode.
        return byte_serialize(json.as_bytes()).collect::<String>().replace('+', "%20");
    }
    match dialect.identity_cookie {
        IdentityCookie::IdToken => id_token.to_owned(),
        IdentityCookie::Lean => format!(".{}", base64url::encode(json.as_bytes())),
    }
}

/// Returns the user, connection and application of an access token of this issuer, `None` if it is not valid.
pub(crate) fn verify_access_token(key: &SigningKey, issuer: &str, token: &str, now_ms: u64) -> Option<AccessToken> {
    let keys = authress_jws::JwkSet { keys: vec![key.public_jwk()] };
    let verified: Result<Verified, VerifyError> = verify(token, &keys, Some(ACCESS_TOKEN_TYPE));
    let verified = verified.ok()?;
    let expires_at = u64::try_from(verified.claim_i64("exp")?).ok()?;
    let is_valid = verified.claim_str("iss") == Some(issuer) && now_ms / 1000 < expires_at;
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
    scope: &'a str,
    iat: u64,
    exp: u64,
}

/// The parties of a token: its audience, and the connection and application that it was issued through.
#[derive(Serialize)]
struct Party<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Vec<&'a str>>,
    azp: &'a str,
    client_id: &'a str,
}

#[derive(Serialize)]
struct AccessClaims<'a> {
    #[serde(flatten)]
    claims: Claims<'a>,
    #[serde(flatten)]
    party: Party<'a>,
    jti: String,
}

#[derive(Serialize)]
struct IdClaims<'a> {
    #[serde(flatten)]
    claims: Claims<'a>,
    /// None in the lean form of a cookie.
    #[serde(flatten)]
    party: Option<Party<'a>>,
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
            profile: Profile {
                name: Some("Ada".to_owned()),
                email: Some("ada@x.test".to_owned()),
                ..Profile::default()
            },
        }
    }

    const ISSUER: &str = "https://login.shop.test";

    fn issued() -> (SigningKey, TokenSet) {
        issued_by(&Dialect::default(), &grant())
    }

    fn issued_by(dialect: &Dialect, grant: &Grant) -> (SigningKey, TokenSet) {
        let key = SigningKey::generate("k").unwrap();
        let tokens = issue(&key, ISSUER, dialect, grant, NOW_MS, &mut Entropy::from_seed([1; 32]));
        (key, tokens)
    }

    #[test]
    fn both_tokens_are_signed_and_name_the_user() {
        let (key, tokens) = issued();
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
        let (key, tokens) = issued();
        let at = |token: &str, now_ms| verify_access_token(&key, ISSUER, token, now_ms).map(|token| token.user_id);
        assert_eq!(at(&tokens.access_token, NOW_MS).as_deref(), Some("user_1"));
        assert_eq!(at(&tokens.access_token, NOW_MS + Dialect::default().token_lifetime_seconds * 1000), None);
        assert_eq!(at(&tokens.id_token, NOW_MS), None);
        assert_eq!(verify_access_token(&key, "https://login.other.test", &tokens.access_token, NOW_MS), None);
    }

    /// The claims of an access token.
    fn access_claims(dialect: &Dialect) -> serde_json::Map<String, serde_json::Value> {
        let (key, tokens) = issued_by(dialect, &grant());
        verify(&tokens.access_token, &JwkSet { keys: vec![key.public_jwk()] }, Some("at+jwt")).unwrap().claims
    }

    #[test]
    fn an_access_token_is_for_the_account_or_for_none_in_other_dialects() {
        let account = access_claims(&Dialect::strict());
        assert_eq!(account["aud"], serde_json::json!([ACCOUNT_ID]));
        assert_eq!(account["azp"], "con_acorn");
        let absent = Dialect { access_token_audience: AccessTokenAudience::Absent, ..Dialect::default() };
        assert!(!access_claims(&absent).contains_key("aud"));
    }

    #[test]
    fn tokens_live_as_long_as_the_dialect_says() {
        for token_lifetime_seconds in [5, 60] {
            let dialect = Dialect { token_lifetime_seconds, ..Dialect::default() };
            assert_eq!(access_claims(&dialect)["exp"], 1_700_000_000 + token_lifetime_seconds);
            assert_eq!(issued_by(&dialect, &grant()).1.expires_in, token_lifetime_seconds);
        }
    }

    #[test]
    fn a_lean_identity_has_neither_header_nor_signature_nor_parties() {
        let (_, tokens) = issued_by(&Dialect::strict(), &grant());
        let payload = tokens.identity.strip_prefix('.').unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&base64url::decode(payload).unwrap()).unwrap();
        assert_eq!(
            (&claims["iss"], &claims["sub"], &claims["name"]),
            (&ISSUER.into(), &"user_1".into(), &"Ada".into())
        );
        for absent in ["aud", "azp", "client_id", "jti"] {
            assert!(claims.get(absent).is_none(), "{absent}");
        }
        assert_eq!(issued_by(&Dialect::default(), &grant()).1.identity.split('.').count(), 3);
    }

    #[test]
    fn an_identity_that_outgrows_a_cookie_is_json() {
        let mut large = grant();
        large.profile.data = Some(serde_json::json!({ "groups": vec!["a group"; 80] }));
        let json = percent_decode(&issued_by(&Dialect::strict(), &large).1.identity);
        let claims: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&claims["sub"], &claims["data"]["groups"][79]), (&"user_1".into(), &"a group".into()));
        assert!(claims.get("aud").is_none());
        let lean = Dialect { large_identity_cookie: LargeIdentityCookie::Jwt, ..Dialect::strict() };
        assert!(issued_by(&lean, &large).1.identity.starts_with('.'));
    }

    fn percent_decode(text: &str) -> String {
        let (key, _) = url::form_urlencoded::parse(text.as_bytes()).next().unwrap();
        key.into_owned()
    }
}
