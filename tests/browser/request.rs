use crate::support::js;
use authress_login_protocol::{
    http::{Method, NoResponse, Request},
    secret::Secret,
};
use authress_login_wasm::browser::request::send;
use futures_util::FutureExt;
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
async fn a_response_has_its_status() {
    // The test's own server knows no such path.
    let status = send(&own_origin(), &request()).await.unwrap().status;
    assert!((400..500).contains(&status), "{status}");
}

/// The cause of a request without a response.
async fn cause(origin: &str) -> JsValue {
    let NoResponse { cause } = send(origin, &request()).await.unwrap_err();
    cause.unwrap().get::<JsValue>().unwrap().clone()
}

#[wasm_bindgen_test]
async fn without_a_server_the_browsers_own_error_is_kept() {
    assert!(cause("http://127.0.0.1:1").await.has_type::<js_sys::TypeError>());
}

#[wasm_bindgen_test]
async fn a_page_with_a_fetch_of_its_own_ends_no_module() {
    js("window.originalFetch = window.fetch;");
    let fetches = [
        "() => Promise.reject('blocked')",
        "() => { throw 'blocked'; }",
        "async () => undefined",
        "async () => ({})",
        "async () => ({ status: 200, text: () => Promise.reject('blocked') })",
    ];
    for fetch in fetches {
        js(&format!("window.fetch = {fetch};"));
        let cause = cause(&own_origin()).await;
        let is_own = cause.as_string().as_deref() == Some("blocked");
        assert!(is_own || cause.has_type::<js_sys::TypeError>(), "{fetch}: {cause:?}");
    }
    js("window.fetch = () => ({ status: 201, text: () => 'own' });");
    let response = send(&own_origin(), &request()).await.unwrap();
    js("window.fetch = window.originalFetch;");
    assert_eq!((response.status, response.body.expose()), (201, "own"));
}

#[wasm_bindgen_test]
async fn a_request_has_its_headers_and_body_and_is_aborted_when_dropped() {
    js("
        window.originalFetch = window.fetch;
        window.fetch = (url, options) => { window.sent = { url, ...options }; return new Promise(() => {}); };
    ");
    let request = Request {
        method: Method::Post,
        body: Some(Secret::new("{}".to_owned())),
        bearer: Some(Secret::new("token".to_owned())),
        with_credentials: true,
        ..request()
    };
    let mut sending = Box::pin(send("https://login.test", &request));
    let is_pending = (&mut sending).now_or_never().is_none();
    js("window.fetch = originalFetch;");
    let text = |expression: &str| js(&format!("return String({expression})")).as_string().unwrap();
    assert_eq!(text("sent.url"), "https://login.test/api/session");
    assert_eq!(text("sent.method + sent.body + sent.credentials"), "POST{}include");
    assert_eq!(text("sent.headers.get('authorization')"), "Bearer token");
    assert_eq!(text("sent.headers.get('content-type')"), "application/json");
    assert!(text("sent.headers.get('x-powered-by')").starts_with("Authress Login SDK"));
    assert!(is_pending && text("sent.signal.aborted") == "false");
    drop(sending);
    assert_eq!(text("sent.signal.aborted"), "true");
}
