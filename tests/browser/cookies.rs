use crate::support::{browser, js};
use authress_login_client::Ports;
use authress_login_protocol::session::cookies as rules;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn a_token_is_stored_read_and_cleared() {
    let browser = browser();
    let page = browser.page().unwrap();
    browser.assign_cookie(&rules::set_authorization(&page, "a.b.c", Some(60)).unwrap());
    assert!(browser.cookies().all(rules::AUTHORIZATION).any(|value| value == "a.b.c"));
    rules::clear(&page, rules::AUTHORIZATION).iter().for_each(|cookie| browser.assign_cookie(cookie));
    assert_eq!(browser.cookies().first(rules::AUTHORIZATION), None);
}

#[wasm_bindgen_test]
fn a_session_is_cleared_and_other_cookies_stay() {
    let browser = browser();
    browser.assign_cookie("user=x; Path=/");
    browser.assign_cookie("auth-code=x");
    browser.assign_cookie("cart=1; Path=/");
    rules::clear_session(&browser.page().unwrap()).iter().for_each(|cookie| browser.assign_cookie(cookie));
    let left = browser.cookies();
    assert_eq!((left.first("user"), left.first("auth-code")), (None, None));
    assert_eq!(left.first("cart"), Some("1"));
    browser.assign_cookie("cart=; Path=/; Max-Age=0");
}

#[wasm_bindgen_test]
fn elements_named_cookie_hide_no_cookies() {
    let browser = browser();
    // Some elements are functions.
    for element in ["form", "embed", "object"] {
        js(&format!(
            "window.element = document.createElement('{element}'); element.setAttribute('name', 'cookie'); document.body.append(element);"
        ));
        browser.assign_cookie("hidden=1; Path=/");
        let cookies = browser.cookies();
        browser.assign_cookie("hidden=; Path=/; Max-Age=0");
        let cleared = browser.cookies();
        js("element.remove();");
        assert_eq!((cookies.first("hidden"), cleared.first("hidden")), (Some("1"), None), "{element}");
    }
}

#[wasm_bindgen_test]
fn a_property_that_the_page_has_put_in_place_of_the_cookies_counts() {
    js("
        window.jar = 'own=1';
        Object.defineProperty(document, 'cookie', { configurable: true, get: () => jar, set: (text) => { jar = text; } });
    ");
    let read = browser().cookies();
    browser().assign_cookie("own=2");
    let written = js("delete document.cookie; return jar;");
    assert_eq!((read.first("own"), written.as_string().as_deref()), (Some("1"), Some("own=2")));
}

#[wasm_bindgen_test]
fn a_browser_that_refuses_cookies_has_none() {
    js("
        const refuse = () => { throw new DOMException('refused', 'SecurityError'); };
        Object.defineProperty(document, 'cookie', { configurable: true, get: refuse, set: refuse });
    ");
    browser().assign_cookie("refused=1");
    let cookies = browser().cookies();
    js("delete document.cookie;");
    assert_eq!(cookies.first("refused"), None);
}
