//! The browser's URL parser against the crate that stands for it in native tests.

use authress_login_protocol::{
    callback_url::{self, CallbackParameters},
    session::cookies,
    web_url::WebUrl,
};
use url::{Url, form_urlencoded};
use wasm_bindgen_test::wasm_bindgen_test;

// No spaces within hosts: Chromium takes them, which the standard does not.
const TEXTS: &[&str] = &[
    "https://login.shop.test",
    "HTTPS://Login.Shop.test:443/a/../b?x=1#y",
    "https://login.shop.test:8443/%7Ea b",
    "http://127.1/",
    "http://0x7f.0.0.1",
    "http://[::1]:3000/x",
    "https://user:p@shop.test/",
    "https://shop.test@evil.test/",
    "https://shop.test\\@evil.test/",
    "https:shop.test",
    "https:///shop.test",
    "  https://shop.test\n/x ",
    "https://shop.test%2eevil.test",
    "https://xn--bcher-kva.test/",
    "https://shop.test:99999",
    "https://",
    "javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/plain,x",
    "blob:https://shop.test/1",
    "file:///etc",
    "app://shop/x",
    "//shop.test",
    "/path",
    "",
];

#[wasm_bindgen_test]
fn both_parsers_read_the_same() {
    for text in TEXTS {
        let (browser, native) = (WebUrl::parse(text), Url::parse(text).ok());
        assert_eq!(browser.as_ref().map(WebUrl::as_str), native.as_ref().map(Url::as_str), "{text:?}");
        let (Some(browser), Some(native)) = (browser, native) else { continue };
        assert_eq!(browser.scheme(), native.scheme(), "{text:?}");
        assert_eq!(browser.host(), native.host_str().unwrap_or_default(), "{text:?}");
        assert_eq!(browser.path(), native.path(), "{text:?}");
        let port = native.port().map_or(String::new(), |port| format!(":{port}"));
        assert_eq!(browser.authority(), format!("{}{port}", native.host_str().unwrap_or_default()), "{text:?}");
        let has_credentials = !native.username().is_empty() || native.password().is_some();
        assert_eq!(browser.has_credentials(), has_credentials, "{text:?}");
        let origin = native.origin();
        let is_web = matches!(native.scheme(), "https" | "http");
        assert_eq!(browser.origin(), is_web.then(|| origin.ascii_serialization()), "{text:?}");
        assert_eq!(browser.domain().is_some(), native.domain().is_some(), "{text:?}");
    }
}

#[wasm_bindgen_test]
fn both_resolve_the_same() {
    let base = "https://www.shop.test/cart/?x=1#top";
    for text in TEXTS.iter().chain(&["done", "?y", "#z", "../up", "//other.test/x", "\\\\other.test\\x"]) {
        let browser = WebUrl::parse(base).unwrap().join(text);
        let native = Url::parse(base).unwrap().join(text).ok();
        assert_eq!(browser.as_ref().map(WebUrl::as_str), native.as_ref().map(Url::as_str), "{text:?}");
    }
}

#[wasm_bindgen_test]
fn the_browser_knows_international_names() {
    assert_eq!(WebUrl::parse("https://bücher.test/").unwrap().host(), "xn--bcher-kva.test");
}

#[wasm_bindgen_test]
fn queries_are_read_the_same() {
    for query in
        ["nonce=a+b%26", "n%6Fnce=%C3%BC", "?nonce=1", "&&nonce=%", "nonce=%zz", "nonce=%ff", "nonce", "x=nonce=1", ""]
    {
        let href = format!("https://shop.test/?{query}");
        let native = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "nonce");
        let value = native.as_ref().map(|(_, value)| value.clone().into_owned()).filter(|value| !value.is_empty());
        assert_eq!(CallbackParameters::parse(&href).nonce, value, "{query}");
        assert_eq!(callback_url::without_callback_parameters(&href).is_some(), native.is_some(), "{query}");
    }
}

#[wasm_bindgen_test]
fn cookies_are_decoded() {
    for (value, decoded) in [("a%2Bb%3D+c%26&d", "a+b=+c&&d"), ("a.b-c_d", "a.b-c_d"), ("%C3%BC", "ü"), ("%ff", "%ff")]
    {
        assert_eq!(cookies::decode_value(value), decoded);
    }
}
