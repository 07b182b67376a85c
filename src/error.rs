//! The client's errors as JavaScript gets them.

use crate::results;
use authress_login_protocol::error::{Error, ErrorCode};
use js_sys::Reflect;
use wasm_bindgen::JsValue;

/// Describes an error for `asLoginError` in `pkg/src/errors.js`: `code`, and where there are any `detail`, `status`, `serverCode`
/// and `cause`. The class and the messages are in the script alone, which needs them without the module too.
pub(crate) fn to_js(error: &Error) -> JsValue {
    let cause = error.cause.as_ref().and_then(|cause| cause.get::<JsValue>());
    let js = results::texts(&[
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

/// What a promise is rejected with: a description of one of our errors, or what JavaScript itself threw.
pub(crate) struct Rejection(pub(crate) JsValue);

impl From<Error> for Rejection {
    // Called wherever something can fail, so one copy is worth bytes.
    #[inline(never)]
    fn from(error: Error) -> Self {
        Self(to_js(&error))
    }
}

impl From<ErrorCode> for Rejection {
    fn from(code: ErrorCode) -> Self {
        Error::from(code).into()
    }
}

/// The error of an option with a wrong type or value; `detail` names the option.
pub(crate) fn invalid_input(detail: &str) -> Error {
    Error::with_detail(ErrorCode::InvalidInput, detail)
}
