//! The account's methods: profile, identities, credentials, second factors.

use crate::{
    browser::authenticator,
    client::Login,
    error::Failure,
    options::{self, DeviceOptions},
};
use authress_login_protocol::{
    account::{self, Authorization, Device},
    error::{Error, ErrorCode},
    http::Request,
};
use js_sys::{Array, JSON, Reflect};
use wasm_bindgen::JsValue;

/// The account with its linked identities.
pub(crate) async fn user_profile(login: Login) -> Result<JsValue, Failure> {
    Ok(ask(&login, &account::profile).await?)
}

/// Takes an identity off the account.
pub(crate) async fn unlink_identity(login: Login, identity_id: JsValue) -> Result<JsValue, Failure> {
    let identity_id = identity_id.as_string().filter(|id| !id.is_empty()).ok_or(ErrorCode::InvalidConnection)?;
    ask(&login, &|authorization| account::unlink_identity(authorization, &identity_id)).await?;
    Ok(JsValue::UNDEFINED)
}

/// The identity provider's own token, or null.
pub(crate) async fn connection_credentials(login: Login) -> Result<JsValue, Failure> {
    Ok(ask(&login, &account::connection_credentials).await.unwrap_or(JsValue::NULL))
}

/// The second factors; none where they cannot be had.
pub(crate) async fn devices(login: Login) -> Result<JsValue, Failure> {
    let answer = ask(&login, &account::devices).await;
    let devices = answer.ok().and_then(|answer| Reflect::get(&answer, &"devices".into()).ok());
    Ok(devices.filter(Array::is_array).unwrap_or_else(|| Array::new().into()))
}

/// Takes a second factor off the account.
pub(crate) async fn delete_device(login: Login, device_id: JsValue) -> Result<JsValue, Failure> {
    let device_id = device_id.as_string().unwrap_or_default();
    ask(&login, &|authorization| account::delete_device(authorization, &device_id)).await?;
    Ok(JsValue::UNDEFINED)
}

/// A security key or passkey, or time-based codes.
pub(crate) async fn register_device(login: Login, options: JsValue) -> Result<JsValue, Failure> {
    let options = options::device(&options)?;
    // Before the shopper is asked to touch a key.
    let user_id = login.authorization().await?.user_id;
    let device = match options {
        DeviceOptions::Totp(device) => device,
        DeviceOptions::WebAuthn(name) => {
            let relying_party = account::relying_party_id(login.settings());
            let credential = authenticator::create(&relying_party, &user_id).await.map_err(Failure)?;
            Device::WebAuthn { name, credential }
        }
    };
    Ok(ask(&login, &|authorization| account::register_device(authorization, &device)).await?)
}

/// Leaves for the page where shoppers see to their account.
pub(crate) async fn open_user_configuration_screen(login: Login, options: JsValue) -> Result<JsValue, Failure> {
    let (screen, redirect_url) = options::configuration_screen(&options)?;
    login.open_user_configuration_screen(screen, redirect_url.as_deref()).await?;
    Ok(JsValue::UNDEFINED)
}

/// The answer to a request for this session, as a value. An empty one is nothing; one that is no
/// JSON is of no use.
async fn ask(login: &Login, request: &dyn Fn(Authorization) -> Result<Request, Error>) -> Result<JsValue, Error> {
    let body = login.ask(request).await?;
    if body.expose().is_empty() {
        return Ok(JsValue::UNDEFINED);
    }
    JSON::parse(body.expose()).map_err(|_| ErrorCode::InvalidServerResponse.into())
}
