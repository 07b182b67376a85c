//! Requests to Authress.
//!
//! The headers are gloo-net's. The request is sent by `fetch` itself and not by gloo-net's `send`, which panics where a page's
//! own `fetch` throws, rejects with something that is no `Error`, or resolves with something that is no `Response`. A panic
//! would end the module.

use super::abort::Abort;
use authress_login_protocol::{
    error::Cause,
    http::{NoResponse, Outcome, Request, Response},
    secret::Secret,
};
use gloo_net::http::Headers;
use js_sys::{Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestCredentials, RequestInit, RequestMode};

/// How this client names itself. Authress expects the header from every login client.
const POWERED_BY: &str = concat!("Authress Login SDK; WebAssembly; ", env!("CARGO_PKG_VERSION"));

#[wasm_bindgen]
extern "C" {
    // web-sys's own is not caught.
    #[wasm_bindgen(js_name = fetch, catch)]
    fn start_fetch(url: &str, options: &RequestInit) -> Result<JsValue, JsValue>;
}

/// Sends a request to the API at `origin`. Dropping the future aborts it.
pub async fn send(origin: &str, request: &Request) -> Outcome {
    try_send(origin, request).await.map_err(|error| NoResponse { cause: Some(Cause::new(error)) })
}

async fn try_send(origin: &str, request: &Request) -> Result<Response, JsValue> {
    let headers = Headers::new();
    headers.set("Content-Type", "application/json");
    headers.set("X-Powered-By", POWERED_BY);
    // From here on by web-sys: gloo's `set` panics on a value that is no header's, and a token comes from a cookie.
    let headers = headers.into_raw();
    if let Some(token) = &request.bearer {
        headers.set("Authorization", &["Bearer ", token.expose()].concat())?;
    }
    let abort = Abort::new()?;
    let options = RequestInit::new();
    options.set_method(request.method.as_str());
    options.set_headers(&headers);
    options.set_signal(Some(&abort.signal()));
    if let Some(body) = &request.body {
        options.set_body(&body.expose().into());
    }
    if request.with_credentials {
        options.set_credentials(RequestCredentials::Include);
    }
    let response = fetch(&[origin, &request.path].concat(), &options).await?;
    let status = Reflect::get(&response, &"status".into())?.as_f64().unwrap_or_default();
    let body = JsFuture::from(Promise::resolve(&response.text()?)).await?.as_string().unwrap_or_default();
    Ok(Response { status: status as u16, body: Secret::new(body) })
}

/// Requests `url` with cookies and follows its redirects. Dropping the future aborts it.
pub async fn follow(url: &str) -> Result<(), JsValue> {
    let abort = Abort::new()?;
    let options = RequestInit::new();
    // Neither the verifier nor Authress answers other origins' scripts (CORS), and nothing of a response is needed.
    options.set_mode(RequestMode::NoCors);
    options.set_credentials(RequestCredentials::Include);
    options.set_signal(Some(&abort.signal()));
    fetch(url, &options).await.map(drop)
}

/// A response, or what a page's own `fetch` resolves with: no property of it is certain.
pub(super) async fn fetch(url: &str, options: &RequestInit) -> Result<web_sys::Response, JsValue> {
    let response = JsFuture::from(Promise::resolve(&start_fetch(url, options)?)).await?;
    Ok(response.unchecked_into())
}
