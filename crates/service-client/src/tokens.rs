//! The service client's own access tokens.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use authress_access_key::{AccessKey, AuthressDomain};
use authress_jws::ProtectedHeader;
use authress_secret::Secret;
use serde::Serialize;

/// The `typ` header of access tokens (RFC 9068 section 2.1).
pub const TOKEN_TYPE: &str = "at+jwt";

/// The lifetime of a token unless [`ServiceClientTokens::with_lifetime`] sets another, and the longest: 24 hours.
pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The shortest lifetime of a token: one minute.
pub const MIN_LIFETIME: Duration = Duration::from_secs(60);

/// A new token is signed when less than this is left of the current one, or less than a quarter of its lifetime if that
/// is shorter. It is far more than a request takes, so that no token expires on its way.
pub const RENEWAL_MARGIN: Duration = Duration::from_secs(60 * 60);

/// Signs the access tokens with which a service client identifies itself to Authress and to a shop's own APIs.
///
/// A token is signed here, with the access key: there is no request. It is made while the cache is locked, so all
/// concurrent callers get the same token. No lock is held
/// across an `await`.
pub struct ServiceClientTokens {
    access_key: AccessKey,
    header: ProtectedHeader,
    api_origin: String,
    issuer: String,
    audience: String,
    lifetime: Duration,
    clock: Box<dyn Fn() -> Duration + Send + Sync>,
    current: Mutex<Option<SignedToken>>,
}

/// A token and when it is valid, in seconds since 1970.
struct SignedToken {
    token: Secret,
    issued_at: u64,
    renewal_at: u64,
}

impl SignedToken {
    /// A clock that was set back makes the issue time a time in the future, which an API may reject.
    fn is_fresh_at(&self, now: u64) -> bool {
        (self.issued_at..self.renewal_at).contains(&now)
    }
}

impl ServiceClientTokens {
    /// Creates the tokens of this access key's service client.
    ///
    /// `custom_domain` is the account's custom domain, for example `https://login.example.com`. Without one, or with one
    /// of Authress's own hosts (`*.authress.io`), issuer and API are at `https://{account}.api.authress.io`, because
    /// Authress expects this host and no regional or login host in the `iss` of an account without a custom domain.
    pub fn new(access_key: AccessKey, custom_domain: Option<&AuthressDomain>) -> Self {
        let api_origin = match custom_domain.filter(|domain| !domain.is_of_authress()) {
            Some(domain) => domain.origin(),
            None => format!("https://{}.api.authress.io", access_key.account_id()),
        };
        Self {
            header: access_key.signing_key().protected_header(TOKEN_TYPE),
            issuer: format!("{api_origin}/v1/clients/{}", access_key.client_id()),
            audience: access_key.audience(),
            access_key,
            api_origin,
            lifetime: DEFAULT_LIFETIME,
            clock: Box::new(since_1970),
            current: Mutex::new(None),
        }
    }

    /// Sends requests to another origin than the issuer's: for an Authress on this machine, such as the sandbox, which the
    /// server reaches without the issuer's host name.
    #[must_use]
    pub fn with_api_origin(self, api: &AuthressDomain) -> Self {
        Self { api_origin: api.origin(), ..self }
    }

    /// Sets the lifetime of tokens: [`MIN_LIFETIME`] to [`DEFAULT_LIFETIME`], in whole seconds. A shorter one limits what
    /// a stolen token is worth; it costs a signature more often.
    ///
    /// # Errors
    /// [`InvalidLifetime`].
    pub fn with_lifetime(self, lifetime: Duration) -> Result<Self, InvalidLifetime> {
        if (MIN_LIFETIME..=DEFAULT_LIFETIME).contains(&lifetime) {
            Ok(Self { lifetime, ..self })
        } else {
            Err(InvalidLifetime)
        }
    }

    /// Replaces the clock: the time since 1970-01-01 UTC.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self { clock: Box::new(clock), ..self }
    }

    /// Returns the service client's id, for example `sc_…`. Not a secret.
    pub fn client_id(&self) -> &str {
        self.access_key.client_id()
    }

    /// Returns the `iss` of the tokens. The API that verifies them has to accept it.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns the origin of Authress's API for this account, without a trailing slash: the custom domain, or
    /// `https://{account}.api.authress.io`.
    pub fn api_origin(&self) -> &str {
        &self.api_origin
    }

    /// Returns a token that is valid for at least the [`RENEWAL_MARGIN`].
    pub fn token(&self) -> Secret {
        let mut current = self.current();
        let now = self.now().as_secs();
        match &*current {
            Some(signed) if signed.is_fresh_at(now) => signed.token.clone(),
            Some(_) | None => self.sign(&mut current, now),
        }
    }

    /// Returns a token in place of one that an API has rejected, for example because the clock was wrong when it was
    /// signed. Signs a new one unless another caller has replaced the rejected one already.
    pub fn replace(&self, rejected: &Secret) -> Secret {
        let mut current = self.current();
        let now = self.now().as_secs();
        match &*current {
            Some(signed) if signed.token != *rejected && signed.is_fresh_at(now) => signed.token.clone(),
            Some(_) | None => self.sign(&mut current, now),
        }
    }

    /// Reads the clock.
    pub(crate) fn now(&self) -> Duration {
        (self.clock)()
    }

    fn sign(&self, current: &mut Option<SignedToken>, now: u64) -> Secret {
        let lifetime = self.lifetime.as_secs();
        let margin = RENEWAL_MARGIN.as_secs().min(lifetime / 4);
        let expires_at = now.saturating_add(lifetime);
        let claims = Claims {
            aud: &self.audience,
            iss: &self.issuer,
            sub: self.client_id(),
            client_id: self.client_id(),
            iat: now,
            exp: expires_at,
            scope: "openid",
        };
        let token = Secret::new(self.access_key.signing_key().sign_with(&self.header, &claims));
        let renewal_at = expires_at.saturating_sub(margin);
        *current = Some(SignedToken { token: token.clone(), issued_at: now, renewal_at });
        token
    }

    fn current(&self) -> MutexGuard<'_, Option<SignedToken>> {
        // Each change is one assignment, so the value behind a poisoned lock is consistent.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ServiceClientTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceClientTokens")
            .field("issuer", &self.issuer)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    client_id: &'a str,
    iat: u64,
    exp: u64,
    scope: &'static str,
}

/// The lifetime of tokens must be between one minute and 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidLifetime;

impl fmt::Display for InvalidLifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the lifetime of a service client's token must be between 1 minute and 24 hours")
    }
}

impl std::error::Error for InvalidLifetime {}

/// A clock before 1970 reads as 1970: its tokens are rejected as expired, which names the cause.
fn since_1970() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
