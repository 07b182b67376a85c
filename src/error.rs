//! The client's errors as JavaScript errors, and its work as promises.

use crate::value;
use authress_login_protocol::error::{Error, ErrorCode};
use futures_util::future::{Either, LocalBoxFuture, select};
use js_sys::{Promise, Reflect};
use std::pin::pin;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

/// What `pkg/errors.js` makes a `LoginError` of: `code`, and where there are any `detail`, `status`, `serverCode`, `cause`.
/// The messages are there alone, also for what fails without the module.
pub(crate) fn to_js(error: &Error) -> JsValue {
    let cause = error.cause.as_ref().and_then(|cause| cause.get::<JsValue>());
    let js = value::texts(&[
        ("code", Some(error.code.as_str())),
        ("detail", Some(&error.detail)),
        ("serverCode", error.server_code.as_deref()),
    ]);
    let set = |name: &str, value: &JsValue| {
        let _ = Reflect::set(&js, &name.into(), value);
    };
    if let Some(status) = error.status {
        set("status", &status.into());
    }
    if let Some(cause) = cause {
        set("cause", cause);
    }
    js
}

/// A failure on its way to JavaScript: ours, or one that JavaScript itself threw.
pub(crate) struct Failure(pub(crate) JsValue);

impl From<Error> for Failure {
    // Called wherever something can fail, so one copy is worth bytes.
    #[inline(never)]
    fn from(error: Error) -> Self {
        Self(to_js(&error))
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Error::from(code).into()
    }
}

/// What a promise stands for. Boxed, so that the machinery of promises exists once.
pub(crate) type Work = LocalBoxFuture<'static, Result<JsValue, Failure>>;

/// A promise of what `work` comes to. Once `stopped` is kept nothing more of it is done.
pub(crate) fn promise(stopped: Promise, work: Work) -> Promise {
    future_to_promise(async move {
        match select(work, pin!(JsFuture::from(stopped))).await {
            Either::Left((result, _)) => result.map_err(|failure| failure.0),
            // Nobody waits for it any more.
            Either::Right(_) => Err(JsValue::UNDEFINED),
        }
    })
}

/// A value that JavaScript gave us is not what it should be.
pub(crate) fn invalid_input(detail: &str) -> Error {
    Error::with_detail(ErrorCode::InvalidInput, detail)
}
