//! A third-party application that logs in to a platform.

use crate::{
    client::{Client, Options},
    flight::Flight,
    ports::Ports,
};
use authress_login_protocol::{
    error::{Error, ErrorCode},
    extension::{self, ExtensionCallback, ExtensionToken, PendingExtensionLogin, STORAGE_KEY},
    settings::Settings,
};
use std::{cell::RefCell, rc::Rc};

/// A login client for one extension. Its token is kept in memory only.
#[derive(Debug)]
pub struct ExtensionClient<P: Ports> {
    client: Client<P>,
    own: Rc<Own>,
}

#[derive(Debug)]
struct Own {
    extension_id: String,
    token: RefCell<Option<ExtensionToken>>,
    exchange: Flight,
}

impl<P: Ports> Clone for ExtensionClient<P> {
    fn clone(&self) -> Self {
        Self { client: self.client.clone(), own: self.own.clone() }
    }
}

impl<P: Ports> ExtensionClient<P> {
    /// Makes a client. Nothing is read or sent yet.
    pub fn new(settings: Settings, extension_id: String, ports: P) -> Self {
        let own = Own { extension_id, token: RefCell::default(), exchange: Flight::default() };
        Self { client: Client::new(settings, Options::default(), ports), own: Rc::new(own) }
    }

    /// The token while it lasts.
    pub fn token(&self) -> Option<ExtensionToken> {
        let now_ms = self.client.inner.ports.now_ms();
        let mut token = self.own.token.borrow_mut();
        if token.as_ref().and_then(|token| token.expires_at_ms).is_some_and(|end| end < now_ms) {
            *token = None;
        }
        token.clone()
    }

    /// Exchanges `code`, or the one in the address. Whether there was one.
    pub async fn request_token(&self, code: Option<String>) -> Result<bool, Error> {
        let this = self.clone();
        let run = Box::pin(async move { this.exchange(code.as_deref()).await });
        self.own.exchange.join(&self.client.inner.ports, run).await
    }

    /// The token, or `None` when the browser is on its way to the platform.
    pub async fn login(&self, redirect_url: Option<&str>) -> Result<Option<ExtensionToken>, Error> {
        if self.token().is_none() {
            self.request_token(None).await?;
        }
        let token = self.token();
        if token.is_none() {
            self.leave(redirect_url)?;
        }
        Ok(token)
    }

    async fn exchange(&self, code: Option<&str>) -> Result<bool, Error> {
        let inner = &self.client.inner;
        inner.ports.activation().await;
        let pending = inner.ports.load(STORAGE_KEY).and_then(|record| PendingExtensionLogin::from_json(&record));
        let page = inner.ports.page()?;
        let key = extension::unfinished_key(&inner.settings, &self.own.extension_id);
        let request = match extension::decide(&inner.settings, &self.own.extension_id, &page, code, pending.as_ref()) {
            ExtensionCallback::Foreign => return Ok(false),
            ExtensionCallback::None => {
                let unfinished = inner.ports.load_in_tab(&key);
                unfinished.and_then(|record| extension::resume(&self.own.extension_id, &record))
            }
            ExtensionCallback::Exchange { request, unfinished, clean_href } => {
                // Before anything is awaited: the code is good for one exchange.
                if let Some(href) = clean_href {
                    inner.ports.show_address(&href);
                }
                inner.ports.store_in_tab(&key, unfinished.expose());
                inner.ports.remove(STORAGE_KEY);
                Some(request)
            }
        };
        let Some(request) = request else { return Ok(false) };
        let outcome = inner.send(&request).await;
        let token = extension::read_outcome(&inner.settings, outcome, inner.now());
        // Without a response the next call, or the next page of the tab, tries again.
        if !token.as_ref().is_err_and(|error| error.code == ErrorCode::AuthressSdkNetworkError) {
            inner.ports.remove_in_tab(&key);
        }
        *self.own.token.borrow_mut() = Some(token?);
        Ok(true)
    }

    fn leave(&self, redirect_url: Option<&str>) -> Result<(), Error> {
        let inner = &self.client.inner;
        if !inner.ports.is_durable() {
            return Err(ErrorCode::StorageUnavailable.into());
        }
        let (page, entropy) = (inner.ports.page()?, inner.entropy()?);
        let (pending, url) =
            extension::begin_login(&inner.settings, &self.own.extension_id, &page, redirect_url, entropy)?;
        inner.ports.store(STORAGE_KEY, pending.to_json().expose());
        inner.ports.navigate(&url)
    }
}
