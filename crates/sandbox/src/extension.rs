//! Extensions: third-party applications whose users log in by plain OAuth, RFC 6749 section 4.1
//! with PKCE. They get an access token and neither a session nor cookies.

use authress_login_protocol::authorization::pkce::challenge_s256;
use serde::Deserialize;

use crate::answer::{Answer, Outcome, location};
use crate::authentication::{DEFAULT_SCOPE, check_challenge};
use crate::bounded::Bounded;
use crate::entropy::Entropy;
use crate::exchange::{MAX_VERIFIER_CHARS, same};
use crate::login::{Query, RefusedReturn};
use crate::refusal::ExchangeRefusal;
use crate::request::{AuthenticationRequest, ExtensionLogin, Progress, REQUEST_LIFETIME_MS, ResponseLocation};
use crate::state::{Call, State};
use crate::tokens::{Grant, TokenSet, issue};

const MAX_CODES: usize = 1_000;

/// The codes that were issued and not exchanged.
pub(crate) type ExtensionCodes = Bounded<String, ExtensionCode>;

/// No codes yet.
pub(crate) fn no_codes() -> ExtensionCodes {
    Bounded::new(MAX_CODES)
}

/// What a code can be exchanged for, and by whom.
#[derive(Debug, Clone)]
pub(crate) struct ExtensionCode {
    redirect_uri: String,
    code_challenge: String,
    grant: Grant,
    expires_at_ms: u64,
}

/// Where an authorization request leads.
#[derive(Debug)]
pub(crate) enum Authorization {
    /// To the platform's login page, or back to the extension with an error.
    Redirect(String),
    /// To a page to pick a provider on, for this request.
    Picker(String),
    /// Nowhere: it cannot be trusted.
    Refused(RefusedReturn),
}

/// The body of `POST /api/authentication/oauth/tokens`, RFC 6749 section 4.1.3.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct TokenBody {
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    code_verifier: String,
}

impl TokenBody {
    /// Reads a form, RFC 6749 appendix B. A form with a repeated field counts as empty.
    pub(crate) fn from_form(bytes: &[u8]) -> Self {
        let form = std::str::from_utf8(bytes).ok().and_then(Query::parse).unwrap_or_default();
        let field = |name| form.get(name).unwrap_or_default().to_owned();
        Self {
            grant_type: field("grant_type"),
            client_id: field("client_id"),
            redirect_uri: field("redirect_uri"),
            code: field("code"),
            code_verifier: field("code_verifier"),
        }
    }
}

/// `GET /?client_id=ext_…`, RFC 6749 section 4.1.1. `scope` is ignored: the answer says what was
/// granted.
pub(crate) fn authorize(state: &mut State, call: &Call, query: Option<&Query>, entropy: &mut Entropy) -> Authorization {
    let refused = |code, sentence: &str| {
        Authorization::Refused(RefusedReturn { code, sentence: sentence.to_owned(), back: None })
    };
    let Some(query) = query else {
        return refused("InvalidRequest", "A parameter occurs twice in this address.");
    };
    let Some(extension) = query.get("client_id").and_then(|id| state.extensions.get(id)) else {
        return refused("InvalidExtension", "No extension with this client_id is configured.");
    };
    let redirect_uri = query.get("redirect_uri").unwrap_or_default();
    let Some(redirect_url) = extension.allows_redirect(redirect_uri) else {
        return refused("InvalidRedirectUrl", "The redirect_uri is not below any of the extension's redirectUrls.");
    };
    let code_challenge = query.get("code_challenge").unwrap_or_default();
    let request = AuthenticationRequest {
        id: entropy.id(),
        application_id: extension.id.clone(),
        extension: Some(ExtensionLogin { state: query.get("state").map(str::to_owned) }),
        redirect_url,
        redirect_url_text: redirect_uri.to_owned(),
        code_challenge: code_challenge.to_owned(),
        connection_id: None,
        wants_code: true,
        response_location: ResponseLocation::Query,
        audiences: vec![],
        scope: DEFAULT_SCOPE.to_owned(),
        link_to_user: None,
        expires_at_ms: call.now_ms + REQUEST_LIFETIME_MS,
        progress: Progress::AwaitingProvider,
    };
    // The reference's extension client sends no response_type.
    let response_type = query.get("response_type").unwrap_or("code");
    let outcome = if response_type != "code" {
        let description = "response_type must be code.";
        Some(Outcome::Error { error: "unsupported_response_type", code: "InvalidRequest", description })
    } else if let Err(refusal) = check_challenge(query.get("code_challenge_method"), code_challenge) {
        let description = "PKCE is mandatory: send code_challenge and code_challenge_method S256.";
        Some(Outcome::Error { error: "invalid_request", code: refusal.code, description })
    } else {
        None
    };
    if let Some(outcome) = outcome {
        return Authorization::Redirect(location(&request, &state.public_url, outcome));
    }
    let id = request.id.clone();
    state.requests.insert(id.clone(), request);
    match &state.login_page {
        Some(page) => {
            let mut page = page.clone();
            page.query_pairs_mut().append_pair("state", &id).append_pair("flow", "oauthLogin");
            Authorization::Redirect(page.into())
        }
        None => Authorization::Picker(id),
    }
}

/// Ends an extension's request with a code. The browser's own sessions stay as they are.
pub(crate) fn answer(
    state: &mut State,
    call: &Call,
    request: &AuthenticationRequest,
    grant: Grant,
    entropy: &mut Entropy,
) -> Answer {
    let code = entropy.id();
    let issued = ExtensionCode {
        redirect_uri: request.redirect_url_text.clone(),
        code_challenge: request.code_challenge.clone(),
        grant,
        expires_at_ms: call.now_ms + state.code_lifetime_ms,
    };
    state.extension_codes.insert(code.clone(), issued);
    if let Some(stored) = state.requests.get_mut(&request.id) {
        stored.progress = Progress::Finished;
    }
    Answer { location: location(request, &state.public_url, Outcome::Code(&code)), cookies: vec![] }
}

/// `POST /api/authentication/oauth/tokens`. Like an application's, a refused attempt does not use
/// the code up.
pub(crate) fn exchange(
    state: &mut State,
    call: &Call,
    body: &TokenBody,
    entropy: &mut Entropy,
) -> Result<TokenSet, ExchangeRefusal> {
    let refused = |error, description| Err(ExchangeRefusal { error, description });
    let needed = [&body.grant_type, &body.client_id, &body.redirect_uri, &body.code, &body.code_verifier];
    if needed.iter().any(|field| field.is_empty()) {
        return refused(
            "invalid_request",
            "grant_type, client_id, redirect_uri, code and code_verifier are all needed.",
        );
    }
    if body.grant_type != "authorization_code" {
        return refused("unsupported_grant_type", "grant_type must be authorization_code.");
    }
    if !state.extensions.contains_key(&body.client_id) {
        return refused("invalid_client", "No extension with this client_id is configured.");
    }
    let found = state.extension_codes.get(&body.code).filter(|code| code.grant.application_id == body.client_id);
    let Some(issued) = found else {
        return refused("invalid_grant", "The code was used before, or was not issued to this client_id.");
    };
    if call.now_ms >= issued.expires_at_ms {
        return refused("invalid_grant", "The code has expired.");
    }
    if body.redirect_uri != issued.redirect_uri {
        return refused("invalid_grant", "redirect_uri must be that of the authorization request.");
    }
    let verifier_fits = body.code_verifier.len() <= MAX_VERIFIER_CHARS;
    if !verifier_fits || !same(&challenge_s256(&body.code_verifier), &issued.code_challenge) {
        return refused("invalid_grant", "code_verifier does not belong to the code challenge.");
    }
    let grant = issued.grant.clone();
    state.extension_codes.remove(&body.code);
    Ok(issue(&state.signing_key, &state.public_url, &grant, call.now_ms, entropy))
}
