//! Requests to Authress.

use super::{Host, abort::Abort};
use authress_login_protocol::{
    error::Cause,
    http::{NoResponse, Outcome, Request, Response},
    secret::Secret,
};
use gloo_net::http::Headers;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestCredentials, RequestInit};

/// How this client names itself. Authress expects the header from every login client.
const POWERED_BY: &str = concat!("Authress Login SDK; WebAssembly; ", env!("CARGO_PKG_VERSION"));

/// Sends a request to the API at `origin`. Dropping the future gives it up.
pub async fn send(origin: &str, request: &Request) -> Outcome {
    send_once(origin, request).await.map_err(|said| NoResponse { cause: Some(Cause::new(said)) })
}

async fn send_once(origin: &str, request: &Request) -> Result<Response, JsValue> {
    let abort = Abort::new()?;
    // gloo's own builder of requests would be two kilobytes, most of it the text of errors.
    let headers = Headers::new();
    headers.set("Content-Type", "application/json");
    headers.set("X-Powered-By", POWERED_BY);
    if let Some(token) = &request.bearer {
        headers.set("Authorization", &["Bearer ", token.expose()].concat());
    }
    let options = RequestInit::new();
    options.set_method(request.method.as_str());
    options.set_headers(&headers.into_raw());
    options.set_signal(Some(&abort.signal()));
    if request.with_credentials {
        options.set_credentials(RequestCredentials::Include);
    }
    if let Some(body) = &request.body {
        options.set_body(&body.expose().into());
    }
    let window = super::window().ok_or(JsValue::UNDEFINED)?;
    let response = window.fetch_with_str_and_init(&[origin, &request.path].concat(), &options);
    let response: web_sys::Response = JsFuture::from(response).await?.dyn_into()?;
    let body = JsFuture::from(response.text()?).await?.as_string();
    Ok(Response { status: response.status(), body: Secret::new(body.unwrap_or_default()) })
}

/// The time in milliseconds since 1970 by the server that the page came from, if it says so.
pub async fn date_of_page_server(host: &Host) -> Option<i64> {
    let abort = Abort::new().ok()?;
    let server_ms = host.server_time(&abort.signal()).await.ok()?.as_f64().filter(|time| !time.is_nan())?;
    Some(server_ms as i64)
}
