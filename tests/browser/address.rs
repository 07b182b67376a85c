use crate::support::{browser, js};
use authress_login_client::Ports;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn replacing_the_address_keeps_the_routers_state_and_adds_no_entry() {
    let original = browser().page().unwrap().href().to_owned();
    js("history.replaceState({ router: 7 }, '', '/?nonce=1&keep=%c3');");
    let entries = js("return history.length");
    browser().show_address("/?keep=%c3");
    assert_eq!(js("return location.search").as_string().as_deref(), Some("?keep=%c3"));
    assert_eq!(js("return history.state.router").as_f64(), Some(7.0));
    assert_eq!(js("return history.length"), entries);
    js(&format!("history.replaceState(null, '', '{original}');"));
}
