//! Flat JSON objects (RFC 8259): reading and writing them.
//!
//! `platform` parses the text. Only the first level is read; a nested object is handed on as JSON text.

pub(crate) use crate::platform::{JsonObject, quote};

/// The largest whole number that every JSON parser represents exactly (RFC 8259 section 6).
const LARGEST: f64 = 9_007_199_254_740_991.0;

impl JsonObject {
    /// Returns a member as a whole number, without its fraction.
    ///
    /// A `NumericDate` may have a fraction (RFC 7519 section 2). A number that not every parser represents exactly
    /// counts as absent.
    pub(crate) fn i64(&self, name: &str) -> Option<i64> {
        let number = self.number(name)?;
        (-LARGEST..=LARGEST).contains(&number).then_some(number as i64)
    }
}

/// A writer of a flat JSON object.
#[derive(Debug, Default)]
pub struct ObjectWriter {
    text: String,
}

impl ObjectWriter {
    /// Creates an empty object.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a string.
    #[must_use]
    pub fn string(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        self.text.push_str(&quote(value));
        self
    }

    /// Adds a string if there is one.
    #[must_use]
    pub fn optional(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.string(name, value),
            None => self,
        }
    }

    /// Adds a boolean.
    #[must_use]
    pub fn bool(self, name: &str, value: bool) -> Self {
        self.raw(name, if value { "true" } else { "false" })
    }

    /// Adds a whole number.
    #[must_use]
    pub fn number(self, name: &str, value: i64) -> Self {
        self.raw(name, &value.to_string())
    }

    /// Adds an array of strings.
    #[must_use]
    pub fn strings(mut self, name: &str, values: &[String]) -> Self {
        self.name(name);
        self.text.push('[');
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.text.push_str(&quote(value));
        }
        self.text.push(']');
        self
    }

    /// Adds a value that is JSON text already.
    #[must_use]
    pub fn raw(mut self, name: &str, json: &str) -> Self {
        self.name(name);
        self.text.push_str(json);
        self
    }

    /// Returns the JSON text.
    pub fn finish(mut self) -> String {
        if self.text.is_empty() {
            self.text.push('{');
        }
        self.text.push('}');
        self.text
    }

    fn name(&mut self, name: &str) {
        self.text.push(if self.text.is_empty() { '{' } else { ',' });
        self.text.push_str(&quote(name));
        self.text.push(':');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_objects_are_parsed() {
        for text in ["", "null", "[]", "\"a\"", "1", "{", "{\"a\":1,}", "{}{}"] {
            assert!(JsonObject::parse(text).is_none(), "{text}");
        }
        assert!(JsonObject::parse(&"{\"a\":".repeat(100_000)).is_none());
    }

    #[test]
    fn members_have_their_type_or_are_absent() {
        let json = JsonObject::parse(r#" {"a":"1","b":true,"c":1,"d":null,"a":"2"} "#).unwrap();
        assert_eq!(json.str("a").as_deref(), Some("2"), "the last one counts, as in JSON.parse");
        assert_eq!((json.str("b"), json.str("c"), json.str("d"), json.str("e")), (None, None, None, None));
        assert_eq!((json.bool("b"), json.bool("a"), json.i64("c"), json.i64("b")), (Some(true), None, Some(1), None));
    }

    #[test]
    fn a_nested_object_is_returned_as_text() {
        let json = JsonObject::parse(r#"{"a":{"b": "c"},"d":[],"e":null,"f":"{}"}"#).unwrap();
        assert_eq!(json.object("a").as_deref(), Some(r#"{"b":"c"}"#));
        assert_eq!((json.object("d"), json.object("e"), json.object("f")), (None, None, None));
    }

    #[test]
    fn numbers_are_whole_or_absent() {
        let json = JsonObject::parse(r#"{"a":12.9,"b":1e3,"c":-4.5,"d":"5","e":99999999999999999999}"#).unwrap();
        assert_eq!(
            [json.i64("a"), json.i64("b"), json.i64("c"), json.i64("d"), json.i64("e")],
            [Some(12), Some(1000), Some(-4), None, None]
        );
    }

    proptest! {
        #[test]
        fn written_objects_read_back(name in ".*", value in ".*") {
            let text = ObjectWriter::new().string(&name, &value).strings("list", std::slice::from_ref(&value)).finish();
            let theirs: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(theirs["list"][0].as_str(), Some(value.as_str()));
            if name != "list" {
                let ours = JsonObject::parse(&text).unwrap();
                prop_assert_eq!(ours.str(&name), Some(value));
            }
        }
    }
}
