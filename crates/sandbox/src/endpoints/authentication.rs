//! The start of a login or link: `POST` and `PATCH /api/authentication`.

use authress_login_protocol::authorization::proof_of_work::values;
use serde::{Deserialize, Serialize};

use crate::dialect::{RefusedLink, UnknownTenant};
use crate::endpoints::browser_binding::{self, BeganAt};
use crate::endpoints::pkce::is_s256_challenge;
use crate::entropy::Entropy;
use crate::error::ApiError;
use crate::model::authentication_request::{
    AuthenticationRequest, BrowserBinding, DEFAULT_SCOPE, Progress, REQUEST_LIFETIME_MS, RequestStatus,
    ResponseLocation,
};
use crate::request_context::RequestContext;
use crate::site::{parse_http_url, shared_cookie_domain};
use crate::state::State;

/// Why a link at this connection is refused.
pub(crate) const LINKING_DISABLED: &str = "This connection does not allow links; set its linking to EXPLICIT.";

/// The body of `POST /api/authentication`. Unknown fields are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthenticationBody {
    anti_abuse_hash: Option<String>,
    application_id: Option<String>,
    redirect_url: Option<String>,
    code_challenge_method: Option<String>,
    code_challenge: Option<String>,
    connection_id: Option<String>,
    tenant_lookup_identifier: Option<String>,
    invite_id: Option<String>,
    audiences: Option<Vec<String>>,
    requested_scopes: Option<Scopes>,
    response_location: Option<String>,
    flow_type: Option<String>,
    link_identity: Option<bool>,
}

/// The body of `PATCH /api/authentication/{id}`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateBody {
    anti_abuse_hash: Option<String>,
    connection_id: Option<String>,
    tenant_lookup_identifier: Option<String>,
    hint: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Scopes {
    One(String),
    Many(Vec<String>),
}

/// Where the browser goes next.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthenticationResponse {
    pub(crate) authentication_request_id: String,
    pub(crate) authentication_url: String,
    /// Whether the page may use the session cookie: page and login host are one https site.
    pub(crate) enable_credentials: bool,
}

/// The response to a request for a login or link.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) response: AuthenticationResponse,
    /// Binds the request to the browser.
    pub(crate) cookie: Option<String>,
}

/// Checks a request for a login or link and stores it.
pub(crate) fn start(
    state: &mut State,
    context: &RequestContext,
    body: AuthenticationBody,
    entropy: &mut Entropy,
) -> Result<Started, ApiError> {
    let origin = required_origin(context)?;
    let application_id = required("applicationId", body.application_id)?;
    let Some(application) = state.applications.get(&application_id) else {
        return Err(ApiError::invalid_input(
            "InvalidApplication",
            "No application with this applicationId is configured.",
        ));
    };
    let redirect_url_text = required("redirectUrl", body.redirect_url)?;
    let Some(mut redirect_url) = application.allows_redirect(&redirect_url_text) else {
        return Err(ApiError::invalid_input(
            "InvalidRedirectUrl",
            "The redirectUrl is not below any of the application's redirectUrls; add it there.",
        ));
    };
    if state.dialect.binds_logins && !application.allows_origin(&origin) {
        let title = "A login begins on a page of the application; add its address to the redirectUrls.";
        return Err(ApiError::new(403, "OriginNotAllowed", title));
    }
    if state.dialect.drops_redirect_query {
        redirect_url.set_query(None);
    }
    let code_challenge = required("codeChallenge", body.code_challenge)?;
    if !is_s256_challenge(body.code_challenge_method.as_deref(), &code_challenge) {
        let title = "PKCE is mandatory: send codeChallengeMethod S256 and the base64url SHA-256 of the verifier.";
        return Err(ApiError::invalid_input("InvalidCodeChallenge", title));
    }
    let response_location = parse_response_location(body.response_location.as_deref())?;
    let wants_code = parse_flow_type(body.flow_type.as_deref())?;
    let connection_id = body.connection_id.filter(|id| !id.is_empty());
    let tenant = body.tenant_lookup_identifier.filter(|id| !id.is_empty());
    let is_link = body.link_identity == Some(true);
    let link_to_user =
        if is_link { Some(state.authenticated_user(context, Some(&application_id))?.user_id) } else { None };
    let invite_id = body.invite_id.clone().filter(|id| !id.is_empty());
    let hash = required("antiAbuseHash", body.anti_abuse_hash)?;
    let chosen = chosen_connection(state, connection_id.clone(), tenant.as_deref(), is_link)?;
    check_audiences(state, &application_id, body.audiences.as_deref().unwrap_or_default())?;
    let invite = invite_id.as_ref().map(|id| state.invites.acceptable(id, context.now_ms)).transpose();
    let invite = if state.dialect.checks_invites { invite? } else { invite.ok().flatten() };
    // What another server does with an invite that it does not check is not known: here it goes on without.
    let invite_id = invite_id.filter(|_| invite.is_some());
    let of_invite =
        invite.and_then(|invite| state.tenants.get(invite.content.default_login_tenant_id.as_ref()?)).cloned();
    let chosen = chosen.or(of_invite);
    let hashed = if is_link {
        values::link_identity(connection_id.as_deref(), tenant.as_deref(), &application_id)
    } else {
        let (connection, tenant, invite) = (connection_id.as_deref(), tenant.as_deref(), body.invite_id.as_deref());
        values::authenticate(connection, tenant, invite, &application_id, body.audiences.as_deref())
    };
    state.used_hashes.accept(&hash, &hashed, &code_challenge, context.now_ms)?;

    let page = parse_http_url(&origin);
    let enable_credentials = page.is_some_and(|page| shared_cookie_domain(&page, state.public_url.url()).is_some());
    let began_at = if enable_credentials { BeganAt::OwnSite } else { BeganAt::OtherSite { origin: &origin } };
    let id = entropy.id();
    let (browser, cookie) = browser_binding::begin(state, &id, began_at, entropy);
    let request = AuthenticationRequest {
        id,
        application_id,
        extension: None,
        redirect_url,
        redirect_url_text,
        code_challenge,
        connection_id: chosen,
        wants_code,
        response_location,
        audiences: body.audiences.unwrap_or_default(),
        scope: body.requested_scopes.map_or_else(|| DEFAULT_SCOPE.to_owned(), Scopes::joined),
        link_to_user,
        browser,
        invite_id,
        expires_at_ms: context.now_ms + REQUEST_LIFETIME_MS,
        progress: Progress::AwaitingProvider,
    };
    let response = AuthenticationResponse {
        authentication_url: authentication_url(state, &request),
        authentication_request_id: request.id.clone(),
        enable_credentials,
    };
    state.requests.insert(request.id.clone(), request);
    Ok(Started { response, cookie })
}

/// Changes the connection of a pending request. Only pages of the platform's own applications may choose the
/// connection of an extension's request.
pub(crate) fn update(
    state: &mut State,
    context: &RequestContext,
    id: &str,
    body: UpdateBody,
) -> Result<AuthenticationResponse, ApiError> {
    let origin = required_origin(context)?;
    let given = |value: Option<String>| value.filter(|value| !value.is_empty());
    let connection_id = given(body.connection_id);
    let tenant = given(body.hint).or(given(body.tenant_lookup_identifier));
    let hash = required("antiAbuseHash", body.anti_abuse_hash)?;
    let unknown = || ApiError::new(404, "InvalidAuthenticationRequest", "No pending request has this id; start again.");
    let request = state.requests.get(&id.to_owned()).ok_or_else(unknown)?;
    if request.status(context.now_ms) != RequestStatus::Pending {
        return Err(unknown());
    }
    if request.extension.is_some() && !state.knows_origin(&origin) {
        let title = "Only pages of the platform's applications may choose how an extension's user logs in.";
        return Err(ApiError::new(403, "OriginNotAllowed", title));
    }
    let is_link = request.link_to_user.is_some();
    if connection_id.is_none() && tenant.is_none() {
        let title = "Name the connectionId or the tenantLookupIdentifier to log in with.";
        return Err(ApiError::invalid_input("InvalidConnection", title));
    }
    let hashed = values::update_request(connection_id.as_deref(), tenant.as_deref(), id);
    state.used_hashes.accept(&hash, &hashed, id, context.now_ms)?;
    let chosen = chosen_connection(state, connection_id, tenant.as_deref(), is_link)?;
    let request = state.requests.get_mut(&id.to_owned()).ok_or_else(unknown)?;
    request.connection_id = chosen;
    let request = request.clone();
    let page = parse_http_url(&origin);
    Ok(AuthenticationResponse {
        authentication_url: authentication_url(state, &request),
        authentication_request_id: request.id,
        enable_credentials: page.is_some_and(|page| shared_cookie_domain(&page, state.public_url.url()).is_some()),
    })
}

/// The URL at which the user of a pending request authenticates.
pub(crate) fn authentication_url(state: &State, request: &AuthenticationRequest) -> String {
    let public_url = state.public_url.as_str();
    let needs_visit = matches!(request.browser, BrowserBinding::FirstFrom(_));
    let Some(connection_id) = request.connection_id.as_ref().filter(|_| !needs_visit) else {
        return format!("{public_url}/login?state={}", request.id);
    };
    match state.service_clients.get(connection_id) {
        Some(client) => client.authentication_url(&request.id, &state.public_url, &state.dialect),
        None => format!("{public_url}/sandbox/provider/{connection_id}?state={}", request.id),
    }
}

impl Scopes {
    fn joined(self) -> String {
        match self {
            Self::One(scope) => scope,
            Self::Many(scopes) => scopes.join(" "),
        }
    }
}

/// Browsers always send `Origin` with these requests; production rejects requests without it.
fn required_origin(context: &RequestContext) -> Result<String, ApiError> {
    let missing =
        || ApiError::new(400, "OriginRequired", "Send this request from a page: the Origin header is missing.");
    context.origin.clone().ok_or_else(missing)
}

fn required(name: &str, value: Option<String>) -> Result<String, ApiError> {
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| ApiError::invalid_input("InvalidRequest", format!("The field {name} is missing.")))
}

fn parse_response_location(text: Option<&str>) -> Result<ResponseLocation, ApiError> {
    match text {
        None | Some("cookie") => Ok(ResponseLocation::Cookie),
        Some("query") => Ok(ResponseLocation::Query),
        Some("none") => Ok(ResponseLocation::None),
        Some(_) => {
            Err(ApiError::invalid_input("InvalidResponseLocation", "responseLocation is cookie, query or none."))
        }
    }
}

/// Whether the flow contains a code.
fn parse_flow_type(text: Option<&str>) -> Result<bool, ApiError> {
    let words: Vec<&str> = text.unwrap_or("token id_token").split_ascii_whitespace().collect();
    if words.is_empty() || words.iter().any(|word| !["code", "token", "id_token"].contains(word)) {
        return Err(ApiError::invalid_input(
            "InvalidFlowType",
            "flowType is any of code, token and id_token, space-separated.",
        ));
    }
    Ok(words.contains(&"code"))
}

/// The connection that a request names, itself or by its tenant. `None` lets the user choose.
fn chosen_connection(
    state: &State,
    connection_id: Option<String>,
    tenant: Option<&str>,
    is_link: bool,
) -> Result<Option<String>, ApiError> {
    let of_tenant = tenant.map(|tenant| state.tenants.get(tenant).cloned().ok_or_else(|| unknown_tenant(state)));
    let invalid = |title| Err(ApiError::invalid_input("InvalidConnection", title));
    let Some(id) = connection_id.or(of_tenant.transpose()?) else {
        return if is_link { invalid("Name the connectionId of the identity to link.") } else { Ok(None) };
    };
    let is_provider = state.connection(&id).is_some();
    if !is_provider && !state.service_clients.contains_key(&id) {
        return invalid("No connection with this connectionId is configured.");
    }
    if is_link && !is_provider && !state.dialect.links_service_clients {
        return invalid("Service client users cannot be linked; link a provider.");
    }
    if is_link && state.dialect.refused_link == RefusedLink::NoCallback && !state.allows_links(&id) {
        return Err(ApiError::invalid_input("ConnectionLinkingDisabled", LINKING_DISABLED));
    }
    Ok(Some(id))
}

fn unknown_tenant(state: &State) -> ApiError {
    let title = "No tenant has this tenantLookupIdentifier; use a connectionId.";
    match state.dialect.unknown_tenant {
        UnknownTenant::NotFound => ApiError::new(404, "TenantNotFound", title),
        UnknownTenant::InvalidIdentifier => ApiError::invalid_input("InvalidTenantIdentifier", title),
    }
}

fn check_audiences(state: &State, application_id: &str, audiences: &[String]) -> Result<(), ApiError> {
    let application = state.applications.get(application_id);
    let is_known = |audience: &String| application.is_some_and(|application| application.has_audience(audience));
    if state.dialect.checks_audiences && !audiences.iter().all(is_known) {
        let title = "An audience is not among those of the application; add it there.";
        return Err(ApiError::invalid_input("InvalidAudience", title));
    }
    Ok(())
}
