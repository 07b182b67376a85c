//! The callback of identity providers and user verifiers: `GET /login`.

use authress_secret::Secret;

use crate::cookies::{auth_code_cookie, login_cookies};
use crate::dialect::RefusedLink;
use crate::endpoints::authentication::{LINKING_DISABLED, authentication_url};
use crate::endpoints::authorization_response::{
    AuthorizationResponse, ResponseMode, ResponseParameters, redirect_location,
};
use crate::endpoints::browser_binding;
use crate::endpoints::error_page::ErrorPage;
use crate::endpoints::management::invites;
use crate::endpoints::query::Query;
use crate::entropy::Entropy;
use crate::model::authentication_request::{AuthenticationRequest, IssuedCode, Progress, RequestStatus};
use crate::model::authorization_code::ExtensionCode;
use crate::model::grant::{Grant, Profile};
use crate::model::identity::{AlreadyOwned, Identity, IdentityKey};
use crate::request_context::RequestContext;
use crate::site::is_localhost;
use crate::state::State;

/// How the sandbox responds to a callback.
#[derive(Debug)]
pub(crate) enum CallbackResponse {
    /// Redirects to the application, with a login or with an error.
    Application(AuthorizationResponse),
    /// Redirects to the provider or verifier: this is the start of a login, not its end.
    Provider { url: String, cookie: Option<String> },
    /// Shows a page with the providers to choose from for this request.
    ProviderList { request_id: String, cookie: Option<String> },
    /// Shows an error page: nothing in the query can be trusted.
    Error(ErrorPage),
}

/// Completes a pending request: with a login, a link or an error response, or with an error page if the callback
/// cannot be trusted.
pub(crate) fn handle(
    state: &mut State,
    context: &RequestContext,
    query: Option<&Query>,
    entropy: &mut Entropy,
) -> CallbackResponse {
    let error_page = |code, message| CallbackResponse::Error(ErrorPage::new(code, message));
    let Some(query) = query else {
        return error_page("InvalidRequest", "A parameter occurs twice in this address.");
    };
    let Some(request) = query.get("state").and_then(|id| state.requests.get(&id.to_owned())).cloned() else {
        return error_page("InvalidAuthenticationRequest", "No login was started under this state; start again.");
    };
    let is_start = query.get("code").is_none() && query.get("error").is_none();
    let cookie = match browser_binding::check(state, context, &request, is_start, entropy) {
        Ok(cookie) => cookie,
        Err(page) => return CallbackResponse::Error(page),
    };
    match request.status(context.now_ms) {
        RequestStatus::Pending => (),
        RequestStatus::Completed => {
            return error_page("AuthenticationRequestUsed", "This login was already completed; each works once.");
        }
        RequestStatus::Expired => {
            let description = "The login took longer than five minutes; start again.";
            let (error, code) = if state.dialect.names_expired {
                ("Expired", "Expired")
            } else {
                ("invalid_request", "AuthenticationRequestExpired")
            };
            return error_response(state, &request, error, code, description);
        }
    }
    if let Some(error) = query.get("error") {
        let (code, description) = match error {
            "access_denied" => ("UserCancelled", "The login was cancelled."),
            _ => ("ConnectionFailed", "The provider failed."),
        };
        return error_response(state, &request, "access_denied", code, description);
    }
    let Some(code) = query.get("code") else {
        return match request.connection_id {
            Some(_) => {
                let bound = state.requests.get(&request.id).unwrap_or(&request);
                CallbackResponse::Provider { url: authentication_url(state, bound), cookie }
            }
            None => CallbackResponse::ProviderList { request_id: request.id, cookie },
        };
    };
    match verify_identity(state, &request, code, query.get("iss"), context.now_ms, entropy) {
        Ok(identity) => {
            let mut response = complete(state, context, &request, identity, entropy);
            if let CallbackResponse::Application(response) = &mut response {
                response.cookies.extend(browser_binding::removal(state, &request));
            }
            response
        }
        Err(page) => CallbackResponse::Error(page),
    }
}

/// An identity as its connection has asserted it.
struct VerifiedIdentity {
    key: IdentityKey,
    profile: Profile,
    anonymous: bool,
    /// The id of a new user.
    new_user_id: String,
}

/// Checks the code: a signed JWT of a user verifier, or the code of a fake provider.
fn verify_identity(
    state: &mut State,
    request: &AuthenticationRequest,
    code: &str,
    iss: Option<&str>,
    now_ms: u64,
    entropy: &mut Entropy,
) -> Result<VerifiedIdentity, ErrorPage> {
    let error_page = |state: &State, code, message: String| {
        let parameters = ResponseParameters::Error { error: "server_error", code, description: &message };
        ErrorPage { code, application_url: Some(redirect_location(state, request, parameters)), message }
    };
    if let Some(client) = request.connection_id.as_ref().and_then(|id| state.service_clients.get(id)) {
        if !client.options.grant_token_generation {
            let message = "The service client may not log users in: its option grantTokenGeneration is off.".to_owned();
            return Err(error_page(state, "TokenGenerationNotGranted", message));
        }
        let user = client.verify_code(code, iss, &state.public_url, &state.dialect, now_ms).map_err(|error| {
            error_page(state, error.code(), format!("The user verifier's code is not valid: {error}."))
        })?;
        let key = IdentityKey { connection_id: client.id.clone(), subject: user.user_id.clone() };
        if state.dialect.spends_statements && state.spent_statements.spend(code).is_err() {
            let message = "The user verifier's statement was used before; it is for one login.".to_owned();
            return Err(error_page(state, "VerifierStatementUsed", message));
        }
        let profile = Profile { email: user.email, ..Profile::default() };
        return Ok(VerifiedIdentity { key, profile, anonymous: true, new_user_id: user.user_id });
    }
    let issued = state.provider_codes.get(&code.to_owned()).filter(|issued| {
        let same_connection = request.connection_id.as_ref().is_none_or(|id| *id == issued.connection_id);
        issued.request_id == request.id && same_connection
    });
    let Some(issued) = issued.cloned() else {
        let message = "The provider's code belongs to another login, or was used before.".to_owned();
        return Err(error_page(state, "ProviderCodeInvalid", message));
    };
    state.provider_codes.remove(&code.to_owned());
    let position = state.connections.iter().position(|connection| connection.id == issued.connection_id);
    let is_large = state.connection(&issued.connection_id).is_some_and(|connection| connection.has_large_profiles);
    let person = &issued.person;
    Ok(VerifiedIdentity {
        profile: person.profile(state.public_url.as_str(), is_large),
        anonymous: false,
        new_user_id: person.user_id(state.dialect.user_ids, position.unwrap_or_default(), entropy),
        key: IdentityKey { connection_id: issued.connection_id, subject: issued.person.subject },
    })
}

/// Finds or creates the user, starts the session and redirects to the application.
fn complete(
    state: &mut State,
    context: &RequestContext,
    request: &AuthenticationRequest,
    identity: VerifiedIdentity,
    entropy: &mut Entropy,
) -> CallbackResponse {
    let VerifiedIdentity { key, profile, anonymous, new_user_id } = identity;
    if request.link_to_user.is_some() && !state.allows_links(&key.connection_id) {
        return refuse_link(state, request, "ConnectionLinkingDisabled", LINKING_DISABLED);
    }
    let invite = request.invite_id.as_ref().map(|id| state.invites.acceptable(id, context.now_ms)).transpose();
    let invite = match invite {
        Ok(invite) => invite.cloned(),
        // Another browser has used the invite in the meantime, or it has expired.
        Err(error) if state.dialect.checks_invites => {
            let description = "The invite was used, deleted or has expired; ask for another one.";
            return error_response(state, request, "access_denied", error.code, description);
        }
        Err(_) => None,
    };
    // The statement of a verifier names the user id itself.
    let linked_user_id = invite.and_then(|invite| invite.content.linked_user_id).filter(|_| !anonymous);
    let connection_id = key.connection_id.clone();
    let user_id = match (&request.link_to_user, state.identities.owner(&key)) {
        (Some(current), _) => current.clone(),
        (None, Some(owner)) => owner.to_owned(),
        (None, None) => linked_user_id.unwrap_or(new_user_id),
    };
    let attaches_later = request.link_to_user.is_some() && state.dialect.attaches_links_after_exchange;
    let provider_token = (!anonymous).then(|| Secret::new(format!("provider-{}", entropy.id())));
    let identity = Identity { user_id: user_id.clone(), profile: profile.clone(), provider_token, anonymous };
    let may_attach = if attaches_later {
        state.identities.check_owner(&key, &user_id)
    } else {
        state.identities.attach(key.clone(), identity.clone())
    };
    if let Err(AlreadyOwned) = may_attach {
        let description = "This identity already belongs to another user and cannot be linked.";
        return refuse_link(state, request, "IdentityAlreadyOwned", description);
    }
    if let Some(id) = &request.invite_id {
        invites::accept(state, id, &user_id, context.now_ms, entropy);
    }
    let grant = Grant {
        user_id,
        connection_id,
        application_id: request.application_id.clone(),
        audiences: request.audiences.clone(),
        scope: request.scope.clone(),
        profile,
    };
    if request.extension.is_some() {
        return CallbackResponse::Application(respond_to_extension(state, context, request, grant, entropy));
    }
    if attaches_later {
        let response = respond_to_link(state, context, request, grant, (key, identity), entropy);
        return CallbackResponse::Application(response);
    }
    // The browser's earlier session ends with the new one, so that its cookie, if leaked, is worth nothing.
    state.sessions.end(&context.session_ids);
    let session_id = entropy.id();
    let lifetime_s = state.dialect.session_lifetime_seconds;
    state.sessions.start(session_id.clone(), grant.clone(), context.now_ms, lifetime_s);
    let response = respond_to_application(state, context, request, grant, session_id, entropy);
    CallbackResponse::Application(response)
}

fn respond_to_application(
    state: &mut State,
    context: &RequestContext,
    request: &AuthenticationRequest,
    grant: Grant,
    session_id: String,
    entropy: &mut Entropy,
) -> AuthorizationResponse {
    let mode = ResponseMode::choose(request, &state.public_url);
    let (progress, location, cookies) = match &mode {
        ResponseMode::Code | ResponseMode::CodeInCookie(_) => {
            let code = entropy.id();
            let mut cookies = login_cookies(&state.public_url, &state.dialect, mode.cookie_domain(), &session_id, None);
            let in_query = match mode.cookie_domain() {
                Some(domain) => {
                    cookies.push(auth_code_cookie(&code, domain, state.code_lifetime_ms.div_ceil(1000)));
                    "cookie"
                }
                None => code.as_str(),
            };
            let location = redirect_location(state, request, ResponseParameters::Code(in_query));
            let expires_at_ms = context.now_ms + state.code_lifetime_ms;
            let issued = IssuedCode { code, grant, session_id, link: None, expires_at_ms };
            (Progress::CodeIssued(Box::new(issued)), location, cookies)
        }
        ResponseMode::TokensInQuery | ResponseMode::TokensInCookies(_) => {
            let tokens = state.issue(&grant, context.now_ms, entropy);
            let cookies =
                login_cookies(&state.public_url, &state.dialect, mode.cookie_domain(), &session_id, Some(&tokens));
            let in_query = mode == ResponseMode::TokensInQuery;
            let gets_session = state.dialect.session_token_on_localhost && is_localhost(&request.redirect_url);
            let session_token = gets_session.then_some(session_id.as_str());
            let in_query_parameters = ResponseParameters::Tokens { tokens: &tokens, session_token };
            let parameters = if in_query { in_query_parameters } else { ResponseParameters::None };
            (Progress::Finished, redirect_location(state, request, parameters), cookies)
        }
        ResponseMode::SessionOnly => {
            let cookies = login_cookies(&state.public_url, &state.dialect, None, &session_id, None);
            let location = redirect_location(state, request, ResponseParameters::None);
            (Progress::Finished, location, cookies)
        }
    };
    set_progress(state, request, progress);
    AuthorizationResponse { location, cookies }
}

/// Redirects to the application with a code, whose exchange makes the link and starts the session. Until then the
/// browser's session and the identity stay as they are.
fn respond_to_link(
    state: &mut State,
    context: &RequestContext,
    request: &AuthenticationRequest,
    grant: Grant,
    link: (IdentityKey, Identity),
    entropy: &mut Entropy,
) -> AuthorizationResponse {
    let code = entropy.id();
    let mode = ResponseMode::with_code(request, &state.public_url);
    let lifetime_s = state.code_lifetime_ms.div_ceil(1000);
    let cookies: Vec<String> =
        mode.cookie_domain().map(|domain| auth_code_cookie(&code, domain, lifetime_s)).into_iter().collect();
    let in_query = if cookies.is_empty() { code.as_str() } else { "cookie" };
    let location = redirect_location(state, request, ResponseParameters::Code(in_query));
    let expires_at_ms = context.now_ms + state.code_lifetime_ms;
    let issued = IssuedCode { code, grant, session_id: entropy.id(), link: Some(link), expires_at_ms };
    set_progress(state, request, Progress::CodeIssued(Box::new(issued)));
    AuthorizationResponse { location, cookies }
}

/// Redirects to the extension with a code. The browser's own sessions stay as they are.
fn respond_to_extension(
    state: &mut State,
    context: &RequestContext,
    request: &AuthenticationRequest,
    grant: Grant,
    entropy: &mut Entropy,
) -> AuthorizationResponse {
    let code = entropy.id();
    let issued = ExtensionCode {
        redirect_uri: request.redirect_url_text.clone(),
        code_challenge: request.code_challenge.clone(),
        grant,
        expires_at_ms: context.now_ms + state.code_lifetime_ms,
    };
    state.extension_codes.insert(code.clone(), issued);
    set_progress(state, request, Progress::Finished);
    let location = redirect_location(state, request, ResponseParameters::Code(&code));
    AuthorizationResponse { location, cookies: vec![] }
}

/// Ends the request with an error response to the application; the browser's sessions stay as they are.
fn error_response(
    state: &mut State,
    request: &AuthenticationRequest,
    error: &'static str,
    code: &'static str,
    description: &'static str,
) -> CallbackResponse {
    let parameters = ResponseParameters::Error { error, code, description };
    end_without_login(state, request, parameters)
}

/// Ends a link that is refused, as the dialect does.
fn refuse_link(
    state: &mut State,
    request: &AuthenticationRequest,
    code: &'static str,
    description: &'static str,
) -> CallbackResponse {
    match state.dialect.refused_link {
        RefusedLink::CallbackError => error_response(state, request, "access_denied", code, description),
        RefusedLink::PlainCallback => end_without_login(state, request, ResponseParameters::None),
        RefusedLink::NoCallback => {
            set_progress(state, request, Progress::Finished);
            CallbackResponse::Error(ErrorPage::new(code, description))
        }
    }
}

fn end_without_login(
    state: &mut State,
    request: &AuthenticationRequest,
    parameters: ResponseParameters<'_>,
) -> CallbackResponse {
    set_progress(state, request, Progress::Finished);
    let location = redirect_location(state, request, parameters);
    CallbackResponse::Application(AuthorizationResponse { location, cookies: vec![] })
}

fn set_progress(state: &mut State, request: &AuthenticationRequest, progress: Progress) {
    if let Some(stored) = state.requests.get_mut(&request.id) {
        stored.progress = progress;
    }
}
