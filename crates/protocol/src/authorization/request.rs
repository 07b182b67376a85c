//! Beginning a login, and beginning a link: `POST /api/authentication`.

use crate::{
    account::Authorization,
    authorization::{
        pending::{Entropy, PendingRequest},
        pkce::CodeVerifier,
        proof_of_work::{self, Unhashed},
    },
    callback_url,
    clock::Moment,
    error::{Error, ErrorCode},
    http::{Method, Request},
    json::{JsonObject, ObjectWriter},
    page::Page,
    secret::Secret,
    settings::Settings,
    web_url::{WebUrl, is_path_segment},
};

/// How to log in. Every member may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticateOptions {
    /// The identity provider, or the service client (`sc_…`) for an anonymous user id. Without it
    /// the shopper chooses on a page of Authress.
    pub connection_id: Option<String>,
    /// The tenant to log in to; takes precedence over `connection_id`.
    pub tenant_lookup_identifier: Option<String>,
    /// An invite to accept.
    pub invite_id: Option<String>,
    /// Where to return to; this page if left out.
    pub redirect_url: Option<String>,
    /// `cookie` (default, also if empty), `query` or `none`.
    pub response_location: Option<String>,
    /// Which of `code token id_token` to return; `token id_token` if left out.
    pub flow_type: Option<String>,
    /// OAuth scopes.
    pub scopes: Option<Vec<String>>,
    /// Audiences of the access token.
    pub audiences: Option<Vec<String>>,
    /// Properties for the identity provider, as JSON.
    pub connection_properties: Option<String>,
    /// Whether more than one account may be signed in.
    pub multi_account: Option<bool>,
}

/// With what to link. One of the first two is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkOptions {
    /// The identity provider that the shopper signs in with.
    pub connection_id: Option<String>,
    /// The tenant whose identity provider it is.
    pub tenant_lookup_identifier: Option<String>,
    /// Where to return to; this page if left out.
    pub redirect_url: Option<String>,
    /// Properties for the identity provider, as JSON.
    pub connection_properties: Option<String>,
}

/// A login that is prepared: what remains of it here while its request is away.
#[derive(Debug)]
pub struct Draft {
    pending: Box<PendingRequest>,
}

/// A login that Authress has accepted.
#[derive(Clone, Debug)]
pub struct Started {
    /// What to store before anything else happens; absent when the answer cannot come back here.
    pub pending: Option<Box<PendingRequest>>,
    /// Where the browser continues.
    pub authentication_url: Option<WebUrl>,
    /// The id of the authentication request.
    pub authentication_request_id: Option<String>,
}

impl Started {
    /// Whether the client itself navigates to `authentication_url`.
    ///
    /// An URL on the page's own host name is handed to the application instead: it is the
    /// application's own login page that asked.
    pub fn navigates_from(&self, page: &Page) -> bool {
        self.authentication_url.as_ref().is_some_and(|url| !page.has_hostname_of(url))
    }
}

/// Prepares a login: its request, and what to do with the answer.
pub fn begin(
    settings: &Settings,
    page: &Page,
    options: &AuthenticateOptions,
    entropy: Entropy,
    now: Moment,
    with_credentials: bool,
) -> Result<(Box<Unhashed>, Draft), Error> {
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
    Ok((Unhashed::new(&values, now, entropy.search_start, body, request), Draft { pending }))
}

/// Prepares in the same way a link of another identity to the user id whose session `authorization` shows.
pub fn begin_link(
    settings: &Settings,
    page: &Page,
    options: &LinkOptions,
    authorization: &Authorization,
    entropy: Entropy,
    now: Moment,
) -> Result<(Box<Unhashed>, Draft), Error> {
    check_link_options(options)?;
    let (user_id, with_credentials) = (authorization.user_id.clone(), authorization.with_credentials);
    let bearer = authorization.clone().bearer_unless_cookies()?;
    let values = proof_of_work::values::link_identity(
        options.connection_id.as_deref(),
        options.tenant_lookup_identifier.as_deref(),
        settings.application_id(),
    );
    let mut pending = pending(settings, page, options.redirect_url.as_deref(), &entropy, now)?;
    pending.connection_id.clone_from(&options.connection_id);
    pending.tenant_lookup_identifier.clone_from(&options.tenant_lookup_identifier);
    pending.link_user_id = Some(user_id);
    let mut body = body(settings, &pending).bool("linkIdentity", true);
    if let Some(properties) = &options.connection_properties {
        body = body.raw("connectionProperties", properties);
    }
    let request = request(bearer, with_credentials);
    Ok((Unhashed::new(&values, now, entropy.search_start, body, request), Draft { pending }))
}

/// Checks what a link needs before a session is looked for.
pub fn check_link_options(options: &LinkOptions) -> Result<(), Error> {
    let named = |value: &Option<String>| value.as_deref().is_some_and(|value| !value.is_empty());
    if named(&options.connection_id) || named(&options.tenant_lookup_identifier) {
        Ok(())
    } else {
        Err(ErrorCode::InvalidConnection.into())
    }
}

impl Draft {
    /// Reads the body of a successful answer.
    pub fn accept(self, body: &Secret) -> Result<Started, Error> {
        let answer = JsonObject::parse(body.expose()).ok_or(ErrorCode::InvalidServerResponse)?;
        let authentication_url = match answer.str("authenticationUrl").filter(|url| !url.is_empty()) {
            Some(url) => Some(web_address(&url).ok_or(ErrorCode::InvalidServerResponse)?),
            None => None,
        };
        let authentication_request_id = answer.str("authenticationRequestId").filter(|id| !id.is_empty());
        let is_unusable = authentication_request_id.as_ref().is_some_and(|id| !is_path_segment(id));
        if is_unusable || (authentication_url.is_none() && authentication_request_id.is_none()) {
            return Err(ErrorCode::InvalidServerResponse.into());
        }
        let mut pending = self.pending;
        pending.enable_credentials = answer.bool("enableCredentials");
        let pending = authentication_request_id.as_ref().map(|nonce| {
            pending.nonce.clone_from(nonce);
            pending
        });
        Ok(Started { pending, authentication_url, authentication_request_id })
    }
}

/// Reads an answer that must say where the login goes on.
pub fn authentication_url(body: &Secret) -> Result<WebUrl, Error> {
    let answer = JsonObject::parse(body.expose()).ok_or(ErrorCode::InvalidServerResponse)?;
    answer.str("authenticationUrl").and_then(|url| web_address(&url)).ok_or(ErrorCode::InvalidServerResponse.into())
}

/// The browser is sent there: nothing but a web page will do.
fn web_address(text: &str) -> Option<WebUrl> {
    WebUrl::parse(text).filter(WebUrl::is_web)
}

/// What every login and link remembers; its nonce comes with the answer.
///
/// Authress appends the callback's parameters to the redirect URL (RFC 6749 section 3.1.2). Were the page's own `code` or
/// `error` among them, nothing could tell which is which: they stay here.
fn pending(
    settings: &Settings,
    page: &Page,
    redirect_url: Option<&str>,
    entropy: &Entropy,
    now: Moment,
) -> Result<Box<PendingRequest>, Error> {
    let page_url = callback_url::own_address(settings, page.resolve(redirect_url)?.as_str());
    let redirect_url = callback_url::without_return_parameters(&page_url);
    let (redirect_url, page_url) = match redirect_url {
        Some(redirect_url) => (redirect_url, Some(page_url)),
        None => (page_url, None),
    };
    Ok(Box::new(PendingRequest {
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
        created_at_ms: now.device_ms,
        clock_skew_ms: now.skew_ms,
    }))
}

/// What every login and link sends.
fn body(settings: &Settings, pending: &PendingRequest) -> ObjectWriter {
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

    const NOW: Moment = Moment { device_ms: 1_700_000_000_000, skew_ms: 0 };
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

    fn login(options: AuthenticateOptions) -> (Request, Draft) {
        let (unhashed, draft) = begin(&settings(), &page(), &options, ENTROPY, NOW, true).unwrap();
        (unhashed.finish(), draft)
    }

    #[test]
    fn a_login_request_carries_challenge_and_hash_but_no_verifier() {
        let (request, draft) =
            login(AuthenticateOptions { connection_id: Some("sc_shop".into()), ..Default::default() });
        let body = body(&request);
        assert_eq!(body["connectionId"], "sc_shop");
        assert_eq!(body["applicationId"], "app_shop");
        assert_eq!(body["redirectUrl"], "https://app.shop.test/cart?x=1");
        assert_eq!(body["codeChallengeMethod"], "S256");
        assert_eq!(body["codeChallenge"], draft.pending.code_verifier.challenge());
        proof_of_work::verify(body["antiAbuseHash"].as_str().unwrap(), "sc_shop|app_shop").unwrap();
        assert!(!body.to_string().contains(draft.pending.code_verifier.expose()));
        assert!(body.get("linkIdentity").is_none() && body.get("audiences").is_none());
    }

    #[test]
    fn every_option_reaches_the_request_under_its_wire_name() {
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
        });
        let body = body(&request);
        assert_eq!(body["requestedScopes"][0], "openid");
        assert_eq!(body["connectionProperties"]["p"], "v");
        assert_eq!(body["redirectUrl"], "https://app.shop.test/done");
        assert_eq!((&body["multiAccount"], &body["responseLocation"]), (&true.into(), &"query".into()));
        proof_of_work::verify(body["antiAbuseHash"].as_str().unwrap(), "tenant|inv|app_shop|a,b").unwrap();
    }

    #[test]
    fn wrong_options_are_refused_before_anything_is_sent() {
        let refused = |options| begin(&settings(), &page(), &options, ENTROPY, NOW, true).unwrap_err().code;
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
    ) -> Result<(Request, Draft), Error> {
        let access_token = access_token.map(Secret::new);
        let authorization = Authorization { user_id: "user_a".into(), access_token, with_credentials };
        let (unhashed, draft) = begin_link(&settings(), &page(), &options, &authorization, ENTROPY, NOW)?;
        Ok((unhashed.finish(), draft))
    }

    #[test]
    fn a_link_shows_its_session_and_remembers_the_user_id() {
        let options = LinkOptions { connection_id: Some("con_a".into()), ..Default::default() };
        let (request, draft) = link(options.clone(), Some("token"), false).unwrap();
        assert_eq!(body(&request)["linkIdentity"], true);
        assert_eq!(request.bearer.unwrap().expose(), "token");
        assert_eq!(draft.pending.link_user_id.as_deref(), Some("user_a"));
        assert_eq!(link(options.clone(), Some("token"), true).unwrap().0.bearer, None);
        assert_eq!(link(options, None, false).unwrap_err().code, ErrorCode::NotLoggedIn);
        assert_eq!(link(LinkOptions::default(), Some("t"), false).unwrap_err().code, ErrorCode::InvalidConnection);
    }

    #[test]
    fn an_answer_becomes_a_pending_request() {
        let (_, draft) = login(AuthenticateOptions::default());
        let verifier = draft.pending.code_verifier.clone();
        let answer = r#"{"authenticationUrl":"https://verify.test/v1/login","authenticationRequestId":"R","enableCredentials":true}"#;
        let started = draft.accept(&Secret::new(answer)).unwrap();
        assert!(started.navigates_from(&page()));
        let pending = started.pending.unwrap();
        assert_eq!((pending.nonce.as_str(), pending.enable_credentials), ("R", Some(true)));
        assert_eq!(pending.code_verifier, verifier);
    }

    #[test]
    fn an_id_that_would_leave_its_place_in_a_path_is_no_answer() {
        let answer = r#"{"authenticationUrl":"https://acorn.test/login","authenticationRequestId":"../../session"}"#;
        let refused = login(AuthenticateOptions::default()).1.accept(&Secret::new(answer)).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidServerResponse);
    }

    #[test]
    fn an_address_on_the_pages_host_is_handed_back() {
        let answer = r#"{"authenticationUrl":"https://app.shop.test:9000/login","authenticationRequestId":"R"}"#;
        let started = login(AuthenticateOptions::default()).1.accept(&Secret::new(answer)).unwrap();
        assert!(!started.navigates_from(&page()));
        let started =
            login(AuthenticateOptions::default()).1.accept(&Secret::new(r#"{"authenticationRequestId":"R"}"#));
        assert!(!started.unwrap().navigates_from(&page()));
    }

    #[test]
    fn an_answer_that_runs_script_or_says_nothing_is_refused() {
        for answer in
            ["", "null", "{}", r#"{"authenticationUrl":"javascript:alert(1)"}"#, r#"{"authenticationUrl":"x"}"#]
        {
            let error = login(AuthenticateOptions::default()).1.accept(&Secret::new(answer)).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidServerResponse, "{answer}");
        }
    }
}
