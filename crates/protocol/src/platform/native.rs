//! URLs and JSON by the crates `url`, `percent-encoding` and `serde_json`.

use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

/// Parses a URL, relative to `base` if there is one, and returns it normalised.
pub(crate) fn href(text: &str, base: Option<&str>) -> Option<String> {
    let base = base.map(Url::parse).transpose().ok()?;
    Url::options().base_url(base.as_ref()).parse(text).ok().map(String::from)
}

/// The parameters of a query (`application/x-www-form-urlencoded`).
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// Returns the values of a name, compared after decoding.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }
}

/// Encodes pairs as a query (`application/x-www-form-urlencoded`).
pub(crate) fn query_of(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Reverses `encodeURIComponent`. Returns `None` for text that is not validly encoded.
pub(crate) fn decode(text: &str) -> Option<String> {
    percent_encoding::percent_decode_str(text).decode_utf8().ok().map(String::from)
}

/// A parsed JSON object.
#[derive(Debug)]
pub(crate) struct JsonObject(Map<String, Value>);

impl JsonObject {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }

    pub(crate) fn str(&self, name: &str) -> Option<String> {
        self.0.get(name)?.as_str().map(str::to_owned)
    }

    pub(crate) fn bool(&self, name: &str) -> Option<bool> {
        self.0.get(name)?.as_bool()
    }

    /// Returns a member that is an object, as JSON text.
    pub(crate) fn object(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|value| value.is_object()).map(Value::to_string)
    }

    /// Returns a member that is a list, as JSON text without white space.
    pub(crate) fn list(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|value| value.is_array()).map(Value::to_string)
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.as_f64()
    }
}

/// Encodes text as a JSON string.
pub(crate) fn quote(text: &str) -> String {
    Value::from(text).to_string()
}
