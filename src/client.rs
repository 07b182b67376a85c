//! The client as JavaScript calls it: one short method each.

use crate::{
    browser::{address, cookies, logger::Logger, storage::Storage, timer::Timer},
    error, options,
    shared::{SessionSignal, Shared},
    start::Departure,
};
use authress_login_protocol::{
    authenticate::check_link_options,
    callback::Exchange,
    error::{Error, ErrorCode},
    link::LinkResult,
    session,
    settings::Settings,
};
use js_sys::{Array, JSON, Object, Promise, Reflect};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::{JsFuture, future_to_promise};

/// A login client for one Authress host and application.
#[wasm_bindgen]
#[derive(Debug, Clone)]
pub struct Client {
    inner: Rc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) settings: Settings,
    pub(crate) retain_user_cookie: bool,
    pub(crate) logger: Logger,
    pub(crate) storage: Storage,
    /// Authress's word on whether cookies reach it, once it has said so.
    pub(crate) enable_credentials: Cell<Option<bool>>,
    pub(crate) session: SessionSignal,
    /// A code whose exchange got no answer; the next check tries it again.
    pub(crate) unanswered: RefCell<Option<Exchange>>,
    pub(crate) link_result: RefCell<Option<LinkResult>>,
    check_here: Shared,
    check_at_authress: Shared,
}

#[wasm_bindgen]
impl Client {
    /// Makes a client. Nothing is read or sent yet.
    #[wasm_bindgen(constructor)]
    pub fn new(
        authress_api_url: &str,
        application_id: Option<String>,
        retain_user_cookie: bool,
        logger: JsValue,
    ) -> Result<Client, JsValue> {
        let settings =
            Settings::new(authress_api_url, application_id.as_deref()).map_err(|error| error::to_js(&error))?;
        Ok(Self {
            inner: Rc::new(Inner {
                settings,
                retain_user_cookie,
                logger: Logger::new(logger),
                storage: Storage::new(),
                enable_credentials: Cell::new(None),
                session: SessionSignal::new(),
                unanswered: RefCell::new(None),
                link_result: RefCell::new(None),
                check_here: Shared::default(),
                check_at_authress: Shared::default(),
            }),
        })
    }

    /// `userSessionExists`: whether there is a session; takes up a return first. In the background
    /// Authress is not asked.
    #[wasm_bindgen(js_name = userSessionExists)]
    pub fn user_session_exists(&self, background: bool) -> Promise {
        let client = self.clone();
        future_to_promise(async move { client.session_exists(background).await.map(JsValue::from) })
    }

    /// `waitForUserSession`: kept with `true` once there is a session.
    #[wasm_bindgen(js_name = waitForUserSession)]
    pub fn wait_for_user_session(&self) -> Promise {
        self.inner.session.promise()
    }

    /// `ensureToken`: the access token, or null where script cannot read it.
    #[wasm_bindgen(js_name = ensureToken)]
    pub fn ensure_token(&self, options: &JsValue) -> Promise {
        let client = self.clone();
        let timeout = options::timeout(options);
        future_to_promise(async move {
            match timeout {
                Some(milliseconds) => client.wait_for_token(milliseconds).await,
                None => client.token(),
            }
        })
    }

    /// `getUserIdentity`: the claims of the id token with `userId`, or null.
    #[wasm_bindgen(js_name = getUserIdentity)]
    pub fn user_identity(&self) -> JsValue {
        let Some(claims) = self.inner.identity() else { return JsValue::NULL };
        let Ok(identity) = JSON::parse(claims.text()) else { return JsValue::NULL };
        let _ = Reflect::set(&identity, &"userId".into(), &claims.subject().into());
        if let Some(until) = claims.usable_until() {
            let _ = Reflect::set(&identity, &"exp".into(), &(until as f64).into());
        }
        identity
    }

    /// `authenticate`: null when the browser is on its way, otherwise where to go on.
    pub fn authenticate(&self, options: JsValue) -> Promise {
        let inner = self.inner.clone();
        future_to_promise(async move {
            let (options, opens_tab) = options::authenticate(&options).map_err(|error| error::to_js(&error))?;
            match inner.authenticate(options, opens_tab).await.map_err(|error| error::to_js(&error))? {
                Departure::Left => Ok(JsValue::NULL),
                Departure::HandedBack(started) => Ok(object([
                    ("authenticationUrl", started.authentication_url.as_ref().map(url::Url::as_str).into()),
                    ("authenticationRequestId", started.authentication_request_id.as_deref().into()),
                ])),
            }
        })
    }

    /// `linkIdentity`: leaves the page.
    #[wasm_bindgen(js_name = linkIdentity)]
    pub fn link_identity(&self, options: JsValue) -> Promise {
        let client = self.clone();
        future_to_promise(async move {
            let options = options::link(&options).and_then(|options| check_link_options(&options).map(|()| options));
            let options = options.map_err(|error| error::to_js(&error))?;
            client.session_exists(false).await?;
            client.inner.link(options).await.map_err(|error| error::to_js(&error))?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// `getLinkResult`: what the link came to from which the browser has just returned, or null.
    #[wasm_bindgen(js_name = getLinkResult)]
    pub fn link_result(&self) -> Promise {
        let client = self.clone();
        future_to_promise(async move {
            // A failed exchange has its result too.
            let checked = client.session_exists(true).await;
            let result = client.inner.link_result.borrow();
            let Some(result) = &*result else { return checked.map(|_| JsValue::NULL) };
            Ok(object([
                ("status", result.status.as_str().into()),
                ("connectionId", result.connection_id.as_deref().into()),
                ("userId", result.user_id.as_str().into()),
                ("serverCode", result.server_code.as_deref().into()),
            ]))
        })
    }

    /// `logout`: ends the session here and at Authress, then navigates.
    pub fn logout(&self, redirect_url: Option<String>) -> Promise {
        let inner = self.inner.clone();
        future_to_promise(async move {
            inner.logout(redirect_url.as_deref()).await.map_err(|error| error::to_js(&error))?;
            Ok(JsValue::UNDEFINED)
        })
    }
}

impl Client {
    async fn session_exists(&self, background: bool) -> Result<bool, JsValue> {
        let inner = self.inner.clone();
        let here = self.inner.check_here.join(move || {
            Box::pin(async move {
                let result = inner.check_here().await;
                inner.check_here.done();
                to_js(result)
            })
        });
        if here.await?.is_truthy() {
            return Ok(true);
        }
        // A background check ends here; a foreground one goes on even if it has joined one.
        let page = address::page().map_err(|error| error::to_js(&error))?;
        if background || page.is_localhost() {
            return Ok(false);
        }
        let inner = self.inner.clone();
        let at_authress = self.inner.check_at_authress.join(move || {
            Box::pin(async move {
                let result = inner.check_at_authress().await;
                inner.check_at_authress.done();
                to_js(result)
            })
        });
        Ok(at_authress.await?.is_truthy())
    }

    async fn wait_for_token(&self, milliseconds: i32) -> Result<JsValue, JsValue> {
        let client = self.clone();
        let found = future_to_promise(async move {
            let checked = client.session_exists(false).await;
            // A login that has returned and cannot be completed does not end the session from before.
            if client.inner.identity().is_none() && !checked? {
                JsFuture::from(client.inner.session.promise()).await?;
            }
            Ok(JsValue::UNDEFINED)
        });
        let timer = Timer::start(milliseconds);
        JsFuture::from(Promise::race(&Array::of2(&found, timer.promise()))).await?;
        // Without a session this says that the time is up.
        self.token()
    }

    /// The token of the session that is here, without waiting.
    fn token(&self) -> Result<JsValue, JsValue> {
        let identity = self.inner.identity().ok_or_else(|| error::to_js(&ErrorCode::TokenTimeout.into()))?;
        let user_id = identity.subject().unwrap_or_default();
        let token = session::access_token(&self.inner.settings, &cookies::read(), user_id);
        if token.is_none() {
            self.inner.logger.log("The access token is in a cookie that script cannot read (HttpOnly)");
        }
        Ok(token.map_or(JsValue::NULL, |token| token.expose().into()))
    }
}

fn to_js(result: Result<bool, Error>) -> Result<JsValue, JsValue> {
    result.map(JsValue::from).map_err(|error| error::to_js(&error))
}

/// An object of the members that have a value.
fn object<const N: usize>(members: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in members {
        if !value.is_undefined() {
            let _ = Reflect::set(&object, &name.into(), &value);
        }
    }
    object.into()
}
