//! Unguessable bytes.

use super::window::window;
use wasm_bindgen::JsValue;

/// Fills `bytes` by `crypto.getRandomValues`.
pub fn fill(bytes: &mut [u8]) -> Result<(), JsValue> {
    window().crypto()?.get_random_values_with_u8_array(bytes).map(|_| ())
}
