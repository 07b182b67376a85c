//! A policy with the issuers' keys and a clock.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Deserialize;

use crate::issuer_keys::{IssuerKeys, KeysUnavailable};
use crate::policy::{AccessToken, TokenPolicy};
use crate::token_error::TokenError;

/// Verifies access tokens. Clones share the fetched keys.
#[derive(Clone)]
pub struct TokenVerifier {
    policy: Arc<TokenPolicy>,
    /// One for each issuer of the policy, in its order.
    issuers: Arc<Vec<(String, IssuerKeys)>>,
    now: fn() -> i64,
}

impl TokenVerifier {
    /// A verifier that fetches each issuer's keys from their usual URL below the issuer, when they are first needed.
    ///
    /// # Errors
    /// [`KeysUnavailable`] when no HTTP client can be created.
    pub fn new(policy: TokenPolicy) -> Result<Self, KeysUnavailable> {
        let jwks_url = |issuer: &str| format!("{issuer}{JWKS_PATH}");
        Self::with_keys(policy, jwks_url)
    }

    /// Like [`TokenVerifier::new`], with other URLs for the keys: for an issuer that this server reaches by another URL
    /// than browsers do. `jwks_url` maps an issuer to the URL of its keys.
    ///
    /// # Errors
    /// [`KeysUnavailable`] when no HTTP client can be created.
    pub fn with_keys(policy: TokenPolicy, jwks_url: impl Fn(&str) -> String) -> Result<Self, KeysUnavailable> {
        let keys = |issuer: String| IssuerKeys::new(jwks_url(&issuer)).map(|keys| (issuer, keys));
        let issuers = policy.issuers().map(keys).collect::<Result<_, _>>()?;
        Ok(Self { policy: Arc::new(policy), issuers: Arc::new(issuers), now: system_time })
    }

    /// The same verifier with another clock, in seconds since 1970. For tests.
    #[must_use]
    pub fn at(self, now: fn() -> i64) -> Self {
        Self { now, ..self }
    }

    /// Whether both are clones of one verifier, which accept the same tokens.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let is_same_clock = std::ptr::fn_addr_eq(self.now, other.now);
        Arc::ptr_eq(&self.policy, &other.policy) && Arc::ptr_eq(&self.issuers, &other.issuers) && is_same_clock
    }

    /// The policy.
    pub fn policy(&self) -> &TokenPolicy {
        &self.policy
    }

    /// Verifies a token, and fetches the issuer's keys if needed.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn verify(&self, token: &str) -> Result<AccessToken, TokenError> {
        // Not trusted yet: issuer and key id only select the keys, and only configured issuers have keys. The URL of the
        // keys is never made of the token.
        let unverified = Unverified::read(token).ok_or(TokenError::Malformed)?;
        let issuer = self.policy.accepted_issuer(&unverified.iss).ok_or(TokenError::OtherIssuer)?;
        let known = self.issuers.iter().find(|(known, _)| *known == issuer);
        let (issuer, keys) = known.ok_or(TokenError::OtherIssuer)?;
        let ring = keys.for_kid(&unverified.kid).await?;
        self.policy.verify(token, issuer, &ring, (self.now)())
    }
}

impl fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenVerifier").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// The path of an issuer's keys below the issuer.
pub const JWKS_PATH: &str = "/.well-known/openid-configuration/jwks";

struct Unverified {
    kid: String,
    iss: String,
}

impl Unverified {
    fn read(token: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Header {
            kid: String,
        }
        #[derive(Deserialize)]
        struct Claims {
            iss: Option<String>,
        }
        if token.len() > authress_jws::MAX_TOKEN_BYTES {
            return None;
        }
        let mut segments = token.split('.');
        let (header, claims) = (segments.next()?, segments.next()?);
        let header: Header = serde_json::from_slice(&Base64UrlUnpadded::decode_vec(header).ok()?).ok()?;
        let claims: Claims = serde_json::from_slice(&Base64UrlUnpadded::decode_vec(claims).ok()?).ok()?;
        Some(Self { kid: header.kid, iss: claims.iss.unwrap_or_default() })
    }
}

fn system_time() -> i64 {
    // With an invalid system clock every token counts as expired.
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    since_1970.and_then(|time| i64::try_from(time.as_secs()).ok()).unwrap_or(i64::MAX)
}
