//! A response as JavaScript reads it.

use authress_sandbox::Delay;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::Value;
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

    /// What the sandbox says is wrong with a request.
    pub(crate) fn error_title(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let title = body.get("title").and_then(Value::as_str);
        title.map_or_else(|| format!("the sandbox responds with {}", self.status), str::to_owned)
    }
}
