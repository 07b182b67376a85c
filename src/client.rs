//! The client as JavaScript calls it.

use crate::{
    browser::{Browser, Host, tabs::TabEvent},
    error::{self, Failure, Work, promise},
    options, start, value,
};
use authress_login_client::{self as login, Ports};
use authress_login_protocol::{
    callback::login_result::Purpose, callback_url, error::ErrorCode, secret::Secret, settings::Settings, text,
};
use js_sys::{Promise, Reflect};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::spawn_local;

pub(crate) type Login = login::Client<Browser>;

/// A login client for one Authress host and application.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Client {
    pub(crate) login: Login,
}

#[wasm_bindgen]
impl Client {
    /// Makes a client. Nothing is read or sent yet.
    #[wasm_bindgen(constructor)]
    pub fn new(
        authress_api_url: &str,
        application_id: &str,
        retain_user_cookie: bool,
        host: Host,
    ) -> Result<Client, JsValue> {
        let settings = Settings::new(authress_api_url, Some(application_id)).map_err(|error| error::to_js(&error))?;
        let options = login::Options { retain_user_cookie };
        let channel = text::concat(&["authress-login ", &settings.origin(), " ", settings.application_id()]);
        Ok(Self { login: login::Client::new(settings, options, Browser::new(host, Some(channel))) })
    }

    /// Keeps the session renewed and in step with other tabs from now on.
    #[wasm_bindgen(js_name = keepSession)]
    pub fn keep_session(&self) {
        let login = self.login.clone();
        self.login.ports().listen(move |event| match event {
            TabEvent::Message(message) => login.on_message(message),
            TabEvent::StorageChanged(key) => login.on_storage(key),
            TabEvent::Woken => login.wake(),
        });
        spawn_local(self.login.clone().keep_session());
    }

    /// `getUserIdentity`: the claims of the id token with `userId` and `isAnonymous`, or null.
    #[wasm_bindgen(js_name = getUserIdentity)]
    pub fn user_identity(&self) -> JsValue {
        let ports = self.login.ports();
        self.login.user_identity().map_or(JsValue::NULL, |claims| ports.user_identity(&claims))
    }

    /// `getMatchingDomainInfo`: whether cookies of this page would reach `url`.
    #[wasm_bindgen(js_name = getMatchingDomainInfo)]
    pub fn matching_domain_info(&self, url: &str) -> bool {
        let (Ok(page), Ok(other)) = (self.login.ports().page(), Settings::new(url, None)) else { return false };
        page.allows_credentials(&other)
    }

    /// `sanitizeQueryParameters`: removes what a return left in the address.
    #[wasm_bindgen(js_name = sanitizeQueryParameters)]
    pub fn sanitize_query_parameters(&self) {
        let cleaned =
            self.login.ports().page().ok().and_then(|page| callback_url::without_callback_parameters(page.href()));
        if let Some(href) = cleaned {
            self.login.ports().show_address(&href);
        }
    }

    /// An asynchronous method, by the name that it has in JavaScript, with the one value that it
    /// takes: its options, an id or an address. Once `stopped` is kept nothing more of it is done.
    pub fn call(&self, method: &str, stopped: Promise, value: JsValue) -> Promise {
        let login = self.login.clone();
        let work: Work = match method {
            "authenticate" => start::authenticate(login, options::authenticate(&value)),
            "authenticateWithOneTimeCode" => start::authenticate(login, start::with_one_time_code(&value)),
            "linkIdentity" => start::link_identity(login, options::link(&value)),
            "linkIdentityWithOneTimeCode" => start::link_identity(login, options::link_with_one_time_code(&value)),
            "userSessionExists" => Box::pin(user_session_exists(login, value)),
            "waitForUserSession" => Box::pin(wait_for_user_session(login)),
            "ensureToken" => Box::pin(ensure_token(login, value)),
            "tokenFor" => Box::pin(token_for(login, value)),
            "tokenInsteadOf" => Box::pin(token_instead_of(login, value)),
            "getLinkResult" => Box::pin(result(login, Purpose::Link)),
            "getLoginResult" => Box::pin(result(login, Purpose::Login)),
            // Not among the account's methods: without a network the session has to end here all the same.
            "logout" => Box::pin(logout(login, value)),
            _ => Box::pin(async { Err(ErrorCode::InternalError.into()) }),
        };
        promise(stopped, work)
    }
}

/// Whether there is a session; handles a callback first. In the background (the value `true`) Authress
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
    Ok(token(login.ensure_token(options::timeout_ms(&options)?).await?))
}

/// The access token for a request, or null where script cannot read it. The value is the request's address and the origins
/// that may get the token, as two texts in a list.
async fn token_for(login: Login, request: JsValue) -> Result<JsValue, Failure> {
    let text = |index| Reflect::get_u32(&request, index).ok().and_then(|text| text.as_string()).unwrap_or_default();
    Ok(token(login.token_for(&text(0), &text(1)).await?))
}

/// Another access token after one was not accepted, or null.
async fn token_instead_of(login: Login, refused: JsValue) -> Result<JsValue, Failure> {
    let refused = refused.as_string().map(Secret::new);
    Ok(token(login.token_instead_of(refused.as_ref()).await))
}

fn token(token: Option<Secret>) -> JsValue {
    token.map_or(JsValue::NULL, |token| token.expose().into())
}

/// What the login or link came to from which the browser has just returned, or null.
async fn result(login: Login, purpose: Purpose) -> Result<JsValue, Failure> {
    let result = login.login_result(purpose).await?;
    Ok(result.map_or(JsValue::NULL, |result| value::login_result(&result)))
}

/// Ends the session here and at Authress, then navigates.
async fn logout(login: Login, redirect_url: JsValue) -> Result<JsValue, Failure> {
    let redirect_url = options::optional_text(redirect_url, "redirectUrl")?;
    login.logout(redirect_url.as_deref()).await?;
    Ok(JsValue::UNDEFINED)
}
