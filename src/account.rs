//! The account's methods: profile, identities, credentials, second factors.

use crate::{
    browser::{address, authenticator},
    client::Client,
    error::{Failure, promise},
    options::{self, DeviceOptions},
};
use authress_login_protocol::{
    account::{self, Authorization, Device},
    error::{Error, ErrorCode},
    http::Request,
    settings::Settings,
};
use js_sys::{Array, JSON, Promise, Reflect};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use web_sys::AbortSignal;

#[wasm_bindgen]
impl Client {
    /// `getUserProfile`: the account with its linked identities.
    #[wasm_bindgen(js_name = getUserProfile)]
    pub fn user_profile(&self, signal: Option<AbortSignal>) -> Promise {
        let client = self.clone();
        promise(signal, async move { Ok(client.ask(account::profile).await?) })
    }

    /// `unlinkIdentity`: takes an identity off the account.
    #[wasm_bindgen(js_name = unlinkIdentity)]
    pub fn unlink_identity(&self, signal: Option<AbortSignal>, identity_id: Option<String>) -> Promise {
        let client = self.clone();
        promise(signal, async move {
            let identity_id = identity_id.filter(|id| !id.is_empty()).ok_or(ErrorCode::InvalidConnection)?;
            client.ask(|authorization| account::unlink_identity(authorization, &identity_id)).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// `getConnectionCredentials`: the identity provider's own token, or null.
    #[wasm_bindgen(js_name = getConnectionCredentials)]
    pub fn connection_credentials(&self, signal: Option<AbortSignal>) -> Promise {
        let client = self.clone();
        promise(signal, async move { Ok(client.ask(account::connection_credentials).await.unwrap_or(JsValue::NULL)) })
    }

    /// `getDevices`: the second factors; none where they cannot be had.
    #[wasm_bindgen(js_name = getDevices)]
    pub fn devices(&self, signal: Option<AbortSignal>) -> Promise {
        let client = self.clone();
        promise(signal, async move {
            let answer = client.ask(account::devices).await;
            let devices = answer.ok().and_then(|answer| Reflect::get(&answer, &"devices".into()).ok());
            Ok(devices.filter(Array::is_array).unwrap_or_else(|| Array::new().into()))
        })
    }

    /// `deleteDevice`.
    #[wasm_bindgen(js_name = deleteDevice)]
    pub fn delete_device(&self, signal: Option<AbortSignal>, device_id: Option<String>) -> Promise {
        let client = self.clone();
        promise(signal, async move {
            let device_id = device_id.unwrap_or_default();
            client.ask(|authorization| account::delete_device(authorization, &device_id)).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// `registerDevice`: a security key or passkey, or time-based codes.
    #[wasm_bindgen(js_name = registerDevice)]
    pub fn register_device(&self, signal: Option<AbortSignal>, options: JsValue) -> Promise {
        let client = self.clone();
        promise(signal, async move {
            let options = options::device(&options)?;
            // Before the shopper is asked to touch a key.
            let user_id = client.login.authorization().await?.user_id;
            let device = match options {
                DeviceOptions::Totp(device) => device,
                DeviceOptions::WebAuthn(name) => {
                    let relying_party = account::relying_party_id(client.login.settings());
                    let credential = authenticator::create(&relying_party, &user_id).await.map_err(Failure)?;
                    Device::WebAuthn { name, credential }
                }
            };
            Ok(client.ask(|authorization| account::register_device(authorization, &device)).await?)
        })
    }

    /// `openUserConfigurationScreen`: leaves for the page where shoppers see to their account.
    #[wasm_bindgen(js_name = openUserConfigurationScreen)]
    pub fn open_user_configuration_screen(&self, signal: Option<AbortSignal>, options: JsValue) -> Promise {
        let login = self.login.clone();
        promise(signal, async move {
            let (screen, redirect_url) = options::configuration_screen(&options)?;
            login.open_user_configuration_screen(screen, redirect_url.as_deref()).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// `getMatchingDomainInfo`: whether cookies of this page would reach `url`.
    #[wasm_bindgen(js_name = getMatchingDomainInfo)]
    pub fn matching_domain_info(&self, url: &str) -> bool {
        let (Ok(page), Ok(other)) = (address::page(), Settings::new(url, None)) else { return false };
        page.allows_credentials(&other)
    }
}

impl Client {
    /// The answer to a request for this session, as a value. An empty one is nothing; one that is no
    /// JSON is of no use.
    async fn ask(&self, request: impl FnOnce(Authorization) -> Result<Request, Error>) -> Result<JsValue, Error> {
        let body = self.login.ask(request).await?;
        if body.expose().is_empty() {
            return Ok(JsValue::UNDEFINED);
        }
        JSON::parse(body.expose()).map_err(|_| ErrorCode::InvalidServerResponse.into())
    }
}
