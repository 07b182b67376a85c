//! The client as JavaScript calls it: one short method each.
//!
//! The first value of every asynchronous method is an `AbortSignal` or undefined.

use crate::{
    browser::{Browser, Host, address},
    error::{self, Failure, promise},
    options, value,
};
use authress_login_client::{self as login, OpenType};
use authress_login_protocol::{login_result::Purpose, return_url, settings::Settings};
use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::spawn_local;
use web_sys::AbortSignal;

/// A login client for one Authress host and application.
#[wasm_bindgen]
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) login: login::Client<Browser>,
}

#[wasm_bindgen]
impl Client {
    /// Makes a client. Nothing is read or sent yet.
    #[wasm_bindgen(constructor)]
    pub fn new(
        authress_api_url: &str,
        application_id: Option<String>,
        token_origins: JsValue,
        retain_user_cookie: bool,
        logger: JsValue,
        host: Host,
    ) -> Result<Client, JsValue> {
        let settings = Settings::new(authress_api_url, application_id.as_deref())
            .and_then(|settings| settings.with_token_origins(&options::token_origins(&token_origins)?))
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
    pub fn on_storage(&self, key: Option<String>) {
        self.login.on_storage(key.as_deref());
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

    /// `userSessionExists`: whether there is a session; takes up a return first. In the background
    /// Authress is not asked.
    #[wasm_bindgen(js_name = userSessionExists)]
    pub fn user_session_exists(&self, signal: Option<AbortSignal>, background: bool) -> Promise {
        let login = self.login.clone();
        promise(signal, async move { Ok(login.user_session_exists(background).await?.into()) })
    }

    /// `waitForUserSession`: kept with `true` once there is a session.
    #[wasm_bindgen(js_name = waitForUserSession)]
    pub fn wait_for_user_session(&self, signal: Option<AbortSignal>) -> Promise {
        let login = self.login.clone();
        promise(signal, async move {
            login.wait_for_user_session().await;
            Ok(JsValue::TRUE)
        })
    }

    /// `ensureToken`: the access token, or null where script cannot read it.
    #[wasm_bindgen(js_name = ensureToken)]
    pub fn ensure_token(&self, signal: Option<AbortSignal>, options: JsValue) -> Promise {
        let login = self.login.clone();
        promise(signal, async move {
            let token = login.ensure_token(options::timeout_ms(&options)?).await?;
            Ok(token.map_or(JsValue::NULL, |token| token.expose().into()))
        })
    }

    /// `getUserIdentity`: the claims of the id token with `userId`, or null.
    #[wasm_bindgen(js_name = getUserIdentity)]
    pub fn user_identity(&self) -> JsValue {
        self.login.user_identity().map_or(JsValue::NULL, |claims| value::identity(&claims))
    }

    /// `authenticate`: null when the browser is on its way, otherwise where to go on.
    pub fn authenticate(&self, signal: Option<AbortSignal>, options: JsValue) -> Promise {
        let login = self.login.clone();
        promise(signal, async move {
            let (options, open) = options::authenticate(&options)?;
            Ok(login.authenticate(options, open).await?.map_or(JsValue::NULL, |started| value::started(&started)))
        })
    }

    /// `authenticateWithOneTimeCode`: where to go on.
    #[wasm_bindgen(js_name = authenticateWithOneTimeCode)]
    pub fn authenticate_with_one_time_code(&self, signal: Option<AbortSignal>, options: JsValue) -> Promise {
        let login = self.login.clone();
        promise(signal, async move {
            let options = options::authenticate_with_one_time_code(&options)?;
            let started = login.authenticate(options, OpenType::ClientManaged).await?;
            Ok(started.map_or(JsValue::NULL, |started| value::started(&started)))
        })
    }

    /// `linkIdentity`: leaves the page.
    #[wasm_bindgen(js_name = linkIdentity)]
    pub fn link_identity(&self, signal: Option<AbortSignal>, options: JsValue) -> Promise {
        let client = self.clone();
        promise(signal, async move {
            let (options, open) = options::link(&options)?;
            client.link(options, open).await
        })
    }

    /// `linkIdentityWithOneTimeCode`: where to go on.
    #[wasm_bindgen(js_name = linkIdentityWithOneTimeCode)]
    pub fn link_identity_with_one_time_code(&self, signal: Option<AbortSignal>, options: JsValue) -> Promise {
        let client = self.clone();
        promise(signal, async move {
            client.link(options::link_with_one_time_code(&options)?, OpenType::ClientManaged).await
        })
    }

    /// `updateExtensionAuthenticationRequest`: null when the browser is on its way.
    #[wasm_bindgen(js_name = updateExtensionAuthenticationRequest)]
    pub fn update_extension_authentication_request(&self, signal: Option<AbortSignal>, options: JsValue) -> Promise {
        let login = self.login.clone();
        promise(signal, async move {
            let url = login.update_extension_request(options::update(&options)?).await?;
            Ok(url.map_or(JsValue::NULL, |url| value::object([("authenticationUrl", url.into())])))
        })
    }

    /// `getLinkResult`: what the link came to from which the browser has just returned, or null.
    #[wasm_bindgen(js_name = getLinkResult)]
    pub fn link_result(&self, signal: Option<AbortSignal>) -> Promise {
        self.result(signal, Purpose::Link)
    }

    /// `getLoginResult`: the same for a login.
    #[wasm_bindgen(js_name = getLoginResult)]
    pub fn login_result(&self, signal: Option<AbortSignal>) -> Promise {
        self.result(signal, Purpose::Login)
    }

    /// `sanitizeQueryParameters`: removes what a return left in the address.
    #[wasm_bindgen(js_name = sanitizeQueryParameters)]
    pub fn sanitize_query_parameters(&self) {
        let cleaned = address::page().ok().and_then(|page| return_url::without_return_parameters(page.href()));
        if let Some(href) = cleaned {
            address::replace(&href);
        }
    }

    /// `logout`: ends the session here and at Authress, then navigates.
    pub fn logout(&self, signal: Option<AbortSignal>, redirect_url: Option<String>) -> Promise {
        let login = self.login.clone();
        promise(signal, async move {
            login.logout(redirect_url.as_deref()).await?;
            Ok(JsValue::UNDEFINED)
        })
    }
}

impl Client {
    async fn link(
        &self,
        options: authress_login_protocol::authenticate::LinkOptions,
        open: OpenType,
    ) -> Result<JsValue, Failure> {
        let started = self.login.link_identity(options, open).await?;
        Ok(started.map_or(JsValue::UNDEFINED, |started| value::started(&started)))
    }

    fn result(&self, signal: Option<AbortSignal>, purpose: Purpose) -> Promise {
        let login = self.login.clone();
        promise(signal, async move {
            let result = login.login_result(purpose).await?;
            Ok(result.map_or(JsValue::NULL, |result| value::login_result(&result)))
        })
    }
}
