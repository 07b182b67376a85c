//! Options from JavaScript objects.

use crate::error::invalid_input;
use authress_login_protocol::{
    account::{Device, UserConfigurationScreen},
    authenticate::{AuthenticateOptions, LinkOptions, check_link_options},
    error::{Error, ErrorCode},
    extension::UpdateOptions,
    secret::Secret,
};
use js_sys::{JSON, Reflect};
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

/// The options of `authenticate`, and how the page is left.
pub(crate) fn authenticate(options: &JsValue) -> Result<(AuthenticateOptions, OpenType), Error> {
    let mut parsed: AuthenticateOptions = parse(options)?;
    parsed.connection_properties = connection_properties(options)?;
    Ok((parsed, OpenType::of(options)?))
}

/// The options of `authenticateWithOneTimeCode`: a login with the service client that checks the
/// code, which stays on the page.
pub(crate) fn authenticate_with_one_time_code(options: &JsValue) -> Result<AuthenticateOptions, Error> {
    let service_client_id = get(options, "serviceClientId").as_string().filter(|id| !id.is_empty());
    let service_client_id = service_client_id.ok_or_else(|| invalid_input("serviceClientId is needed."))?;
    Ok(AuthenticateOptions {
        connection_id: Some(service_client_id),
        tenant_lookup_identifier: None,
        multi_account: None,
        ..parse(options)?
    })
}

/// The options of `linkIdentity`, and how the page is left.
pub(crate) fn link(options: &JsValue) -> Result<(LinkOptions, OpenType), Error> {
    let mut parsed: LinkOptions = parse(options)?;
    check_link_options(&parsed)?;
    parsed.connection_properties = connection_properties(options)?;
    Ok((parsed, OpenType::of(options)?))
}

/// The options of `linkIdentityWithOneTimeCode`, which stays on the page.
pub(crate) fn link_with_one_time_code(options: &JsValue) -> Result<LinkOptions, Error> {
    let parsed = LinkOptions { tenant_lookup_identifier: None, ..parse(options)? };
    check_link_options(&parsed)?;
    Ok(parsed)
}

/// The options of `updateExtensionAuthenticationRequest`.
pub(crate) fn update(options: &JsValue) -> Result<UpdateOptions, Error> {
    let mut parsed: UpdateOptions = parse(options)?;
    parsed.connection_properties = connection_properties(options)?;
    Ok(parsed)
}

/// The options of `registerDevice`.
pub(crate) enum DeviceOptions {
    /// A security key or passkey, with the shopper's name for it.
    WebAuthn(Option<String>),
    /// Time-based codes.
    Totp(Device),
}

/// Reads the options of `registerDevice`; the type is WebAuthN if left out.
pub(crate) fn device(options: &JsValue) -> Result<DeviceOptions, Error> {
    let name = get(options, "name").as_string();
    match get(options, "type").as_string().as_deref() {
        None | Some("" | "WebAuthN") => Ok(DeviceOptions::WebAuthn(name)),
        Some("TOTP") => {
            let totp = json(&get(options, "totp")).filter(|totp| totp.starts_with('{'));
            let totp = totp.ok_or_else(|| invalid_input("totp is needed for a TOTP device."))?;
            Ok(DeviceOptions::Totp(Device::Totp { name, totp: Secret::new(totp) }))
        }
        Some(_) => Err(invalid_input("The type of a device is WebAuthN or TOTP.")),
    }
}

/// The options `code` and `silent` of an extension's `requestToken`.
pub(crate) fn token_request(options: &JsValue) -> (Option<String>, bool) {
    (get(options, "code").as_string().filter(|code| !code.is_empty()), get(options, "silent").is_truthy())
}

/// The options `startPage` and `redirectUrl` of `openUserConfigurationScreen`.
pub(crate) fn configuration_screen(options: &JsValue) -> Result<(UserConfigurationScreen, Option<String>), Error> {
    let screen = UserConfigurationScreen::parse(get(options, "startPage").as_string().as_deref())?;
    Ok((screen, get(options, "redirectUrl").as_string()))
}

/// How the page is left for a login.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenType {
    /// By going there.
    Redirect {
        /// Whether the caller wants the answer all the same.
        answers: bool,
    },
    /// In another tab, or by going there where the browser opens none.
    Tab {
        /// Whether the caller wants the answer all the same.
        answers: bool,
    },
    /// Not at all: the caller sees to it.
    ClientManaged,
}

impl OpenType {
    /// `redirectOpenType` wins over the older `openType`.
    fn of(options: &JsValue) -> Result<Self, Error> {
        let newer = get(options, "redirectOpenType");
        if newer.is_undefined() || newer.is_null() {
            let is_tab = get(options, "openType").as_string().as_deref() == Some("tab");
            return Ok(if is_tab { Self::Tab { answers: false } } else { Self::Redirect { answers: false } });
        }
        match newer.as_string().as_deref() {
            Some("redirect") => Ok(Self::Redirect { answers: true }),
            Some("tab") => Ok(Self::Tab { answers: true }),
            Some("client-managed") => Ok(Self::ClientManaged),
            Some(_) | None => Err(ErrorCode::InvalidRedirectOpenType.into()),
        }
    }

    /// Whether the caller gets the answer although the page is left.
    pub(crate) fn answers(self) -> bool {
        match self {
            Self::Redirect { answers } | Self::Tab { answers } => answers,
            Self::ClientManaged => true,
        }
    }
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
    json(&properties).map(Some).ok_or_else(|| invalid_input("connectionProperties cannot be written as JSON."))
}

fn json(value: &JsValue) -> Option<String> {
    JSON::stringify(value).ok()?.as_string()
}

fn get(options: &JsValue, name: &str) -> JsValue {
    Reflect::get(options, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
