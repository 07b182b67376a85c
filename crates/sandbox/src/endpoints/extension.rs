//! Extensions: third-party applications whose users log in by plain OAuth, RFC 6749 section 4.1
//! with PKCE. They get an access token and neither a session nor cookies.

use serde::Deserialize;

use crate::endpoints::authorization_response::{ResponseParameters, redirect_location};
use crate::endpoints::browser_binding::{self, BeganAt};
use crate::endpoints::error_page::ErrorPage;
use crate::endpoints::pkce::{is_s256_challenge, verifies};
use crate::endpoints::query::Query;
use crate::entropy::Entropy;
use crate::error::TokenError;
use crate::model::authentication_request::{
    AuthenticationRequest, DEFAULT_SCOPE, ExtensionRequest, Progress, REQUEST_LIFETIME_MS, ResponseLocation,
};
use crate::request_context::RequestContext;
use crate::state::State;
use crate::tokens::TokenSet;

/// How the sandbox responds to an authorization request.
#[derive(Debug)]
pub(crate) enum AuthorizeResponse {
    /// Redirects to the platform's login page, or back to the extension with an error.
    Redirect { url: String, cookie: Option<String> },
    /// Shows a page with the providers to choose from for this request.
    ProviderList { request_id: String, cookie: Option<String> },
    /// Shows an error page: client or redirect URI are not valid (RFC 6749 section 4.1.2.1).
    Error(ErrorPage),
}

/// The token request, RFC 6749 section 4.1.3.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ExtensionTokenRequest {
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

impl ExtensionTokenRequest {
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

/// `GET /?client_id=ext_…`, RFC 6749 section 4.1.1. `scope` is ignored: the token response
/// says what was granted.
pub(crate) fn authorize(
    state: &mut State,
    context: &RequestContext,
    query: Option<&Query>,
    entropy: &mut Entropy,
) -> AuthorizeResponse {
    let error_page = |code, message| AuthorizeResponse::Error(ErrorPage::new(code, message));
    let Some(query) = query else {
        return error_page("InvalidRequest", "A parameter occurs twice in this address.");
    };
    let Some(extension) = query.get("client_id").and_then(|id| state.extensions.get(id)) else {
        return error_page("InvalidExtension", "No extension with this client_id is configured.");
    };
    let redirect_uri = query.get("redirect_uri").unwrap_or_default();
    let Some(redirect_url) = extension.allows_redirect(redirect_uri) else {
        return error_page("InvalidRedirectUrl", "The redirect_uri is not below any of the extension's redirectUrls.");
    };
    let code_challenge = query.get("code_challenge").unwrap_or_default();
    let id = entropy.id();
    // The browser is at the login host already.
    let (browser, cookie) = browser_binding::begin(state, &id, BeganAt::OwnSite, entropy);
    let request = AuthenticationRequest {
        id,
        application_id: extension.id.clone(),
        extension: Some(ExtensionRequest { state: query.get("state").map(str::to_owned) }),
        redirect_url,
        redirect_url_text: redirect_uri.to_owned(),
        code_challenge: code_challenge.to_owned(),
        connection_id: None,
        wants_code: true,
        response_location: ResponseLocation::Query,
        audiences: vec![],
        scope: DEFAULT_SCOPE.to_owned(),
        link_to_user: None,
        browser,
        invite_id: None,
        expires_at_ms: context.now_ms + REQUEST_LIFETIME_MS,
        progress: Progress::AwaitingProvider,
    };
    // The reference's extension client sends no response_type.
    let response_type = query.get("response_type").unwrap_or("code");
    let error = if response_type != "code" {
        let description = "response_type must be code.";
        Some(ResponseParameters::Error { error: "unsupported_response_type", code: "InvalidRequest", description })
    } else if !is_s256_challenge(query.get("code_challenge_method"), code_challenge) {
        let description = "PKCE is mandatory: send code_challenge and code_challenge_method S256.";
        Some(ResponseParameters::Error { error: "invalid_request", code: "InvalidCodeChallenge", description })
    } else {
        None
    };
    if let Some(error) = error {
        return AuthorizeResponse::Redirect { url: redirect_location(state, &request, error), cookie: None };
    }
    let id = request.id.clone();
    state.requests.insert(id.clone(), request);
    match &state.login_page {
        Some(page) => {
            let mut page = page.clone();
            page.query_pairs_mut().append_pair("state", &id).append_pair("flow", "oauthLogin");
            AuthorizeResponse::Redirect { url: page.into(), cookie }
        }
        None => AuthorizeResponse::ProviderList { request_id: id, cookie },
    }
}

/// `POST /api/authentication/oauth/tokens`. As with applications, a rejected attempt does not use up the code.
pub(crate) fn exchange(
    state: &mut State,
    context: &RequestContext,
    body: &ExtensionTokenRequest,
    entropy: &mut Entropy,
) -> Result<TokenSet, TokenError> {
    let error = |error, description| Err(TokenError { error, description });
    let needed = [&body.grant_type, &body.client_id, &body.redirect_uri, &body.code, &body.code_verifier];
    if needed.iter().any(|field| field.is_empty()) {
        return error("invalid_request", "grant_type, client_id, redirect_uri, code and code_verifier are all needed.");
    }
    if body.grant_type != "authorization_code" {
        return error("unsupported_grant_type", "grant_type must be authorization_code.");
    }
    if !state.extensions.contains_key(&body.client_id) {
        return error("invalid_client", "No extension with this client_id is configured.");
    }
    let found = state.extension_codes.get(&body.code).filter(|code| code.grant.application_id == body.client_id);
    let Some(issued) = found else {
        return error("invalid_grant", "The code was used before, or was not issued to this client_id.");
    };
    if context.now_ms >= issued.expires_at_ms {
        return error("invalid_grant", "The code has expired.");
    }
    if body.redirect_uri != issued.redirect_uri {
        return error("invalid_grant", "redirect_uri must be that of the authorization request.");
    }
    if !verifies(&body.code_verifier, &issued.code_challenge) {
        return error("invalid_grant", "code_verifier does not belong to the code challenge.");
    }
    let grant = issued.grant.clone();
    state.extension_codes.remove(&body.code);
    Ok(state.issue(&grant, context.now_ms, entropy))
}
