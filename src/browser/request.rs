//! Requests to Authress.

use super::{Host, abort::Abort};
use authress_login_protocol::{
    error::Cause,
    http::{NoResponse, Outcome, Request, Response},
    secret::Secret,
};
use gloo_net::http::Headers;
use js_sys::Reflect;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// How this client names itself. Authress expects the header from every login client.
const POWERED_BY: &str = concat!("Authress Login SDK; WebAssembly; ", env!("CARGO_PKG_VERSION"));

/// Sends a request to the API at `origin`. Dropping the future gives it up.
pub async fn send(host: &Host, origin: &str, request: &Request) -> Outcome {
    send_once(host, origin, request).await.map_err(|said| NoResponse { cause: Some(Cause::new(said)) })
}

async fn send_once(host: &Host, origin: &str, request: &Request) -> Result<Response, JsValue> {
    let abort = Abort::new()?;
    // gloo's own builder of requests would be two kilobytes, most of it the text of errors.
    let headers = Headers::new();
    headers.set("Content-Type", "application/json");
    headers.set("X-Powered-By", POWERED_BY);
    if let Some(token) = &request.bearer {
        headers.set("Authorization", &["Bearer ", token.expose()].concat());
    }
    let (headers, signal) = (headers.into_raw(), abort.signal());
    let (url, method) = ([origin, &request.path].concat(), request.method.as_str());
    let body = request.body.as_ref().map(Secret::expose);
    let answer = JsFuture::from(host.send(&url, method, &headers, body, request.with_credentials, &signal)).await?;
    let status = Reflect::get(&answer, &"status".into())?.as_f64().unwrap_or_default();
    let body = Reflect::get(&answer, &"body".into())?.as_string().unwrap_or_default();
    Ok(Response { status: status as u16, body: Secret::new(body) })
}

/// The time in milliseconds since 1970 by the server that the page came from, if it says so.
pub async fn date_of_page_server(host: &Host) -> Option<i64> {
    let server_ms = JsFuture::from(host.server_time()).await.ok()?.as_f64().filter(|time| !time.is_nan())?;
    Some(server_ms as i64)
}
