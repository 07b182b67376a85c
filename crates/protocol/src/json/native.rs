//! JSON by the crate `serde_json`.

use serde_json::{Map, Value};

/// A JSON object that somebody else has written.
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

    /// A member that is an object, as JSON text.
    pub(crate) fn object(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|value| value.is_object()).map(Value::to_string)
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.as_f64()
    }
}

/// A text as a JSON string, in quotes.
pub(super) fn quote(text: &str) -> String {
    Value::from(text).to_string()
}
