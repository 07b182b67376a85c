//! A bug in this module must not leave anybody waiting.

use std::cell::RefCell;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

thread_local! {
    static HANDLER: RefCell<Option<js_sys::Function>> = const { RefCell::new(None) };
}

/// Calls `handler` when the module panics. Promises of the call that panicked are never kept by
/// themselves, so the handler has to reject them.
#[wasm_bindgen(js_name = onPanic)]
pub fn on_panic(handler: js_sys::Function) {
    HANDLER.set(Some(handler));
    std::panic::set_hook(Box::new(|_| {
        HANDLER.with_borrow(|handler| {
            if let Some(handler) = handler {
                let _ = handler.call0(&JsValue::UNDEFINED);
            }
        });
    }));
}
