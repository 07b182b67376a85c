//! What the tests share.

use authress_login_protocol::base64url;
use authress_login_wasm::Host;
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use web_sys::AbortSignal;

#[wasm_bindgen(module = "/pkg/locks.js")]
extern "C" {
    fn lock(name: &str, signal: AbortSignal) -> Promise;
}

#[wasm_bindgen(module = "/pkg/server-time.js")]
extern "C" {
    #[wasm_bindgen(js_name = serverTime)]
    fn server_time(signal: AbortSignal) -> Promise;
}

/// What the classes in JavaScript do for the module.
pub(crate) fn host() -> Host {
    let host = js("return { emit() {}, tellTabs() {}, async pause() {} }");
    let lock = Closure::<dyn Fn(String, AbortSignal) -> Promise>::new(|name: String, signal| lock(&name, signal));
    let server_time = Closure::<dyn Fn(AbortSignal) -> Promise>::new(server_time);
    Reflect::set(&host, &"lock".into(), &lock.into_js_value()).unwrap();
    Reflect::set(&host, &"serverTime".into(), &server_time.into_js_value()).unwrap();
    host.unchecked_into()
}

/// Runs `body` as a JavaScript function.
pub(crate) fn js(body: &str) -> JsValue {
    Function::new_no_args(body).call0(&JsValue::UNDEFINED).unwrap()
}

/// The `code` of a thrown error, which must be a genuine `Error`.
pub(crate) fn code(error: &JsValue) -> String {
    assert!(error.is_instance_of_error(), "{error:?} is no Error");
    Reflect::get(error, &"code".into()).unwrap().as_string().unwrap()
}

/// A token with these claims, signed by nobody.
pub(crate) fn token(claims: &str) -> String {
    format!("e30.{}.signature", base64url::encode(claims.as_bytes()))
}

/// Makes the browser refuse `localStorage`, as it does where site data is blocked.
pub(crate) struct RefusedStorage;

impl RefusedStorage {
    pub(crate) fn new() -> Self {
        js("
            window.kept = Object.getOwnPropertyDescriptor(window, 'localStorage');
            const refuse = () => { throw new DOMException('refused', 'SecurityError'); };
            // WebKit keeps to what compiled code has found there before, unless it is gone meanwhile.
            delete window.localStorage;
            Object.defineProperty(window, 'localStorage', { configurable: true, get: refuse });
        ");
        Self
    }
}

impl Drop for RefusedStorage {
    fn drop(&mut self) {
        js("Object.defineProperty(window, 'localStorage', window.kept);");
    }
}

trait IsError {
    fn is_instance_of_error(&self) -> bool;
}

impl IsError for JsValue {
    fn is_instance_of_error(&self) -> bool {
        use wasm_bindgen::JsCast;
        self.has_type::<js_sys::Error>()
    }
}
