//! The authorization request of a login or a link: `POST /api/authentication`, and its response.

use super::{
    entropy::Entropy,
    pending::PendingAuthorization,
    pkce::CodeVerifier,
    proof_of_work::{self, ProofOfWorkRequest},
};
use crate::{
    callback_url,
    clock::ClockReading,
    error::{Error, ErrorCode},
    http::{Method, Request},
    json::{JsonObject, ObjectWriter},
    page::Page,
    secret::Secret,
    session::credentials::SessionCredentials,
    settings::Settings,
    web_url::{WebUrl, is_path_segment},
};

/// The options of a login. All are optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticateOptions {
    /// The connection (identity provider), or the service client (`sc_…`) for an anonymous user id. Without it the
    /// shopper chooses on a page of Authress.
    pub connection_id: Option<String>,
    /// The tenant to log in to. It takes precedence over `connection_id`.
    pub tenant_lookup_identifier: Option<String>,
    /// The invite to accept.
    pub invite_id: Option<String>,
    /// The redirect URL, absolute or relative to the page. Default: the page.
    pub redirect_url: Option<String>,
    /// `cookie` (default, also for an empty string), `query` or `none`.
    pub response_location: Option<String>,
    /// Which of `code`, `token` and `id_token` the callback has, separated by spaces. Default: `token id_token`.
    pub flow_type: Option<String>,
    /// The OAuth scopes.
    pub scopes: Option<Vec<String>>,
    /// The audiences of the access token.
    pub audiences: Option<Vec<String>>,
    /// Properties for the identity provider, as a JSON object.
    pub connection_properties: Option<String>,
    /// Whether several accounts may be signed in.
    pub multi_account: Option<bool>,
    /// JSON of the application; see [`PendingAuthorization::app_state`].
    pub app_state: Option<Secret>,
}

/// The options of a link. `connection_id` or `tenant_lookup_identifier` is required.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkOptions {
    /// The connection (identity provider) of the identity to link.
    pub connection_id: Option<String>,
    /// The tenant whose identity provider it is.
    pub tenant_lookup_identifier: Option<String>,
    /// The redirect URL, absolute or relative to the page. Default: the page.
    pub redirect_url: Option<String>,
    /// Properties for the identity provider, as a JSON object.
    pub connection_properties: Option<String>,
    /// JSON of the application; see [`PendingAuthorization::app_state`].
    pub app_state: Option<Secret>,
}

impl LinkOptions {
    /// Checks that a connection or tenant is named; fails with [`ErrorCode::InvalidConnection`].
    pub fn check(&self) -> Result<(), Error> {
        let is_named = |value: &Option<String>| value.as_deref().is_some_and(|value| !value.is_empty());
        if is_named(&self.connection_id) || is_named(&self.tenant_lookup_identifier) {
            Ok(())
        } else {
            Err(ErrorCode::InvalidConnection.into())
        }
    }
}

/// An authorization request whose response has not come yet.
#[derive(Debug)]
pub struct AuthorizationRequest {
    pending: Box<PendingAuthorization>,
}

/// The response to an authorization request.
#[derive(Clone, Debug)]
pub struct AuthenticationResponse {
    /// The URL at which the login continues.
    pub authentication_url: Option<WebUrl>,
    /// The id of the authentication request.
    pub authentication_request_id: Option<String>,
}

impl AuthenticationResponse {
    /// Whether the client navigates to `authentication_url` by itself.
    ///
    /// A URL on the page's own host name is returned to the application instead: then the page is the application's own
    /// login page.
    pub fn navigates_from(&self, page: &Page) -> bool {
        self.authentication_url.as_ref().is_some_and(|url| !page.has_hostname_of(url))
    }
}

/// Prepares the authorization request of a login.
///
/// Fails with [`ErrorCode::InvalidResponseLocation`] or [`ErrorCode::InvalidRedirectUrl`].
pub fn prepare_login(
    settings: &Settings,
    page: &Page,
    options: &AuthenticateOptions,
    entropy: Entropy,
    now: ClockReading,
    with_credentials: bool,
) -> Result<(Box<ProofOfWorkRequest>, AuthorizationRequest), Error> {
    let response_location = options.response_location.as_deref().filter(|location| !location.is_empty());
    if !matches!(response_location, None | Some("cookie" | "query" | "none")) {
        return Err(ErrorCode::InvalidResponseLocation.into());
    }
    let values = proof_of_work::values::authenticate(
        options.connection_id.as_deref(),
        options.tenant_lookup_identifier.as_deref(),
        options.invite_id.as_deref(),
        settings.application_id(),
        options.audiences.as_deref(),
    );
    let mut pending = pending(settings, page, options.redirect_url.as_deref(), &entropy, now)?;
    pending.connection_id.clone_from(&options.connection_id);
    pending.tenant_lookup_identifier.clone_from(&options.tenant_lookup_identifier);
    pending.multi_account = options.multi_account;
    pending.app_state.clone_from(&options.app_state);
    let mut body = body(settings, &pending)
        .optional("inviteId", options.invite_id.as_deref())
        .optional("responseLocation", response_location)
        .optional("flowType", options.flow_type.as_deref());
    if let Some(audiences) = &options.audiences {
        body = body.strings("audiences", audiences);
    }
    if let Some(scopes) = &options.scopes {
        body = body.strings("requestedScopes", scopes);
    }
    if let Some(properties) = &options.connection_properties {
        body = body.raw("connectionProperties", properties);
    }
    if let Some(multi_account) = options.multi_account {
        body = body.bool("multiAccount", multi_account);
    }
    let request = request(None, with_credentials);
    let request = ProofOfWorkRequest::new(&values, now, entropy.search_start, body, request);
    Ok((request, AuthorizationRequest { pending }))
}

/// Prepares the authorization request of a link: it adds an identity to the user of the session.
///
/// Fails with [`ErrorCode::InvalidConnection`], [`ErrorCode::SessionNotBegunHere`], [`ErrorCode::NotLoggedIn`] or
/// [`ErrorCode::InvalidRedirectUrl`].
pub fn prepare_link(
    settings: &Settings,
    page: &Page,
    options: &LinkOptions,
    credentials: &SessionCredentials,
    entropy: Entropy,
    now: ClockReading,
) -> Result<(Box<ProofOfWorkRequest>, AuthorizationRequest), Error> {
    options.check()?;
    if !credentials.may_link {
        return Err(ErrorCode::SessionNotBegunHere.into());
    }
    let bearer = credentials.clone().bearer()?;
    let values = proof_of_work::values::link_identity(
        options.connection_id.as_deref(),
        options.tenant_lookup_identifier.as_deref(),
        settings.application_id(),
    );
    let mut pending = pending(settings, page, options.redirect_url.as_deref(), &entropy, now)?;
    pending.connection_id.clone_from(&options.connection_id);
    pending.tenant_lookup_identifier.clone_from(&options.tenant_lookup_identifier);
    pending.app_state.clone_from(&options.app_state);
    pending.link_user_id = Some(credentials.user_id.clone());
    let mut body = body(settings, &pending).bool("linkIdentity", true);
    if let Some(properties) = &options.connection_properties {
        body = body.raw("connectionProperties", properties);
    }
    let request = request(bearer, credentials.with_credentials);
    let request = ProofOfWorkRequest::new(&values, now, entropy.search_start, body, request);
    Ok((request, AuthorizationRequest { pending }))
}

impl AuthorizationRequest {
    /// Reads the body of a successful response. Also returns what to store before the browser navigates: `None` if
    /// Authress named no authentication request, since then there is no callback to this page.
    ///
    /// Fails with [`ErrorCode::InvalidServerResponse`] if it names neither an http(s) URL nor a usable authentication
    /// request.
    pub fn read_response(
        self,
        body: &Secret,
    ) -> Result<(AuthenticationResponse, Option<Box<PendingAuthorization>>), Error> {
        let response = JsonObject::parse(body.expose()).ok_or(ErrorCode::InvalidServerResponse)?;
        let authentication_url = match response.str("authenticationUrl").filter(|url| !url.is_empty()) {
            Some(url) => Some(http_url(&url).ok_or(ErrorCode::InvalidServerResponse)?),
            None => None,
        };
        let authentication_request_id = response.str("authenticationRequestId").filter(|id| !id.is_empty());
        let is_unusable = authentication_request_id.as_ref().is_some_and(|id| !is_path_segment(id));
        if is_unusable || (authentication_url.is_none() && authentication_request_id.is_none()) {
            return Err(ErrorCode::InvalidServerResponse.into());
        }
        let mut pending = self.pending;
        pending.enable_credentials = response.bool("enableCredentials");
        let pending = authentication_request_id.as_ref().map(|nonce| {
            pending.nonce.clone_from(nonce);
            pending
        });
        Ok((AuthenticationResponse { authentication_url, authentication_request_id }, pending))
    }
}

/// Reads a response that must name the URL at which the login continues.
pub fn read_authentication_url(body: &Secret) -> Result<WebUrl, Error> {
    let response = JsonObject::parse(body.expose()).ok_or(ErrorCode::InvalidServerResponse)?;
    response.str("authenticationUrl").and_then(|url| http_url(&url)).ok_or(ErrorCode::InvalidServerResponse.into())
}

/// The browser navigates to the URL, so it must not run script.
fn http_url(text: &str) -> Option<WebUrl> {
    WebUrl::parse(text).filter(WebUrl::is_http)
}

/// Returns what every login and link keeps. The nonce comes with the response.
///
/// Authress appends the callback parameters to the redirect URL (RFC 6749 section 3.1.2). Parameters of the page with
/// the same names, such as a coupon `code`, are left out of the redirect URL: afterwards nothing could tell them apart.
fn pending(
    settings: &Settings,
    page: &Page,
    redirect_url: Option<&str>,
    entropy: &Entropy,
    now: ClockReading,
) -> Result<Box<PendingAuthorization>, Error> {
    let page_url = callback_url::own_page_url(settings, page.resolve(redirect_url)?.as_str());
    let redirect_url = callback_url::without_callback_parameters(&page_url);
    let (redirect_url, page_url) = match redirect_url {
        Some(redirect_url) => (redirect_url, Some(page_url)),
        None => (page_url, None),
    };
    Ok(Box::new(PendingAuthorization {
        nonce: String::new(),
        code_verifier: CodeVerifier::from_entropy(entropy.code_verifier),
        connection_id: None,
        tenant_lookup_identifier: None,
        issuer: Some(settings.origin()),
        application_id: Some(settings.application_id().to_owned()),
        redirect_url,
        page_url,
        enable_credentials: None,
        multi_account: None,
        link_user_id: None,
        user_id: None,
        generation: None,
        app_state: None,
        created_at_ms: now.device_ms,
        clock_skew_ms: now.skew_ms,
    }))
}

/// Writes the members that every login and link sends.
fn body(settings: &Settings, pending: &PendingAuthorization) -> ObjectWriter {
    ObjectWriter::new()
        .string("redirectUrl", &pending.redirect_url)
        .string("codeChallengeMethod", "S256")
        .string("codeChallenge", &pending.code_verifier.challenge())
        .string("applicationId", settings.application_id())
        .optional("connectionId", pending.connection_id.as_deref())
        .optional("tenantLookupIdentifier", pending.tenant_lookup_identifier.as_deref())
}

fn request(bearer: Option<Secret>, with_credentials: bool) -> Request {
    Request { method: Method::Post, path: "/api/authentication".to_owned(), body: None, bearer, with_credentials }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: ClockReading = ClockReading { device_ms: 1_700_000_000_000, skew_ms: 0 };
    const ENTROPY: Entropy = Entropy { code_verifier: [7; 48], search_start: 42 };

    fn settings() -> Settings {
        Settings::new("https://login.shop.test", Some("app_shop")).unwrap()
    }

    fn page() -> Page {
        Page::new("https://app.shop.test/cart?x=1").unwrap()
    }

    fn body(request: &Request) -> serde_json::Value {
        serde_json::from_str(request.body.as_ref().unwrap().expose()).unwrap()
    }

    fn login(options: AuthenticateOptions) -> (Request, AuthorizationRequest) {
        let (request, authorization) = prepare_login(&settings(), &page(), &options, ENTROPY, NOW, true).unwrap();
        (request.finish(), authorization)
    }

    #[test]
    fn a_login_sends_challenge_and_proof_of_work_but_no_verifier() {
        let (request, authorization) =
            login(AuthenticateOptions { connection_id: Some("sc_shop".into()), ..Default::default() });
        let body = body(&request);
        assert_eq!(body["connectionId"], "sc_shop");
        assert_eq!(body["applicationId"], "app_shop");
        assert_eq!(body["redirectUrl"], "https://app.shop.test/cart?x=1");
        assert_eq!(body["codeChallengeMethod"], "S256");
        assert_eq!(body["codeChallenge"], authorization.pending.code_verifier.challenge());
        proof_of_work::verify(body["antiAbuseHash"].as_str().unwrap(), "sc_shop|app_shop").unwrap();
        assert!(!body.to_string().contains(authorization.pending.code_verifier.expose()));
        assert!(body.get("linkIdentity").is_none() && body.get("audiences").is_none());
    }

    #[test]
    fn every_option_but_the_applications_state_is_sent_under_its_wire_name() {
        let (request, _) = login(AuthenticateOptions {
            tenant_lookup_identifier: Some("tenant".into()),
            invite_id: Some("inv".into()),
            redirect_url: Some("/done".into()),
            response_location: Some("query".into()),
            flow_type: Some("code".into()),
            scopes: Some(vec!["openid".into()]),
            audiences: Some(vec!["a".into(), "b".into()]),
            connection_properties: Some(r#"{"p":"v"}"#.into()),
            multi_account: Some(true),
            connection_id: None,
            app_state: Some(Secret::new(r#"{"productId":"mug"}"#)),
        });
        let body = body(&request);
        assert!(!body.to_string().contains("mug"), "it stays in this browser");
        assert_eq!(body["requestedScopes"][0], "openid");
        assert_eq!(body["connectionProperties"]["p"], "v");
        assert_eq!(body["redirectUrl"], "https://app.shop.test/done");
        assert_eq!((&body["multiAccount"], &body["responseLocation"]), (&true.into(), &"query".into()));
        proof_of_work::verify(body["antiAbuseHash"].as_str().unwrap(), "tenant|inv|app_shop|a,b").unwrap();
    }

    #[test]
    fn invalid_options_are_refused_before_a_request_is_sent() {
        let refused = |options| prepare_login(&settings(), &page(), &options, ENTROPY, NOW, true).unwrap_err().code;
        let location = AuthenticateOptions { response_location: Some("body".into()), ..Default::default() };
        assert_eq!(refused(location), ErrorCode::InvalidResponseLocation);
        let script = AuthenticateOptions { redirect_url: Some("javascript:1".into()), ..Default::default() };
        assert_eq!(refused(script), ErrorCode::InvalidRedirectUrl);
    }

    #[test]
    fn an_empty_response_location_is_the_default() {
        let (request, _) = login(AuthenticateOptions { response_location: Some(String::new()), ..Default::default() });
        assert_eq!(body(&request).get("responseLocation"), None);
    }

    fn link(
        options: LinkOptions,
        access_token: Option<&str>,
        with_credentials: bool,
    ) -> Result<(Request, AuthorizationRequest), Error> {
        let access_token = access_token.map(Secret::new);
        let user_id = "user_a".into();
        link_as(options, &SessionCredentials { user_id, access_token, with_credentials, may_link: true })
    }

    fn link_as(
        options: LinkOptions,
        credentials: &SessionCredentials,
    ) -> Result<(Request, AuthorizationRequest), Error> {
        let (request, authorization) = prepare_link(&settings(), &page(), &options, credentials, ENTROPY, NOW)?;
        Ok((request.finish(), authorization))
    }

    #[test]
    fn a_link_sends_its_session_and_keeps_the_user_id() {
        let options = LinkOptions { connection_id: Some("con_a".into()), ..Default::default() };
        let (request, authorization) = link(options.clone(), Some("token"), false).unwrap();
        assert_eq!(body(&request)["linkIdentity"], true);
        assert_eq!(request.bearer.unwrap().expose(), "token");
        assert_eq!(authorization.pending.link_user_id.as_deref(), Some("user_a"));
        let (request, _) = link(options.clone(), Some("token"), true).unwrap();
        assert_eq!((request.bearer.unwrap().expose(), request.with_credentials), ("token", true));
        assert_eq!(link(options.clone(), None, true).unwrap().0.bearer, None);
        assert_eq!(link(options, None, false).unwrap_err().code, ErrorCode::NotLoggedIn);
        assert_eq!(link(LinkOptions::default(), Some("t"), false).unwrap_err().code, ErrorCode::InvalidConnection);
    }

    #[test]
    fn a_session_that_may_not_be_linked_is_refused_before_a_request_is_sent() {
        let options = LinkOptions { connection_id: Some("con_a".into()), ..Default::default() };
        let found = SessionCredentials {
            user_id: "user_a".into(),
            access_token: Some(Secret::new("token")),
            with_credentials: true,
            may_link: false,
        };
        assert_eq!(link_as(options, &found).unwrap_err().code, ErrorCode::SessionNotBegunHere);
    }

    #[test]
    fn a_response_becomes_a_pending_authorization() {
        let (_, authorization) = login(AuthenticateOptions::default());
        let verifier = authorization.pending.code_verifier.clone();
        let body = r#"{"authenticationUrl":"https://verify.test/v1/login","authenticationRequestId":"R","enableCredentials":true}"#;
        let (response, pending) = authorization.read_response(&Secret::new(body)).unwrap();
        assert!(response.navigates_from(&page()));
        let pending = pending.unwrap();
        assert_eq!((pending.nonce.as_str(), pending.enable_credentials), ("R", Some(true)));
        assert_eq!(pending.code_verifier, verifier);
    }

    #[test]
    fn an_authentication_request_id_that_is_no_path_segment_is_refused() {
        let body = r#"{"authenticationUrl":"https://acorn.test/login","authenticationRequestId":"../../session"}"#;
        let refused = login(AuthenticateOptions::default()).1.read_response(&Secret::new(body)).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidServerResponse);
    }

    #[test]
    fn a_url_on_the_pages_host_is_returned_to_the_application() {
        let body = r#"{"authenticationUrl":"https://app.shop.test:9000/login","authenticationRequestId":"R"}"#;
        let (response, _) = login(AuthenticateOptions::default()).1.read_response(&Secret::new(body)).unwrap();
        assert!(!response.navigates_from(&page()));
        let response =
            login(AuthenticateOptions::default()).1.read_response(&Secret::new(r#"{"authenticationRequestId":"R"}"#));
        assert!(!response.unwrap().0.navigates_from(&page()));
    }

    #[test]
    fn a_response_that_runs_script_or_names_no_url_is_refused() {
        for body in ["", "null", "{}", r#"{"authenticationUrl":"javascript:alert(1)"}"#, r#"{"authenticationUrl":"x"}"#]
        {
            let error = login(AuthenticateOptions::default()).1.read_response(&Secret::new(body)).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidServerResponse, "{body}");
        }
    }
}
