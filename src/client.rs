//! The client as JavaScript calls it.

use crate::{
    account,
    browser::{Browser, Host, address},
    error::{self, Failure, Work, promise},
    fetch, options, value,
};
use authress_login_client::{self as login, OpenType};
use authress_login_protocol::{
    authenticate::{AuthenticateOptions, LinkOptions},
    error::ErrorCode,
    login_result::Purpose,
    return_url,
    settings::Settings,
};
use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::spawn_local;
use web_sys::AbortSignal;

pub(crate) type Login = login::Client<Browser>;

/// A login client for one Authress host and application.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Client {
    login: Login,
}

#[wasm_bindgen]
impl Client {
    /// Makes a client. Nothing is read or sent yet.
    #[wasm_bindgen(constructor)]
    pub fn new(
        authress_api_url: &str,
        application_id: &str,
        token_origins: &JsValue,
        retain_user_cookie: bool,
        logger: JsValue,
        host: Host,
    ) -> Result<Client, JsValue> {
        let settings = Settings::new(authress_api_url, Some(application_id))
            .and_then(|settings| settings.with_token_origins(&options::token_origins(token_origins)?))
            .map_err(|error| error::to_js(&error))?;
        let options = login::Options { retain_user_cookie };
        Ok(Self { login: login::Client::new(settings, options, Browser::new(logger, host)) })
    }

    /// Keeps the session renewed from now on.
    #[wasm_bindgen(js_name = keepSession)]
    pub fn keep_session(&self) {
        spawn_local(self.login.clone().keep_session());
    }

    /// Another tab has changed the storage.
    #[wasm_bindgen(js_name = onStorage)]
    pub fn on_storage(&self, key: JsValue) {
        self.login.on_storage(key.as_string().as_deref());
    }

    /// Another tab has sent a message.
    #[wasm_bindgen(js_name = onMessage)]
    pub fn on_message(&self, message: &str) {
        self.login.on_message(message);
    }

    /// Time may have passed since the page was last in use.
    pub fn wake(&self) {
        self.login.wake();
    }

    /// `getUserIdentity`: the claims of the id token with `userId`, or null.
    #[wasm_bindgen(js_name = getUserIdentity)]
    pub fn user_identity(&self) -> JsValue {
        self.login.user_identity().map_or(JsValue::NULL, |claims| value::identity(&claims))
    }

    /// `getMatchingDomainInfo`: whether cookies of this page would reach `url`.
    #[wasm_bindgen(js_name = getMatchingDomainInfo)]
    pub fn matching_domain_info(&self, url: &str) -> bool {
        let (Ok(page), Ok(other)) = (address::page(), Settings::new(url, None)) else { return false };
        page.allows_credentials(&other)
    }

    /// `sanitizeQueryParameters`: removes what a return left in the address.
    #[wasm_bindgen(js_name = sanitizeQueryParameters)]
    pub fn sanitize_query_parameters(&self) {
        let cleaned = address::page().ok().and_then(|page| return_url::without_return_parameters(page.href()));
        if let Some(href) = cleaned {
            address::replace(&href);
        }
    }

    /// An asynchronous method, by the name that it has in JavaScript, with the one value that it
    /// takes: its options, an id or an address. Once `signal` is aborted nothing more of it is done.
    pub fn call(&self, method: &str, signal: AbortSignal, value: JsValue) -> Promise {
        let login = self.login.clone();
        let work: Work = match method {
            "userSessionExists" => Box::pin(user_session_exists(login, value)),
            "waitForUserSession" => Box::pin(wait_for_user_session(login)),
            "ensureToken" => Box::pin(ensure_token(login, value)),
            "fetch" => Box::pin(fetch::fetch(login, value)),
            "authenticate" => Box::pin(async move {
                let (options, open) = options::authenticate(&value)?;
                authenticate(login, options, open).await
            }),
            "authenticateWithOneTimeCode" => Box::pin(async move {
                let options = options::authenticate_with_one_time_code(&value)?;
                authenticate(login, options, OpenType::ClientManaged).await
            }),
            "linkIdentity" => Box::pin(async move {
                let (options, open) = options::link(&value)?;
                link_identity(login, options, open).await
            }),
            "linkIdentityWithOneTimeCode" => Box::pin(async move {
                let options = options::link_with_one_time_code(&value)?;
                link_identity(login, options, OpenType::ClientManaged).await
            }),
            "updateExtensionAuthenticationRequest" => Box::pin(update_extension_request(login, value)),
            "getLinkResult" => Box::pin(result(login, Purpose::Link)),
            "getLoginResult" => Box::pin(result(login, Purpose::Login)),
            "logout" => Box::pin(logout(login, value)),
            "getUserProfile" => Box::pin(account::user_profile(login)),
            "unlinkIdentity" => Box::pin(account::unlink_identity(login, value)),
            "getConnectionCredentials" => Box::pin(account::connection_credentials(login)),
            "getDevices" => Box::pin(account::devices(login)),
            "deleteDevice" => Box::pin(account::delete_device(login, value)),
            "registerDevice" => Box::pin(account::register_device(login, value)),
            "openUserConfigurationScreen" => Box::pin(account::open_user_configuration_screen(login, value)),
            _ => Box::pin(async { Err(ErrorCode::InternalError.into()) }),
        };
        promise(&signal, work)
    }
}

/// Whether there is a session; takes up a return first. In the background (the value `true`) Authress
/// is not asked.
async fn user_session_exists(login: Login, background: JsValue) -> Result<JsValue, Failure> {
    Ok(login.user_session_exists(background.is_truthy()).await?.into())
}

/// Kept with `true` once there is a session.
async fn wait_for_user_session(login: Login) -> Result<JsValue, Failure> {
    login.wait_for_user_session().await;
    Ok(JsValue::TRUE)
}

/// The access token, or null where script cannot read it.
async fn ensure_token(login: Login, options: JsValue) -> Result<JsValue, Failure> {
    let token = login.ensure_token(options::timeout_ms(&options)?).await?;
    Ok(token.map_or(JsValue::NULL, |token| token.expose().into()))
}

/// Null when the browser is on its way, otherwise where to go on.
async fn authenticate(login: Login, options: AuthenticateOptions, open: OpenType) -> Result<JsValue, Failure> {
    let started = login.authenticate(&options, open).await?;
    Ok(started.map_or(JsValue::NULL, |started| value::started(&started)))
}

/// The same with undefined for null.
async fn link_identity(login: Login, options: LinkOptions, open: OpenType) -> Result<JsValue, Failure> {
    let started = login.link_identity(&options, open).await?;
    Ok(started.map_or(JsValue::UNDEFINED, |started| value::started(&started)))
}

/// Null when the browser is on its way.
async fn update_extension_request(login: Login, options: JsValue) -> Result<JsValue, Failure> {
    let url = login.update_extension_request(&options::update(&options)?).await?;
    Ok(url.map_or(JsValue::NULL, |url| value::object([("authenticationUrl", url.into())])))
}

/// What the login or link came to from which the browser has just returned, or null.
async fn result(login: Login, purpose: Purpose) -> Result<JsValue, Failure> {
    let result = login.login_result(purpose).await?;
    Ok(result.map_or(JsValue::NULL, |result| value::login_result(&result)))
}

/// Ends the session here and at Authress, then navigates.
async fn logout(login: Login, redirect_url: JsValue) -> Result<JsValue, Failure> {
    login.logout(redirect_url.as_string().as_deref()).await?;
    Ok(JsValue::UNDEFINED)
}
