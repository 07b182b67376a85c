//! The application's logger. Messages name what happened and its code, never a value.

use authress_login_protocol::error::Error;
use js_sys::{Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// An object with some of the methods `debug`, `log`, `warn` and `error`; missing ones are silent.
#[derive(Clone, Debug)]
pub struct Logger(JsValue);

impl Logger {
    /// Takes the application's logger.
    pub fn new(logger: JsValue) -> Self {
        Self(logger)
    }

    /// Says what happened in the normal course of things.
    pub fn log(&self, title: &str) {
        self.call("log", title, None);
    }

    /// Says what went wrong.
    pub fn warn(&self, title: &str, error: &Error) {
        self.call("warn", title, Some(error));
    }

    fn call(&self, level: &str, title: &str, error: Option<&Error>) {
        let Some(method) =
            Reflect::get(&self.0, &level.into()).ok().and_then(|method| method.dyn_into::<Function>().ok())
        else {
            return;
        };
        let entry = Object::new();
        let set = |name: &str, value: JsValue| {
            let _ = Reflect::set(&entry, &name.into(), &value);
        };
        set("title", title.into());
        if let Some(error) = error {
            set("code", error.code.as_str().into());
            if let Some(status) = error.status {
                set("status", status.into());
            }
            if let Some(server_code) = &error.server_code {
                set("serverCode", server_code.into());
            }
        }
        // A logger that throws must not break a login.
        let _ = method.call1(&self.0, &entry);
    }
}
