//! The browser as the client's ports.

use super::{
    Host, cookies, locks, page, random, request, server_clock,
    storage::Storage,
    tabs::{TabEvent, Tabs},
    timers,
};
use crate::{error, results};
use authress_login_client::Ports;
use authress_login_protocol::{
    error::{Cause, Error, ErrorCode},
    http::{Outcome, Request},
    page::Page,
    session::cookies::Cookies,
    state::{Event, State},
    web_url::WebUrl,
};
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// The page that this module runs in.
#[derive(Debug)]
pub struct Browser {
    storage: Storage,
    tab_storage: Storage,
    tabs: Option<Rc<Tabs>>,
    host: Host,
}

impl Browser {
    /// The page for a client with this host. `tabs` is the name of its channel to other tabs, if it has one.
    pub fn new(host: Host, tabs: Option<String>) -> Self {
        Self { storage: Storage::of_origin(), tab_storage: Storage::of_tab(), tabs: tabs.map(Tabs::new), host }
    }

    /// Calls `listener` from now on for what happens in other tabs and to this one.
    pub fn listen(&self, listener: impl Fn(TabEvent<'_>) + 'static) {
        if let Some(tabs) = &self.tabs {
            tabs.listen(listener);
        }
    }
}

impl Ports for Browser {
    type Lock = locks::Lock;

    fn page(&self) -> Result<Page, Error> {
        let href = page::href().map_err(|_| Error::with_detail(ErrorCode::InternalError, "There is no page."))?;
        Page::new(&href)
    }

    fn show_address(&self, href: &str) {
        // A browser may refuse (too many calls); the address then keeps parameters that are used up.
        let _ = page::show_address(href);
    }

    fn navigate(&self, href: &str) -> Result<(), Error> {
        page::navigate(href).map_err(|cause| {
            let detail = "The browser refused to go there.";
            Error::with_detail(ErrorCode::InvalidRedirectUrl, detail).with_cause(Some(Cause::new(cause)))
        })
    }

    fn open_tab(&self, href: &str) -> bool {
        page::open_tab(href)
    }

    fn is_visible(&self) -> bool {
        page::is_visible()
    }

    // Boxed, as is `sleep`: one copy in the module instead of one in everything that waits.
    fn activation(&self) -> impl Future<Output = ()> {
        Box::pin(page::activation())
    }

    fn cookies(&self) -> Cookies {
        cookies::read()
    }

    fn assign_cookie(&self, assignment: &str) {
        cookies::assign(assignment);
    }

    fn load(&self, key: &str) -> Option<String> {
        self.storage.get(key)
    }

    fn store(&self, key: &str, value: &str) -> bool {
        self.storage.set(key, value)
    }

    fn remove(&self, key: &str) {
        self.storage.remove(key);
    }

    fn keys(&self, prefix: &str) -> Vec<String> {
        self.storage.keys(prefix)
    }

    fn load_in_tab(&self, key: &str) -> Option<String> {
        self.tab_storage.get(key)
    }

    fn store_in_tab(&self, key: &str, value: &str) {
        self.tab_storage.set(key, value);
    }

    fn remove_in_tab(&self, key: &str) {
        self.tab_storage.remove(key);
    }

    fn is_durable(&self) -> bool {
        self.storage.is_durable()
    }

    fn now_ms(&self) -> i64 {
        js_sys::Date::now() as i64
    }

    async fn server_now_ms(&self) -> Option<i64> {
        server_clock::now_ms().await
    }

    fn sleep(&self, milliseconds: u32) -> impl Future<Output = ()> {
        Box::pin(timers::sleep(milliseconds))
    }

    async fn yield_to_event_loop(&self) {
        timers::yield_to_event_loop().await;
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), Error> {
        let refused = |_| Error::with_detail(ErrorCode::InternalError, "The browser gave no randomness.");
        random::fill(bytes).map_err(refused)
    }

    async fn send(&self, origin: &str, request: &Request) -> Outcome {
        request::send(origin, request).await
    }

    async fn follow(&self, url: &WebUrl) -> Result<(), Error> {
        request::follow(url.as_str()).await.map_err(|cause| {
            let origin = url.origin().unwrap_or_default();
            let detail =
                ["Is the connection lost, or does connect-src of the page's policy lack ", &origin, "?"].concat();
            Error::with_detail(ErrorCode::AuthressSdkNetworkError, &detail).with_cause(Some(Cause::new(cause)))
        })
    }

    async fn lock(&self, name: &str, wait_ms: u32) -> Option<locks::Lock> {
        locks::acquire(name, wait_ms).await
    }

    fn broadcast(&self, message: &str) {
        if let Some(tabs) = &self.tabs {
            tabs.send(message);
        }
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        wasm_bindgen_futures::spawn_local(task);
    }

    fn emit(&self, event: &Event, state: &State) {
        let (snapshot, result) = match event {
            // The end of a login changes nothing that the snapshot shows.
            Event::LoginEnded(result) => (JsValue::UNDEFINED, results::login_result(result)),
            _ => (results::snapshot(state.snapshot()), JsValue::UNDEFINED),
        };
        let _ = self.host.emit(results::event_name(event), snapshot, result, state.record());
    }

    fn log(&self, title: &str) {
        let _ = self.host.log("log", title, JsValue::UNDEFINED);
    }

    fn warn(&self, title: &str, error: &Error) {
        let _ = self.host.log("warn", title, error::to_js(error));
    }
}
