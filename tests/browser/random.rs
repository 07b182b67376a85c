use crate::support::browser;
use authress_login_client::Ports;
use authress_login_protocol::authorization::proof_of_work;
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

#[wasm_bindgen_test]
fn two_draws_differ() {
    let (mut first, mut second) = ([0; 32], [0; 32]);
    browser().fill_random(&mut first).unwrap();
    browser().fill_random(&mut second).unwrap();
    assert_ne!(first, second);
}

#[wasm_bindgen_test]
fn a_search_in_the_browser_finds_what_verifies() {
    const SEARCHES: u32 = 100;
    let values =
        proof_of_work::values::authenticate(Some("sc_aajMBf73bLDoTWHGLz7fLGp"), None, None, "app_default", None);
    let start = js_sys::Date::now();
    for index in 0..SEARCHES {
        let hash = proof_of_work::search(&values, browser().now_ms() as u64, index);
        assert!(proof_of_work::verify(&hash, &values).is_ok());
    }
    console_log!("mean of {SEARCHES} searches: {:.2} ms", (js_sys::Date::now() - start) / f64::from(SEARCHES));
}
