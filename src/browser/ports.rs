//! The browser as the client's ports.

use super::{address, clock, cookies, lock, random, request, storage::Storage, timer};
use crate::{error, value};
use authress_login_client::{Ports, ReturnSteps};
use authress_login_protocol::{
    cookies::Cookies,
    error::{Cause, Error, ErrorCode},
    http::{Outcome, Request},
    login_result::{LoginResult, LoginStatus, Purpose},
    page::Page,
    state::{Event, Snapshot},
};
use js_sys::Promise;
use std::hint::black_box;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

#[wasm_bindgen]
extern "C" {
    /// What the classes in JavaScript do for the module: they have the application's listeners and the
    /// channel to other tabs, and some of what browsers offer takes fewer bytes there.
    #[derive(Debug)]
    pub type Host;

    #[wasm_bindgen(method, catch)]
    fn emit(this: &Host, name: &str, snapshot: JsValue, result: JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = tellTabs)]
    fn tell_tabs(this: &Host, message: &str) -> Result<(), JsValue>;

    /// Kept when this part of the module is here.
    #[wasm_bindgen(method, catch)]
    async fn part(this: &Host, name: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    async fn pause(this: &Host) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn log(this: &Host, level: &str, title: &str, error: JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, js_name = isVisible)]
    fn is_visible(this: &Host) -> bool;

    #[wasm_bindgen(method)]
    fn activation(this: &Host) -> Option<Promise>;

    #[wasm_bindgen(method, catch, js_name = openTab)]
    fn open_tab(this: &Host, href: &str) -> Result<bool, JsValue>;

    /// Holds the lock until `signal` is aborted; whether there is one.
    #[wasm_bindgen(method, catch)]
    pub(super) async fn lock(this: &Host, name: &str, signal: &AbortSignal) -> Result<JsValue, JsValue>;

    /// Milliseconds since 1970, or NaN.
    #[wasm_bindgen(method, catch, js_name = serverTime)]
    pub(super) async fn server_time(this: &Host, signal: &AbortSignal) -> Result<JsValue, JsValue>;
}

/// Where a part of the module begins: it is empty until the part is here. Known by this name to
/// `xtask/package/module.mjs`.
static RETURN_STEPS: ReturnSteps<Browser> = ReturnSteps::new();

/// The page that this module runs in.
#[derive(Debug)]
pub struct Browser {
    storage: Storage,
    host: Host,
}

impl Browser {
    /// Takes what the class in JavaScript does for it.
    pub fn new(host: Host) -> Self {
        Self { storage: Storage::new(), host }
    }
}

impl Ports for Browser {
    type Lock = lock::Lock;

    fn page(&self) -> Result<Page, Error> {
        address::page()
    }

    fn show_address(&self, href: &str) {
        address::replace(href);
    }

    fn navigate(&self, href: &str) -> Result<(), Error> {
        address::assign(href)
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

    fn is_durable(&self) -> bool {
        self.storage.is_durable()
    }

    fn now_ms(&self) -> i64 {
        clock::now_ms()
    }

    async fn server_now_ms(&self) -> Option<i64> {
        request::date_of_page_server(&self.host).await
    }

    fn sleep(&self, milliseconds: u32) -> impl Future<Output = ()> {
        Box::pin(timer::sleep(milliseconds))
    }

    async fn pause(&self) {
        let _ = self.host.pause().await;
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), Error> {
        random::fill(bytes)
    }

    async fn send(&self, origin: &str, request: &Request) -> Outcome {
        request::send(origin, request).await
    }

    async fn lock(&self, name: &str) -> Option<lock::Lock> {
        lock::acquire(&self.host, name).await
    }

    async fn return_steps(&self) -> Result<&'static ReturnSteps<Self>, Error> {
        let part = self.host.part("return").await;
        part.map_err(|said| Error::from(ErrorCode::ModuleLoadFailed).with_cause(Some(Cause::new(said))))?;
        // What stands there is not known while the module is compiled.
        Ok(black_box(&RETURN_STEPS))
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
            Event::Returned(result) => {
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
