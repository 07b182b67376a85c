//! A small JSON reader and object writer (RFC 8259).
//!
//! Numbers stay text, so that neither float parsing nor float printing reaches the WebAssembly
//! module: that and its error messages are what makes general JSON libraries expensive there.
//! Servers use a full library; a property test holds this reader against it.

use crate::text;

/// How deeply arrays and objects may nest. Claims and answers of the protocol stay below ten.
const MAX_DEPTH: u8 = 32;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number in its original spelling.
    Number(String),
    /// A string, unescaped.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object, its members in their original order, duplicates included.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads one JSON text; `None` if it is not well-formed or nests too deeply.
    pub fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { rest: text.as_bytes(), text };
        let value = reader.value(0)?;
        reader.skip_white_space();
        reader.rest.is_empty().then_some(value)
    }

    /// The member of an object; the last one where a name is doubled, as `JSON.parse` has it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The member of an object as text, if it is a string.
    pub fn str(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Self::String(value)) => Some(value),
            _ => None,
        }
    }

    /// The member of an object as a whole number; a fraction is cut off.
    ///
    /// `NumericDate` claims may carry fractions (RFC 7519 section 2). A number in exponent form or
    /// beyond 64 bits is treated as absent.
    pub fn i64(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Self::Number(number)) => match text::split_once(number, b'.') {
                Some((whole, fraction)) if fraction.bytes().all(|digit| digit.is_ascii_digit()) => whole.parse().ok(),
                Some(_) => None,
                None => number.parse().ok(),
            },
            _ => None,
        }
    }

    /// The member of an object as a truth value, if it is one.
    pub fn bool(&self, name: &str) -> Option<bool> {
        match self.get(name) {
            Some(Self::Bool(value)) => Some(*value),
            _ => None,
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    text: &'a str,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn take(&mut self, literal: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(literal)?;
        Some(())
    }

    fn skip_white_space(&mut self) {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    fn position(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    fn value(&mut self, depth: u8) -> Option<Json> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.skip_white_space();
        match self.rest.first()? {
            b'n' => self.take(b"null").map(|()| Json::Null),
            b't' => self.take(b"true").map(|()| Json::Bool(true)),
            b'f' => self.take(b"false").map(|()| Json::Bool(false)),
            b'"' => self.string().map(Json::String),
            b'[' => self.array(depth),
            b'{' => self.object(depth),
            _ => self.number(),
        }
    }

    fn array(&mut self, depth: u8) -> Option<Json> {
        self.take(b"[")?;
        let mut items = Vec::new();
        self.skip_white_space();
        if self.take(b"]").is_some() {
            return Some(Json::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.skip_white_space();
            match self.next()? {
                b',' => {}
                b']' => return Some(Json::Array(items)),
                _ => return None,
            }
        }
    }

    fn object(&mut self, depth: u8) -> Option<Json> {
        self.take(b"{")?;
        let mut members = Vec::new();
        self.skip_white_space();
        if self.take(b"}").is_some() {
            return Some(Json::Object(members));
        }
        loop {
            self.skip_white_space();
            let name = self.string()?;
            self.skip_white_space();
            self.take(b":")?;
            members.push((name, self.value(depth + 1)?));
            self.skip_white_space();
            match self.next()? {
                b',' => {}
                b'}' => return Some(Json::Object(members)),
                _ => return None,
            }
        }
    }

    fn digits(&mut self) -> Option<()> {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.rest = self.rest.get(count..)?;
        (count > 0).then_some(())
    }

    fn number(&mut self) -> Option<Json> {
        let start = self.position();
        let _minus = self.take(b"-");
        if self.take(b"0").is_none() {
            self.digits()?;
        }
        if self.take(b".").is_some() {
            self.digits()?;
        }
        if let [b'e' | b'E', rest @ ..] = self.rest {
            self.rest = rest;
            if let [b'+' | b'-', rest @ ..] = self.rest {
                self.rest = rest;
            }
            self.digits()?;
        }
        Some(Json::Number(self.text.get(start..self.position())?.to_owned()))
    }

    fn string(&mut self) -> Option<String> {
        self.take(b"\"")?;
        let mut value = String::new();
        loop {
            let start = self.position();
            let plain = self.rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)).count();
            self.rest = self.rest.get(plain..)?;
            value.push_str(self.text.get(start..start + plain)?);
            match self.next()? {
                b'"' => return Some(value),
                b'\\' => value.push(self.escape()?),
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        Some(match self.next()? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.hex4()?;
                if (0xd800..0xdc00).contains(&unit) {
                    self.take(b"\\u")?;
                    let low = self.hex4()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                    return char::from_u32(0x10000 + ((unit - 0xd800) << 10) + low);
                }
                char::from_u32(unit)?
            }
            _ => return None,
        })
    }

    fn hex4(&mut self) -> Option<u32> {
        let mut value = 0;
        for _ in 0..4 {
            value = value * 16 + char::from(self.next()?).to_digit(16)?;
        }
        Some(value)
    }
}

/// Writes a flat JSON object member by member.
#[derive(Debug, Default)]
pub struct ObjectWriter {
    text: String,
}

impl ObjectWriter {
    /// An empty object.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a string member.
    #[must_use]
    pub fn string(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        write_string(&mut self.text, value);
        self
    }

    /// Adds a string member if there is a value; absent members do not appear at all.
    #[must_use]
    pub fn optional(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.string(name, value),
            None => self,
        }
    }

    /// Adds a truth value.
    #[must_use]
    pub fn bool(self, name: &str, value: bool) -> Self {
        self.raw(name, if value { "true" } else { "false" })
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
            write_string(&mut self.text, value);
        }
        self.text.push(']');
        self
    }

    /// Adds a member whose value already is JSON text.
    #[must_use]
    pub fn raw(mut self, name: &str, json: &str) -> Self {
        self.name(name);
        self.text.push_str(json);
        self
    }

    /// The JSON text.
    pub fn finish(mut self) -> String {
        if self.text.is_empty() {
            self.text.push('{');
        }
        self.text.push('}');
        self.text
    }

    fn name(&mut self, name: &str) {
        self.text.push(if self.text.is_empty() { '{' } else { ',' });
        write_string(&mut self.text, name);
        self.text.push(':');
    }
}

fn write_string(text: &mut String, value: &str) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\0'..='\x1f' => {
                text.push_str("\\u00");
                let code = character as usize;
                text.extend([HEX.get(code >> 4), HEX.get(code & 15)].into_iter().flatten());
            }
            _ => text.push(character),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn same(ours: &Json, theirs: &serde_json::Value) -> bool {
        match (ours, theirs) {
            (Json::Null, serde_json::Value::Null) => true,
            (Json::Bool(a), serde_json::Value::Bool(b)) => a == b,
            (Json::Number(a), serde_json::Value::Number(b)) => a.parse::<f64>().ok() == b.as_f64(),
            (Json::String(a), serde_json::Value::String(b)) => a == b,
            (Json::Array(a), serde_json::Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            (Json::Object(_), serde_json::Value::Object(b)) => {
                b.iter().all(|(name, b)| ours.get(name).is_some_and(|a| same(a, b)))
            }
            _ => false,
        }
    }

    fn agrees(text: &str) {
        match (Json::parse(text), serde_json::from_str::<serde_json::Value>(text)) {
            (Some(ours), Ok(theirs)) => assert!(same(&ours, &theirs), "{text}"),
            (None, Err(_)) => {}
            // The full library refuses numbers beyond its floats; ours keeps their spelling.
            (Some(_), Err(error)) if error.to_string().contains("out of range") => {}
            (ours, theirs) => panic!("{text}: {ours:?} against {theirs:?}"),
        }
    }

    #[test]
    fn reads_what_the_full_library_reads() {
        for text in [
            "{}",
            "[]",
            " [1, -2.5e3, 0, -0, 01, 1., .5, +1]",
            "[1,]",
            "{\"a\":1,}",
            "nul",
            "\"\\ud83d\\ude00\"",
            "\"\\ud83d\"",
            "\"\\udc00\"",
            "\"\u{1}\"",
            "\"\\x\"",
            "{\"a\":{\"b\":[true,false,null]}}",
            "1 2",
            "",
            "\"é\"",
            "-",
            "1e",
            "1e+5",
            "\"open",
        ] {
            agrees(text);
        }
    }

    #[test]
    fn deep_nesting_is_refused_without_overflowing_the_stack() {
        assert_eq!(Json::parse(&"[".repeat(100_000)), None);
    }

    #[test]
    fn numbers_are_whole_or_absent() {
        let json = Json::parse(r#"{"a":12.9,"b":1e3,"c":-4,"d":"5","e":99999999999999999999}"#).unwrap();
        assert_eq!(
            [json.i64("a"), json.i64("b"), json.i64("c"), json.i64("d"), json.i64("e")],
            [Some(12), None, Some(-4), None, None]
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_the_full_library_reads_it(text in r#"[\[\]{},:"\\u0-9eE.tfn\-+a ]{0,24}"#) {
            agrees(&text);
        }

        #[test]
        fn what_is_written_reads_back(name in ".*", value in ".*") {
            let text = ObjectWriter::new().string(&name, &value).strings("list", std::slice::from_ref(&value)).finish();
            let theirs: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(theirs["list"][0].as_str(), Some(value.as_str()));
            if name != "list" {
                let ours = Json::parse(&text).unwrap();
                prop_assert_eq!(ours.str(&name), Some(value.as_str()));
            }
        }
    }
}
