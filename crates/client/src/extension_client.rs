//! `ExtensionClient`: a third-party application that logs in to a platform. Its token is kept in memory only.

use crate::{
    concurrency::single_flight::SingleFlight,
    context::{Context, Options},
    ports::Ports,
};
use authress_login_protocol::{
    error::{Error, ErrorCode},
    extension::{self, ExtensionCallback, ExtensionToken, PendingExtensionLogin, STORAGE_KEY},
    settings::Settings,
};
use std::{cell::RefCell, rc::Rc};

/// A login client for one extension. Clones share their state.
#[derive(Debug)]
pub struct ExtensionClient<P: Ports> {
    context: Rc<Context<P>>,
    extension: Rc<Extension>,
}

#[derive(Debug)]
struct Extension {
    id: String,
    token: RefCell<Option<ExtensionToken>>,
    exchange: SingleFlight,
}

impl<P: Ports> Clone for ExtensionClient<P> {
    fn clone(&self) -> Self {
        Self { context: self.context.clone(), extension: self.extension.clone() }
    }
}

impl<P: Ports> ExtensionClient<P> {
    /// Creates a client. It reads and sends nothing yet.
    pub fn new(settings: Settings, extension_id: String, ports: P) -> Self {
        let extension = Extension { id: extension_id, token: RefCell::default(), exchange: SingleFlight::default() };
        Self { context: Rc::new(Context::new(settings, Options::default(), ports)), extension: Rc::new(extension) }
    }

    /// Returns the token until it expires.
    pub fn token(&self) -> Option<ExtensionToken> {
        let now_ms = self.context.ports.now_ms();
        let mut token = self.extension.token.borrow_mut();
        if token.as_ref().and_then(|token| token.expires_at_ms).is_some_and(|end| end < now_ms) {
            *token = None;
        }
        token.clone()
    }

    /// Exchanges `code`, or the code in the address. Returns whether there was one.
    pub async fn request_token(&self, code: Option<String>) -> Result<bool, Error> {
        let this = self.clone();
        let run = Box::pin(async move { this.exchange(code.as_deref()).await });
        self.extension.exchange.join(&self.context.ports, run).await
    }

    /// Returns the token, or `None` if the page navigates to the platform.
    pub async fn login(&self, redirect_url: Option<&str>) -> Result<Option<ExtensionToken>, Error> {
        if self.token().is_none() {
            self.request_token(None).await?;
        }
        let token = self.token();
        if token.is_none() {
            self.navigate_to_platform(redirect_url)?;
        }
        Ok(token)
    }

    async fn exchange(&self, code: Option<&str>) -> Result<bool, Error> {
        let Context { ports, settings, .. } = &*self.context;
        ports.activation().await;
        let now_ms = ports.now_ms();
        let pending = ports.load(STORAGE_KEY).and_then(|record| PendingExtensionLogin::from_json(&record, now_ms));
        if pending.is_none() {
            ports.remove(STORAGE_KEY); // Its code verifier is of no use any more.
        }
        let page = ports.page()?;
        let key = extension::unfinished_key(settings, &self.extension.id);
        let request = match extension::decide(settings, &self.extension.id, &page, code, pending.as_ref()) {
            ExtensionCallback::Foreign => return Ok(false),
            ExtensionCallback::None => {
                ports.load_in_tab(&key).and_then(|record| extension::resume(&self.extension.id, &record, now_ms))
            }
            ExtensionCallback::Exchange { request, unfinished, clean_href } => {
                // Before anything is awaited: a code can be exchanged once.
                if let Some(href) = clean_href {
                    ports.show_address(&href);
                }
                ports.store_in_tab(&key, unfinished.expose());
                ports.remove(STORAGE_KEY);
                Some(request)
            }
        };
        let Some(request) = request else { return Ok(false) };
        let outcome = self.context.send(&request).await;
        let token = extension::read_outcome(settings, outcome, self.context.now());
        // After a network failure the next call, or the next page of the tab, sends the code again.
        if !token.as_ref().is_err_and(|error| error.code == ErrorCode::AuthressSdkNetworkError) {
            ports.remove_in_tab(&key);
        }
        *self.extension.token.borrow_mut() = Some(token?);
        Ok(true)
    }

    fn navigate_to_platform(&self, redirect_url: Option<&str>) -> Result<(), Error> {
        let Context { ports, settings, .. } = &*self.context;
        if !ports.is_durable() {
            return Err(ErrorCode::StorageUnavailable.into());
        }
        let (page, entropy) = (ports.page()?, self.context.entropy()?);
        let (pending, url) =
            extension::begin_login(settings, &self.extension.id, &page, redirect_url, entropy, ports.now_ms())?;
        ports.store(STORAGE_KEY, pending.to_json().expose());
        ports.navigate(&url)
    }
}
