//! Requests to Authress.

use authress_login_protocol::{
    error::Cause,
    http::{NoResponse, Outcome, Request, Response},
    secret::Secret,
};
use futures_util::future::LocalBoxFuture;
use gloo_net::http::Headers;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal, RequestCredentials, RequestInit};

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
    let response = fetch(&[origin, &request.path].concat(), &options).await?;
    let body = JsFuture::from(response.text()?).await?.as_string();
    Ok(Response { status: response.status(), body: Secret::new(body.unwrap_or_default()) })
}

/// The time in milliseconds since 1970 by the server that the page came from, from its `Date` (RFC
/// 9110 section 6.6.1). Authress's own is hidden from pages of other origins.
pub async fn date_of_page_server() -> Option<i64> {
    let abort = Abort::new().ok()?;
    let options = RequestInit::new();
    options.set_method("HEAD");
    options.set_cache(web_sys::RequestCache::NoStore);
    options.set_signal(Some(&abort.signal()));
    let response = fetch(&super::window()?.location().origin().ok()?, &options).await.ok()?;
    let date = js_sys::Date::parse(&response.headers().get("date").ok().flatten()?);
    (!date.is_nan()).then_some(date as i64)
}

// Boxed, since two wait for it.
fn fetch<'a>(url: &'a str, options: &'a RequestInit) -> LocalBoxFuture<'a, Result<web_sys::Response, JsValue>> {
    Box::pin(async move {
        let window = super::window().ok_or(JsValue::UNDEFINED)?;
        JsFuture::from(window.fetch_with_str_and_init(url, options)).await?.dyn_into()
    })
}

/// Gives up what it is the signal of when dropped.
pub(super) struct Abort(AbortController);

impl Abort {
    pub(super) fn new() -> Result<Self, JsValue> {
        AbortController::new().map(Self)
    }

    pub(super) fn signal(&self) -> AbortSignal {
        self.0.signal()
    }
}

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}
