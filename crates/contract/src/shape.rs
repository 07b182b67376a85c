//! The shapes of tokens, cookies and addresses: names, types and closed sets of words, never a value.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use url::Url;

/// A word that an error code may be, or its length if it could be something else.
pub(crate) fn error_word(text: &str) -> String {
    let is_word = !text.is_empty() && text.len() <= 48 && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
    if is_word { text.to_owned() } else { format!("<{} characters>", text.chars().count()) }
}

/// A name of a parameter, claim or cookie, or its length if it could be something else.
pub(crate) fn name_word(text: &str) -> String {
    let is_name = !text.is_empty()
        && text.len() <= 40
        && text.bytes().filter(u8::is_ascii_digit).count() <= 2
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.:/".contains(&b));
    if is_name { text.to_owned() } else { format!("<{} characters>", text.chars().count()) }
}

/// Names in backquotes, separated by commas.
pub(crate) fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{}`", name_word(name))).collect();
    if quoted.is_empty() { "nothing".to_owned() } else { quoted.join(", ") }
}

/// The type of a JSON value in a word.
pub(crate) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "absent",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The parameters of an address, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(crate) fn of_url(url: &str) -> Option<Self> {
        Some(Self(Url::parse(url).ok()?.query_pairs().into_owned().collect()))
    }

    pub(crate) fn of_query(query: &str) -> Self {
        Self(url::form_urlencoded::parse(query.trim_start_matches('?').as_bytes()).into_owned().collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    pub(crate) fn has_duplicates(&self) -> bool {
        let names = self.names();
        names.iter().enumerate().any(|(index, name)| names.iter().skip(index + 1).any(|other| other == name))
    }

    /// The error parameters, with their values where those are words.
    pub(crate) fn errors(&self) -> String {
        let shown = |(name, value): &(String, String)| match name.as_str() {
            "error" | "errorCode" => Some(format!("`{name}={}`", error_word(value))),
            "error_description" | "errorId" => Some(format!("`{name}`")),
            _ => None,
        };
        let errors: Vec<String> = self.0.iter().filter_map(shown).collect();
        if errors.is_empty() { "no error".to_owned() } else { errors.join(", ") }
    }

    /// The path of an address. A segment that could be an id is replaced.
    pub(crate) fn path(url: &str) -> String {
        let Ok(url) = Url::parse(url) else { return "?".to_owned() };
        let segments = url.path_segments().into_iter().flatten().map(name_word);
        format!("/{}", segments.collect::<Vec<_>>().join("/").replace("<0 characters>", ""))
    }
}

/// A `Set-Cookie` header without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cookie {
    pub(crate) name: String,
    /// Names in lower case.
    attributes: BTreeMap<String, String>,
    is_removal: bool,
}

impl Cookie {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (name, value) = parts.next()?.split_once('=')?;
        let split = |part: &str| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (name.trim().to_ascii_lowercase(), value.trim().to_owned())
        };
        let attributes: BTreeMap<_, _> = parts.map(split).collect();
        let is_removal = value.is_empty() || attributes.get("max-age").is_some_and(|age| age == "0");
        Some(Self { name: name.to_owned(), attributes, is_removal })
    }

    pub(crate) fn is_set(&self) -> bool {
        !self.is_removal
    }

    pub(crate) fn has(&self, attribute: &str) -> bool {
        self.attributes.contains_key(attribute)
    }

    pub(crate) fn get(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).map(String::as_str)
    }

    /// In seconds.
    pub(crate) fn max_age(&self) -> Option<u64> {
        self.get("max-age")?.parse().ok()
    }

    /// For instance `` `user`: Domain, Max-Age, Path=/, SameSite=Strict, Secure ``.
    pub(crate) fn shape(&self) -> String {
        let word = |name: &String, value: &String| match name.as_str() {
            "httponly" => Some("HttpOnly".to_owned()),
            "secure" => Some("Secure".to_owned()),
            "partitioned" => Some("Partitioned".to_owned()),
            "samesite" => Some(format!("SameSite={}", error_word(value))),
            "path" => Some(format!("Path={}", if value == "/" { "/" } else { "<path>" })),
            "domain" => Some("Domain".to_owned()),
            "max-age" => {
                Some(format!("Max-Age={}", value.parse::<u64>().map_or("?".to_owned(), |age| age.to_string())))
            }
            "expires" => Some("Expires".to_owned()),
            _ => None,
        };
        let words: Vec<String> = self.attributes.iter().filter_map(|(name, value)| word(name, value)).collect();
        format!("`{}`: {}", name_word(&self.name), words.join(", "))
    }
}

/// An identity or access token, without a check of its signature.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) form: TokenForm,
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    /// Whether there is a third part with bytes in it.
    pub(crate) is_signed: bool,
}

/// How claims are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenForm {
    Jwt,
    Json,
}

impl Token {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Ok(Value::Object(claims)) = serde_json::from_str(text) {
            return Some(Self { form: TokenForm::Json, header: Map::new(), claims, is_signed: false });
        }
        let segment = |text: &str| -> Option<Map<String, Value>> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?).ok()
        };
        let parts: Vec<&str> = text.split('.').collect();
        let claims = segment(parts.get(1)?)?;
        let header = parts.first().and_then(|text| segment(text)).unwrap_or_default();
        Some(Self {
            form: TokenForm::Jwt,
            header,
            claims,
            is_signed: parts.get(2).is_some_and(|text| !text.is_empty()),
        })
    }

    pub(crate) fn claim(&self, name: &str) -> &Value {
        self.claims.get(name).unwrap_or(&Value::Null)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.claim(name).as_str()
    }

    pub(crate) fn seconds(&self, name: &str) -> Option<i64> {
        self.claim(name).as_i64()
    }

    /// For instance ``a JWT with header and signature; claims `aud`, `iss` ``.
    pub(crate) fn shape(&self) -> String {
        let form = match self.form {
            TokenForm::Json => "claims as JSON".to_owned(),
            TokenForm::Jwt => {
                let header = if self.header.is_empty() { "without a header" } else { "with a header" };
                let signature = if self.is_signed { "with a signature" } else { "without a signature" };
                format!("a JWT {header} and {signature}")
            }
        };
        let mut claims: Vec<&str> = self.claims.keys().map(String::as_str).collect();
        claims.sort_unstable();
        format!("{form}; claims {}", names(claims))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_names_are_shown_and_everything_else_is_counted() {
        assert_eq!(error_word("access_denied"), "access_denied");
        assert_eq!(error_word("user_1"), "<6 characters>");
        assert_eq!(name_word("x5t"), "x5t");
        assert_eq!(name_word("ada@example.com"), "<15 characters>");
        assert_eq!(name_word("uiaq1Qjcf77"), "<11 characters>");
    }

    #[test]
    fn an_address_shows_names_and_its_path_without_ids() {
        let parameters = Parameters::of_url("https://p/?nonce=abc&iss=x&access_token=eyJ.secret.z").unwrap();
        assert_eq!(names(parameters.names()), "`nonce`, `iss`, `access_token`");
        assert_eq!(parameters.errors(), "no error");
        assert_eq!(
            Parameters::path("https://l/api/authentication/a1b2c3d4e5/x?code=1"),
            "/api/authentication/<10 characters>/x"
        );
        assert!(Parameters::of_query("a=1&b=2&a=3").has_duplicates());
    }

    #[test]
    fn a_cookie_shows_its_attributes_and_not_its_value() {
        let cookie =
            Cookie::parse("user=secret; Domain=shop.test; Max-Age=60; secure; SameSite=Strict; Path=/").unwrap();
        assert_eq!(cookie.shape(), "`user`: Domain, Max-Age=60, Path=/, SameSite=Strict, Secure");
        assert!(cookie.is_set() && !cookie.has("httponly"));
        assert!(!Cookie::parse("user=; Max-Age=0").unwrap().is_set());
    }

    #[test]
    fn identities_are_read_as_json_and_as_lean_jwts() {
        let json = Token::parse(r#"{"sub":"u","iss":"i"}"#).unwrap();
        assert_eq!(json.shape(), "claims as JSON; claims `iss`, `sub`");
        let lean = format!(".{}.", URL_SAFE_NO_PAD.encode(r#"{"sub":"u"}"#));
        assert_eq!(
            Token::parse(&lean).unwrap().shape(),
            "a JWT without a header and without a signature; claims `sub`"
        );
        assert!(Token::parse("opaque").is_none());
    }
}
