//! JSON by the browser.

use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// A JSON object that somebody else has written.
#[derive(Debug)]
pub(crate) struct JsonObject(JsValue);

impl JsonObject {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let value = JSON::parse(text).ok()?;
        if !value.is_object() || Array::is_array(&value) {
            return None;
        }
        // What a page adds to all objects was not written here.
        let _ = Reflect::set_prototype_of(value.unchecked_ref::<Object>(), &JsValue::NULL);
        Some(Self(value))
    }

    pub(crate) fn str(&self, name: &str) -> Option<String> {
        self.get(name)?.as_string()
    }

    pub(crate) fn bool(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    /// A member that is an object, as JSON text.
    pub(crate) fn object(&self, name: &str) -> Option<String> {
        let value = self.get(name).filter(JsValue::is_object)?;
        JSON::stringify(&value).ok().map(String::from).filter(|text| text.starts_with('{'))
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.get(name)?.as_f64()
    }

    fn get(&self, name: &str) -> Option<JsValue> {
        Reflect::get(&self.0, &name.into()).ok()
    }
}

/// A text as a JSON string, in quotes.
pub(super) fn quote(text: &str) -> String {
    JSON::stringify(&text.into()).map(String::from).unwrap_or_default()
}
