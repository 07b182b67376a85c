//! The parts of a browser that all tabs share: storage, cookies, locks, the network, the device's clock.

use super::{
    cookie_jar::{Access, CookieJar},
    locks::Locks,
    page::{Page, PageEvent},
    tab::Choice,
    world::{Fault, World},
};
use authress_login_protocol::{
    error::ErrorCode,
    http::{NoResponse, Outcome, Request, Response},
    secret::Secret,
};
use serde_json::Value;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};
use tokio::sync::oneshot;
use url::{Url, form_urlencoded};

/// The network latency of a request, and of a response, in milliseconds.
const LATENCY_MS: u64 = 20;

pub(crate) struct Browser {
    pub(crate) world: Rc<World>,
    pub(crate) is_offline: Cell<bool>,
    /// How far the device's clock is ahead of the servers' clock, in milliseconds.
    pub(crate) clock_ahead_ms: Cell<i64>,
    pub(crate) locks: Rc<Locks>,
    storage: RefCell<BTreeMap<(String, String), String>>,
    jar: RefCell<CookieJar>,
    /// Longer assignments to `document.cookie` are dropped silently, as in browsers.
    pub(crate) longest_cookie: Cell<usize>,
    /// Whether script sees no cookies, as in WebKit for an instant while another tab writes one.
    pub(crate) hides_cookies: Cell<bool>,
    /// How long the file takes at which a login in the background ends, in milliseconds.
    pub(crate) redirect_file_delay_ms: Cell<u64>,
    pages: RefCell<Vec<Rc<Page>>>,
}

impl Browser {
    pub(crate) fn new(world: &Rc<World>) -> Rc<Self> {
        Rc::new(Self {
            world: world.clone(),
            is_offline: Cell::new(false),
            clock_ahead_ms: Cell::new(0),
            locks: Rc::default(),
            storage: RefCell::default(),
            jar: RefCell::default(),
            longest_cookie: Cell::new(4_096),
            hides_cookies: Cell::new(false),
            redirect_file_delay_ms: Cell::new(LATENCY_MS * 2),
            pages: RefCell::default(),
        })
    }

    /// Returns the time by the device's clock, in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> i64 {
        i64::try_from(self.world.now_ms()).unwrap() + self.clock_ahead_ms.get()
    }

    /// Takes the device offline or online. Pages get an event when it is online again.
    pub(crate) fn set_offline(&self, is_offline: bool) {
        self.is_offline.set(is_offline);
        if !is_offline {
            self.pages().iter().for_each(|page| page.dispatch(PageEvent::Wake));
        }
    }

    /// Returns the open pages.
    pub(crate) fn pages(&self) -> Vec<Rc<Page>> {
        self.pages.borrow_mut().retain(|page| !page.lifecycle.is_gone());
        self.pages.borrow().clone()
    }

    pub(super) fn add(&self, page: &Rc<Page>) {
        self.pages.borrow_mut().push(page.clone());
    }

    pub(crate) fn load(&self, origin: &str, key: &str) -> Option<String> {
        self.storage.borrow().get(&(origin.to_owned(), key.to_owned())).cloned()
    }

    pub(crate) fn keys(&self, origin: &str) -> Vec<String> {
        let storage = self.storage.borrow();
        storage.keys().filter(|(of, _)| of == origin).map(|(_, key)| key.clone()).collect()
    }

    /// Writes or removes a value. Other pages of the origin get an event if it changes.
    pub(crate) fn store(&self, by: &Page, key: &str, value: Option<&str>) {
        let origin = by.origin();
        let place = (origin.clone(), key.to_owned());
        let before = match value {
            Some(value) => self.storage.borrow_mut().insert(place, value.to_owned()),
            None => self.storage.borrow_mut().remove(&place),
        };
        if before.as_deref() != value {
            self.notify_others(by, &PageEvent::Storage(Some(key.to_owned())));
        }
    }

    pub(crate) fn notify_others(&self, by: &Page, event: &PageEvent) {
        let others = self.pages().into_iter().filter(|page| page.id != by.id && page.origin() == by.origin());
        others.for_each(|page| page.dispatch(event.clone()));
    }

    /// Deletes all site data, as a shopper can.
    pub(crate) fn clear_site_data(&self) {
        self.storage.borrow_mut().clear();
        self.jar.borrow_mut().clear();
        self.pages().iter().for_each(|page| page.dispatch(PageEvent::Storage(None)));
    }

    /// Deletes what pages have stored, as browsers do after some days. Authress's session cookie stays.
    pub(crate) fn lose_page_data(&self) {
        self.storage.borrow_mut().clear();
        for url in [self.world.site.shop(), self.world.site.login()].map(|origin| origin.parse::<Url>().unwrap()) {
            for name in ["authorization", "user"] {
                for domain in ["", "; Domain=shop.test"] {
                    self.take_cookies(&url, &[format!("{name}=; Path=/; Max-Age=0; Secure{domain}")]);
                }
            }
        }
        self.pages().iter().for_each(|page| page.dispatch(PageEvent::Storage(None)));
    }

    pub(crate) fn script_cookies(&self, url: &Url) -> String {
        if self.hides_cookies.get() {
            return String::new();
        }
        self.jar.borrow_mut().get(url, Access::Script, self.now_ms())
    }

    pub(crate) fn assign_cookie(&self, url: &Url, assignment: &str) {
        if assignment.len() <= self.longest_cookie.get() {
            self.jar.borrow_mut().set(url, assignment, Access::Script, self.now_ms());
        }
    }

    pub(crate) fn request_cookies(&self, url: &Url, same_site: bool) -> String {
        self.jar.borrow_mut().get(url, Access::Request { same_site }, self.now_ms())
    }

    pub(crate) fn take_cookies(&self, url: &Url, cookies: &[String]) {
        for cookie in cookies {
            self.jar.borrow_mut().set(url, cookie, Access::Request { same_site: true }, self.now_ms());
        }
    }

    /// Sends a request of `page`. It continues while the page is frozen and ends with the page.
    pub(crate) async fn fetch(self: &Rc<Self>, page: &Rc<Page>, origin: &str, request: &Request) -> Outcome {
        let (sender, response) = oneshot::channel();
        let (browser, page, request) = (self.clone(), page.clone(), request.clone());
        let url = Url::parse(&[origin, &request.path].concat()).unwrap();
        page.in_flight.update(|count| count + 1);
        super::spawn(async move {
            let response = browser.exchange(&page, &url, &request, || sender.is_closed()).await;
            page.in_flight.update(|count| count - 1);
            if let Some(response) = response {
                let _ = sender.send(response);
            }
        });
        response.await.map_err(|_| NoResponse::default())
    }

    /// Requests `url` from a page of `origin` and follows the redirects. Returns the one to that origin without loading it, and
    /// `None` if they end at a page of another server.
    pub(crate) async fn follow_redirects(&self, origin: &str, mut url: Url, choice: Choice) -> Option<String> {
        let mut sites = vec![site_of(&Url::parse(origin).unwrap())];
        for _ in 0..10 {
            if url.origin().ascii_serialization() == origin {
                return Some(url.into());
            }
            sites.push(site_of(&url));
            let is_provider = url.path().starts_with("/sandbox/provider/");
            let form = |name, value| form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
            let form = match choice {
                Choice::Anonymous => String::new(),
                Choice::Person(name) => form("user", name),
                Choice::Cancel => form("cancel", "1"),
            };
            let same_site = sites.iter().all(|site| *site == site_of(&url));
            let headers = [("cookie", self.request_cookies(&url, same_site))];
            let body = is_provider.then_some(("application/x-www-form-urlencoded", form));
            let method = if is_provider { "POST" } else { "GET" };
            super::pass_ms(LATENCY_MS * 2).await;
            let response = self.world.serve(method, &url, &headers, body).await;
            self.take_cookies(&url, &response.set_cookies());
            url = url.join(response.header("location")?).unwrap();
        }
        panic!("too many redirects, the last one to {url}");
    }

    /// Follows a login in the background. The first request can have a fault.
    pub(crate) async fn follow_in_background(&self, page: &Page, url: &str) -> Result<(), ErrorCode> {
        let url = Url::parse(url).unwrap();
        self.world.note_sent("GET", url.path());
        match self.world.take_fault("GET", url.path()) {
            Some(Fault::DelayRequest(delay)) => super::pass_ms(delay).await,
            Some(Fault::Status(_)) => return Ok(()),
            // An error page, slowly.
            Some(Fault::DelayResponse(delay)) => {
                super::pass_ms(delay).await;
                return Ok(());
            }
            Some(_) => return Err(ErrorCode::AuthressSdkNetworkError),
            None => {}
        }
        self.follow_redirects(&page.origin(), url, Choice::Anonymous).await;
        super::pass_ms(self.redirect_file_delay_ms.get()).await;
        Ok(())
    }

    async fn exchange(
        &self,
        page: &Page,
        url: &Url,
        request: &Request,
        is_cancelled: impl Fn() -> bool,
    ) -> Option<Response> {
        let method = request.method.as_str();
        self.world.note_sent(method, url.path());
        if self.is_offline.get() {
            super::pass_ms(1).await;
            return None;
        }
        let fault = self.world.take_fault(method, url.path());
        super::pass_ms(LATENCY_MS + if let Some(Fault::DelayRequest(delay)) = fault { delay } else { 0 }).await;
        let is_cut_off = || self.is_offline.get() || page.lifecycle.is_gone() || is_cancelled();
        if is_cut_off() || fault == Some(Fault::DropRequest) {
            return None;
        }
        if let Some(Fault::Status(status)) = fault {
            super::pass_ms(LATENCY_MS).await;
            return (!is_cut_off()).then(|| Response { status, body: Secret::new("{}") });
        }
        let origin = page.origin();
        let mut headers = vec![("origin", origin.clone()), ("x-powered-by", "an in-memory browser".to_owned())];
        if let Some(token) = &request.bearer {
            headers.push(("authorization", format!("Bearer {}", token.expose())));
        }
        if request.with_credentials {
            let same_site = site_of(&Url::parse(&origin).unwrap()) == site_of(url);
            headers.push(("cookie", self.request_cookies(url, same_site)));
        }
        let body = request.body.as_ref().map(|body| ("application/json", body.expose().to_owned()));
        let response = self.world.serve(method, url, &headers, body).await;
        super::pass_ms(LATENCY_MS + if let Some(Fault::DelayResponse(delay)) = fault { delay } else { 0 }).await;
        if is_cut_off() || fault == Some(Fault::DropResponse) {
            return None;
        }
        // The CORS check: <https://fetch.spec.whatwg.org/#cors-check>.
        assert_eq!(response.header("access-control-allow-origin"), Some(origin.as_str()));
        let allows_credentials = response.header("access-control-allow-credentials") == Some("true");
        assert!(allows_credentials || !request.with_credentials, "{method} {url} does not allow credentials");
        if request.with_credentials {
            self.take_cookies(url, &response.set_cookies());
        }
        let mut text = response.text;
        if fault == Some(Fault::WithoutExpiresIn) {
            let mut body: Value = serde_json::from_str(&text).unwrap();
            body.as_object_mut().unwrap().remove("expires_in");
            text = body.to_string();
        }
        Some(Response { status: response.status, body: Secret::new(text) })
    }
}

/// Returns scheme and registrable domain. All names in the tests have public suffixes of one label.
pub(super) fn site_of(url: &Url) -> String {
    let host = url.host_str().unwrap();
    let labels: Vec<&str> = host.rsplit('.').take(2).collect();
    let domain = if url.domain().is_some() { labels.join(".") } else { host.to_owned() };
    [url.scheme(), "://", &domain].concat()
}
