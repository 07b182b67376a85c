//! Waiting.

use js_sys::Promise;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(handler: &js_sys::Function, milliseconds: i32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(handle: &JsValue);
}

/// The longest time a browser's timer can be set to, in milliseconds: about 24.8 days.
pub const LONGEST_MS: i32 = i32::MAX;

/// A promise that is kept after a time, unless dropped before.
#[derive(Debug)]
pub struct Timer {
    promise: Promise,
    handle: JsValue,
}

impl Timer {
    /// Starts a timer.
    pub fn start(milliseconds: i32) -> Self {
        let mut handle = JsValue::UNDEFINED;
        let promise = Promise::new(&mut |resolve, _| handle = set_timeout(&resolve, milliseconds));
        Self { promise: promise.unchecked_into(), handle }
    }

    /// The promise that the timer keeps, with the value `undefined`.
    pub fn promise(&self) -> &Promise {
        &self.promise
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.handle);
    }
}

/// Waits this many milliseconds, or as long as a timer can.
pub async fn sleep(milliseconds: u32) {
    let timer = Timer::start(i32::try_from(milliseconds).unwrap_or(LONGEST_MS));
    let _ = JsFuture::from(timer.promise().clone()).await;
}
