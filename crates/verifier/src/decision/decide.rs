//! The decision: from a request, a policy, random bytes and the time to an answer. No clock, no
//! randomness and no I/O in here, so every case can be repeated.

use std::time::{Duration, Instant, SystemTime};

use url::form_urlencoded;

use super::access_key::AccessKey;
use super::authorization_request::Signer;
use super::authress_domain::AuthressDomain;
use super::login_request::LoginRequest;
use super::parameter::Parameter;
use super::redirect::LoginUrl;
use super::refusal::{Refusal, RefusalCode};
use super::user_id::{self, UserIdPrefix};

/// How many random bytes a decision takes: 16 for the user id and 16 for the statement's `jti`.
pub const ENTROPY_BYTES: usize = 32;

/// How long a next access key waits before it signs. Authress says that it can take five minutes
/// until a new key is accepted everywhere.
pub const KEY_PROPAGATION: Duration = Duration::from_secs(5 * 60);

/// A reading of the two clocks that a decision needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockReading {
    /// The time since 1970-01-01 UTC, for `iat` and `exp`. This clock can be wrong, and be put right.
    pub since_1970: Duration,
    /// The monotonic clock, for how long something has been waiting.
    pub monotonic: Instant,
}

impl ClockReading {
    /// The clocks of the system; `None` if they are before 1970.
    pub fn now() -> Option<Self> {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(Self { since_1970, monotonic: Instant::now() })
    }
}

/// For whom user ids are made and with what they are signed.
#[derive(Debug)]
pub struct Verifier {
    domain: AuthressDomain,
    signer: Signer,
    next: Option<NextKey>,
    issuer: String,
    /// `issuer` as it stands in the query of an answer.
    encoded_issuer: String,
    prefix: UserIdPrefix,
}

#[derive(Debug)]
struct NextKey {
    signer: Signer,
    /// By the monotonic clock: a wall clock that is put right in the meantime neither shortens nor prolongs the wait.
    signs_from: Instant,
}

impl Verifier {
    /// A verifier that answers the Authress domain for the service client the key belongs to.
    pub fn new(domain: AuthressDomain, access_key: AccessKey) -> Self {
        let issuer = domain.issuer(access_key.client_id());
        let encoded_issuer = form_urlencoded::byte_serialize(issuer.as_bytes()).collect();
        Self {
            domain,
            signer: Signer::new(access_key),
            next: None,
            issuer,
            encoded_issuer,
            prefix: UserIdPrefix::default(),
        }
    }

    /// The same, with a second access key that signs from `signs_from` on. Until then it
    /// is only held ready.
    ///
    /// # Errors
    /// [`KeysDiffer`] when the two keys are not of one service client in one account, or are the same key.
    pub fn with_next_key(mut self, access_key: AccessKey, signs_from: Instant) -> Result<Self, KeysDiffer> {
        let (current, next) = (self.signer.access_key(), &access_key);
        if current.client_id() != next.client_id() || current.account_id() != next.account_id() {
            return Err(KeysDiffer::OtherClient);
        }
        if current.key_id() == next.key_id() {
            return Err(KeysDiffer::SameKey);
        }
        self.next = Some(NextKey { signer: Signer::new(access_key), signs_from });
        Ok(self)
    }

    /// The same, whose user ids have this prefix.
    #[must_use]
    pub fn with_user_id_prefix(self, prefix: UserIdPrefix) -> Self {
        Self { prefix, ..self }
    }

    /// The `iss` of everything this verifier signs.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The one address answers go to.
    pub fn login_url(&self) -> &str {
        self.domain.login_url()
    }

    /// The id of the key that signs at `now`. Not a secret.
    pub fn key_id(&self, now: Instant) -> &str {
        self.signer_at(now).access_key().key_id()
    }

    /// The id of the next key and the time from which it signs, if there is one.
    pub fn next_key(&self) -> Option<(&str, Instant)> {
        self.next.as_ref().map(|next| (next.signer.access_key().key_id(), next.signs_from))
    }

    /// The same, in which a next key that the `old` verifier has, too, goes on waiting where it was there.
    #[must_use]
    pub fn keep_waiting_since(mut self, old: &Self) -> Self {
        if let (Some(next), Some(waiting)) = (&mut self.next, &old.next)
            && next.signer.access_key().key_id() == waiting.signer.access_key().key_id()
        {
            next.signs_from = next.signs_from.min(waiting.signs_from);
        }
        self
    }

    /// Applies every rule that can be applied to the request alone.
    ///
    /// # Errors
    /// A [`Refusal`] that names the parameter.
    pub fn approve<'a>(&'a self, request: &'a LoginRequest) -> Result<Approved<'a>, Refusal> {
        if request.client_id != self.signer.access_key().client_id() {
            return Err(RefusalCode::ForeignClient.of(Parameter::ClientId));
        }
        let login_url = LoginUrl::parse(&self.domain, &request.redirect_uri);
        let login_url = login_url.map_err(|code| code.of(Parameter::RedirectUri))?;
        Ok(Approved { verifier: self, request, login_url })
    }

    fn signer_at(&self, now: Instant) -> &Signer {
        match &self.next {
            Some(next) if next.signs_from <= now => &next.signer,
            Some(_) | None => &self.signer,
        }
    }
}

/// Why two access keys cannot be used one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysDiffer {
    /// They are of two service clients or accounts.
    OtherClient,
    /// They have the same key id.
    SameKey,
}

/// A request that passed every rule about requests and only has to be signed.
#[derive(Debug)]
pub struct Approved<'a> {
    verifier: &'a Verifier,
    request: &'a LoginRequest,
    login_url: LoginUrl<'a>,
}

impl Approved<'_> {
    /// The `state` of the request. Whoever gives two answers for one state makes two users of one login.
    pub fn state(&self) -> &str {
        &self.request.state
    }

    /// Makes the user id, signs it and gives the address to send the browser to. It has a login in it:
    /// never log it.
    ///
    /// `entropy` must come from a cryptographic source and must not be used again; the user id is
    /// made of it.
    pub fn sign(self, entropy: &[u8; ENTROPY_BYTES], now: ClockReading) -> String {
        let Self { verifier, request, login_url } = self;
        let (for_user_id, for_token_id) = halves(entropy);
        let user_id = user_id::from_entropy(&verifier.prefix, for_user_id);
        let signer = verifier.signer_at(now.monotonic);
        let code = signer.sign(&verifier.issuer, &user_id, for_token_id, now.since_1970);
        login_url.answer(&code, &verifier.encoded_issuer, &request.state)
    }
}

/// What to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// 302 to this address. It has a login in it: never log it.
    Redirect {
        /// `{Authress domain}/login` with `code`, `iss` and `state`.
        location: String,
    },
    /// An error answer, without a redirect.
    Refuse(Refusal),
}

/// Decides on a request in one step: [`Verifier::approve`], then [`Approved::sign`]. Whether the
/// `state` was used before is for the caller to know.
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
    fn the_next_key_signs_from_its_time_on_whatever_the_wall_clock_says() {
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
    fn the_next_key_must_be_another_one_of_the_same_client() {
        let next =
            |client_id, key_id| verifier().with_next_key(access_key(client_id, key_id), Instant::now()).map(|_| ());
        assert_eq!(next("sc_other", "k2"), Err(KeysDiffer::OtherClient));
        assert_eq!(next("sc_shop", "k1"), Err(KeysDiffer::SameKey));
        assert_eq!(next("sc_shop", "k2"), Ok(()));
    }
}
