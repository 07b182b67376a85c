//! The page's global object and its document.
//!
//! Other files reach both through this one, because pages replace and hide what web-sys relies on.

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use web_sys::Window;

#[wasm_bindgen]
extern "C" {
    // js-sys has no `Reflect.get` with a receiver.
    #[wasm_bindgen(js_namespace = Reflect, js_name = get, catch)]
    fn get_with_receiver(target: &JsValue, name: &JsValue, receiver: &JsValue) -> Result<JsValue, JsValue>;
}

/// The global object. `web_sys::window()` asks whether it is an instance of `Window`, a class that a page may have
/// replaced and that belongs to another realm in test environments.
pub(super) fn window() -> Window {
    js_sys::global().unchecked_into()
}

/// A property of the document; undefined where there is no document or the browser refuses the property.
///
/// An element with a name hides the property of that name (`<form name="cookie">`), but not what the document's
/// prototypes have. <https://html.spec.whatwg.org/multipage/dom.html#dom-document-nameditem>
pub(super) fn document_property(name: &str) -> JsValue {
    let Some(document) = window().document() else { return JsValue::UNDEFINED };
    let name = JsValue::from(name);
    let value = Reflect::get(&document, &name).unwrap_or_default();
    if !is_object(&value) {
        return value;
    }
    let behind = Reflect::get_prototype_of(&document);
    behind.and_then(|prototype| get_with_receiver(&prototype, &name, &document)).unwrap_or_default()
}

/// Assigns to a property of the document. A browser that refuses ignores it.
pub(super) fn set_document_property(name: &str, value: &str) {
    let Some(document) = window().document() else { return };
    let name = JsValue::from(name);
    let is_hidden = Reflect::get(&document, &name).is_ok_and(|value| is_object(&value));
    // Where no element hides it, the document's own property counts, which the page may have replaced.
    let owner =
        if is_hidden { Reflect::get_prototype_of(&document).unwrap_or_default() } else { document.clone().into() };
    let _ = Reflect::set_with_receiver(&owner, &name, &value.into(), &document);
}

/// Whether it is an object or function, of whatever realm. Some elements are functions (`<object>`, `<embed>`).
fn is_object(value: &JsValue) -> bool {
    value.is_object() || value.is_function()
}
