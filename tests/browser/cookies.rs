use authress_login_protocol::{cookies as rules, page::Page};
use authress_login_wasm::browser::{address, cookies};
use wasm_bindgen_test::wasm_bindgen_test;

fn page() -> Page {
    address::page().unwrap()
}

#[wasm_bindgen_test]
fn a_token_is_stored_read_and_cleared() {
    cookies::assign(&rules::store_authorization(&page(), "a.b.c", Some(60)).unwrap());
    assert!(cookies::read().all(rules::AUTHORIZATION).any(|value| value == "a.b.c"));
    rules::clear(&page(), rules::AUTHORIZATION).iter().for_each(|cookie| cookies::assign(cookie));
    assert_eq!(cookies::read().first(rules::AUTHORIZATION), None);
}

#[wasm_bindgen_test]
fn a_session_is_cleared_and_other_cookies_stay() {
    cookies::assign("user=x; Path=/");
    cookies::assign("auth-code=x");
    cookies::assign("cart=1; Path=/");
    rules::clear_session(&page()).iter().for_each(|cookie| cookies::assign(cookie));
    let left = cookies::read();
    assert_eq!((left.first("user"), left.first("auth-code")), (None, None));
    assert_eq!(left.first("cart"), Some("1"));
    cookies::assign("cart=; Path=/; Max-Age=0");
}
