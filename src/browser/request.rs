//! Requests to Authress.

use authress_login_protocol::{
    error::Cause,
    http::{NoResponse, Outcome, Request, Response},
    secret::Secret,
};
use gloo_net::http::{Method, RequestBuilder};
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
    let method = match request.method {
        authress_login_protocol::http::Method::Get => Method::GET,
        authress_login_protocol::http::Method::Post => Method::POST,
        authress_login_protocol::http::Method::Patch => Method::PATCH,
        authress_login_protocol::http::Method::Delete => Method::DELETE,
    };
    let mut builder = RequestBuilder::new(&[origin, &request.path].concat())
        .method(method)
        .abort_signal(Some(&abort.signal()))
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
    let built: web_sys::Request = built.map_err(|_| JsValue::UNDEFINED)?.into();
    let response = fetch(&built).await?;
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
    let window = super::window()?;
    let origin = window.location().origin().ok()?;
    let response = JsFuture::from(window.fetch_with_str_and_init(&origin, &options)).await.ok()?;
    let response: web_sys::Response = response.dyn_into().ok()?;
    let date = js_sys::Date::parse(&response.headers().get("date").ok().flatten()?);
    (!date.is_nan()).then_some(date as i64)
}

/// By the window itself: gloo's `send` panics when a page's own `fetch` rejects with something that
/// is no Error.
async fn fetch(request: &web_sys::Request) -> Result<web_sys::Response, JsValue> {
    let window = super::window().ok_or(JsValue::UNDEFINED)?;
    JsFuture::from(window.fetch_with_request(request)).await?.dyn_into()
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
