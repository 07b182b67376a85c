//! A sandbox in memory, with the requests that a browser, the login client and the shop's verifier send to it.

use std::path::Path;
use std::sync::Mutex;

use authress_jws::{JwkSet, SigningKey, Verified, verify};
use authress_login_protocol::authorization::pkce::challenge_s256;
use authress_login_protocol::authorization::proof_of_work::{search, values};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use axum::response::Response;
use base64ct::{Base64, Encoding};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use url::Url;

use crate::clock::{Clock, system_now_ms};
use crate::config::Config;
use crate::http::router;
use crate::http::shared_state::SharedState;
use crate::sandbox::build;

pub(super) const LOCAL: &str = "http://127.0.0.1:8888";
pub(super) const LOCAL_PAGE: &str = "http://localhost:5173";
pub(super) const HTTPS: &str = "https://login.shop.test";
pub(super) const HTTPS_PAGE: &str = "https://app.shop.test";
pub(super) const CROSS_SITE_PAGE: &str = "https://www.other.test";

/// The page of the extension, on a site of its own.
pub(super) const EXTENSION_PAGE: &str = "https://partner.test";

/// The sandbox, the page that sends requests to it, and the key of the shop's verifier.
pub(super) struct TestSandbox {
    router: Router,
    pub(super) public_url: &'static str,
    pub(super) page: &'static str,
    pub(super) verifier_key: SigningKey,
    issuer_keys: JwkSet,
    /// How far the sandbox's clock was moved, in seconds.
    ahead_s: u64,
    /// The cookies that bind logins to this browser.
    jar: Mutex<Vec<String>>,
}

/// A response with its whole body.
pub(super) struct TestResponse {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl TestResponse {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.text))
    }

    /// Asserts status and code of an error response.
    pub(super) fn assert_error(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.json()["errorCode"].as_str()), (status, Some(code)));
        assert!(self.json()["errorId"].as_str().is_some_and(|id| !id.is_empty()));
    }

    /// Asserts the only error that the token endpoint of applications has.
    pub(super) fn assert_invalid_request(&self, part_of_description: &str) {
        assert_eq!((self.status, self.json()["error"].as_str()), (400, Some("invalid_request")));
        let description = self.json()["error_description"].as_str().unwrap().to_owned();
        assert!(description.contains(part_of_description), "{description}");
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(super) fn location(&self) -> Url {
        Url::parse(self.header("location").expect("a redirect")).unwrap()
    }

    /// A query parameter of the redirect.
    pub(super) fn param(&self, name: &str) -> Option<String> {
        let location = self.location();
        location.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The whole `Set-Cookie` of this name.
    pub(super) fn set_cookie(&self, name: &str) -> Option<String> {
        let mut cookies = self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned());
        cookies.rfind(|cookie| cookie.starts_with(&format!("{name}=")))
    }

    pub(super) fn cookie_value(&self, name: &str) -> String {
        let cookie = self.set_cookie(name).unwrap_or_else(|| panic!("no cookie {name}"));
        cookie[name.len() + 1..].split(';').next().unwrap().to_owned()
    }
}

/// A pending authentication request, with the values that its page stores.
pub(super) struct Pending {
    pub(super) id: String,
    pub(super) authentication_url: String,
    pub(super) verifier: String,
    pub(super) redirect_url: String,
}

impl TestSandbox {
    /// Page on localhost, sandbox on 127.0.0.1.
    pub(super) fn local() -> Self {
        Self::new(LOCAL, LOCAL_PAGE, json!({}))
    }

    /// Like [`TestSandbox::local`], in another dialect: its name, or an object of switches.
    pub(super) fn local_in(dialect: Value) -> Self {
        Self::new(LOCAL, LOCAL_PAGE, json!({ "dialect": dialect }))
    }

    /// Like [`TestSandbox::same_site`], in another dialect.
    pub(super) fn same_site_in(dialect: Value) -> Self {
        Self::new(HTTPS, HTTPS_PAGE, json!({ "dialect": dialect }))
    }

    /// Like [`TestSandbox::local`], with a login page of the platform for extensions.
    pub(super) fn with_login_page(url: &str) -> Self {
        Self::new(LOCAL, LOCAL_PAGE, json!({ "loginPage": url }))
    }

    /// Page and sandbox are siblings under https.
    pub(super) fn same_site() -> Self {
        Self::new(HTTPS, HTTPS_PAGE, json!({}))
    }

    /// Page and sandbox share nothing.
    pub(super) fn cross_site() -> Self {
        Self::new(HTTPS, CROSS_SITE_PAGE, json!({}))
    }

    /// A sandbox with these fields of the configuration besides the usual ones.
    pub(super) fn new(public_url: &'static str, page: &'static str, fields: Value) -> Self {
        let mut config = json!({
            "listen": "127.0.0.1:8888", "publicUrl": public_url, "control": true,
            "applications": [
                { "applicationId": "app_demo", "redirectUrls": [LOCAL_PAGE, HTTPS_PAGE, CROSS_SITE_PAGE] },
                { "applicationId": "app_other", "redirectUrls": ["http://localhost:6006"] },
            ],
            "extensions": [
                { "extensionId": "ext_demo", "redirectUrls": [EXTENSION_PAGE] },
                { "extensionId": "ext_other", "redirectUrls": [EXTENSION_PAGE] },
            ],
            "serviceClients": [
                { "clientId": "sc_shop", "authorizationUrl": "http://127.0.0.1:9000/v1/login", "accessKeyFile": "unused" },
                { "clientId": "sc_other", "authorizationUrl": "http://127.0.0.1:9001/v1/login", "accessKeyFile": "unused2" },
            ],
        });
        config.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let config = Config::parse(&config.to_string(), Path::new("")).unwrap();
        let (state, access_keys) = build(&config, config.listen, Clock::default()).unwrap();
        let parts: Vec<&str> = access_keys[0].1.expose().split('.').collect();
        let verifier_key = SigningKey::from_pkcs8_der(parts[1], &Base64::decode_vec(parts[3]).unwrap()).unwrap();
        let issuer_keys = state.public_keys();
        let router = router(SharedState::new(state), true);
        Self { router, public_url, page, verifier_key, issuer_keys, ahead_s: 0, jar: Mutex::default() }
    }

    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> TestResponse {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        for cookie in self.jar.lock().unwrap().iter() {
            request = request.header("cookie", cookie);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send_request(request.body(body).unwrap()).await
    }

    pub(super) async fn send_request(&self, request: Request<Body>) -> TestResponse {
        let response = self.send_unread(request).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        TestResponse {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// A response whose body is not read yet.
    pub(super) async fn send_unread(&self, request: Request<Body>) -> Response {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let cookies = response.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
        let pairs = cookies.filter_map(|cookie| cookie.split(';').next());
        let bindings = pairs.filter(|pair| pair.contains("authress-login-") && !pair.ends_with('='));
        self.jar.lock().unwrap().extend(bindings.map(str::to_owned));
        response
    }

    /// What follows comes from another browser. Returns the cookies of this one.
    pub(super) fn is_another_browser(&self) -> Vec<String> {
        std::mem::take(&mut self.jar.lock().unwrap())
    }

    /// What follows comes from the browser with these cookies.
    pub(super) fn is_browser_with(&self, cookies: Vec<String>) {
        *self.jar.lock().unwrap() = cookies;
    }

    /// A call as the page makes it.
    pub(super) async fn page_request(&self, method: &str, path: &str, body: Option<Value>) -> TestResponse {
        self.send(method, path, &[("origin", self.page)], body).await
    }

    /// A top-level navigation.
    pub(super) async fn navigate(&self, url: &str) -> TestResponse {
        let url = Url::parse(url).unwrap();
        assert!(url.as_str().starts_with(self.public_url), "{url}");
        let path = &url[url::Position::BeforePath..];
        self.send("GET", path, &[], None).await
    }

    pub(super) fn now_ms(&self) -> u64 {
        system_now_ms() + self.ahead_s * 1000
    }

    pub(super) async fn advance(&mut self, seconds: u64) {
        let response = self.send("POST", "/sandbox/clock", &[], Some(json!({ "advanceSeconds": seconds }))).await;
        assert_eq!(response.status, 200);
        self.ahead_s += seconds;
    }

    /// The body of a login request, as the client builds it; `seed` makes the verifier.
    pub(super) fn authentication_body(&self, connection_id: Option<&str>, seed: u32) -> Value {
        let hashed = values::authenticate(connection_id, None, None, "app_demo", None);
        let mut body = json!({
            "applicationId": "app_demo",
            "redirectUrl": format!("{}/cart", self.page),
            "codeChallengeMethod": "S256",
            "codeChallenge": challenge_s256(&code_verifier(seed)),
            "antiAbuseHash": search(&hashed, self.now_ms(), seed),
        });
        if let Some(id) = connection_id {
            body["connectionId"] = json!(id);
        }
        body
    }

    /// The body of a login request with an invite.
    pub(super) fn invited_body(&self, connection_id: Option<&str>, invite_id: &str, seed: u32) -> Value {
        let mut body = self.authentication_body(connection_id, seed);
        let hashed = values::authenticate(connection_id, None, Some(invite_id), "app_demo", None);
        body["antiAbuseHash"] = json!(search(&hashed, self.now_ms(), seed));
        body["inviteId"] = json!(invite_id);
        body
    }

    pub(super) fn link_body(&self, connection_id: &str, seed: u32) -> Value {
        let mut body = self.authentication_body(Some(connection_id), seed);
        let hashed = values::link_identity(Some(connection_id), None, "app_demo");
        body["antiAbuseHash"] = json!(search(&hashed, self.now_ms(), seed));
        body["linkIdentity"] = json!(true);
        body
    }

    pub(super) async fn start(&self, connection_id: &str, seed: u32) -> Pending {
        self.start_with(self.authentication_body(Some(connection_id), seed), &[], seed).await
    }

    pub(super) async fn start_with(&self, body: Value, headers: &[(&str, &str)], seed: u32) -> Pending {
        let mut headers = headers.to_vec();
        headers.push(("origin", self.page));
        let response = self.send("POST", "/api/authentication", &headers, Some(body.clone())).await;
        assert_eq!(response.status, 200, "{}", response.text);
        Pending {
            id: response.json()["authenticationRequestId"].as_str().unwrap().to_owned(),
            authentication_url: response.json()["authenticationUrl"].as_str().unwrap().to_owned(),
            verifier: code_verifier(seed),
            redirect_url: body["redirectUrl"].as_str().unwrap().to_owned(),
        }
    }

    pub(super) fn verifier_claims(&self, user_id: &str) -> Value {
        let now = self.now_ms() / 1000;
        json!({
            "iss": format!("{}/v1/clients/sc_shop", self.public_url), "sub": user_id, "client_id": "sc_shop",
            "aud": "acc_localsandbox.accounts.authress.io", "iat": now, "exp": now + 60, "max_age": 60, "scope": "openid",
        })
    }

    /// Opens an authentication URL from the page and returns where the browser gets from there.
    pub(super) async fn open(&self, authentication_url: &str) -> String {
        let url = Url::parse(authentication_url).unwrap();
        if url.path() != "/login" {
            return authentication_url.to_owned();
        }
        let referrer = format!("{}/", self.page);
        let path = &url[url::Position::BeforePath..];
        let response = self.send("GET", path, &[("referer", &referrer)], None).await;
        response.header("location").unwrap_or(authentication_url).to_owned()
    }

    /// The callback from the shop's verifier with this code.
    pub(super) async fn callback_with_code(&self, pending: &Pending, code: &str) -> TestResponse {
        let mut url = Url::parse(&format!("{}/login", self.public_url)).unwrap();
        let iss = format!("{}/v1/clients/sc_shop", self.public_url);
        url.query_pairs_mut().extend_pairs([("code", code), ("iss", &iss), ("state", &pending.id)]);
        self.navigate(url.as_str()).await
    }

    /// The callback from the shop's verifier with a valid code for this user.
    pub(super) async fn verifier_login(&self, pending: &Pending, user_id: &str) -> TestResponse {
        self.open(&pending.authentication_url).await;
        let code = self.verifier_key.sign_jwt("oauth-authz-req+jwt", &self.verifier_claims(user_id));
        self.callback_with_code(pending, &code).await
    }

    /// Opens an authentication URL, posts the provider page's form and follows to `/login`, with these session cookies.
    pub(super) async fn choose_person(&self, provider_url: &str, form: &str, cookie: Option<&str>) -> TestResponse {
        let posted = self.post_person(&self.open(provider_url).await, form).await;
        assert_eq!(posted.status, 303, "{}", posted.text);
        let url = posted.location();
        let headers: Vec<(&str, &str)> = cookie.map(|cookie| ("cookie", cookie)).into_iter().collect();
        self.send("GET", &url[url::Position::BeforePath..], &headers, None).await
    }

    pub(super) async fn post_person(&self, provider_url: &str, form: &str) -> TestResponse {
        let url = Url::parse(provider_url).unwrap();
        let request = Request::builder().method("POST").uri(&url[url::Position::BeforePath..]);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.send_request(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    pub(super) fn exchange_body(&self, pending: &Pending, code: &str) -> Value {
        let hashed = values::token_exchange("app_demo", &pending.id, code);
        json!({
            "grant_type": "authorization_code", "redirect_uri": pending.redirect_url, "client_id": "app_demo",
            "code": code, "code_verifier": pending.verifier, "antiAbuseHash": search(&hashed, self.now_ms(), 1),
        })
    }

    pub(super) async fn exchange(&self, pending: &Pending, body: Value) -> TestResponse {
        let path = format!("/api/authentication/{}/tokens", pending.id);
        self.page_request("POST", &path, Some(body)).await
    }

    pub(super) fn verified(&self, token: &str, typ: &str) -> Verified {
        verify(token, &self.issuer_keys, Some(typ)).unwrap()
    }

    /// The user id of an access token whose signature was checked.
    pub(super) fn subject(&self, access_token: &str) -> String {
        self.verified(access_token, "at+jwt").claim_str("sub").unwrap().to_owned()
    }

    /// Logs a person in at a provider on a localhost page and returns the access token.
    pub(super) async fn provider_token(&self, connection_id: &str, person: &str, seed: u32) -> String {
        let pending = self.start(connection_id, seed).await;
        let response = self.choose_person(&pending.authentication_url, &format!("user={person}"), None).await;
        response.param("access_token").unwrap()
    }

    /// A call of the page with an access token.
    pub(super) async fn user_request(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> TestResponse {
        let authorization = format!("Bearer {token}");
        self.send(method, path, &[("origin", self.page), ("authorization", &authorization)], body).await
    }

    /// Logs an anonymous user in on a localhost page and returns the access token.
    pub(super) async fn anonymous_token(&self, user_id: &str, seed: u32) -> String {
        let pending = self.start("sc_shop", seed).await;
        self.verifier_login(&pending, user_id).await.param("access_token").unwrap()
    }
}

/// The id of the request that a redirect or page mentions.
pub(super) fn state_in(text: &str) -> String {
    let (_, rest) = text.split_once("state=").expect("a state");
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}

pub(super) fn code_verifier(seed: u32) -> String {
    format!("verifier-{seed:040}")
}
