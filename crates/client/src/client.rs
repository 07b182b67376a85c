//! The client: what it knows, and what asks only for that.

use crate::{changes::Changes, flight::Flight, ports::Ports, start::Begun};
use authress_login_protocol::{
    callback::login_result::{LoginResult, Purpose},
    clock::ClockReading,
    error::{Error, ErrorCode},
    jwt::UnverifiedClaims,
    secret::Secret,
    session::{
        cookies as cookie_rules, record,
        stored::{StoredSession, UserCookie},
    },
    settings::Settings,
    state::{Event, ObservedState, Snapshot, State},
};
use futures_util::future::{Either, LocalBoxFuture, select};
use std::{
    cell::{Cell, RefCell},
    pin::pin,
    rc::Rc,
};

/// How often, and with what pauses in milliseconds, a session that another tab is replacing is looked
/// at again: for about a second.
const REPLACEMENT_TRIES: u32 = 20;
const REPLACEMENT_PAUSE_MS: u32 = 50;

/// How a client behaves, beyond which Authress it is for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Leave the `user` cookie in place after reading it.
    pub retain_user_cookie: bool,
}

/// A login client for one Authress host and application, in one tab.
#[derive(Debug)]
pub struct Client<P: Ports> {
    pub(crate) inner: Rc<Inner<P>>,
}

impl<P: Ports> Clone for Client<P> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

#[derive(Debug)]
pub(crate) struct Inner<P: Ports> {
    pub(crate) ports: P,
    pub(crate) settings: Settings,
    pub(crate) options: Options,
    /// Wakes whoever waits for another state.
    pub(crate) changes: Changes,
    pub(crate) state: RefCell<State>,
    /// Authress's word on whether cookies reach it, once it has said so.
    pub(crate) enable_credentials: Cell<Option<bool>>,
    /// How wrong the device's clock has turned out to be, in milliseconds.
    pub(crate) skew_ms: Cell<i64>,
    pub(crate) login_result: RefCell<Option<LoginResult>>,
    pub(crate) begun: RefCell<Option<Begun>>,
    /// Whether Authress has said that it knows of no session.
    pub(crate) is_unknown_to_authress: Cell<bool>,
    /// Counts the sessions that came and went by a login or logout. What was asked for before such
    /// a change must not be stored after it.
    pub(crate) generation: Cell<u32>,
    /// Whether another tab was waited for that seemed to replace the session, in vain.
    pub(crate) is_replacement_over: Cell<bool>,
    pub(crate) check_here: Flight,
    pub(crate) check_at_authress: Flight,
}

impl<P: Ports> Client<P> {
    /// Makes a client. Nothing is read or sent yet.
    pub fn new(settings: Settings, options: Options, ports: P) -> Self {
        Self {
            inner: Rc::new(Inner {
                ports,
                settings,
                options,
                changes: Changes::default(),
                state: RefCell::default(),
                enable_credentials: Cell::new(None),
                skew_ms: Cell::new(0),
                login_result: RefCell::new(None),
                begun: RefCell::new(None),
                is_unknown_to_authress: Cell::new(false),
                generation: Cell::new(0),
                is_replacement_over: Cell::new(false),
                check_here: Flight::default(),
                check_at_authress: Flight::default(),
            }),
        }
    }

    /// What it runs on.
    pub fn ports(&self) -> &P {
        &self.inner.ports
    }

    /// Which Authress and application it is for.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// How things were when a listener was last told.
    pub fn snapshot(&self) -> Snapshot {
        self.inner.state.borrow().snapshot().clone()
    }

    /// Who the shopper is, as far as this browser knows.
    pub fn user_identity(&self) -> Option<UnverifiedClaims> {
        self.inner.identity()
    }

    /// Whether there is a session; handles a callback first. In the background Authress is not asked.
    // Boxed, as are other futures that many wait for: one copy in the module instead of one each.
    pub fn user_session_exists(&self, background: bool) -> LocalBoxFuture<'_, Result<bool, Error>> {
        Box::pin(async move {
            let inner = self.inner.clone();
            let run = Box::pin(async move { inner.check_here().await });
            if self.inner.check_here.join(&self.inner.ports, run).await? {
                return Ok(true);
            }
            // A background check ends here; a foreground one goes on even if it has joined one. Where no
            // cookies go along, Authress cannot know whose browser it is that asks.
            if background || !self.inner.sends_credentials()? {
                return Ok(false);
            }
            self.check_at_authress(None).await
        })
    }

    /// Asks Authress; see [`Inner::check_at_authress`].
    pub(crate) fn check_at_authress(&self, refused: Option<Secret>) -> LocalBoxFuture<'static, Result<bool, Error>> {
        let inner = self.inner.clone();
        // Of now, and not of when the run begins: another tab may renew in between.
        let before = inner.mark();
        let run = Box::pin(async move { inner.check_at_authress(refused.as_ref(), before).await });
        self.inner.check_at_authress.join(&self.inner.ports, run)
    }

    /// Waits until there is a session, which may be for ever.
    pub async fn wait_for_user_session(&self) {
        loop {
            let change = self.inner.changes.next();
            if self.inner.identity().is_some() {
                return;
            }
            change.await;
        }
    }

    /// The access token, or `None` where script cannot read it. Without a session it waits up to
    /// `timeout_ms` for one; 0 asks this browser alone.
    pub async fn ensure_token(&self, timeout_ms: u32) -> Result<Option<Secret>, Error> {
        if timeout_ms > 0 {
            let wait = pin!(self.wait_for_session());
            match select(wait, pin!(self.inner.ports.sleep(timeout_ms))).await {
                Either::Left((found, _)) => found?,
                // Without a session the token that is then asked for says that the time is up.
                Either::Right(_) => {}
            }
        }
        self.inner.token().map_err(|_| ErrorCode::TokenTimeout.into())
    }

    /// What the login (or link) came to from which the browser has just returned.
    pub async fn login_result(&self, purpose: Purpose) -> Result<Option<LoginResult>, Error> {
        // A failed exchange has its result too.
        let checked = self.user_session_exists(true).await;
        let result = self.inner.login_result.borrow().clone();
        match result.filter(|result| result.purpose == purpose) {
            Some(result) => Ok(Some(result)),
            None => checked.map(|_| None),
        }
    }

    async fn wait_for_session(&self) -> Result<(), Error> {
        let checked = self.user_session_exists(false).await;
        // A login that has returned and cannot be completed does not end the session from before.
        if self.inner.identity().is_none() {
            checked?;
            self.wait_for_user_session().await;
        }
        Ok(())
    }
}

impl<P: Ports> Inner<P> {
    /// Who the shopper is, as far as this browser knows.
    pub(crate) fn identity(&self) -> Option<UnverifiedClaims> {
        self.stored_session().identity(&self.settings, self.now(), self.user_cookie())
    }

    /// What of a session is in this browser.
    pub(crate) fn stored_session(&self) -> StoredSession {
        StoredSession::new(self.ports.load(record::STORAGE_KEY).as_deref(), self.ports.cookies())
    }

    /// Which identity cookies count on this page.
    pub(crate) fn user_cookie(&self) -> UserCookie {
        if self.sends_credentials().unwrap_or(false) { UserCookie::Reachable } else { UserCookie::Unreachable }
    }

    /// The token of the session that is here, without waiting; `None` where script cannot read it.
    pub(crate) fn token(&self) -> Result<Option<Secret>, Error> {
        let identity = self.identity().ok_or(ErrorCode::NotLoggedIn)?;
        let user_id = identity.subject().unwrap_or_default();
        let token = self.stored_session().access_token(&self.settings, user_id);
        if token.is_none() {
            self.ports.log("The access token is in a cookie that script cannot read (HttpOnly)");
        }
        Ok(token)
    }

    /// Whether another tab has written the token of a new session and not yet its identity.
    pub(crate) fn is_being_replaced(&self) -> bool {
        self.stored_session().is_being_replaced(&self.settings, self.now())
    }

    /// Waits while another tab replaces the session, for about a second: a token that is another user's for longer is
    /// of a session elsewhere, for instance at another port of this host, which has the same cookies.
    pub(crate) async fn wait_for_replacement(&self) {
        for _ in 0..REPLACEMENT_TRIES {
            if self.is_replacement_over.get() || !self.is_being_replaced() {
                return;
            }
            self.ports.sleep(REPLACEMENT_PAUSE_MS).await;
        }
        self.is_replacement_over.set(true);
    }

    /// This moment, with what is known of the device's clock.
    pub(crate) fn now(&self) -> ClockReading {
        ClockReading { device_ms: self.ports.now_ms(), skew_ms: self.skew_ms.get() }
    }

    /// Whether requests carry cookies: as Authress said, or as the page's address suggests.
    pub(crate) fn sends_credentials(&self) -> Result<bool, Error> {
        let page = self.ports.page()?;
        let allowed = self.enable_credentials.get().unwrap_or_else(|| page.allows_credentials(&self.settings));
        Ok(allowed && !page.is_localhost())
    }

    /// Looks at the browser and tells listeners what has changed; whether there is a session.
    pub(crate) fn look(&self) -> bool {
        let is_being_replaced = self.is_being_replaced();
        if is_being_replaced && !self.is_replacement_over.get() {
            return false; // The other tab stores the identity next, and this one hears of it.
        }
        self.is_replacement_over.set(is_being_replaced);
        let identity = self.identity();
        let is_here = identity.is_some();
        let record = self.ports.load(record::STORAGE_KEY);
        let is_stored = record.is_some();
        let seen = ObservedState { identity, record, may_have_remote_session: self.may_have_remote_session() };
        let event = self.state.borrow_mut().update(seen);
        if let Some(event) = event {
            match event {
                // A token that has merely run out is no reason to drop a login that is under way.
                Event::SignedOut if !is_stored => self.next_generation(),
                // Whoever began it, Authress knows of it.
                Event::SignedIn | Event::TokenRenewed => self.is_unknown_to_authress.set(false),
                Event::SignedOut | Event::Ready | Event::LoginEnded(_) => {}
            }
            self.changes.announce();
            self.tell(&event);
        }
        is_here
    }

    /// A session has come or gone.
    pub(crate) fn next_generation(&self) {
        self.generation.set(self.generation.get().wrapping_add(1));
    }

    /// Tells listeners of this tab.
    pub(crate) fn tell(&self, event: &Event) {
        let snapshot = self.state.borrow().snapshot().clone();
        self.ports.emit(event, &snapshot);
    }

    /// Clears the cookies of a session wherever they could be.
    pub(crate) fn clear_session_cookies(&self) -> Result<(), Error> {
        let page = self.ports.page()?;
        cookie_rules::clear_session(&page).iter().for_each(|cookie| self.ports.assign_cookie(cookie));
        Ok(())
    }

    fn may_have_remote_session(&self) -> bool {
        !self.is_unknown_to_authress.get() && self.sends_credentials().unwrap_or(false)
    }
}
