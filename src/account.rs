//! The methods that few pages of a shop call: profile, identities, credentials, devices, and the authentication request of
//! an extension. They are a part of the module that is downloaded when one of them is called.

use crate::{
    browser::authenticator,
    error::{Rejection, invalid_input},
    login_client::{Login, LoginClient},
    options,
    promise::{self, MethodFuture},
    results,
};
use authress_login_protocol::{
    account::{self, Device, UserConfigurationScreen},
    error::{Error, ErrorCode},
    extension::UpdateOptions,
    http::Request,
    secret::Secret,
    session::credentials::SessionCredentials,
};
use js_sys::{Array, JSON, Promise, Reflect};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
impl LoginClient {
    /// Calls one of these methods, as [`LoginClient::call`] does.
    #[wasm_bindgen(js_name = callAccount)]
    pub fn call_account(&self, method: &str, cancelled: Promise, value: JsValue) -> Promise {
        let login = self.login.clone();
        let future: MethodFuture = match method {
            "updateExtensionAuthenticationRequest" => Box::pin(update_extension_request(login, value)),
            "getUserProfile" => Box::pin(user_profile(login)),
            "unlinkIdentity" => Box::pin(unlink_identity(login, value)),
            "getConnectionCredentials" => Box::pin(connection_credentials(login)),
            "getDevices" => Box::pin(devices(login)),
            "deleteDevice" => Box::pin(delete_device(login, value)),
            "registerDevice" => Box::pin(register_device(login, value)),
            "openUserConfigurationScreen" => Box::pin(open_user_configuration_screen(login, value)),
            _ => Box::pin(async { Err(ErrorCode::InternalError.into()) }),
        };
        promise::of_method(cancelled, future)
    }
}

/// Null when the browser is leaving the page.
async fn update_extension_request(login: Login, options: JsValue) -> Result<JsValue, Rejection> {
    let url = login.update_extension_request(&update_options(&options)?).await?;
    Ok(url.map_or(JsValue::NULL, |url| results::object([("authenticationUrl", url.into())])))
}

/// The account with its linked identities.
async fn user_profile(login: Login) -> Result<JsValue, Rejection> {
    Ok(ask(&login, &account::profile).await?)
}

/// Unlinks an identity from the account.
async fn unlink_identity(login: Login, identity_id: JsValue) -> Result<JsValue, Rejection> {
    let identity_id = identity_id.as_string().filter(|id| !id.is_empty()).ok_or(ErrorCode::InvalidConnection)?;
    ask(&login, &|authorization| account::unlink_identity(authorization, &identity_id)).await?;
    Ok(JsValue::UNDEFINED)
}

/// The identity provider's own token, or null.
async fn connection_credentials(login: Login) -> Result<JsValue, Rejection> {
    Ok(ask(&login, &account::connection_credentials).await.unwrap_or(JsValue::NULL))
}

/// The devices; an empty list where the request fails.
async fn devices(login: Login) -> Result<JsValue, Rejection> {
    let response = ask(&login, &account::devices).await;
    let devices = response.ok().and_then(|response| Reflect::get(&response, &"devices".into()).ok());
    Ok(devices.filter(Array::is_array).unwrap_or_else(|| Array::new().into()))
}

/// Deletes a device.
async fn delete_device(login: Login, device_id: JsValue) -> Result<JsValue, Rejection> {
    let device_id = device_id.as_string().unwrap_or_default();
    ask(&login, &|authorization| account::delete_device(authorization, &device_id)).await?;
    Ok(JsValue::UNDEFINED)
}

/// Registers a security key, a passkey or time-based codes.
async fn register_device(login: Login, options: JsValue) -> Result<JsValue, Rejection> {
    let options = device_options(&options)?;
    // Before the shopper is asked to touch a key.
    let user_id = login.credentials().await?.user_id;
    let device = match options {
        DeviceOptions::Totp(device) => device,
        DeviceOptions::WebAuthn(name) => {
            let relying_party = account::relying_party_id(login.settings());
            let credential = authenticator::create(&relying_party, &user_id).await.map_err(Rejection)?;
            Device::WebAuthn { name, credential }
        }
    };
    Ok(ask(&login, &|authorization| account::register_device(authorization, &device)).await?)
}

/// Leaves the page for Authress's own page of account settings.
async fn open_user_configuration_screen(login: Login, options: JsValue) -> Result<JsValue, Rejection> {
    let (screen, redirect_url) = screen_options(&options)?;
    login.open_user_configuration_screen(screen, redirect_url.as_deref()).await?;
    Ok(JsValue::UNDEFINED)
}

/// Sends a request of the signed-in user; its response as a value, undefined if it has no body. A body that is not JSON is
/// an error.
async fn ask(login: &Login, request: &dyn Fn(SessionCredentials) -> Result<Request, Error>) -> Result<JsValue, Error> {
    let body = login.send_account_request(request).await?;
    if body.expose().is_empty() {
        return Ok(JsValue::UNDEFINED);
    }
    JSON::parse(body.expose()).map_err(|_| ErrorCode::InvalidServerResponse.into())
}

/// The options of `updateExtensionAuthenticationRequest`.
fn update_options(options: &JsValue) -> Result<UpdateOptions, Error> {
    Ok(UpdateOptions {
        state: options::text(options, "state")?,
        connection_id: options::text(options, "connectionId")?,
        tenant_lookup_identifier: options::text(options, "tenantLookupIdentifier")?,
        hint: options::text(options, "hint")?,
        connection_properties: options::connection_properties(options)?,
    })
}

/// The options of `registerDevice`.
enum DeviceOptions {
    /// A security key or passkey, with the shopper's name for it.
    WebAuthn(Option<String>),
    /// Time-based codes.
    Totp(Device),
}

/// Reads the options of `registerDevice`; the type is WebAuthN if left out.
fn device_options(options: &JsValue) -> Result<DeviceOptions, Error> {
    if options.is_undefined() || options.is_null() {
        return Err(invalid_input("registerDevice needs options."));
    }
    let name = options::text(options, "name")?;
    match options::text(options, "type")?.as_deref() {
        None | Some("" | "WebAuthN") => Ok(DeviceOptions::WebAuthn(name)),
        Some("TOTP") => {
            let totp = options::json_object(&options::get(options, "totp")?);
            let totp = totp.ok_or_else(|| invalid_input("totp is needed for a TOTP device."))?;
            Ok(DeviceOptions::Totp(Device::Totp { name, totp: Secret::new(totp) }))
        }
        Some(_) => Err(invalid_input("The type of a device is WebAuthN or TOTP.")),
    }
}

/// The options `startPage` and `redirectUrl` of `openUserConfigurationScreen`.
fn screen_options(options: &JsValue) -> Result<(UserConfigurationScreen, Option<String>), Error> {
    let screen = UserConfigurationScreen::parse(options::text(options, "startPage")?.as_deref())?;
    Ok((screen, options::text(options, "redirectUrl")?))
}
