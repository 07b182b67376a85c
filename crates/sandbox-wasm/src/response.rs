//! A response as JavaScript reads it.

use authress_sandbox::Delay;
use authress_verifier::Refusal;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, InvalidHeaderValue, LOCATION, REFERRER_POLICY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use wasm_bindgen::prelude::wasm_bindgen;

/// A response with its whole body.
#[wasm_bindgen]
#[derive(Debug)]
pub struct LocalResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
    delay_ms: u32,
    is_dropped: bool,
}

#[wasm_bindgen]
impl LocalResponse {
    /// The HTTP status.
    #[wasm_bindgen(getter)]
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// A name, its value, the next name and so on. `set-cookie` can occur several times.
    #[wasm_bindgen(getter)]
    pub fn headers(&self) -> Vec<String> {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        self.headers.iter().flat_map(|(name, value)| [name.to_string(), text(value.as_bytes())]).collect()
    }

    /// The body.
    #[wasm_bindgen(getter)]
    pub fn body(&self) -> Vec<u8> {
        self.body.clone()
    }

    /// The milliseconds to wait before the response is sent: an injected fault.
    #[wasm_bindgen(getter, js_name = delayMs)]
    pub fn delay_ms(&self) -> u32 {
        self.delay_ms
    }

    /// Whether the connection is closed in place of the response: an injected fault.
    #[wasm_bindgen(getter, js_name = isDropped)]
    pub fn is_dropped(&self) -> bool {
        self.is_dropped
    }
}

impl LocalResponse {
    pub(crate) fn redirect(location: &str) -> Result<Self, InvalidHeaderValue> {
        let headers = [(LOCATION, location.parse()?)].into_iter().collect();
        Ok(Self::new(StatusCode::FOUND, headers, vec![]))
    }

    /// The error response of a verifier, as JSON.
    pub(crate) fn refusal(refusal: Refusal) -> Self {
        let body = json!({ "code": refusal.code.name(), "message": refusal.code.message() });
        let mut headers: HeaderMap =
            [(CONTENT_TYPE, HeaderValue::from_static("application/json"))].into_iter().collect();
        headers.extend(refusal.allow.map(|methods| (ALLOW, HeaderValue::from_static(methods))));
        Self::new(refusal.code.status(), headers, body.to_string().into_bytes())
    }

    /// A response of a verifier; it is for one browser, and not to be cached.
    fn new(status: StatusCode, mut headers: HeaderMap, body: Vec<u8>) -> Self {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        Self { status, headers, body, delay_ms: 0, is_dropped: false }
    }

    pub(crate) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let delay = parts.extensions.get::<Delay>().map_or(0, |delay| delay.0.as_millis());
        // The body of a response that is to be dropped fails.
        let body = body.collect().await.map(|body| body.to_bytes().to_vec());
        Self {
            status: parts.status,
            headers: parts.headers,
            delay_ms: u32::try_from(delay).unwrap_or(u32::MAX),
            is_dropped: body.is_err(),
            body: body.unwrap_or_default(),
        }
    }

    pub(crate) fn is_success(&self) -> bool {
        self.status.is_success()
    }

    pub(crate) fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// What the sandbox says is wrong with a request.
    pub(crate) fn error_title(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let title = body.get("title").and_then(Value::as_str);
        title.map_or_else(|| format!("the sandbox responds with {}", self.status), str::to_owned)
    }
}
