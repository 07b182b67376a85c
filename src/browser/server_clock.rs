//! The clock of the server that the page came from, by the `Date` of a response (RFC 9110 section 6.6.1). That of Authress
//! is hidden from pages of other origins.

use super::{request, window::window};
use crate::promise;
use js_sys::{Date, Promise, Reflect};
use std::cell::OnceCell;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestCache, RequestInit};

thread_local! {
    /// How far the server's clock is ahead of this device's, in milliseconds. The server is asked once per page, whichever
    /// client asks.
    static SKEW: OnceCell<Promise> = const { OnceCell::new() };
}

/// The server's time in milliseconds since 1970; `None` if it does not say.
pub async fn now_ms() -> Option<i64> {
    let skew = SKEW.with(|skew| skew.get_or_init(|| promise::of(Box::pin(skew_ms()))).clone());
    let skew = JsFuture::from(skew).await.ok()?.as_f64().filter(|skew| !skew.is_nan())?;
    Some((Date::now() + skew) as i64)
}

async fn skew_ms() -> Result<JsValue, JsValue> {
    let options = RequestInit::new();
    options.set_method("HEAD");
    options.set_cache(RequestCache::NoStore);
    let response = request::fetch(&window().location().origin()?, &options).await?;
    let headers: Headers = Reflect::get(&response, &"headers".into())?.unchecked_into();
    let date = headers.get("date")?.unwrap_or_default();
    Ok((Date::parse(&date) - Date::now()).into())
}
