//! What the classes in JavaScript do for the module: they have the application's listeners and loggers.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// What `makeHost` of `pkg/src/host.js` returns.
    #[derive(Debug)]
    pub type Host;

    /// Emits an event to the application's listeners. Without a snapshot the state is what it was; otherwise `record` is
    /// the stored one that it shows.
    #[wasm_bindgen(method, catch)]
    pub(super) fn emit(
        this: &Host,
        event: &str,
        snapshot: JsValue,
        result: JsValue,
        record: Option<&str>,
    ) -> Result<(), JsValue>;

    /// Logs a title, and the code of an error that [`crate::error::to_js`] has described.
    #[wasm_bindgen(method, catch)]
    pub(super) fn log(this: &Host, level: &str, title: &str, error: JsValue) -> Result<(), JsValue>;
}
