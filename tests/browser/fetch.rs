use crate::support::js;
use authress_login_protocol::http::{Method, NoResponse, Request};
use authress_login_wasm::browser::fetch;
use wasm_bindgen_test::wasm_bindgen_test;

fn request() -> Request {
    Request { method: Method::Patch, path: "/api/session".into(), body: None, bearer: None, with_credentials: true }
}

fn own_origin() -> String {
    js("return location.origin").as_string().unwrap()
}

#[wasm_bindgen_test]
async fn an_answer_comes_with_its_status() {
    // The test's own server knows no such path.
    let status = fetch::send(&own_origin(), &request()).await.unwrap().status;
    assert!((400..500).contains(&status), "{status}");
}

#[wasm_bindgen_test]
async fn where_nobody_listens_there_is_no_response_after_all_attempts() {
    let start = js_sys::Date::now();
    assert_eq!(fetch::send("http://127.0.0.1:1", &request()).await, Err(NoResponse));
    assert!(js_sys::Date::now() - start >= 145.0, "the pauses are 10 + 20 + 40 + 80 ms");
}

#[wasm_bindgen_test]
async fn a_page_whose_fetch_throws_no_error_is_survived() {
    js("window.originalFetch = window.fetch; window.fetch = () => Promise.reject('blocked');");
    let outcome = fetch::send(&own_origin(), &request()).await;
    js("window.fetch = window.originalFetch;");
    assert_eq!(outcome, Err(NoResponse));
}
