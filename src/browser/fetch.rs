//! Requests to Authress.

use super::timer;
use authress_login_protocol::{
    http::{NoResponse, Outcome, Request, Response, retry_delay_ms},
    secret::Secret,
};
use gloo_net::http::{Method, RequestBuilder};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::RequestCredentials;

/// How this client names itself. Authress expects the header from every login client.
const POWERED_BY: &str = concat!("Authress Login SDK; WebAssembly; ", env!("CARGO_PKG_VERSION"));

/// Sends a request to the API at `origin`, again and again while the protocol says so.
pub async fn send(origin: &str, request: &Request) -> Outcome {
    let mut attempt = 1;
    loop {
        let outcome = send_once(origin, request).await.ok_or(NoResponse);
        match retry_delay_ms(attempt, &outcome) {
            Some(delay_ms) => timer::sleep(i32::try_from(delay_ms).unwrap_or(timer::LONGEST_MS)).await,
            None => return outcome,
        }
        attempt += 1;
    }
}

async fn send_once(origin: &str, request: &Request) -> Option<Response> {
    let method = Method::from_bytes(request.method.as_str().as_bytes()).ok()?;
    let mut builder = RequestBuilder::new(&[origin, &request.path].concat())
        .method(method)
        .header("Content-Type", "application/json")
        .header("X-Powered-By", POWERED_BY);
    if let Some(token) = &request.bearer {
        builder = builder.header("Authorization", &["Bearer ", token.expose()].concat());
    }
    if request.with_credentials {
        builder = builder.credentials(RequestCredentials::Include);
    }
    let built = match &request.body {
        Some(body) => builder.body(body.expose()),
        None => builder.build(),
    };
    // Sent by the window itself: gloo's `send` panics when a page's own `fetch` rejects with
    // something that is no Error.
    let response = JsFuture::from(super::window()?.fetch_with_request(&built.ok()?.into())).await.ok()?;
    let response: web_sys::Response = response.dyn_into().ok()?;
    let status = response.status();
    let body = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
    Some(Response { status, body: Secret::new(body) })
}
