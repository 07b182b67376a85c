//! The decision on a login request as a function of the request, random bytes and the time, so every case can be
//! reproduced.

use std::time::Duration;
#[cfg(not(target_arch = "wasm32"))]
use std::time::{Instant, SystemTime};

use authress_access_key::{AccessKey, AuthressDomain};
use url::form_urlencoded;
#[cfg(target_arch = "wasm32")]
use web_time::{Instant, SystemTime};

use super::authorization_request::Signer;
use super::login_request::LoginRequest;
use super::parameter::Parameter;
use super::redirect::{LoginUrl, QueryParameters};
use super::refusal::{Refusal, RefusalCode};
use super::user_id::{self, UserIdPrefix};

/// The random bytes of a decision: 16 for the user id and 16 for the statement's `jti`.
pub const ENTROPY_BYTES: usize = 32;

/// The time from reading a next access key to its activation. According to Authress it can take five minutes until a
/// new key is accepted everywhere.
pub const KEY_PROPAGATION: Duration = Duration::from_secs(5 * 60);

/// A reading of the two clocks that a decision needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockReading {
    /// The time since 1970-01-01 UTC, for `iat` and `exp`. This clock can be wrong, and can be adjusted.
    pub since_1970: Duration,
    /// The monotonic clock, for the activation time of keys.
    pub monotonic: Instant,
}

impl ClockReading {
    /// Reads the clocks of the system; `None` if the wall clock is before 1970.
    pub fn now() -> Option<Self> {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(Self { since_1970, monotonic: Instant::now() })
    }
}

/// Approves login requests for one service client, and signs user ids with its access key.
#[derive(Debug)]
pub struct Verifier {
    host: LoginHost,
    /// Further hosts of the same account, at which pages log in as well.
    other_hosts: Vec<LoginHost>,
    signer: Signer,
    next: Option<NextKey>,
    prefix: UserIdPrefix,
    redirect_uri_parameters: QueryParameters,
}

/// A host of the Authress account, with the issuer of the statements that are sent to it.
#[derive(Debug)]
struct LoginHost {
    domain: AuthressDomain,
    issuer: String,
    /// `issuer`, percent-encoded for the query of the response.
    encoded_issuer: String,
}

impl LoginHost {
    fn new(domain: AuthressDomain, client_id: &str) -> Self {
        let issuer = domain.issuer(client_id);
        let encoded_issuer = form_urlencoded::byte_serialize(issuer.as_bytes()).collect();
        Self { domain, issuer, encoded_issuer }
    }
}

#[derive(Debug)]
struct NextKey {
    signer: Signer,
    /// By the monotonic clock, so that an adjustment of the wall clock does not move it.
    activation: Instant,
}

impl Verifier {
    /// Creates a verifier for the Authress domain and the service client of the access key.
    pub fn new(domain: AuthressDomain, access_key: AccessKey) -> Self {
        Self {
            host: LoginHost::new(domain, access_key.client_id()),
            other_hosts: Vec::new(),
            signer: Signer::new(access_key),
            next: None,
            prefix: UserIdPrefix::default(),
            redirect_uri_parameters: QueryParameters::default(),
        }
    }

    /// Also answers logins at other hosts of the same account. The host of the `redirect_uri` decides where a response
    /// redirects to and which issuer its statement has.
    #[must_use]
    pub fn with_other_domains(mut self, domains: impl IntoIterator<Item = AuthressDomain>) -> Self {
        let client_id = self.signer.access_key().client_id();
        self.other_hosts.extend(domains.into_iter().map(|domain| LoginHost::new(domain, client_id)));
        self
    }

    /// Adds the next access key, which signs from `activation` on.
    ///
    /// # Errors
    /// [`NextKeyError`] when the keys belong to different service clients or accounts, or are the same key.
    pub fn with_next_key(mut self, access_key: AccessKey, activation: Instant) -> Result<Self, NextKeyError> {
        let (current, next) = (self.signer.access_key(), &access_key);
        if current.client_id() != next.client_id() || current.account_id() != next.account_id() {
            return Err(NextKeyError::OtherClient);
        }
        if current.key_id() == next.key_id() {
            return Err(NextKeyError::SameKey);
        }
        self.next = Some(NextKey { signer: Signer::new(access_key), activation });
        Ok(self)
    }

    /// Sets the prefix of user ids.
    #[must_use]
    pub fn with_user_id_prefix(self, prefix: UserIdPrefix) -> Self {
        Self { prefix, ..self }
    }

    /// Sets the parameters that the query of a `redirect_uri` may have. Default: none.
    #[must_use]
    pub fn with_redirect_uri_parameters(self, redirect_uri_parameters: QueryParameters) -> Self {
        Self { redirect_uri_parameters, ..self }
    }

    /// Returns the id of the service client. Not a secret.
    pub fn client_id(&self) -> &str {
        self.signer.access_key().client_id()
    }

    /// Returns the id of the Authress account. Not a secret.
    pub fn account_id(&self) -> &str {
        self.signer.access_key().account_id()
    }

    /// Returns the `iss` of the statements for the first host.
    pub fn issuer(&self) -> &str {
        &self.host.issuer
    }

    /// Returns the `iss` of the statements for each host, the first host's first.
    pub fn issuers(&self) -> impl Iterator<Item = &str> {
        self.hosts().map(|host| host.issuer.as_str())
    }

    /// Returns the URL that responses redirect to, at the first host.
    pub fn login_url(&self) -> &str {
        self.host.domain.login_url()
    }

    /// Returns the URLs that responses redirect to, the first host's first.
    pub fn login_urls(&self) -> impl Iterator<Item = &str> {
        self.hosts().map(|host| host.domain.login_url())
    }

    fn hosts(&self) -> impl Iterator<Item = &LoginHost> {
        std::iter::once(&self.host).chain(&self.other_hosts)
    }

    /// Returns the id of the key that signs at `now`. Not a secret.
    pub fn key_id(&self, now: Instant) -> &str {
        self.signer_at(now).access_key().key_id()
    }

    /// Returns the id and the activation time of the next key, if there is one.
    pub fn next_key(&self) -> Option<(&str, Instant)> {
        self.next.as_ref().map(|next| (next.signer.access_key().key_id(), next.activation))
    }

    /// Keeps the activation time of the next key if `old` has the same next key: reading the keys again does not
    /// postpone it.
    #[must_use]
    pub fn keep_key_activation_time(mut self, old: &Self) -> Self {
        if let (Some(next), Some(old)) = (&mut self.next, &old.next)
            && next.signer.access_key().key_id() == old.signer.access_key().key_id()
        {
            next.activation = next.activation.min(old.activation);
        }
        self
    }

    /// Applies every rule that needs nothing but the request.
    ///
    /// # Errors
    /// A [`Refusal`] that names the parameter.
    pub fn approve<'a>(&'a self, request: &'a LoginRequest) -> Result<Approved<'a>, Refusal> {
        if request.client_id.as_deref().is_some_and(|client_id| client_id != self.client_id()) {
            return Err(RefusalCode::ForeignClient.of(Parameter::ClientId));
        }
        for host in self.hosts() {
            match LoginUrl::parse(&host.domain, &request.redirect_uri, &self.redirect_uri_parameters) {
                Ok(login_url) => return Ok(Approved { verifier: self, request, host, login_url }),
                // Another of the hosts may be the one.
                Err(RefusalCode::RedirectUriNotAllowed) => {}
                Err(code) => return Err(code.of(Parameter::RedirectUri)),
            }
        }
        Err(RefusalCode::RedirectUriNotAllowed.of(Parameter::RedirectUri))
    }

    fn signer_at(&self, now: Instant) -> &Signer {
        match &self.next {
            Some(next) if next.activation <= now => &next.signer,
            Some(_) | None => &self.signer,
        }
    }
}

/// Why an access key cannot be the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextKeyError {
    /// The keys belong to different service clients or accounts.
    OtherClient,
    /// The keys have the same key id.
    SameKey,
}

/// A request that passed every rule of [`Verifier::approve`].
#[derive(Debug)]
pub struct Approved<'a> {
    verifier: &'a Verifier,
    request: &'a LoginRequest,
    host: &'a LoginHost,
    login_url: LoginUrl<'a>,
}

impl Approved<'_> {
    /// Returns the `state` of the request. The caller must sign only once for each state, or one login gets two user
    /// ids.
    pub fn state(&self) -> &str {
        &self.request.state
    }

    /// Creates a user id, signs it and returns the URL to redirect to. The URL contains a credential: never log it.
    ///
    /// `entropy` must come from a cryptographic source and must not be used again, because it becomes the user id.
    pub fn sign(self, entropy: &[u8; ENTROPY_BYTES], now: ClockReading) -> String {
        let Self { verifier, request, host, login_url } = self;
        let (for_user_id, for_token_id) = halves(entropy);
        let user_id = user_id::from_entropy(&verifier.prefix, for_user_id);
        let signer = verifier.signer_at(now.monotonic);
        let code = signer.sign(&host.issuer, &user_id, for_token_id, now.since_1970);
        login_url.response_url(&code, &host.encoded_issuer, &request.state)
    }
}

/// The decision on a login request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Redirect (302) to this URL. It contains a credential: never log it.
    Redirect {
        /// `/login` at the host of the `redirect_uri`, with `code`, `iss` and `state`.
        location: String,
    },
    /// Respond with an error, without a redirect.
    Refuse(Refusal),
}

/// Decides on a request in one step: [`Verifier::approve`], then [`Approved::sign`]. The caller remembers used states.
pub fn decide(
    request: &LoginRequest,
    verifier: &Verifier,
    entropy: &[u8; ENTROPY_BYTES],
    now: ClockReading,
) -> Decision {
    match verifier.approve(request) {
        Ok(approved) => Decision::Redirect { location: approved.sign(entropy, now) },
        Err(refusal) => Decision::Refuse(refusal),
    }
}

fn halves(entropy: &[u8; ENTROPY_BYTES]) -> ([u8; 16], [u8; 16]) {
    let mut first = [0; 16];
    let mut second = [0; 16];
    let (left, right) = entropy.split_at(16);
    first.copy_from_slice(left);
    second.copy_from_slice(right);
    (first, second)
}

#[cfg(test)]
mod tests {
    use authress_jws::{JwkSet, SigningKey, verify};
    use base64ct::{Base64, Encoding};

    use super::*;

    fn access_key(client_id: &str, key_id: &str) -> AccessKey {
        let der = SigningKey::generate("").unwrap().to_pkcs8_der();
        format!("{client_id}.{key_id}.acc-1.{}", Base64::encode_string(&der)).parse().unwrap()
    }

    fn verifier() -> Verifier {
        Verifier::new("https://login.example.com".parse().unwrap(), access_key("sc_shop", "k1"))
    }

    const SINCE_1970: Duration = Duration::from_secs(1_700_000_000);

    #[test]
    fn the_next_key_signs_from_its_activation_time_regardless_of_the_wall_clock() {
        let (first, next) = (access_key("sc_shop", "k1"), access_key("sc_shop", "k2"));
        let keys = JwkSet { keys: vec![first.signing_key().public_jwk(), next.signing_key().public_jwk()] };
        let read_at = Instant::now();
        let verifier = Verifier::new("https://login.example.com".parse().unwrap(), first);
        let verifier = verifier.with_next_key(next, read_at + KEY_PROPAGATION).unwrap();
        let query = "state=s&redirect_uri=https://login.example.com/login&client_id=sc_shop";
        let request = LoginRequest::parse(query).unwrap();
        let hour = Duration::from_secs(3600);
        for (waited, key_id) in [(KEY_PROPAGATION - Duration::from_millis(1), "k1"), (KEY_PROPAGATION, "k2")] {
            assert_eq!(verifier.key_id(read_at + waited), key_id);
            for since_1970 in [SINCE_1970, SINCE_1970 + hour, SINCE_1970 - hour] {
                let now = ClockReading { since_1970, monotonic: read_at + waited };
                let location = verifier.approve(&request).unwrap().sign(&[0; ENTROPY_BYTES], now);
                let url = url::Url::parse(&location).unwrap();
                let code = url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
                assert_eq!(verify(&code, &keys, None).unwrap().header.kid, key_id);
            }
        }
    }

    #[test]
    fn the_next_key_must_be_another_key_of_the_same_client() {
        let next =
            |client_id, key_id| verifier().with_next_key(access_key(client_id, key_id), Instant::now()).map(|_| ());
        assert_eq!(next("sc_other", "k2"), Err(NextKeyError::OtherClient));
        assert_eq!(next("sc_shop", "k1"), Err(NextKeyError::SameKey));
        assert_eq!(next("sc_shop", "k2"), Ok(()));
    }
}
