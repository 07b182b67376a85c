//! Everything outside of the browser: the sandbox's and the verifier's own code, time, faults.

use authress_sandbox::{Config, InProcess};
use authress_verifier::{ClockReading, Decision, ENTROPY_BYTES, LoginRequest, Verifier, decide};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, header},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::{
    cell::{Cell, RefCell},
    path::Path,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;
use tower::ServiceExt;
use url::{Position, Url};

/// The time at the start of every test, in milliseconds since 1970.
const START_MS: u64 = 1_800_000_000_000;

/// How the shop's site relates to Authress's. It decides how the session reaches the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// Same-site over https: cookies reach Authress.
    Same,
    /// Cross-site: codes, and no cookies.
    Cross,
    /// On localhost: tokens in the address.
    Localhost,
}

impl Site {
    pub(crate) fn shop(self) -> &'static str {
        match self {
            Self::Same => "https://app.shop.test",
            Self::Cross => "https://www.other.test",
            Self::Localhost => "http://localhost:5173",
        }
    }

    pub(crate) fn login(self) -> &'static str {
        match self {
            Self::Same | Self::Cross => "https://login.shop.test",
            Self::Localhost => "http://127.0.0.1:8888",
        }
    }

    fn verifier(self) -> &'static str {
        match self {
            Self::Same | Self::Cross => "https://verify.shop.test",
            Self::Localhost => "http://127.0.0.1:9000",
        }
    }
}

/// A fault of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The request is lost.
    DropRequest,
    /// The request is processed and the response is lost.
    DropResponse,
    /// The request is not processed; the response has this status.
    Status(u16),
    /// The request arrives later by this many milliseconds.
    DelayRequest(u64),
    /// The request is processed at once; the response arrives later by this many milliseconds.
    DelayResponse(u64),
    /// The response lacks `expires_in`.
    WithoutExpiresIn,
}

struct PlannedFault {
    method: &'static str,
    path: &'static str,
    fault: Fault,
    times: u32,
}

/// A request to which a server has responded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServedRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u16,
}

/// A response of a server.
pub(crate) struct ServerResponse {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl ServerResponse {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn set_cookies(&self) -> Vec<String> {
        let cookies = self.headers.get_all(header::SET_COOKIE).iter();
        cookies.map(|value| value.to_str().unwrap().to_owned()).collect()
    }
}

pub(crate) struct World {
    pub(crate) site: Site,
    /// Whether Authress hides access tokens from script.
    pub(crate) hides_tokens: Cell<bool>,
    router: Router,
    verifier: Verifier,
    server_clock: Arc<AtomicU64>,
    started: Instant,
    random: Cell<u64>,
    faults: RefCell<Vec<PlannedFault>>,
    served: RefCell<Vec<ServedRequest>>,
    sent: RefCell<Vec<(u64, String)>>,
    secrets: RefCell<Vec<String>>,
}

impl World {
    pub(crate) fn new(site: Site, seed: u64) -> Rc<Self> {
        Self::with(site, seed, |_| ())
    }

    /// Creates a world with another configuration of the sandbox.
    pub(crate) fn with(site: Site, seed: u64, change: impl FnOnce(&mut Value)) -> Rc<Self> {
        let mut config = json!({
            "listen": "127.0.0.1:8888", "publicUrl": site.login(), "control": true,
            "applications": [
                { "applicationId": "app_shop", "redirectUrls": [site.shop(), "https://elsewhere.test", "https://www.shop.test"] },
                { "applicationId": "app_admin", "redirectUrls": ["https://admin.shop.test"] },
            ],
            "serviceClients": [{
                "clientId": "sc_shop", "authorizationUrl": format!("{}/v1/login", site.verifier()), "accessKeyFile": "",
            }],
        });
        change(&mut config);
        let server_clock = Arc::new(AtomicU64::new(START_MS));
        let config = Config::parse(&config.to_string(), Path::new("")).unwrap();
        let sandbox = InProcess::new(&config, server_clock.clone()).unwrap();
        let access_key = sandbox.access_keys[0].1.expose();
        Rc::new(Self {
            site,
            hides_tokens: Cell::new(false),
            router: sandbox.router(Router::new()),
            verifier: Verifier::new(site.login().parse().unwrap(), access_key.parse().unwrap()),
            server_clock,
            started: Instant::now(),
            random: Cell::new(seed),
            faults: RefCell::default(),
            served: RefCell::default(),
            sent: RefCell::default(),
            secrets: RefCell::default(),
        })
    }

    /// Returns the time by the servers' clock, in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> u64 {
        START_MS + u64::try_from(self.started.elapsed().as_millis()).unwrap()
    }

    /// Returns the next number of a sequence that depends on the seed (SplitMix64).
    pub(crate) fn random(&self) -> u64 {
        self.random.set(self.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut value = self.random.get();
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    /// Plans a fault for the next `times` requests whose path ends in `path`.
    pub(crate) fn fail(&self, method: &'static str, path: &'static str, fault: Fault, times: u32) {
        self.faults.borrow_mut().push(PlannedFault { method, path, fault, times });
    }

    pub(crate) fn clear_faults(&self) {
        self.faults.borrow_mut().clear();
    }

    pub(crate) fn take_fault(&self, method: &str, path: &str) -> Option<Fault> {
        let mut faults = self.faults.borrow_mut();
        let index = faults.iter().position(|fault| fault.method == method && path.ends_with(fault.path))?;
        faults[index].times -= 1;
        let fault = faults[index].fault;
        faults.retain(|fault| fault.times > 0);
        Some(fault)
    }

    /// Returns how many responses of the servers had this status.
    pub(crate) fn count(&self, method: &str, path: &str, status: u16) -> usize {
        let matches = |one: &&ServedRequest| one.method == method && one.path.ends_with(path) && one.status == status;
        self.served.borrow().iter().filter(matches).count()
    }

    /// Records that a page sends a request, even if it is lost.
    pub(super) fn note_sent(&self, method: &str, path: &str) {
        self.sent.borrow_mut().push((self.now_ms(), format!("{method} {path}")));
    }

    pub(crate) fn served(&self) -> Vec<ServedRequest> {
        self.served.borrow().clone()
    }

    /// Returns when pages have sent this request, in milliseconds since 1970.
    pub(crate) fn sent(&self, request: &str) -> Vec<u64> {
        self.sent.borrow().iter().filter(|(_, one)| one == request).map(|(at_ms, _)| *at_ms).collect()
    }

    /// Panics if `text` contains a token, code, code verifier or session id that was ever sent.
    pub(crate) fn assert_holds_no_secret(&self, text: &str) {
        let secrets = self.secrets.borrow();
        assert!(!secrets.iter().any(|secret| text.contains(secret)), "a secret is in: {text}");
    }

    /// Sends a request to the server of `url`.
    pub(crate) async fn serve(
        &self,
        method: &str,
        url: &Url,
        headers: &[(&str, String)],
        body: Option<(&str, String)>,
    ) -> ServerResponse {
        if let Some((_, text)) = &body {
            self.learn_secrets(text);
        }
        let origin = url.origin().ascii_serialization();
        let response = if origin == self.site.login() {
            self.sandbox(method, &url[Position::BeforePath..], headers, body).await
        } else {
            assert_eq!(origin, self.site.verifier(), "no server has the origin of {url}");
            self.verify(url)
        };
        self.served.borrow_mut().push(ServedRequest {
            method: method.to_owned(),
            path: url.path().to_owned(),
            status: response.status,
        });
        self.learn_secrets(&response.text);
        if let Some(location) = response.header("location").and_then(|text| Url::parse(text).ok()) {
            for (name, value) in location.query_pairs() {
                if matches!(&*name, "access_token" | "id_token") || (name == "code" && value != "cookie") {
                    self.secrets.borrow_mut().push(value.into_owned());
                }
            }
        }
        for cookie in response.set_cookies() {
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if matches!(name, "authress-session" | "auth-code") && !value.is_empty() {
                self.secrets.borrow_mut().push(value.to_owned());
            }
        }
        response
    }

    async fn sandbox(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
        body: Option<(&str, String)>,
    ) -> ServerResponse {
        self.server_clock.store(self.now_ms(), Ordering::Relaxed);
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let body = match body {
            Some((media_type, text)) => {
                request = request.header(header::CONTENT_TYPE, media_type);
                Body::from(text)
            }
            None => Body::empty(),
        };
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (mut parts, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        if self.hides_tokens.get() {
            let cookies: Vec<_> = parts.headers.get_all(header::SET_COOKIE).iter().cloned().collect();
            parts.headers.remove(header::SET_COOKIE);
            for cookie in cookies {
                let text = cookie.to_str().unwrap();
                let hidden = if text.starts_with("authorization=") { "; HttpOnly" } else { "" };
                parts.headers.append(header::SET_COOKIE, format!("{text}{hidden}").parse().unwrap());
            }
        }
        ServerResponse { status: parts.status.as_u16(), headers: parts.headers, text }
    }

    fn verify(&self, url: &Url) -> ServerResponse {
        let request = LoginRequest::parse(url.query().unwrap_or_default()).unwrap();
        let mut entropy = [0; ENTROPY_BYTES];
        entropy.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&self.random().to_le_bytes()));
        let now =
            ClockReading { since_1970: Duration::from_millis(self.now_ms()), monotonic: std::time::Instant::now() };
        match decide(&request, &self.verifier, &entropy, now) {
            Decision::Redirect { location } => {
                let headers = [(header::LOCATION, location.parse().unwrap())].into_iter().collect();
                ServerResponse { status: 302, headers, text: String::new() }
            }
            Decision::Refuse(refusal) => panic!("the verifier rejects the login: {refusal:?}"),
        }
    }

    fn learn_secrets(&self, body: &str) {
        let Ok(body) = serde_json::from_str::<Value>(body) else { return };
        for name in ["access_token", "id_token", "code", "code_verifier"] {
            if let Some(secret) = body[name].as_str() {
                self.secrets.borrow_mut().push(secret.to_owned());
            }
        }
    }
}
