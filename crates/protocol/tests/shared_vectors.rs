//! The vectors that JavaScript reads too: `tests/vectors/README.md` describes their form.
//!
//! `tests/browser` includes this file, so that the vectors also hold with the browser's URL and JSON parsers.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use authress_login_protocol::{
    base64url, callback_url,
    clock::ClockReading,
    jwt::UnverifiedClaims,
    page::Page,
    session::{cookies::Cookies, record::STORAGE_KEY, stored::StoredSession},
    settings::Settings,
};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn a_callback_url_is_recognised_and_cleaned() {
    let settings = Settings::new("https://login.shop.test", None).unwrap();
    let rows: Vec<Value> = serde_json::from_str(include_str!("../../../tests/vectors/callback-url.json")).unwrap();
    for row in &rows {
        let href = row["href"].as_str().unwrap();
        assert_eq!(callback_url::is_callback(href), row["isCallback"], "{row}");
        let cleaned = callback_url::without_stray_callback(&settings, href);
        assert_eq!(cleaned.as_deref(), row["withoutStrayCallback"].as_str(), "{row}");
        assert!(cleaned.is_none() || row["isCallback"] == true, "JavaScript must leave it to the core: {row}");
    }
}

#[test]
fn cookies_of_a_page_reach_authress_as_the_vectors_say() {
    let rows: Vec<Value> = serde_json::from_str(include_str!("../../../tests/vectors/reachable-cookies.json")).unwrap();
    for row in &rows {
        let text = |name: &str| row[name].as_str().unwrap();
        let settings = Settings::new(text("authressApiUrl"), None).unwrap();
        let reaches = Page::new(text("page")).unwrap().allows_credentials(&settings);
        assert_eq!(reaches, row["reaches"].as_bool().unwrap(), "{row}");
        assert!(!reaches || text("fast") == "checking", "JavaScript must leave it to the core: {row}");
    }
}

/// The file `stored-session.json`.
struct Vectors(Value);

impl Vectors {
    /// Returns a member of a row, or its default.
    fn member<'a>(&'a self, row: &'a Value, name: &str) -> &'a Value {
        row.get(name).unwrap_or(&self.0["defaults"][name])
    }

    /// Replaces the names of tokens by the tokens.
    fn with_tokens(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, claims) in self.0["tokens"].as_object().unwrap() {
            let token = format!("e30.{}.sig", base64url::encode(claims.to_string().as_bytes()));
            text = text.replace(&format!("${{{name}}}"), &token);
        }
        text
    }

    /// Returns the core's result for a row.
    fn result(&self, row: &Value) -> Value {
        let text = |name| self.member(row, name).as_str().unwrap();
        let settings = Settings::new(text("authressApiUrl"), Some(text("applicationId"))).unwrap();
        let now = ClockReading { device_ms: self.member(row, "nowMs").as_i64().unwrap(), skew_ms: 0 };
        let record = self.member(row, "localStorage").get(STORAGE_KEY);
        let record = record.map(|record| record.as_str().map_or_else(|| record.to_string(), str::to_owned));
        let record = record.map(|record| self.with_tokens(&record));
        let session = StoredSession::new(record.as_deref(), Cookies::new(self.with_tokens(text("cookie"))));
        let Some(found) = session.session(&settings, now) else { return Value::Null };
        let token = session.access_token(&settings, found.user_id());
        json!({
            "userId": found.user_id(),
            "token": token.as_ref().map(|token| token.expose()),
            "exp": exp(&found.identity),
            "isAnonymous": found.is_anonymous,
            "sessionOrigin": found.origin.as_str(),
        })
    }
}

/// Returns the `exp` that applications get: when to stop using the identity, or the claim itself.
fn exp(identity: &UnverifiedClaims) -> Value {
    let claims: Value = serde_json::from_str(identity.text()).unwrap();
    identity.usable_until().map_or_else(|| claims["exp"].clone(), Value::from)
}

#[test]
fn a_stored_session_is_read_as_the_vectors_say() {
    let file = include_str!("../../../tests/vectors/stored-session.json");
    let vectors = Vectors(serde_json::from_str(file).unwrap());
    for row in vectors.0["rows"].as_array().unwrap() {
        let expected: Value = serde_json::from_str(&vectors.with_tokens(&row["expected"].to_string())).unwrap();
        assert_eq!(vectors.result(row), expected, "{}", row["name"]);
    }
}

#[test]
fn a_request_may_carry_the_token_as_the_vectors_say() {
    let rows: Vec<Value> = serde_json::from_str(include_str!("../../../tests/vectors/token-origins.json")).unwrap();
    for row in &rows {
        let text = |name| row[name].as_str().unwrap_or_default();
        let settings = Settings::new("https://login.shop.test", None).unwrap();
        let settings = settings.with_token_origins(text("tokenOrigins")).unwrap();
        let page = Page::new(text("page")).unwrap();
        assert_eq!(Some(page.may_send_token_to(text("url"), &settings)), row["allowed"].as_bool(), "{row}");
    }
}
