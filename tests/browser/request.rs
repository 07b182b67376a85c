use crate::support::{host, js};
use authress_login_protocol::http::{Method, NoResponse, Request};
use authress_login_wasm::browser::request::{date_of_page_server, send};
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
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
    let status = send(&host(), &own_origin(), &request()).await.unwrap().status;
    assert!((400..500).contains(&status), "{status}");
}

/// What the browser said about a request without an answer.
async fn said(origin: &str) -> JsValue {
    let NoResponse { cause } = send(&host(), origin, &request()).await.unwrap_err();
    cause.unwrap().get::<JsValue>().unwrap().clone()
}

#[wasm_bindgen_test]
async fn where_nobody_listens_the_browsers_own_words_are_kept() {
    assert!(said("http://127.0.0.1:1").await.has_type::<js_sys::TypeError>());
}

#[wasm_bindgen_test]
async fn a_page_whose_fetch_throws_no_error_is_survived() {
    js("window.originalFetch = window.fetch; window.fetch = () => Promise.reject('blocked');");
    let said = said(&own_origin()).await;
    js("window.fetch = window.originalFetch;");
    assert_eq!(said.as_string().as_deref(), Some("blocked"));
}

#[wasm_bindgen_test]
async fn the_pages_server_tells_the_time_or_nothing() {
    if let Some(server_ms) = date_of_page_server(&host()).await {
        assert!((server_ms - js_sys::Date::now() as i64).abs() < 10_000);
    }
}
