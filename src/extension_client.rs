//! `ExtensionClient`: a third-party application that logs in to a platform.

use crate::{
    browser::{Browser, Host},
    error::{self, Rejection},
    options,
    promise::{self, MethodFuture},
    results,
};
use authress_login_client as login;
use authress_login_protocol::{
    error::{Error, ErrorCode},
    extension::ExtensionToken,
    settings::Settings,
};
use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

type Login = login::ExtensionClient<Browser>;

/// A login client for one extension. Its token is kept in memory only.
#[wasm_bindgen]
#[derive(Debug)]
pub struct ExtensionClient {
    login: Login,
}

#[wasm_bindgen]
impl ExtensionClient {
    /// Makes a client. Nothing is read or sent yet.
    #[wasm_bindgen(constructor)]
    pub fn new(authress_custom_domain: &str, extension_id: String, host: Host) -> Result<ExtensionClient, JsValue> {
        let settings = Settings::new(authress_custom_domain, None).map_err(|error| error::to_js(&error))?;
        let browser = Browser::new(host, None);
        Ok(Self { login: login::ExtensionClient::new(settings, extension_id, browser) })
    }

    /// `getUserIdentity`: the claims of the access token, or null.
    #[wasm_bindgen(js_name = getUserIdentity)]
    pub fn user_identity(&self) -> JsValue {
        self.login.token().map_or(JsValue::NULL, |token| results::identity(&token.claims))
    }

    /// `getTokenResponse`: the access token, or null.
    #[wasm_bindgen(js_name = getTokenResponse)]
    pub fn token_response(&self) -> JsValue {
        token_response(self.login.token())
    }

    /// Calls an asynchronous method, as [`crate::LoginClient::call`] does.
    pub fn call(&self, method: &str, cancelled: Promise, value: JsValue) -> Promise {
        let login = self.login.clone();
        let future: MethodFuture = match method {
            "requestToken" => Box::pin(request_token(login, value)),
            "login" => Box::pin(log_in(login, value)),
            _ => Box::pin(async { Err(ErrorCode::InternalError.into()) }),
        };
        promise::of_method(cancelled, future)
    }
}

/// Exchanges the code that the application gives or that is in the address.
async fn request_token(login: Login, options: JsValue) -> Result<JsValue, Rejection> {
    let (code, is_silent) = token_request(&options)?;
    let found = login.request_token(code).await?;
    if !found && !is_silent {
        return Err(ErrorCode::InvalidAuthorizationCode.into());
    }
    Ok(token_response(login.token()))
}

/// The access token, or null when the browser is leaving the page for the platform.
async fn log_in(login: Login, redirect_url: JsValue) -> Result<JsValue, Rejection> {
    let redirect_url = options::optional_text(redirect_url, "redirectUrl")?;
    Ok(token_response(login.login(redirect_url.as_deref()).await?))
}

fn token_response(token: Option<ExtensionToken>) -> JsValue {
    token.map_or(JsValue::NULL, |token| results::object([("accessToken", token.access_token.expose().into())]))
}

/// The options `code` and `silent` of an extension's `requestToken`.
fn token_request(options: &JsValue) -> Result<(Option<String>, bool), Error> {
    Ok((
        options::text(options, "code")?.filter(|code| !code.is_empty()),
        options::flag(options, "silent")?.unwrap_or_default(),
    ))
}
