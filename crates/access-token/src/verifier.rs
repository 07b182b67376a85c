//! The policy together with the issuer's keys and a clock.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Deserialize;

use crate::keys::{Keys, KeysUnavailable};
use crate::policy::{AccessToken, TokenPolicy};
use crate::refusal::TokenRefusal;

/// Checks access tokens. Clones share the fetched keys.
#[derive(Clone)]
pub struct TokenVerifier {
    policy: Arc<TokenPolicy>,
    /// One for each issuer of the policy, in its order.
    issuers: Arc<Vec<(String, Keys)>>,
    now: fn() -> i64,
}

impl TokenVerifier {
    /// A verifier that fetches each issuer's keys from below that issuer, when they are first needed.
    ///
    /// # Errors
    /// [`KeysUnavailable`] when no HTTP client can be made.
    pub fn new(policy: TokenPolicy) -> Result<Self, KeysUnavailable> {
        let jwks_url = |issuer: &str| format!("{issuer}{JWKS_PATH}");
        Self::with_keys(policy, jwks_url)
    }

    /// The same with other places for the keys, for an issuer that is reached by another address from
    /// here than from browsers. `jwks_url` gets an issuer.
    ///
    /// # Errors
    /// [`KeysUnavailable`] when no HTTP client can be made.
    pub fn with_keys(policy: TokenPolicy, jwks_url: impl Fn(&str) -> String) -> Result<Self, KeysUnavailable> {
        let keys = |issuer: String| Keys::new(jwks_url(&issuer)).map(|keys| (issuer, keys));
        let issuers = policy.issuers().map(keys).collect::<Result<_, _>>()?;
        Ok(Self { policy: Arc::new(policy), issuers: Arc::new(issuers), now: system_time })
    }

    /// The same, with a clock that gives seconds since 1970. For tests.
    #[must_use]
    pub fn at(self, now: fn() -> i64) -> Self {
        Self { now, ..self }
    }

    /// Whether both are clones of one verifier, and so accept the same tokens.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let is_same_clock = std::ptr::fn_addr_eq(self.now, other.now);
        Arc::ptr_eq(&self.policy, &other.policy) && Arc::ptr_eq(&self.issuers, &other.issuers) && is_same_clock
    }

    /// What is taken.
    pub fn policy(&self) -> &TokenPolicy {
        &self.policy
    }

    /// Decides on a token, fetching the issuer's keys if they are needed.
    ///
    /// # Errors
    /// [`TokenRefusal`].
    pub async fn verify(&self, token: &str) -> Result<AccessToken, TokenRefusal> {
        // Nothing of it is believed yet: it only says which keys to try, and only known issuers have any.
        let unverified = Unverified::read(token).ok_or(TokenRefusal::Malformed)?;
        let known = self.issuers.iter().find(|(issuer, _)| *issuer == unverified.iss);
        let (issuer, keys) = known.ok_or(TokenRefusal::OtherIssuer)?;
        let ring = keys.for_kid(&unverified.kid).await?;
        self.policy.verify(token, issuer, &ring, (self.now)())
    }
}

impl fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenVerifier").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// Where an issuer's keys are, below the issuer.
const JWKS_PATH: &str = "/.well-known/openid-configuration/jwks";

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
    // With a clock that shows nonsense every token counts as expired.
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    since_1970.and_then(|time| i64::try_from(time.as_secs()).ok()).unwrap_or(i64::MAX)
}
