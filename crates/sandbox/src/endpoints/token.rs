//! The token endpoint of applications: `POST /api/authentication/{id}/tokens`.

use authress_login_protocol::authorization::proof_of_work::values;
use serde::Deserialize;

use crate::cookies::login_cookies;
use crate::endpoints::pkce::{secrets_match, verifies};
use crate::entropy::Entropy;
use crate::error::TokenError;
use crate::model::authentication_request::{IssuedCode, Progress};
use crate::request_context::RequestContext;
use crate::site::{parse_http_url, shared_cookie_domain};
use crate::state::State;
use crate::tokens::TokenSet;

/// The token request: RFC 6749 section 4.1.3 as JSON, with the anti-abuse hash.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct TokenRequest {
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

/// The tokens, and for a page of the same site the cookies with them.
#[derive(Debug)]
pub(crate) struct TokenResponse {
    pub(crate) tokens: TokenSet,
    pub(crate) cookies: Vec<String>,
}

/// Exchanges a code once. A rejected attempt does not use up the code: an attacker without the verifier must not be
/// able to break a login.
pub(crate) fn exchange(
    state: &mut State,
    context: &RequestContext,
    request_id: &str,
    body: &TokenRequest,
    entropy: &mut Entropy,
) -> Result<TokenResponse, TokenError> {
    let invalid = |description| Err(TokenError { error: "invalid_request", description });
    let Some(origin) = &context.origin else {
        return invalid("The Origin header is missing.");
    };
    if body.grant_type != "authorization_code" {
        return invalid("grant_type must be authorization_code.");
    }
    let Some(request) = state.requests.get_mut(&request_id.to_owned()) else {
        return invalid("No authentication request has this id.");
    };
    let Progress::CodeIssued(issued) = &request.progress else {
        return invalid("The code was used before, or none was issued.");
    };
    if context.now_ms >= issued.expires_at_ms {
        return invalid("The code has expired.");
    }
    if !secrets_match(&body.code, &issued.code) {
        return invalid("The code belongs to another authentication request.");
    }
    if body.client_id != request.application_id || body.redirect_uri != request.redirect_url_text {
        return invalid("client_id and redirect_uri must be those of the authentication request.");
    }
    if !verifies(&body.code_verifier, &request.code_challenge) {
        return invalid("code_verifier does not belong to the code challenge.");
    }
    let hashed = values::token_exchange(&body.client_id, request_id, &body.code);
    if state.used_hashes.accept(&body.anti_abuse_hash, &hashed, &body.code, context.now_ms).is_err() {
        return invalid("antiAbuseHash is missing, stale, used before or made for other values.");
    }
    let IssuedCode { grant, session_id, link, .. } = (**issued).clone();
    request.progress = Progress::Finished;
    if let Some((key, identity)) = link {
        if state.identities.attach(key, identity).is_err() {
            return invalid("The identity belongs to another user by now and cannot be linked.");
        }
        let replaced = state.trusted_session_ids(context).to_vec();
        state.sessions.end(&replaced);
        let lifetime_s = state.dialect.session_lifetime_seconds;
        state.sessions.start(session_id.clone(), grant.clone(), context.now_ms, lifetime_s);
    }
    let tokens = state.issue(&grant, context.now_ms, entropy);
    let domain = parse_http_url(origin).and_then(|page| shared_cookie_domain(&page, state.public_url.url()));
    let cookies = match &domain {
        Some(domain) => login_cookies(&state.public_url, &state.dialect, Some(domain), &session_id, Some(&tokens)),
        None => vec![],
    };
    Ok(TokenResponse { tokens, cookies })
}
