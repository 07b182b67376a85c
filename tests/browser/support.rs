//! What the tests share.

use authress_login_protocol::base64url;
use authress_login_wasm::{Host, browser::Browser};
use js_sys::{Function, Reflect};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/pkg/src/host.js")]
extern "C" {
    #[wasm_bindgen(js_name = makeHost)]
    fn make_host(logger: &JsValue, to_error: &Function) -> Host;
}

/// The host of a client without loggers.
pub(crate) fn host() -> Host {
    make_host(&js_sys::Array::new(), &Function::new_with_args("error", "return error"))
}

/// The page.
pub(crate) fn browser() -> Browser {
    Browser::new(host(), None)
}

/// Runs `body` as a JavaScript function.
pub(crate) fn js(body: &str) -> JsValue {
    Function::new_no_args(body).call0(&JsValue::UNDEFINED).unwrap()
}

/// The code of a thrown error.
pub(crate) fn code(error: &JsValue) -> String {
    Reflect::get(error, &"code".into()).unwrap().as_string().unwrap()
}

/// A token with these claims and no valid signature.
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
