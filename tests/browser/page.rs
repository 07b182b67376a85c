use crate::support::js;
use authress_login_wasm::browser::page;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn replacing_the_address_keeps_the_routers_state_and_adds_no_entry() {
    let original = page::href().unwrap();
    for (state, kept) in [
        ("{ router: 7 }", "return history.state.router === 7"),
        ("'text'", "return history.state === 'text'"),
        ("null", "return history.state === null"),
        // Next.js makes its state anew where it finds none, and ignores the address beside its own mark.
        ("{ __NA: true, tree: [] }", "return history.state === null"),
    ] {
        js(&format!("history.replaceState({state}, '', '/?nonce=1&keep=%c3');"));
        let entries = js("return history.length");
        page::show_address("/?keep=%c3").unwrap();
        assert_eq!(js("return location.search").as_string().as_deref(), Some("?keep=%c3"));
        assert!(js(kept).is_truthy(), "{state}");
        assert_eq!(js("return history.length"), entries);
    }
    js(&format!("history.replaceState(null, '', '{original}');"));
}

#[wasm_bindgen_test]
fn a_page_that_leaves_for_no_address_says_so() {
    assert!(page::navigate("https://").is_err());
}

#[wasm_bindgen_test]
fn a_new_tab_has_no_opener() {
    js(
        "window.original = window.open; window.open = (href) => (window.tab = { href, opener: window, closed: false });",
    );
    let is_open = page::open_tab("https://login.test/");
    let tab = js("return tab.href + ' ' + tab.opener").as_string();
    js("window.open = () => null;");
    let is_blocked = !page::open_tab("https://login.test/");
    js("window.open = () => { throw new Error('own'); };");
    let is_refused = !page::open_tab("https://login.test/");
    js("window.open = window.original;");
    assert_eq!((is_open, tab.as_deref()), (true, Some("https://login.test/ null")));
    assert!(is_blocked && is_refused);
}

#[wasm_bindgen_test]
async fn a_page_that_is_shown_has_nothing_to_wait_for() {
    page::activation().await;
}

#[wasm_bindgen_test]
async fn a_prerendered_page_waits_until_it_is_shown() {
    js("
        Object.defineProperty(document, 'prerendering', { configurable: true, value: true });
        setTimeout(() => { window.shown = true; document.dispatchEvent(new Event('prerenderingchange')); }, 20);
    ");
    page::activation().await;
    js("delete document.prerendering;");
    assert!(js("return window.shown").is_truthy());
}

#[wasm_bindgen_test]
fn visibility_is_the_documents_own_beside_an_element_of_that_name() {
    let is_visible = page::is_visible();
    js("
        window.form = document.createElement('form');
        window.form.setAttribute('name', 'visibilityState');
        document.body.append(window.form);
    ");
    let beside_form = page::is_visible();
    js("window.form.remove();");
    assert_eq!(beside_form, is_visible);
}
