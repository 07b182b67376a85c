//! Extensions: third-party applications that log in to a platform with plain OAuth (RFC 6749 section 4.1 with PKCE),
//! and the platform's login page, which continues such a login.

use crate::{
    authorization::{
        entropy::Entropy,
        pending::is_expired,
        pkce::CodeVerifier,
        proof_of_work::{self, ProofOfWorkRequest},
    },
    callback_url,
    clock::{ClockReading, milliseconds},
    error::{Error, ErrorCode},
    http::{self, Method, Outcome, Request},
    json::{JsonObject, ObjectWriter},
    jwt::{UnverifiedClaims, margin_s},
    page::Page,
    secret::Secret,
    settings::Settings,
    web_url::{Query, path_segment, query_of},
};

/// The storage key of an extension's pending login, shared with the published client.
pub const STORAGE_KEY: &str = "ExtensionRequestNonce";
/// The length of a `state`, in characters of base64url: 16 bytes.
const STATE_LENGTH: usize = 21;

/// A login of an extension that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingExtensionLogin {
    code_verifier: CodeVerifier,
    /// The redirect URL without callback parameters.
    redirect_url: String,
    /// The page's address where it differs from `redirect_url`.
    page_url: Option<String>,
    /// The `state` (RFC 6749 section 10.12). The published client stores none.
    state: Option<String>,
    /// When it began, in milliseconds since 1970 by the device's clock; 0 if the published client began it.
    created_at_ms: i64,
}

impl PendingExtensionLogin {
    /// Writes the record to store.
    pub fn to_json(&self) -> Secret {
        Secret::new(
            ObjectWriter::new()
                .string("codeVerifier", self.code_verifier.expose())
                .string("redirectUrl", &self.redirect_url)
                .optional("pageUrl", self.page_url.as_deref())
                .optional("state", self.state.as_deref())
                .number("createdAt", self.created_at_ms)
                .finish(),
        )
    }

    /// Reads a record of this or the published client. Returns `None` if it is unusable, or began more than an hour ago.
    pub fn from_json(text: &str, now_ms: i64) -> Option<Self> {
        let record = JsonObject::parse(text)?;
        let created_at_ms = record.i64("createdAt").unwrap_or(0);
        (created_at_ms == 0 || !is_expired(created_at_ms, now_ms)).then_some(())?;
        Some(Self {
            code_verifier: CodeVerifier::restore(&record.str("codeVerifier")?),
            redirect_url: record.str("redirectUrl")?,
            page_url: record.str("pageUrl"),
            state: record.str("state"),
            created_at_ms,
        })
    }
}

/// Begins a login. Returns what to store, and the URL to navigate to.
///
/// Fails with [`ErrorCode::InvalidRedirectUrl`].
pub fn begin_login(
    settings: &Settings,
    extension_id: &str,
    page: &Page,
    redirect_url: Option<&str>,
    entropy: Entropy,
    now_ms: i64,
) -> Result<(PendingExtensionLogin, String), Error> {
    let page_url = String::from(page.resolve(redirect_url)?);
    let redirect_url = callback_url::without_extension_parameters(&page_url);
    let (redirect_url, page_url) = match redirect_url {
        Some(redirect_url) => (redirect_url, Some(page_url)),
        None => (page_url, None),
    };
    let code_verifier = CodeVerifier::from_entropy(entropy.code_verifier);
    let state: String = code_verifier.derive("state").chars().take(STATE_LENGTH).collect();
    let query = query_of(&[
        ("client_id", extension_id),
        ("code_challenge", &code_verifier.challenge()),
        ("code_challenge_method", "S256"),
        ("redirect_uri", &redirect_url),
        ("response_type", "code"),
        ("state", &state),
    ]);
    let authorization_url = [&settings.origin(), "/?", &query].concat();
    let pending =
        PendingExtensionLogin { code_verifier, redirect_url, page_url, state: Some(state), created_at_ms: now_ms };
    Ok((pending, authorization_url))
}

/// What an extension does about the address of its page.
#[derive(Debug, PartialEq, Eq)]
pub enum ExtensionCallback {
    /// The address is no callback.
    None,
    /// The address, or the application, has a code for the pending login.
    Exchange {
        /// The code exchange.
        request: Request,
        /// What the tab stores until there is a response; see [`resume`].
        unfinished: Secret,
        /// The address to show from now on, `None` if it stays.
        clean_href: Option<String>,
    },
    /// The callback is not for the pending login: its `state` or issuer differs, or a parameter occurs twice.
    Foreign,
}

/// Decides what to do about the address of `page`, or about a code that the application gives.
///
/// A code in the address counts only with a pending login, and with the `state` of that login if it has one.
pub fn decide(
    settings: &Settings,
    extension_id: &str,
    page: &Page,
    given_code: Option<&str>,
    pending: Option<&PendingExtensionLogin>,
) -> ExtensionCallback {
    let Some(pending) = pending else { return ExtensionCallback::None };
    let exchange = |code: &str, clean_href| ExtensionCallback::Exchange {
        request: exchange(extension_id, pending, code),
        unfinished: unfinished(pending, code),
        clean_href,
    };
    if let Some(code) = given_code {
        return exchange(code, None);
    }
    let query = Query::of(page.href());
    let Some(code) = query.get("code") else { return ExtensionCallback::None };
    let is_foreign_issuer = query.get("iss").is_some_and(|issuer| !settings.is_issuer(&issuer));
    let is_ambiguous = callback_url::has_duplicate_extension_parameter(page.href());
    if is_foreign_issuer || is_ambiguous || (pending.state.is_some() && query.get("state") != pending.state) {
        return ExtensionCallback::Foreign;
    }
    let page_url = pending.page_url.as_ref().unwrap_or(&pending.redirect_url);
    let clean_href = callback_url::restore_extension_page_url(page.href(), page_url)
        .or_else(|| callback_url::without_extension_parameters(page.href()));
    exchange(&code, clean_href)
}

/// Returns the key in the tab's storage for a code exchange without a response: the page may be reloaded before.
pub fn unfinished_key(settings: &Settings, extension_id: &str) -> String {
    ["ExtensionCallback ", &settings.origin(), " ", extension_id].concat()
}

fn unfinished(pending: &PendingExtensionLogin, code: &str) -> Secret {
    let record = ObjectWriter::new().raw("pending", pending.to_json().expose()).string("code", code);
    Secret::new(record.finish())
}

/// Reads the record of an unfinished code exchange and returns its request, `None` if the record is unusable or its
/// login began more than an hour ago.
pub fn resume(extension_id: &str, unfinished: &str, now_ms: i64) -> Option<Request> {
    let record = JsonObject::parse(unfinished)?;
    let pending = PendingExtensionLogin::from_json(&record.object("pending")?, now_ms)?;
    Some(exchange(extension_id, &pending, &record.str("code")?))
}

fn exchange(extension_id: &str, pending: &PendingExtensionLogin, code: &str) -> Request {
    let body = ObjectWriter::new()
        .string("code_verifier", pending.code_verifier.expose())
        .string("code", code)
        .string("grant_type", "authorization_code")
        .string("client_id", extension_id)
        .string("redirect_uri", &pending.redirect_url);
    Request {
        method: Method::Post,
        path: "/api/authentication/oauth/tokens".to_owned(),
        body: Some(Secret::new(body.finish())),
        bearer: None,
        with_credentials: false,
    }
}

/// The access token of an extension.
#[derive(Clone, Debug)]
pub struct ExtensionToken {
    /// The token.
    pub access_token: Secret,
    /// Its claims.
    pub claims: UnverifiedClaims,
    /// When to stop using it, in milliseconds since 1970 by the device's clock. `None` if it does not expire.
    pub expires_at_ms: Option<i64>,
}

/// Reads the outcome of a code exchange.
///
/// Fails with [`ErrorCode::InvalidServerResponse`] if the token is missing or of another issuer.
pub fn read_outcome(settings: &Settings, outcome: Outcome, now: ClockReading) -> Result<ExtensionToken, Error> {
    let body = http::success(outcome)?;
    let response = JsonObject::parse(body.expose()).ok_or(ErrorCode::InvalidServerResponse)?;
    let token = response.str("access_token").ok_or(ErrorCode::InvalidServerResponse)?;
    let claims = UnverifiedClaims::decode(&token).ok_or(ErrorCode::InvalidServerResponse)?;
    if claims.issuer().is_some_and(|issuer| !settings.is_own_token_issuer(issuer)) {
        return Err(ErrorCode::InvalidServerResponse.into());
    }
    // A lifetime counts from now, so that clock skew does not matter.
    let lifetime_s = response.i64("expires_in").or(claims.lifetime_s());
    let expires_at_ms =
        lifetime_s.map(|seconds| now.device_ms.saturating_add(milliseconds(seconds.saturating_sub(margin_s(seconds)))));
    let expires_at_ms = expires_at_ms.or(claims.usable_until().map(|seconds| now.device_ms_of(seconds)));
    Ok(ExtensionToken { access_token: Secret::new(token), claims, expires_at_ms })
}

/// The options with which a platform's login page continues the login of an extension.
#[derive(Clone, Debug, Default)]
pub struct UpdateOptions {
    /// The id of the authentication request. Default: the parameter `state` of the page.
    pub state: Option<String>,
    /// The connection (identity provider).
    pub connection_id: Option<String>,
    /// The tenant.
    pub tenant_lookup_identifier: Option<String>,
    /// An e-mail address or domain. It takes precedence over `tenant_lookup_identifier`.
    pub hint: Option<String>,
    /// Properties for the identity provider, as a JSON object.
    pub connection_properties: Option<String>,
}

/// Prepares `PATCH /authentication/{id}`, which chooses the identity provider of an extension's login.
///
/// Fails with [`ErrorCode::InvalidConnection`], [`ErrorCode::InvalidAuthenticationRequest`] or
/// [`ErrorCode::OriginMismatch`].
pub fn prepare_update(
    page: &Page,
    options: &UpdateOptions,
    search_start: u32,
    now: ClockReading,
    with_credentials: bool,
) -> Result<Box<ProofOfWorkRequest>, Error> {
    let present = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
    let connection_id = present(&options.connection_id);
    let tenant = present(&options.hint).or_else(|| present(&options.tenant_lookup_identifier));
    if connection_id.is_none() && tenant.is_none() {
        return Err(ErrorCode::InvalidConnection.into());
    }
    let id = present(&options.state)
        .or_else(|| Query::of(page.href()).get("state"))
        .ok_or(ErrorCode::InvalidAuthenticationRequest)?;
    if !with_credentials && !page.is_localhost() {
        return Err(ErrorCode::OriginMismatch.into());
    }
    let values = proof_of_work::values::update_request(connection_id.as_deref(), tenant.as_deref(), &id);
    let mut body = ObjectWriter::new()
        .optional("connectionId", connection_id.as_deref())
        .optional("tenantLookupIdentifier", tenant.as_deref());
    if let Some(properties) = &options.connection_properties {
        body = body.raw("connectionProperties", properties);
    }
    let request = Request {
        method: Method::Patch,
        path: ["/api/authentication/", &path_segment(&id)].concat(),
        body: None,
        bearer: None,
        with_credentials,
    };
    Ok(ProofOfWorkRequest::new(&values, now, search_start, body, request))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{base64url, http::Response};
    use url::Url;

    const NOW: ClockReading = ClockReading { device_ms: 1_000_000, skew_ms: 0 };

    const ENTROPY: Entropy = Entropy { code_verifier: [7; 48], search_start: 42 };

    fn settings() -> Settings {
        Settings::new("https://login.shop.test", None).unwrap()
    }

    fn page(query: &str) -> Page {
        Page::new(&format!("https://extension.test/?{query}")).unwrap()
    }

    fn begun() -> (PendingExtensionLogin, Url) {
        let (pending, address) = begin_login(&settings(), "ext_a", &page("x=1"), None, ENTROPY, NOW.device_ms).unwrap();
        (pending, Url::parse(&address).unwrap())
    }

    fn decided(query: &str, pending: Option<&PendingExtensionLogin>) -> ExtensionCallback {
        decide(&settings(), "ext_a", &page(query), None, pending)
    }

    #[test]
    fn a_login_sends_challenge_and_state_which_do_not_reveal_the_verifier() {
        let (pending, address) = begun();
        let query = |name: &str| address.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
        assert_eq!(query("code_challenge"), pending.code_verifier.challenge());
        assert_eq!(Some(query("state")), pending.state);
        assert!(query("state").len() >= 20);
        assert!(!pending.code_verifier.expose().contains(&query("state")));
        assert_eq!(address.path(), "/");
        let record = pending.to_json();
        let read = |now_ms| PendingExtensionLogin::from_json(record.expose(), now_ms);
        let hour_ms = 60 * 60 * 1000;
        assert_eq!(read(NOW.device_ms + hour_ms), Some(pending));
        assert_eq!(read(NOW.device_ms + hour_ms + 1), None);
        let published = r#"{"codeVerifier":"v","redirectUrl":"https://extension.test/"}"#;
        assert!(PendingExtensionLogin::from_json(published, i64::MAX).is_some(), "it does not say when it began");
    }

    #[test]
    fn a_code_counts_only_with_its_pending_login_and_state() {
        let (pending, _) = begun();
        let state = pending.state.clone().unwrap();
        assert_eq!(decided(&format!("code=C&state={state}"), None), ExtensionCallback::None);
        assert_eq!(decided("code=C&state=other", Some(&pending)), ExtensionCallback::Foreign);
        assert_eq!(decided("code=C", Some(&pending)), ExtensionCallback::Foreign);
        assert_eq!(
            decided(&format!("code=C&state={state}&iss=https://evil.test"), Some(&pending)),
            ExtensionCallback::Foreign
        );
        for query in [format!("code=X&code=C&state={state}"), format!("code=C&state={state}&st%61te=")] {
            assert_eq!(decided(&query, Some(&pending)), ExtensionCallback::Foreign, "{query}");
        }
        assert_eq!(decided("x=1", Some(&pending)), ExtensionCallback::None);
        let ExtensionCallback::Exchange { request, unfinished, clean_href } =
            decided(&format!("x=1&code=C&state={state}"), Some(&pending))
        else {
            panic!()
        };
        assert_eq!(resume("ext_a", unfinished.expose(), NOW.device_ms), Some(request.clone()));
        assert_eq!(resume("ext_a", "{}", NOW.device_ms), None);
        assert_eq!(clean_href.as_deref(), Some("https://extension.test/?x=1"));
        let body: serde_json::Value = serde_json::from_str(request.body.unwrap().expose()).unwrap();
        assert_eq!((&body["code"], &body["client_id"]), (&"C".into(), &"ext_a".into()));
        assert_eq!(body["redirect_uri"], "https://extension.test/?x=1");
    }

    #[test]
    fn a_response_is_validated() {
        let token =
            |issuer: &str| format!("e30.{}.s", base64url::encode(format!(r#"{{"iss":"{issuer}"}}"#).as_bytes()));
        let read =
            |status, body: &str| read_outcome(&settings(), Ok(Response { status, body: Secret::new(body) }), NOW);
        let good = format!(r#"{{"access_token":"{}"}}"#, token("https://login.shop.test"));
        assert!(read(200, &good).is_ok());
        let foreign = format!(r#"{{"access_token":"{}"}}"#, token("https://evil.test"));
        for body in ["", "{}", r#"{"access_token":"x"}"#, &foreign] {
            assert_eq!(read(200, body).unwrap_err().code, ErrorCode::InvalidServerResponse, "{body}");
        }
        assert_eq!(read(400, &good).unwrap_err().code, ErrorCode::RequestRefused);
    }

    #[test]
    fn an_update_encodes_its_request_as_one_path_segment() {
        let options = UpdateOptions { connection_id: Some("con_a".into()), ..Default::default() };
        let request = prepare_update(&page("state=..%2Fx"), &options, 1, NOW, true).unwrap().finish();
        assert_eq!(request.path, "/api/authentication/..%2Fx");
        let body: serde_json::Value = serde_json::from_str(request.body.unwrap().expose()).unwrap();
        proof_of_work::verify(body["antiAbuseHash"].as_str().unwrap(), "con_a|../x").unwrap();
    }

    #[test]
    fn an_update_without_required_options_is_refused() {
        let with = |options: UpdateOptions, query: &str, credentials| {
            prepare_update(&page(query), &options, 1, NOW, credentials).unwrap_err().code
        };
        let named = UpdateOptions { hint: Some("a@b.test".into()), ..Default::default() };
        assert_eq!(with(UpdateOptions::default(), "state=R", true), ErrorCode::InvalidConnection);
        assert_eq!(with(named.clone(), "", true), ErrorCode::InvalidAuthenticationRequest);
        assert_eq!(with(named, "state=R", false), ErrorCode::OriginMismatch);
    }
}
