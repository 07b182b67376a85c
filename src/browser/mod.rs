//! One thin port for each browser API. A port carries out; it decides nothing.

pub mod address;
pub mod authenticator;
pub mod clock;
pub mod cookies;
pub mod lock;
pub mod logger;
pub mod random;
pub mod request;
pub mod storage;
pub mod timer;

mod ports;

pub use ports::{Browser, Host};

use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use web_sys::EventTarget;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = EventTarget)]
    type Listening;

    #[wasm_bindgen(method, js_name = addEventListener)]
    fn listen(this: &Listening, name: &str, listener: &js_sys::Function, options: &JsValue);
}

/// The window of the page; absent outside of a page's main thread.
fn window() -> Option<web_sys::Window> {
    web_sys::window()
}

/// A promise that is kept when `target` dispatches the event next.
pub(crate) fn event(target: &EventTarget, name: &str) -> Promise {
    let once = crate::value::object([("once", JsValue::TRUE)]);
    let target: &Listening = wasm_bindgen::JsCast::unchecked_ref(target);
    Promise::new(&mut |resolve, _| target.listen(name, &resolve, &once))
}
