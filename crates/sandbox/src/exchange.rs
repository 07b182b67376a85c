//! The exchange of a code for tokens: `POST /api/authentication/{id}/tokens`.

use authress_login_protocol::authorization::pkce::challenge_s256;
use authress_login_protocol::authorization::proof_of_work::values;
use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::cookies::login_cookies;
use crate::entropy::Entropy;
use crate::refusal::ExchangeRefusal;
use crate::request::Progress;
use crate::site::{parse_http_url, shared_cookie_domain};
use crate::state::{Call, State};
use crate::tokens::{TokenSet, issue};

/// The published client's verifiers have up to 234 characters, beyond RFC 7636's 128.
pub(crate) const MAX_VERIFIER_CHARS: usize = 256;

/// The body: RFC 6749 section 4.1.3 as JSON, with the anti-abuse hash.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ExchangeBody {
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    code_verifier: String,
    #[serde(default, rename = "antiAbuseHash")]
    anti_abuse_hash: String,
}

/// Tokens and the cookies that go with them to a page of the same site.
#[derive(Debug)]
pub(crate) struct Exchanged {
    pub(crate) tokens: TokenSet,
    pub(crate) cookies: Vec<String>,
}

/// Exchanges a code once. A refused attempt does not use the code up, so that nobody can spoil a
/// login without knowing its verifier.
pub(crate) fn exchange(
    state: &mut State,
    call: &Call,
    request_id: &str,
    body: &ExchangeBody,
    entropy: &mut Entropy,
) -> Result<Exchanged, ExchangeRefusal> {
    let refused = |description| Err(ExchangeRefusal { error: "invalid_request", description });
    let Some(origin) = &call.origin else {
        return refused("The Origin header is missing.");
    };
    if body.grant_type != "authorization_code" {
        return refused("grant_type must be authorization_code.");
    }
    let Some(request) = state.requests.get_mut(&request_id.to_owned()) else {
        return refused("No authentication request has this id.");
    };
    let Progress::CodeIssued(issued) = &request.progress else {
        return refused("The code was used before, or none was issued.");
    };
    if call.now_ms >= issued.expires_at_ms {
        return refused("The code has expired.");
    }
    if !same(&body.code, &issued.code) {
        return refused("The code belongs to another authentication request.");
    }
    if body.client_id != request.application_id || body.redirect_uri != request.redirect_url_text {
        return refused("client_id and redirect_uri must be those of the authentication request.");
    }
    let verifier_fits = body.code_verifier.len() <= MAX_VERIFIER_CHARS;
    if !verifier_fits || !same(&challenge_s256(&body.code_verifier), &request.code_challenge) {
        return refused("code_verifier does not belong to the code challenge.");
    }
    let hashed = values::token_exchange(&body.client_id, request_id, &body.code);
    if state.used_hashes.accept(&body.anti_abuse_hash, &hashed, &body.code, call.now_ms).is_err() {
        return refused("antiAbuseHash is missing, stale, used before or made for other values.");
    }
    let (grant, session_id) = (issued.grant.clone(), issued.session_id.clone());
    request.progress = Progress::Finished;
    let tokens = issue(&state.signing_key, &state.public_url, &grant, call.now_ms, entropy);
    let domain = parse_http_url(origin).and_then(|page| shared_cookie_domain(&page, state.public_url.url()));
    let cookies = match &domain {
        Some(domain) => login_cookies(&state.public_url, Some(domain), &session_id, Some(&tokens)),
        None => vec![],
    };
    Ok(Exchanged { tokens, cookies })
}

pub(crate) fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}
