//! The client as JavaScript calls it: one short method each.

use crate::{
    browser::{
        address, cookies,
        logger::Logger,
        storage::Storage,
        timer::{self, Timer},
    },
    error::{self, Failure, promise, wait},
    options::{self, OpenType},
    shared::{SessionSignal, Shared},
};
use authress_login_protocol::{
    authenticate::{LinkOptions, Started},
    callback::Exchange,
    error::ErrorCode,
    jwt::UnverifiedClaims,
    link::LinkResult,
    return_url, session,
    settings::Settings,
};
use js_sys::{Array, JSON, Object, Promise, Reflect};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// How often, and with what pauses in milliseconds, a session that another tab is replacing is looked
/// at again: for about a second.
const REPLACEMENT_TRIES: i32 = 20;
const REPLACEMENT_PAUSE_MS: i32 = 50;

/// A login client for one Authress host and application.
#[wasm_bindgen]
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) inner: Rc<Inner>,
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
        promise(async move { Ok(client.session_exists(background).await?.into()) })
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
        promise(async move {
            if let Some(milliseconds) = timeout {
                client.wait_for_session(milliseconds).await?;
                client.wait_for_replacement(milliseconds).await;
            }
            client.token()
        })
    }

    /// `getUserIdentity`: the claims of the id token with `userId`, or null.
    #[wasm_bindgen(js_name = getUserIdentity)]
    pub fn user_identity(&self) -> JsValue {
        self.inner.identity().map_or(JsValue::NULL, |claims| identity(&claims))
    }

    /// `authenticate`: null when the browser is on its way, otherwise where to go on.
    pub fn authenticate(&self, options: JsValue) -> Promise {
        let inner = self.inner.clone();
        promise(async move {
            let (options, open) = options::authenticate(&options)?;
            Ok(inner.authenticate(options, open).await?.map_or(JsValue::NULL, |started| answer(&started)))
        })
    }

    /// `authenticateWithOneTimeCode`: where to go on.
    #[wasm_bindgen(js_name = authenticateWithOneTimeCode)]
    pub fn authenticate_with_one_time_code(&self, options: JsValue) -> Promise {
        let inner = self.inner.clone();
        promise(async move {
            let options = options::authenticate_with_one_time_code(&options)?;
            let started = inner.authenticate(options, OpenType::ClientManaged).await?;
            Ok(started.map_or(JsValue::NULL, |started| answer(&started)))
        })
    }

    /// `linkIdentity`: leaves the page.
    #[wasm_bindgen(js_name = linkIdentity)]
    pub fn link_identity(&self, options: JsValue) -> Promise {
        let client = self.clone();
        promise(async move {
            let (options, open) = options::link(&options)?;
            client.link(options, open).await
        })
    }

    /// `linkIdentityWithOneTimeCode`: where to go on.
    #[wasm_bindgen(js_name = linkIdentityWithOneTimeCode)]
    pub fn link_identity_with_one_time_code(&self, options: JsValue) -> Promise {
        let client = self.clone();
        promise(async move { client.link(options::link_with_one_time_code(&options)?, OpenType::ClientManaged).await })
    }

    /// `updateExtensionAuthenticationRequest`: null when the browser is on its way.
    #[wasm_bindgen(js_name = updateExtensionAuthenticationRequest)]
    pub fn update_extension_authentication_request(&self, options: JsValue) -> Promise {
        let inner = self.inner.clone();
        promise(async move {
            let url = inner.update_extension_request(options::update(&options)?).await?;
            Ok(url.map_or(JsValue::NULL, |url| object([("authenticationUrl", url.into())])))
        })
    }

    /// `getLinkResult`: what the link came to from which the browser has just returned, or null.
    #[wasm_bindgen(js_name = getLinkResult)]
    pub fn link_result(&self) -> Promise {
        let client = self.clone();
        promise(async move {
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

    /// `sanitizeQueryParameters`: removes what a return left in the address.
    #[wasm_bindgen(js_name = sanitizeQueryParameters)]
    pub fn sanitize_query_parameters(&self) {
        let cleaned = address::page().ok().and_then(|page| return_url::without_return_parameters(page.href()));
        if let Some(href) = cleaned {
            address::replace(&href);
        }
    }

    /// `logout`: ends the session here and at Authress, then navigates.
    pub fn logout(&self, redirect_url: Option<String>) -> Promise {
        let inner = self.inner.clone();
        promise(async move {
            inner.logout(redirect_url.as_deref()).await?;
            Ok(JsValue::UNDEFINED)
        })
    }
}

impl Client {
    pub(crate) async fn session_exists(&self, background: bool) -> Result<bool, Failure> {
        let inner = self.inner.clone();
        if self.inner.check_here.join(|| async move { inner.check_here().await }).await? {
            return Ok(true);
        }
        // A background check ends here; a foreground one goes on even if it has joined one.
        if background || address::page()?.is_localhost() {
            return Ok(false);
        }
        let inner = self.inner.clone();
        self.inner.check_at_authress.join(|| async move { inner.check_at_authress().await }).await
    }

    async fn link(&self, options: LinkOptions, open: OpenType) -> Result<JsValue, Failure> {
        self.session_exists(false).await?;
        Ok(self.inner.link(options, open).await?.map_or(JsValue::UNDEFINED, |started| answer(&started)))
    }

    async fn wait_for_session(&self, milliseconds: i32) -> Result<(), Failure> {
        let client = self.clone();
        let found = promise(async move {
            let checked = client.session_exists(false).await;
            // A login that has returned and cannot be completed does not end the session from before.
            if client.inner.identity().is_none() && !checked? {
                wait(client.inner.session.promise()).await?;
            }
            Ok(JsValue::UNDEFINED)
        });
        let timer = Timer::start(milliseconds);
        // Without a session the token that is then asked for says that the time is up.
        wait(Promise::race(&Array::of2(&found, timer.promise()))).await?;
        Ok(())
    }

    /// Waits while another tab has written the token of a new session and not yet its identity.
    async fn wait_for_replacement(&self, milliseconds: i32) {
        for _ in 0..REPLACEMENT_TRIES.min(milliseconds / REPLACEMENT_PAUSE_MS) {
            let identity = self.inner.identity();
            let user_id = identity.as_ref().and_then(UnverifiedClaims::subject).unwrap_or_default();
            if identity.is_none() || !session::is_being_replaced(&self.inner.settings, &cookies::read(), user_id) {
                return;
            }
            timer::sleep(REPLACEMENT_PAUSE_MS).await;
        }
    }

    /// The token of the session that is here, without waiting.
    fn token(&self) -> Result<JsValue, Failure> {
        let identity = self.inner.identity().ok_or(ErrorCode::TokenTimeout)?;
        let user_id = identity.subject().unwrap_or_default();
        let token = session::access_token(&self.inner.settings, &cookies::read(), user_id);
        if token.is_none() {
            self.inner.logger.log("The access token is in a cookie that script cannot read (HttpOnly)");
        }
        Ok(token.map_or(JsValue::NULL, |token| token.expose().into()))
    }
}

/// Claims as an object, with `userId`, and with the `exp` that counts.
pub(crate) fn identity(claims: &UnverifiedClaims) -> JsValue {
    let Ok(identity) = JSON::parse(claims.text()) else { return JsValue::NULL };
    let _ = Reflect::set(&identity, &"userId".into(), &claims.subject().into());
    if let Some(until) = claims.usable_until() {
        let _ = Reflect::set(&identity, &"exp".into(), &(until as f64).into());
    }
    identity
}

/// What Authress answered to a login that has begun.
fn answer(started: &Started) -> JsValue {
    object([
        ("authenticationUrl", started.authentication_url.as_ref().map(url::Url::as_str).into()),
        ("authenticationRequestId", started.authentication_request_id.as_deref().into()),
    ])
}

/// An object of the members that have a value.
pub(crate) fn object<const N: usize>(members: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in members {
        if !value.is_undefined() {
            let _ = Reflect::set(&object, &name.into(), &value);
        }
    }
    object.into()
}
