//! The protocol's errors as JavaScript errors.

use authress_login_protocol::error::{Error, ErrorCode};
use js_sys::Reflect;
use wasm_bindgen::JsValue;

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

/// A value that JavaScript gave us is not what it should be.
pub(crate) fn invalid_input(detail: &str) -> Error {
    Error::with_detail(ErrorCode::InvalidInput, detail)
}
