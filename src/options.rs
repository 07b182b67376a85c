//! Options from JavaScript objects. An error names the option; it never repeats the value.
//!
//! By hand and not by serde-wasm-bindgen, whose errors do not say which option is wrong.

use crate::error::invalid_input;
use authress_login_client::OpenType;
use authress_login_protocol::{
    authorization::{
        pending::MAX_APP_STATE_BYTES,
        request::{AuthenticateOptions, LinkOptions},
    },
    error::{Cause, Error, ErrorCode},
    secret::Secret,
};
use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::JsValue;

/// The options of `authenticate`, and how the browser goes to the login page.
pub(crate) fn authenticate(options: &JsValue) -> Result<(AuthenticateOptions, OpenType), Error> {
    let mut authenticate = login(options)?;
    for (name, slot) in [
        ("connectionId", &mut authenticate.connection_id),
        ("tenantLookupIdentifier", &mut authenticate.tenant_lookup_identifier),
    ] {
        *slot = text(options, name)?;
    }
    authenticate.multi_account = flag(options, "multiAccount")?;
    authenticate.connection_properties = connection_properties(options)?;
    Ok((authenticate, open_type(options)?))
}

/// The options of `authenticateWithOneTimeCode`: a login with the service client that checks the code, which stays on the
/// page.
pub(crate) fn authenticate_with_one_time_code(options: &JsValue) -> Result<(AuthenticateOptions, OpenType), Error> {
    let mut authenticate = login(options)?;
    authenticate.connection_id = text(options, "serviceClientId")?.filter(|id| !id.is_empty());
    if authenticate.connection_id.is_none() {
        return Err(invalid_input("serviceClientId is needed."));
    }
    Ok((authenticate, OpenType::ClientManaged))
}

/// The options that both ways to log in have in common.
// Filled in place: each `?` within a literal would drop all members before it.
fn login(options: &JsValue) -> Result<AuthenticateOptions, Error> {
    let mut login = AuthenticateOptions::default();
    for (name, slot) in [
        ("inviteId", &mut login.invite_id),
        ("redirectUrl", &mut login.redirect_url),
        ("flowType", &mut login.flow_type),
    ] {
        *slot = text(options, name)?;
    }
    let response_location = text_of(get(options, "responseLocation")?);
    login.response_location = response_location.ok_or(ErrorCode::InvalidResponseLocation)?;
    for (name, slot) in [("scopes", &mut login.scopes), ("audiences", &mut login.audiences)] {
        *slot = list(options, name)?;
    }
    login.app_state = app_state(options)?;
    Ok(login)
}

/// The options of `signInAnonymously`, and the redirect URL of a login in the background. The settings name the connection.
pub(crate) fn sign_in_anonymously(options: &JsValue) -> Result<(AuthenticateOptions, Option<String>), Error> {
    let mut login = AuthenticateOptions::default();
    for (name, slot) in [("connectionId", &mut login.connection_id), ("redirectUrl", &mut login.redirect_url)] {
        *slot = text(options, name)?;
    }
    login.app_state = app_state(options)?;
    Ok((login, text(options, "backgroundRedirectUrl")?))
}

/// `appState` and `claimTicket` as JSON: the application gets both back with the result.
fn app_state(options: &JsValue) -> Result<Option<Secret>, Error> {
    let (state, ticket) = (get(options, "appState")?, get(options, "claimTicket")?);
    let members = Object::new();
    for (name, value, is_right) in [("appState", state, true), ("claimTicket", ticket.clone(), ticket.is_string())] {
        if is_absent(&value) {
            continue;
        }
        if !is_right || json(&value).is_none_or(|json| json.len() > MAX_APP_STATE_BYTES) {
            return Err(must_be(name, if is_right { "JSON of at most 2,048 bytes" } else { "a string" }));
        }
        let _ = Reflect::set(&members, &name.into(), &value);
    }
    Ok(if Object::keys(&members).length() == 0 { None } else { json(&members).map(Secret::new) })
}

/// The options of `linkIdentity`, and how the browser goes to the login page.
pub(crate) fn link(options: &JsValue) -> Result<(LinkOptions, OpenType), Error> {
    let (mut link, _) = link_with_one_time_code(options)?;
    link.tenant_lookup_identifier = text(options, "tenantLookupIdentifier")?;
    link.app_state = app_state(options)?;
    link.connection_properties = connection_properties(options)?;
    Ok((link, open_type(options)?))
}

/// The options of `linkIdentityWithOneTimeCode`, which stays on the page.
pub(crate) fn link_with_one_time_code(options: &JsValue) -> Result<(LinkOptions, OpenType), Error> {
    let mut link = LinkOptions::default();
    for (name, slot) in [("connectionId", &mut link.connection_id), ("redirectUrl", &mut link.redirect_url)] {
        *slot = text(options, name)?;
    }
    Ok((link, OpenType::ClientManaged))
}

/// How the browser goes to the login page. `redirectOpenType` takes precedence over the older `openType`.
fn open_type(options: &JsValue) -> Result<OpenType, Error> {
    let newer = get(options, "redirectOpenType")?;
    if is_absent(&newer) {
        let is_tab = get(options, "openType")?.as_string().as_deref() == Some("tab");
        return Ok(if is_tab {
            OpenType::Tab { returns_response: false }
        } else {
            OpenType::Redirect { returns_response: false }
        });
    }
    match newer.as_string().as_deref() {
        Some("redirect") => Ok(OpenType::Redirect { returns_response: true }),
        Some("tab") => Ok(OpenType::Tab { returns_response: true }),
        Some("client-managed") => Ok(OpenType::ClientManaged),
        Some(_) | None => Err(ErrorCode::InvalidRedirectOpenType.into()),
    }
}

/// The timeout of `ensureToken` in milliseconds, default 5,000; 0 does not wait at all.
///
/// -1 and everything beyond what a timer can hold mean the longest time that a timer can hold. Any other negative time is
/// over at once.
pub(crate) fn timeout_ms(options: &JsValue) -> Result<u32, Error> {
    const DEFAULT_MS: u32 = 5_000;
    const SHORTEST_MS: u32 = 1;
    let given = get(options, "timeoutInMillis")?;
    if is_absent(&given) {
        return Ok(DEFAULT_MS);
    }
    match given.as_f64() {
        Some(0.0) => Ok(0),
        Some(-1.0) => Ok(u32::MAX),
        // The conversion keeps to the bounds of the type.
        Some(given) if !given.is_nan() => Ok((given as u32).max(SHORTEST_MS)),
        Some(_) | None => Err(must_be("timeoutInMillis", "a number")),
    }
}

/// `connectionProperties` as JSON: their form is the connection's own.
pub(crate) fn connection_properties(options: &JsValue) -> Result<Option<String>, Error> {
    let properties = get(options, "connectionProperties")?;
    if is_absent(&properties) {
        return Ok(None);
    }
    json_object(&properties).map(Some).ok_or_else(|| must_be("connectionProperties", "an object that JSON can hold"))
}

pub(crate) fn text(options: &JsValue, name: &str) -> Result<Option<String>, Error> {
    optional_text(get(options, name)?, name)
}

/// A string that may be left out, given as an argument of its own.
pub(crate) fn optional_text(value: JsValue, name: &str) -> Result<Option<String>, Error> {
    text_of(value).ok_or_else(|| must_be(name, "a string"))
}

/// The string if one is given; `None` for what is not a string.
fn text_of(value: JsValue) -> Option<Option<String>> {
    if is_absent(&value) { Some(None) } else { value.as_string().map(Some) }
}

fn list(options: &JsValue, name: &str) -> Result<Option<Vec<String>>, Error> {
    let value = get(options, name)?;
    if is_absent(&value) {
        return Ok(None);
    }
    // A copy, in which no getter throws.
    let copy = json(&value).and_then(|json| JSON::parse(&json).ok()).unwrap_or_default();
    let mut texts = Vec::new();
    if Array::is_array(&copy) {
        let items = Array::from(&copy);
        texts.extend((0..items.length()).map_while(|index| items.get(index).as_string()));
        if texts.len() == items.length() as usize {
            return Ok(Some(texts));
        }
    }
    Err(must_be(name, "a list of strings"))
}

pub(crate) fn flag(options: &JsValue, name: &str) -> Result<Option<bool>, Error> {
    let value = get(options, name)?;
    if is_absent(&value) {
        return Ok(None);
    }
    value.as_bool().map(Some).ok_or_else(|| must_be(name, "true or false"))
}

/// An object as JSON.
pub(crate) fn json_object(value: &JsValue) -> Option<String> {
    json(value).filter(|json| json.starts_with('{'))
}

fn json(value: &JsValue) -> Option<String> {
    JSON::stringify(value).ok()?.as_string()
}

fn must_be(name: &str, what: &str) -> Error {
    invalid_input(&[name, " must be ", what, "."].concat())
}

fn is_absent(value: &JsValue) -> bool {
    value.is_undefined() || value.is_null()
}

/// A member of the options; undefined where there are none. A getter that throws is wrong input: to go on without the member
/// could leave the page for another login than was meant.
pub(crate) fn get(options: &JsValue, name: &str) -> Result<JsValue, Error> {
    // Most calls have no options, and an exception is slow: the engine reads all of the script again for its lines.
    if is_absent(options) {
        return Ok(JsValue::UNDEFINED);
    }
    Reflect::get(options, &name.into())
        .map_err(|cause| invalid_input(&[name, " could not be read."].concat()).with_cause(Some(Cause::new(cause))))
}
