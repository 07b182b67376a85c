//! The decision: from a request, a policy, random bytes and the time to an answer. No clock, no
//! randomness and no I/O in here, so every case can be repeated.

use std::time::Duration;

use crate::access_key::AccessKey;
use crate::authorization_request;
use crate::authress_domain::AuthressDomain;
use crate::login_request::{LoginRequest, Parameter};
use crate::redirect::LoginUrl;
use crate::refusal::{Refusal, RefusalCode};
use crate::user_id;

/// How many random bytes a decision takes: 16 for the user id and 16 for the statement's `jti`.
pub const ENTROPY_BYTES: usize = 32;

/// For whom user ids are made and with what they are signed.
#[derive(Debug)]
pub struct Verifier {
    domain: AuthressDomain,
    access_key: AccessKey,
    issuer: String,
}

impl Verifier {
    /// A verifier that answers the Authress domain for the service client the key belongs to.
    pub fn new(domain: AuthressDomain, access_key: AccessKey) -> Self {
        let issuer = domain.issuer(access_key.client_id());
        Self { domain, access_key, issuer }
    }

    /// The `iss` of everything this verifier signs.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The one address answers go to.
    pub fn login_url(&self) -> String {
        self.domain.login_url()
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

/// Decides on a request.
///
/// `entropy` must come from a cryptographic source and must not be used again; the user id is made
/// of it. `now` is the time since 1970-01-01 UTC.
pub fn decide(request: &LoginRequest, verifier: &Verifier, entropy: &[u8; ENTROPY_BYTES], now: Duration) -> Decision {
    if request.client_id != verifier.access_key.client_id() {
        return Decision::Refuse(RefusalCode::ForeignClient.of(Parameter::ClientId));
    }
    let login_url = match LoginUrl::parse(&verifier.domain, &request.redirect_uri) {
        Ok(login_url) => login_url,
        Err(code) => return Decision::Refuse(code.of(Parameter::RedirectUri)),
    };
    let (for_user_id, for_token_id) = halves(entropy);
    let user_id = user_id::from_entropy(for_user_id);
    let code = authorization_request::sign(&verifier.access_key, &verifier.issuer, &user_id, for_token_id, now);
    Decision::Redirect { location: login_url.answer(&code, &verifier.issuer, &request.state) }
}

fn halves(entropy: &[u8; ENTROPY_BYTES]) -> ([u8; 16], [u8; 16]) {
    let mut first = [0; 16];
    let mut second = [0; 16];
    let (left, right) = entropy.split_at(16);
    first.copy_from_slice(left);
    second.copy_from_slice(right);
    (first, second)
}
