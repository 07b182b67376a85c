use crate::support::js;
use authress_login_wasm::browser::timer::{Timer, sleep};
use js_sys::{Array, Promise};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_timer_takes_its_time() {
    let start = js_sys::Date::now();
    sleep(30).await;
    assert!(js_sys::Date::now() - start >= 29.0);
}

#[wasm_bindgen_test]
async fn a_dropped_timer_never_rings() {
    let promise = {
        let timer = Timer::start(1);
        timer.promise().clone()
    };
    let late: Promise = js("return new Promise((resolve) => setTimeout(resolve, 40, 'late'))").into();
    let first = JsFuture::from(Promise::race(&Array::of2(&promise, &late))).await.unwrap();
    assert_eq!(first.as_string().as_deref(), Some("late"));
}
