//! `ExtensionClient`: a third-party application that logs in to a platform.

use crate::{
    browser::{address, clock, fetch, random, storage::Storage},
    error::{self, Failure, promise},
    options,
    shared::Shared,
};
use authress_login_protocol::{
    error::{Error, ErrorCode},
    extension::{self, ExtensionReturn, PendingExtensionLogin, STORAGE_KEY},
    jwt::UnverifiedClaims,
    secret::Secret,
    settings::Settings,
};
use js_sys::Promise;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// A login client for one extension. Its token is kept in memory only.
#[wasm_bindgen]
#[derive(Clone, Debug)]
pub struct ExtensionClient {
    inner: Rc<Inner>,
}

#[derive(Debug)]
struct Inner {
    settings: Settings,
    extension_id: String,
    storage: Storage,
    token: RefCell<Option<(Secret, UnverifiedClaims)>>,
    exchange: Shared,
}

#[wasm_bindgen]
impl ExtensionClient {
    /// Makes a client. Nothing is read or sent yet.
    #[wasm_bindgen(constructor)]
    pub fn new(authress_custom_domain: &str, extension_id: String) -> Result<ExtensionClient, JsValue> {
        let settings = Settings::new(authress_custom_domain, None).map_err(|error| error::to_js(&error))?;
        Ok(Self {
            inner: Rc::new(Inner {
                settings,
                extension_id,
                storage: Storage::new(),
                token: RefCell::new(None),
                exchange: Shared::default(),
            }),
        })
    }

    /// `getUserIdentity`: the claims of the access token, or null.
    #[wasm_bindgen(js_name = getUserIdentity)]
    pub fn user_identity(&self) -> JsValue {
        self.inner.current().map_or(JsValue::NULL, |(_, claims)| crate::client::identity(&claims))
    }

    /// `getTokenResponse`: the access token, or null.
    #[wasm_bindgen(js_name = getTokenResponse)]
    pub fn token_response(&self) -> JsValue {
        let Some((token, _)) = self.inner.current() else { return JsValue::NULL };
        crate::client::object([("accessToken", token.expose().into())])
    }

    /// `requestToken`: exchanges the code that the application gives or that is in the address.
    #[wasm_bindgen(js_name = requestToken)]
    pub fn request_token(&self, options: JsValue) -> Promise {
        let client = self.clone();
        promise(async move {
            let (code, is_silent) = options::token_request(&options);
            let found = client.take_up(code).await?;
            if !found && !is_silent {
                return Err(ErrorCode::InvalidAuthorizationCode.into());
            }
            Ok(client.token_response())
        })
    }

    /// `login`: the access token, or null when the browser is on its way to the platform.
    pub fn login(&self, redirect_url: Option<String>) -> Promise {
        let client = self.clone();
        promise(async move {
            if client.inner.current().is_none() {
                client.take_up(None).await?;
            }
            if client.inner.current().is_some() {
                return Ok(client.token_response());
            }
            client.inner.leave(redirect_url.as_deref())?;
            Ok(JsValue::NULL)
        })
    }
}

impl ExtensionClient {
    async fn take_up(&self, code: Option<String>) -> Result<bool, Failure> {
        let inner = self.inner.clone();
        self.inner.exchange.join(|| async move { inner.take_up(code.as_deref()).await }).await
    }
}

impl Inner {
    /// The token while it lasts.
    fn current(&self) -> Option<(Secret, UnverifiedClaims)> {
        let mut token = self.token.borrow_mut();
        if token.as_ref().is_some_and(|(_, claims)| claims.is_expired(clock::now_ms())) {
            *token = None;
        }
        token.clone()
    }

    /// Whether there was a code to exchange.
    async fn take_up(&self, code: Option<&str>) -> Result<bool, Error> {
        let pending = self.storage.get(STORAGE_KEY).and_then(|record| PendingExtensionLogin::from_json(&record));
        let page = address::page()?;
        match extension::inspect(&self.settings, &self.extension_id, &page, code, pending.as_ref()) {
            ExtensionReturn::None | ExtensionReturn::Foreign => Ok(false),
            ExtensionReturn::Exchange(request, clean_href) => {
                // Before anything is awaited: the code is good for one exchange.
                if let Some(href) = clean_href {
                    address::replace(&href);
                }
                self.storage.remove(STORAGE_KEY);
                let outcome = fetch::send(&self.settings.origin(), &request).await;
                *self.token.borrow_mut() = Some(extension::accept(&self.settings, outcome)?);
                Ok(true)
            }
        }
    }

    fn leave(&self, redirect_url: Option<&str>) -> Result<(), Error> {
        if !self.storage.is_durable() {
            return Err(ErrorCode::StorageUnavailable.into());
        }
        let page = address::page()?;
        let entropy = random::entropy()?;
        let (pending, url) = extension::begin(&self.settings, &self.extension_id, &page, redirect_url, entropy)?;
        self.storage.set(STORAGE_KEY, pending.to_json().expose());
        address::assign(&url)
    }
}
