use crate::support::browser;
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
