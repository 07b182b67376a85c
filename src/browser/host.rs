//! What is asked of JavaScript.

use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use web_sys::{AbortSignal, Headers};

#[wasm_bindgen]
extern "C" {
    /// What the classes in JavaScript do for the module: they have the application's listeners and the
    /// channel to other tabs, and some of what browsers offer takes fewer bytes there. What makes a promise
    /// throws nothing.
    #[derive(Debug)]
    pub type Host;

    #[wasm_bindgen(method, catch)]
    pub(super) fn href(this: &Host) -> Result<String, JsValue>;

    /// Shows another address for the current history entry and keeps its state, which is the page's router's.
    #[wasm_bindgen(method, catch, js_name = showAddress)]
    pub(super) fn show_address(this: &Host, href: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn navigate(this: &Host, href: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn cookies(this: &Host) -> Result<String, JsValue>;

    #[wasm_bindgen(method, catch, js_name = assignCookie)]
    pub(super) fn assign_cookie(this: &Host, assignment: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = fillRandom)]
    pub(super) fn fill_random(this: &Host, bytes: &mut [u8]) -> Result<(), JsValue>;

    /// Sends a request unless `signal` is aborted; its answer as `{status, body}`.
    #[wasm_bindgen(method)]
    pub(super) fn send(
        this: &Host,
        url: &str,
        method: &str,
        headers: &Headers,
        body: Option<&str>,
        with_credentials: bool,
        signal: &AbortSignal,
    ) -> Promise;

    /// Waits this many milliseconds, or until `signal` is aborted: then for ever.
    #[wasm_bindgen(method)]
    pub(super) fn sleep(this: &Host, milliseconds: u32, signal: &AbortSignal) -> Promise;

    #[wasm_bindgen(method, catch)]
    pub(super) fn emit(this: &Host, name: &str, snapshot: JsValue, result: JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = tellTabs)]
    pub(super) fn tell_tabs(this: &Host, message: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method)]
    pub(super) fn pause(this: &Host) -> Promise;

    #[wasm_bindgen(method, catch)]
    pub(super) fn log(this: &Host, level: &str, title: &str, error: JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, js_name = isVisible)]
    pub(super) fn is_visible(this: &Host) -> bool;

    #[wasm_bindgen(method)]
    pub(super) fn activation(this: &Host) -> Option<Promise>;

    #[wasm_bindgen(method, catch, js_name = openTab)]
    pub(super) fn open_tab(this: &Host, href: &str) -> Result<bool, JsValue>;

    /// Waits for the lock this many milliseconds at most and holds it until `signal` is aborted; whether it
    /// is held.
    #[wasm_bindgen(method)]
    pub(super) fn lock(this: &Host, name: &str, wait_ms: u32, signal: &AbortSignal) -> Promise;

    /// Milliseconds since 1970, or NaN. The server is asked once per page, whichever client asks.
    #[wasm_bindgen(method, js_name = serverTime)]
    pub(super) fn server_time(this: &Host) -> Promise;
}
