use crate::support::{browser, host, js};
use authress_login_client::Ports;
use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::AbortController;

#[wasm_bindgen_test]
async fn a_timer_takes_its_time() {
    let start = js_sys::Date::now();
    browser().sleep(30).await;
    assert!(js_sys::Date::now() - start >= 29.0);
}

#[wasm_bindgen_test]
async fn a_timer_that_is_given_up_never_rings() {
    let host = host();
    let sleep: Function = Reflect::get(&host, &"sleep".into()).unwrap().unchecked_into();
    let abort = AbortController::new().unwrap();
    let promise: Promise = sleep.call2(&host, &1.into(), &abort.signal()).unwrap().unchecked_into();
    abort.abort();
    let late: Promise = js("return new Promise((resolve) => setTimeout(resolve, 40, 'late'))").into();
    let first = JsFuture::from(Promise::race(&Array::of2(&promise, &late))).await.unwrap();
    assert_eq!(first.as_string().as_deref(), Some("late"));
}
