//! The browser as the client's ports.

use super::{Host, abort::Abort, request, storage::Storage};
use crate::{error, value};
use authress_login_client::Ports;
use authress_login_protocol::{
    callback::login_result::{LoginResult, LoginStatus, Purpose},
    error::{Cause, Error, ErrorCode},
    http::{Outcome, Request},
    page::Page,
    session::cookies::Cookies,
    state::{Event, Snapshot},
};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// The page that this module runs in.
#[derive(Debug)]
pub struct Browser {
    storage: Storage,
    tab_storage: Storage,
    host: Host,
}

impl Browser {
    /// Takes what the class in JavaScript does for it.
    pub fn new(host: Host) -> Self {
        Self { storage: Storage::of_origin(), tab_storage: Storage::of_tab(), host }
    }
}

impl Ports for Browser {
    /// Given up when dropped.
    type Lock = Abort;

    fn page(&self) -> Result<Page, Error> {
        let href = self.host.href().map_err(|_| Error::with_detail(ErrorCode::InternalError, "There is no page."))?;
        Page::new(&href)
    }

    fn show_address(&self, href: &str) {
        // A browser may refuse (too many calls); the address then keeps parameters that are used up.
        let _ = self.host.show_address(href);
    }

    fn navigate(&self, href: &str) -> Result<(), Error> {
        self.host.navigate(href).map_err(|said| {
            let detail = "The browser refused to go there.";
            Error::with_detail(ErrorCode::InvalidRedirectUrl, detail).with_cause(Some(Cause::new(said)))
        })
    }

    fn open_tab(&self, href: &str) -> bool {
        self.host.open_tab(href).unwrap_or_default()
    }

    fn is_visible(&self) -> bool {
        self.host.is_visible()
    }

    // Boxed, as is `sleep`: one copy in the module instead of one in everything that waits.
    fn activation(&self) -> impl Future<Output = ()> {
        Box::pin(async move {
            // Nothing is waited for where the page is shown already.
            if let Some(activation) = self.host.activation() {
                let _ = JsFuture::from(activation).await;
            }
        })
    }

    fn cookies(&self) -> Cookies {
        Cookies::new(self.host.cookies().unwrap_or_default())
    }

    fn assign_cookie(&self, assignment: &str) {
        // A browser that refuses cookies ignores it.
        let _ = self.host.assign_cookie(assignment);
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
        request::date_of_page_server(&self.host).await
    }

    fn sleep(&self, milliseconds: u32) -> impl Future<Output = ()> {
        Box::pin(async move {
            let Ok(abort) = Abort::new() else { return };
            let slept = self.host.sleep(milliseconds, &abort.signal());
            let _ = JsFuture::from(slept).await;
        })
    }

    async fn pause(&self) {
        let _ = JsFuture::from(self.host.pause()).await;
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), Error> {
        let refused = |_| Error::with_detail(ErrorCode::InternalError, "The browser gave no randomness.");
        self.host.fill_random(bytes).map_err(refused)
    }

    async fn send(&self, origin: &str, request: &Request) -> Outcome {
        request::send(&self.host, origin, request).await
    }

    async fn lock(&self, name: &str, wait_ms: u32) -> Option<Abort> {
        // Dropped at any time, also while it waits, it gives the lock up.
        let abort = Abort::new().ok()?;
        let held = self.host.lock(name, wait_ms, &abort.signal());
        let is_held = JsFuture::from(held).await.ok()?.is_truthy();
        is_held.then_some(abort)
    }

    fn tell_tabs(&self, message: &str) {
        let _ = self.host.tell_tabs(message);
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        wasm_bindgen_futures::spawn_local(task);
    }

    fn emit(&self, event: &Event, snapshot: &Snapshot) {
        let name = match event {
            Event::Ready => "ready",
            Event::SignedIn => "signed-in",
            Event::TokenRenewed => "token-renewed",
            Event::SignedOut => "signed-out",
            Event::LoginEnded(result) => {
                // Nothing that the snapshot shows has changed by it.
                let _ = self.host.emit(returned(result), JsValue::UNDEFINED, value::login_result(result));
                return;
            }
        };
        let _ = self.host.emit(name, value::snapshot(snapshot), JsValue::UNDEFINED);
    }

    fn log(&self, title: &str) {
        let _ = self.host.log("log", title, JsValue::UNDEFINED);
    }

    fn warn(&self, title: &str, error: &Error) {
        let _ = self.host.log("warn", title, error::to_js(error));
    }
}

fn returned(result: &LoginResult) -> &'static str {
    match (result.purpose, result.status) {
        (Purpose::Login, LoginStatus::SignedIn | LoginStatus::Linked) => "login-completed",
        (Purpose::Login, LoginStatus::Cancelled) => "login-cancelled",
        (Purpose::Login, LoginStatus::AlreadyOwned | LoginStatus::Failed) => "login-refused",
        (Purpose::Link, LoginStatus::Linked | LoginStatus::SignedIn) => "link-completed",
        (Purpose::Link, LoginStatus::Cancelled) => "link-cancelled",
        (Purpose::Link, LoginStatus::AlreadyOwned | LoginStatus::Failed) => "link-refused",
    }
}
