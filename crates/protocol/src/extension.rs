//! Extensions: third-party applications that log in to a platform by plain OAuth (RFC 6749 section
//! 4.1 with PKCE), and the platform's login page that lets them in.

use crate::{
    authorization::{
        pending::Entropy,
        pkce::CodeVerifier,
        proof_of_work::{self, Unhashed},
    },
    callback_url,
    clock::{Moment, milliseconds},
    error::{Error, ErrorCode},
    http::{self, Method, Outcome, Request},
    json::{JsonObject, ObjectWriter},
    jwt::{EXPIRY_MARGIN_SECONDS, UnverifiedClaims},
    page::Page,
    secret::Secret,
    settings::Settings,
    text,
    web_url::{Query, path_segment, query_of},
};

/// Where the pending login of an extension is stored, shared with the published client.
pub const STORAGE_KEY: &str = "ExtensionRequestNonce";
/// How many random bytes a `state` is made of.
const STATE_BYTES: usize = 16;

/// A login of an extension that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingExtensionLogin {
    code_verifier: CodeVerifier,
    /// Without parameters that have the name of a callback parameter.
    redirect_url: String,
    /// The page's own address, where it differs from `redirect_url`.
    page_url: Option<String>,
    /// RFC 6749 section 10.12. The published client has none.
    state: Option<String>,
}

impl PendingExtensionLogin {
    /// The record as stored.
    pub fn to_json(&self) -> Secret {
        Secret::new(
            ObjectWriter::new()
                .string("codeVerifier", self.code_verifier.expose())
                .string("redirectUrl", &self.redirect_url)
                .optional("pageUrl", self.page_url.as_deref())
                .optional("state", self.state.as_deref())
                .finish(),
        )
    }

    /// Reads a record back, the published client's too.
    pub fn from_json(text: &str) -> Option<Self> {
        let record = JsonObject::parse(text)?;
        Some(Self {
            code_verifier: CodeVerifier::restore(&record.str("codeVerifier")?),
            redirect_url: record.str("redirectUrl")?,
            page_url: record.str("pageUrl"),
            state: record.str("state"),
        })
    }
}

/// Begins a login: what to store, and where to go.
pub fn begin(
    settings: &Settings,
    extension_id: &str,
    page: &Page,
    redirect_url: Option<&str>,
    entropy: Entropy,
) -> Result<(PendingExtensionLogin, String), Error> {
    let page_url = String::from(page.resolve(redirect_url)?);
    let redirect_url = callback_url::without_extension_parameters(&page_url);
    let (redirect_url, page_url) = match redirect_url {
        Some(redirect_url) => (redirect_url, Some(page_url)),
        None => (page_url, None),
    };
    let code_verifier = CodeVerifier::from_entropy(entropy.code_verifier);
    // Independent of the verifier in all that can be learnt from either: a hash of it.
    let state: String = code_verifier.derive("state").chars().take(STATE_BYTES * 4 / 3).collect();
    let query = query_of(&[
        ("client_id", extension_id),
        ("code_challenge", &code_verifier.challenge()),
        ("code_challenge_method", "S256"),
        ("redirect_uri", &redirect_url),
        ("response_type", "code"),
        ("state", &state),
    ]);
    let address = text::concat(&[&settings.origin(), "/?", &query]);
    Ok((PendingExtensionLogin { code_verifier, redirect_url, page_url, state: Some(state) }, address))
}

/// What the current address means to an extension.
#[derive(Debug, PartialEq, Eq)]
pub enum ExtensionReturn {
    /// No return.
    None,
    /// A code that belongs to the pending login: its exchange, what the tab keeps until there is a response, and the address
    /// to show from now on.
    Exchange(Request, Secret, Option<String>),
    /// A return that does not belong to the pending login: nothing is exchanged.
    Foreign,
}

/// Decides what the current address, or a code that the application hands over, means.
///
/// A code in the address counts only together with a pending login, and with its `state` where
/// that login had one.
pub fn inspect(
    settings: &Settings,
    extension_id: &str,
    page: &Page,
    given_code: Option<&str>,
    pending: Option<&PendingExtensionLogin>,
) -> ExtensionReturn {
    let Some(pending) = pending else { return ExtensionReturn::None };
    if let Some(code) = given_code {
        return ExtensionReturn::Exchange(exchange(extension_id, pending, code), unfinished(pending, code), None);
    }
    let query = Query::of(page.href());
    let Some(code) = query.get("code") else { return ExtensionReturn::None };
    let is_foreign_issuer = query.get("iss").is_some_and(|issuer| !settings.is_issuer(&issuer));
    if is_foreign_issuer || (pending.state.is_some() && query.get("state") != pending.state) {
        return ExtensionReturn::Foreign;
    }
    let own = pending.page_url.as_ref().unwrap_or(&pending.redirect_url);
    let clean_href = callback_url::restored_to_extension(page.href(), own)
        .or_else(|| callback_url::without_extension_parameters(page.href()));
    ExtensionReturn::Exchange(exchange(extension_id, pending, &code), unfinished(pending, &code), clean_href)
}

/// The key in the storage of the tab for a code whose exchange is not finished: the page may be reloaded before.
pub fn unfinished_key(settings: &Settings, extension_id: &str) -> String {
    text::concat(&["ExtensionCallback ", &settings.origin(), " ", extension_id])
}

/// What is stored there.
pub fn unfinished(pending: &PendingExtensionLogin, code: &str) -> Secret {
    let record = ObjectWriter::new().raw("pending", pending.to_json().expose()).string("code", code);
    Secret::new(record.finish())
}

/// The exchange to go on with; `None` if what is stored is unusable.
pub fn resume(extension_id: &str, unfinished: &str) -> Option<Request> {
    let record = JsonObject::parse(unfinished)?;
    let pending = PendingExtensionLogin::from_json(&record.object("pending")?)?;
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

/// An extension's access token.
#[derive(Clone, Debug)]
pub struct ExtensionToken {
    /// The token.
    pub access_token: Secret,
    /// What it says.
    pub claims: UnverifiedClaims,
    /// When to stop using it, by the device's clock in milliseconds since 1970.
    pub expires_at_ms: Option<i64>,
}

/// Reads the answer to an exchange.
pub fn accept(settings: &Settings, outcome: Outcome, now: Moment) -> Result<ExtensionToken, Error> {
    let body = http::success(outcome)?;
    let answer = JsonObject::parse(body.expose()).ok_or(ErrorCode::InvalidServerResponse)?;
    let token = answer.str("access_token").ok_or(ErrorCode::InvalidServerResponse)?;
    let claims = UnverifiedClaims::decode(&token).ok_or(ErrorCode::InvalidServerResponse)?;
    if claims.issuer().is_some_and(|issuer| !settings.is_own_token_issuer(issuer)) {
        return Err(ErrorCode::InvalidServerResponse.into());
    }
    // Counted from now: the device's clock may be wrong.
    let lasts_s = answer.i64("expires_in").or(claims.lifetime_s());
    let expires_at_ms =
        lasts_s.map(|seconds| now.device_ms.saturating_add(milliseconds(seconds - EXPIRY_MARGIN_SECONDS)));
    let expires_at_ms = expires_at_ms.or(claims.usable_until().map(|seconds| now.device_ms_of(seconds)));
    Ok(ExtensionToken { access_token: Secret::new(token), claims, expires_at_ms })
}

/// With what a platform's login page goes on with the login that an extension began.
#[derive(Clone, Debug, Default)]
pub struct UpdateOptions {
    /// The authentication request; the `state` in the address if left out.
    pub state: Option<String>,
    /// The identity provider.
    pub connection_id: Option<String>,
    /// The tenant.
    pub tenant_lookup_identifier: Option<String>,
    /// An e-mail address or domain; takes the tenant's place.
    pub hint: Option<String>,
    /// Properties for the identity provider, as JSON.
    pub connection_properties: Option<String>,
}

/// `PATCH /authentication/{id}`: chooses the identity provider of a login that an extension began.
pub fn update(
    page: &Page,
    options: &UpdateOptions,
    search_start: u32,
    now: Moment,
    with_credentials: bool,
) -> Result<Box<Unhashed>, Error> {
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
        path: text::concat(&["/api/authentication/", &path_segment(&id)]),
        body: None,
        bearer: None,
        with_credentials,
    };
    Ok(Unhashed::new(&values, now, search_start, body, request))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{base64url, http::Response};
    use url::Url;

    const NOW: Moment = Moment { device_ms: 1_000_000, skew_ms: 0 };

    const ENTROPY: Entropy = Entropy { code_verifier: [7; 48], search_start: 42 };

    fn settings() -> Settings {
        Settings::new("https://login.shop.test", None).unwrap()
    }

    fn page(query: &str) -> Page {
        Page::new(&format!("https://extension.test/?{query}")).unwrap()
    }

    fn begun() -> (PendingExtensionLogin, Url) {
        let (pending, address) = begin(&settings(), "ext_a", &page("x=1"), None, ENTROPY).unwrap();
        (pending, Url::parse(&address).unwrap())
    }

    fn look(query: &str, pending: Option<&PendingExtensionLogin>) -> ExtensionReturn {
        inspect(&settings(), "ext_a", &page(query), None, pending)
    }

    #[test]
    fn a_login_carries_a_real_challenge_and_a_state_that_does_not_tell_the_verifier() {
        let (pending, address) = begun();
        let query = |name: &str| address.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
        assert_eq!(query("code_challenge"), pending.code_verifier.challenge());
        assert_eq!(Some(query("state")), pending.state);
        assert!(query("state").len() >= 20);
        assert!(!pending.code_verifier.expose().contains(&query("state")));
        assert_eq!(address.path(), "/");
        assert_eq!(PendingExtensionLogin::from_json(pending.to_json().expose()), Some(pending));
    }

    #[test]
    fn a_code_counts_only_with_its_pending_login_and_state() {
        let (pending, _) = begun();
        let state = pending.state.clone().unwrap();
        assert_eq!(look(&format!("code=C&state={state}"), None), ExtensionReturn::None);
        assert_eq!(look("code=C&state=other", Some(&pending)), ExtensionReturn::Foreign);
        assert_eq!(look("code=C", Some(&pending)), ExtensionReturn::Foreign);
        assert_eq!(
            look(&format!("code=C&state={state}&iss=https://evil.test"), Some(&pending)),
            ExtensionReturn::Foreign
        );
        assert_eq!(look("x=1", Some(&pending)), ExtensionReturn::None);
        let ExtensionReturn::Exchange(request, unfinished, clean) =
            look(&format!("x=1&code=C&state={state}"), Some(&pending))
        else {
            panic!()
        };
        assert_eq!(resume("ext_a", unfinished.expose()), Some(request.clone()));
        assert_eq!(resume("ext_a", "{}"), None);
        assert_eq!(clean.as_deref(), Some("https://extension.test/?x=1"));
        let body: serde_json::Value = serde_json::from_str(request.body.unwrap().expose()).unwrap();
        assert_eq!((&body["code"], &body["client_id"]), (&"C".into(), &"ext_a".into()));
        assert_eq!(body["redirect_uri"], "https://extension.test/?x=1");
    }

    #[test]
    fn an_answer_is_checked() {
        let token =
            |issuer: &str| format!("e30.{}.s", base64url::encode(format!(r#"{{"iss":"{issuer}"}}"#).as_bytes()));
        let accept = |status, body: &str| accept(&settings(), Ok(Response { status, body: Secret::new(body) }), NOW);
        let good = format!(r#"{{"access_token":"{}"}}"#, token("https://login.shop.test"));
        assert!(accept(200, &good).is_ok());
        let foreign = format!(r#"{{"access_token":"{}"}}"#, token("https://evil.test"));
        for body in ["", "{}", r#"{"access_token":"x"}"#, &foreign] {
            assert_eq!(accept(200, body).unwrap_err().code, ErrorCode::InvalidServerResponse, "{body}");
        }
        assert_eq!(accept(400, &good).unwrap_err().code, ErrorCode::RequestRefused);
    }

    #[test]
    fn an_update_names_its_request_in_one_path_segment() {
        let options = UpdateOptions { connection_id: Some("con_a".into()), ..Default::default() };
        let request = update(&page("state=..%2Fx"), &options, 1, NOW, true).unwrap().finish();
        assert_eq!(request.path, "/api/authentication/..%2Fx");
        let body: serde_json::Value = serde_json::from_str(request.body.unwrap().expose()).unwrap();
        proof_of_work::verify(body["antiAbuseHash"].as_str().unwrap(), "con_a|../x").unwrap();
    }

    #[test]
    fn an_update_without_what_it_needs_is_refused() {
        let with = |options: UpdateOptions, query: &str, credentials| {
            update(&page(query), &options, 1, NOW, credentials).unwrap_err().code
        };
        let named = UpdateOptions { hint: Some("a@b.test".into()), ..Default::default() };
        assert_eq!(with(UpdateOptions::default(), "state=R", true), ErrorCode::InvalidConnection);
        assert_eq!(with(named.clone(), "", true), ErrorCode::InvalidAuthenticationRequest);
        assert_eq!(with(named, "state=R", false), ErrorCode::OriginMismatch);
    }
}
