//! URLs and JSON by the browser's own parsers.

use js_sys::{Array, JSON, Object, Reflect, decode_uri_component};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Url, UrlSearchParams};

/// Parses a URL, relative to `base` if there is one, and returns it normalised.
pub(crate) fn href(text: &str, base: Option<&str>) -> Option<String> {
    let url = match base {
        Some(base) => Url::new_with_base(text, base),
        None => Url::new(text),
    };
    Some(url.ok()?.href())
}

/// The parameters of a query (`application/x-www-form-urlencoded`).
pub(crate) struct Query(Option<UrlSearchParams>);

impl Query {
    pub(crate) fn parse(query: &str) -> Self {
        // The constructor removes one leading question mark; a second one belongs to the first name.
        Self(UrlSearchParams::new_with_str(&["?", query].concat()).ok())
    }

    /// Returns the values of a name, compared after decoding.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        let values = self.0.as_ref().map(|query| query.get_all(name).to_vec()).unwrap_or_default();
        values.iter().filter_map(JsValue::as_string).collect()
    }
}

/// Encodes pairs as a query (`application/x-www-form-urlencoded`).
pub(crate) fn query_of(pairs: &[(&str, &str)]) -> String {
    let Ok(query) = UrlSearchParams::new() else { return String::new() };
    for (name, value) in pairs {
        query.append(name, value);
    }
    query.to_string().into()
}

/// Reverses `encodeURIComponent`. Returns `None` for text that is not validly encoded.
pub(crate) fn decode(text: &str) -> Option<String> {
    decode_uri_component(text).ok().map(String::from)
}

/// A parsed JSON object.
#[derive(Debug)]
pub(crate) struct JsonObject(JsValue);

impl JsonObject {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let value = JSON::parse(text).ok()?;
        if !value.is_object() || Array::is_array(&value) {
            return None;
        }
        // A page may have added members to Object.prototype.
        let _ = Reflect::set_prototype_of(value.unchecked_ref::<Object>(), &JsValue::NULL);
        Some(Self(value))
    }

    pub(crate) fn str(&self, name: &str) -> Option<String> {
        self.get(name)?.as_string()
    }

    pub(crate) fn bool(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    /// Returns a member that is an object, as JSON text.
    pub(crate) fn object(&self, name: &str) -> Option<String> {
        self.nested(name, "{")
    }

    /// Returns a member that is a list, as JSON text without white space.
    pub(crate) fn list(&self, name: &str) -> Option<String> {
        self.nested(name, "[")
    }

    fn nested(&self, name: &str, start: &str) -> Option<String> {
        let value = self.get(name).filter(JsValue::is_object)?;
        JSON::stringify(&value).ok().map(String::from).filter(|text| text.starts_with(start))
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.get(name)?.as_f64()
    }

    fn get(&self, name: &str) -> Option<JsValue> {
        Reflect::get(&self.0, &name.into()).ok()
    }
}

/// Encodes text as a JSON string.
pub(crate) fn quote(text: &str) -> String {
    JSON::stringify(&text.into()).map(String::from).unwrap_or_default()
}
