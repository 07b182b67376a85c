//! Options from JavaScript objects.

use crate::error::invalid_input;
use authress_login_protocol::{
    authenticate::{AuthenticateOptions, LinkOptions},
    error::Error,
};
use js_sys::{JSON, Reflect};
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

/// The options of `authenticate`, and whether the login opens in a tab of its own.
pub(crate) fn authenticate(options: &JsValue) -> Result<(AuthenticateOptions, bool), Error> {
    let mut parsed: AuthenticateOptions = parse(options)?;
    parsed.connection_properties = connection_properties(options)?;
    let opens_tab = get(options, "openType").as_string().as_deref() == Some("tab");
    Ok((parsed, opens_tab))
}

/// The options of `linkIdentity`.
pub(crate) fn link(options: &JsValue) -> Result<LinkOptions, Error> {
    let mut parsed: LinkOptions = parse(options)?;
    parsed.connection_properties = connection_properties(options)?;
    Ok(parsed)
}

/// The timeout of `ensureToken` in milliseconds, default 5,000; `None` asks for no waiting at all.
///
/// -1 and everything beyond what a timer can hold mean the longest time a timer can hold.
pub(crate) fn timeout(options: &JsValue) -> Option<i32> {
    const DEFAULT_MS: f64 = 5_000.0;
    const LONGEST_MS: f64 = i32::MAX as f64;
    let given = get(options, "timeoutInMillis").as_f64().filter(|given| !given.is_nan()).unwrap_or(DEFAULT_MS);
    if given == 0.0 {
        None
    } else if given == -1.0 || given > LONGEST_MS {
        Some(i32::MAX)
    } else {
        Some(given.max(0.0) as i32)
    }
}

fn parse<T: DeserializeOwned + Default>(options: &JsValue) -> Result<T, Error> {
    if options.is_undefined() || options.is_null() {
        return Ok(T::default());
    }
    serde_wasm_bindgen::from_value(options.clone()).map_err(|error| invalid_input(&error.to_string()))
}

/// Free-form, so it passes through as JSON.
fn connection_properties(options: &JsValue) -> Result<Option<String>, Error> {
    let properties = get(options, "connectionProperties");
    if properties.is_undefined() || properties.is_null() {
        return Ok(None);
    }
    let json = JSON::stringify(&properties).ok().and_then(|json| json.as_string());
    json.map(Some).ok_or_else(|| invalid_input("connectionProperties cannot be written as JSON."))
}

fn get(options: &JsValue, name: &str) -> JsValue {
    Reflect::get(options, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
