//! Giving up what is under way.

use wasm_bindgen::JsValue;
use web_sys::{AbortController, AbortSignal};

/// Gives up what it is the signal of when dropped.
#[derive(Debug)]
pub(super) struct Abort(AbortController);

impl Abort {
    /// Nothing is given up yet.
    pub(super) fn new() -> Result<Self, JsValue> {
        AbortController::new().map(Self)
    }

    /// What tells others that it is given up.
    pub(super) fn signal(&self) -> AbortSignal {
        self.0.signal()
    }
}

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}
