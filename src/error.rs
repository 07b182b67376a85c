//! The protocol's errors as JavaScript errors.

use authress_login_protocol::error::{Error, ErrorCode};
use js_sys::{Promise, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

/// A genuine `Error` with `name`, `code` and, where there are any, `status` and `serverCode`.
pub(crate) fn to_js(error: &Error) -> JsValue {
    let js = js_sys::Error::new(&error.message);
    js.set_name("LoginError");
    let set = |name: &str, value: JsValue| {
        let _ = Reflect::set(&js, &name.into(), &value);
    };
    set("code", error.code.as_str().into());
    if let Some(status) = error.status {
        set("status", status.into());
    }
    if let Some(server_code) = &error.server_code {
        set("serverCode", server_code.into());
    }
    js.into()
}

/// A failure on its way to JavaScript: ours, or one that JavaScript itself threw.
pub(crate) struct Failure(pub(crate) JsValue);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(to_js(&error))
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Error::from(code).into()
    }
}

/// A promise of what `work` comes to.
pub(crate) fn promise(work: impl Future<Output = Result<JsValue, Failure>> + 'static) -> Promise {
    future_to_promise(async move { work.await.map_err(|failure| failure.0) })
}

/// Waits for a promise.
pub(crate) async fn wait(promise: Promise) -> Result<JsValue, Failure> {
    JsFuture::from(promise).await.map_err(Failure)
}

/// A value that JavaScript gave us is not what it should be.
pub(crate) fn invalid_input(detail: &str) -> Error {
    Error::with_detail(ErrorCode::InvalidInput, detail)
}
