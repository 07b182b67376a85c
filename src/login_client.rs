//! `LoginClient`: the client as the classes in `pkg/src/client.js` call it.
//!
//! One method takes every asynchronous call, by the name that it has in JavaScript: a method of its own for each would be
//! an export, a promise and a state machine of its own. A test holds the names to those that `pkg/src/client.js` calls.

use crate::{
    browser::{Browser, Host, tabs::TabEvent},
    error::{self, Rejection},
    options,
    promise::{self, MethodFuture},
    results,
};
use authress_login_client::{self as login, OpenType, Ports};
use authress_login_protocol::{
    authorization::request::{AuthenticateOptions, LinkOptions},
    callback::login_result::Purpose,
    callback_url,
    error::{Error, ErrorCode},
    secret::Secret,
    settings::Settings,
};
use js_sys::{Promise, Reflect};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::spawn_local;

pub(crate) type Login = login::LoginClient<Browser>;

/// A login client for one Authress host and application.
#[wasm_bindgen]
#[derive(Debug)]
pub struct LoginClient {
    pub(crate) login: Login,
}

#[wasm_bindgen]
impl LoginClient {
    /// Makes a client. Nothing is read or sent yet.
    #[wasm_bindgen(constructor)]
    pub fn new(
        authress_api_url: &str,
        application_id: &str,
        retain_user_cookie: bool,
        host: Host,
    ) -> Result<LoginClient, JsValue> {
        let settings = Settings::new(authress_api_url, Some(application_id)).map_err(|error| error::to_js(&error))?;
        let options = login::Options { retain_user_cookie };
        let channel = ["authress-login ", &settings.origin(), " ", settings.application_id()].concat();
        Ok(Self { login: login::LoginClient::new(settings, options, Browser::new(host, Some(channel))) })
    }

    /// Continues from the session that listeners already know: that of the stored `record`, or none.
    #[wasm_bindgen(js_name = continueFrom)]
    pub fn continue_from(&self, record: Option<String>) {
        self.login.continue_from(record.as_deref());
    }

    /// Keeps the session renewed and in step with other tabs from now on.
    #[wasm_bindgen(js_name = keepSession)]
    pub fn keep_session(&self) {
        let login = self.login.clone();
        self.login.ports().listen(move |event| match event {
            TabEvent::Message(message) => login.on_message(message),
            TabEvent::StorageChanged(key) => login.on_storage(key),
            TabEvent::Resumed => login.wake(),
        });
        spawn_local(self.login.clone().keep_session());
    }

    /// Another tab has sent a message before this client listened.
    #[wasm_bindgen(js_name = onMessage)]
    pub fn on_message(&self, message: &str) {
        self.login.on_message(message);
    }

    /// `getUserIdentity`: the claims of the id token with `userId`, `isAnonymous` and `sessionOrigin`, or null.
    #[wasm_bindgen(js_name = getUserIdentity)]
    pub fn user_identity(&self) -> JsValue {
        self.login.session().map_or(JsValue::NULL, |session| results::user_identity(&session))
    }

    /// `getMatchingDomainInfo`: whether cookies of this page would reach `url`.
    #[wasm_bindgen(js_name = getMatchingDomainInfo)]
    pub fn matching_domain_info(&self, url: &str) -> bool {
        let (Ok(page), Ok(other)) = (self.login.ports().page(), Settings::new(url, None)) else { return false };
        page.allows_credentials(&other)
    }

    /// `sanitizeQueryParameters`: removes callback parameters from the address.
    #[wasm_bindgen(js_name = sanitizeQueryParameters)]
    pub fn sanitize_query_parameters(&self) {
        let cleaned =
            self.login.ports().page().ok().and_then(|page| callback_url::without_callback_parameters(page.href()));
        if let Some(href) = cleaned {
            self.login.ports().show_address(&href);
        }
    }

    /// Calls an asynchronous method by its name in JavaScript. `value` is the one argument that it takes: its options, an
    /// id or a URL. Once `cancelled` is fulfilled the method does nothing more.
    pub fn call(&self, method: &str, cancelled: Promise, value: JsValue) -> Promise {
        let login = self.login.clone();
        let future: MethodFuture = match method {
            "authenticate" => begin(login, Begin::Login, options::authenticate(&value)),
            "authenticateWithOneTimeCode" => {
                begin(login, Begin::Login, options::authenticate_with_one_time_code(&value))
            }
            "linkIdentity" => link_identity(login, options::link(&value)),
            "linkIdentityWithOneTimeCode" => link_identity(login, options::link_with_one_time_code(&value)),
            "signInAnonymously" => Box::pin(sign_in_anonymously(login, value)),
            "signIn" => begin(login, Begin::SignIn, options::authenticate(&value)),
            "switchAccount" => begin(login, Begin::SwitchAccount, options::authenticate(&value)),
            "userSessionExists" => Box::pin(user_session_exists(login, value)),
            "waitForUserSession" => Box::pin(wait_for_user_session(login)),
            "ensureToken" => Box::pin(ensure_token(login, value)),
            "tokenFor" => Box::pin(token_for(login, value)),
            "replaceRejectedToken" => Box::pin(replace_rejected_token(login, value)),
            "getLinkResult" => Box::pin(result(login, Purpose::Link)),
            "getLoginResult" => Box::pin(result(login, Purpose::Login)),
            "getRedirectResult" => Box::pin(redirect_result(login)),
            // Not among the account's methods, which need the network to be loaded: a session ends without one too.
            "logout" => Box::pin(logout(login, value)),
            _ => Box::pin(async { Err(ErrorCode::InternalError.into()) }),
        };
        promise::of_method(cancelled, future)
    }
}

/// Which method begins a login.
#[derive(Clone, Copy)]
enum Begin {
    Login,
    SignIn,
    SwitchAccount,
}

/// Null when the browser is leaving the page, otherwise where to go on.
// Several methods end here, and what they read is long.
#[inline(never)]
fn begin(login: Login, method: Begin, options: Result<(AuthenticateOptions, OpenType), Error>) -> MethodFuture {
    Box::pin(async move {
        let (options, open) = options?;
        let started = match method {
            Begin::Login => login.authenticate(&options, open).await?,
            Begin::SignIn => login.sign_in(options, open).await?,
            Begin::SwitchAccount => login.log_in(&options, open).await?,
        };
        Ok(started.map_or(JsValue::NULL, |started| results::started(&started)))
    })
}

/// Undefined when the browser is leaving the page, otherwise where to go on.
#[inline(never)]
fn link_identity(login: Login, options: Result<(LinkOptions, OpenType), Error>) -> MethodFuture {
    Box::pin(async move {
        let (options, open) = options?;
        let started = login.link_identity(&options, open).await?;
        Ok(started.map_or(JsValue::UNDEFINED, |started| results::started(&started)))
    })
}

/// Whether there is a session; `false` when the browser is leaving the page.
async fn sign_in_anonymously(login: Login, options: JsValue) -> Result<JsValue, Rejection> {
    let (options, background_redirect_url) = options::sign_in_anonymously(&options)?;
    Ok(login.sign_in_anonymously(options, background_redirect_url).await?.into())
}

/// Whether there is a session; handles a callback first. In the background (the value `true`) nothing is sent to Authress.
async fn user_session_exists(login: Login, background: JsValue) -> Result<JsValue, Rejection> {
    Ok(login.user_session_exists(background.is_truthy()).await?.into())
}

/// Fulfilled with `true` once there is a session.
async fn wait_for_user_session(login: Login) -> Result<JsValue, Rejection> {
    login.wait_for_user_session().await;
    Ok(JsValue::TRUE)
}

/// The access token, or null where script cannot read it.
async fn ensure_token(login: Login, options: JsValue) -> Result<JsValue, Rejection> {
    Ok(token(login.ensure_token(options::timeout_ms(&options)?).await?))
}

/// The access token for a request, or null where script cannot read it. The value is a list of two strings: the request's
/// URL, and the setting `tokenOrigins` with spaces between the origins.
async fn token_for(login: Login, request: JsValue) -> Result<JsValue, Rejection> {
    let text = |index| Reflect::get_u32(&request, index).ok().and_then(|text| text.as_string()).unwrap_or_default();
    Ok(token(login.token_for(&text(0), &text(1)).await?))
}

/// Another access token in place of one that an API has rejected, or null.
async fn replace_rejected_token(login: Login, rejected: JsValue) -> Result<JsValue, Rejection> {
    let rejected = rejected.as_string().map(Secret::new);
    Ok(token(login.replace_rejected_token(rejected.as_ref()).await))
}

fn token(token: Option<Secret>) -> JsValue {
    token.map_or(JsValue::NULL, |token| token.expose().into())
}

/// The result of the login or link whose callback this page has handled, or null.
async fn result(login: Login, purpose: Purpose) -> Result<JsValue, Rejection> {
    let result = login.login_result(purpose).await?;
    Ok(result.map_or(JsValue::NULL, |result| results::login_result(&result)))
}

/// The result of the login or link whose callback this page has handled, with what the application gave for its return.
async fn redirect_result(login: Login) -> Result<JsValue, Rejection> {
    let result = login.redirect_result(true).await?;
    Ok(result.map_or(JsValue::NULL, |result| results::redirect_result(&result)))
}

/// Ends the session here and at Authress, then navigates.
async fn logout(login: Login, redirect_url: JsValue) -> Result<JsValue, Rejection> {
    let redirect_url = options::optional_text(redirect_url, "redirectUrl")?;
    login.logout(redirect_url.as_deref()).await?;
    Ok(JsValue::UNDEFINED)
}
