//! The session in this browser: reading and writing the record and cookies, the session version, and the observed
//! state.
//!
//! Several tabs write the same record and cookies. A flow that awaits a response therefore compares the session version
//! before and after, and discards a stale response.

use crate::{concurrency::locks::SessionLock, context::Context, ports::Ports};
use authress_login_protocol::{
    error::{Error, ErrorCode},
    jwt::UnverifiedClaims,
    secret::Secret,
    session::{
        cookies,
        credentials::SessionCredentials,
        origin::SessionOrigin,
        record::{self, STORAGE_KEY, SessionWrite},
        stored::{Session, StoredSession},
        tokens::Tokens,
    },
    state::{Event, ObservedState},
};
use futures_util::future::LocalBoxFuture;

/// How often, and after which delay in milliseconds, to check whether another tab has written the session: for a
/// second.
const WRITE_CHECKS: u32 = 20;
const WRITE_CHECK_DELAY_MS: u32 = 50;

/// The version of the session at one time, to compare with later.
#[derive(Debug)]
pub(crate) struct SessionVersion {
    counter: u32,
    record: Option<String>,
}

/// What became of a session that a response or callback has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// There is none in the cookies.
    None,
    /// It is stored, unless the stored session has changed meanwhile.
    Stored,
    /// It was refused, and its cookies are removed.
    Refused,
}

/// Returns the origin of an arrived session by its user id and whether it is anonymous. `None` refuses it.
pub(crate) type Accept<'a> = dyn Fn(&str, bool) -> Option<SessionOrigin> + 'a;

/// Reading.
impl<P: Ports> Context<P> {
    /// Reads the stored session.
    pub(crate) fn stored_session(&self) -> StoredSession {
        StoredSession::new(self.ports.load(STORAGE_KEY).as_deref(), self.ports.cookies())
    }

    /// Returns the session, if there is one.
    pub(crate) fn session(&self) -> Option<Session> {
        self.stored_session().session(&self.settings, self.now())
    }

    /// Returns the identity of the session, if there is one.
    pub(crate) fn identity(&self) -> Option<UnverifiedClaims> {
        self.stored_session().identity(&self.settings, self.now())
    }

    /// Returns the access token, `None` if script cannot read it.
    pub(crate) fn token(&self) -> Result<Option<Secret>, Error> {
        self.user_and_token().map(|(_, token)| token)
    }

    /// Returns the user id of the session and its access token. The application hears of another user before anything
    /// is sent in that user's name.
    pub(crate) fn user_and_token(&self) -> Result<(String, Option<Secret>), Error> {
        let identity = self.identity().ok_or(ErrorCode::NotLoggedIn)?;
        let user_id = identity.subject().unwrap_or_default();
        if self.known_user().is_some_and(|known| known != user_id) {
            if self.is_write_in_progress() {
                return Err(ErrorCode::NotLoggedIn.into());
            }
            self.refresh_state();
        }
        let token = self.stored_session().access_token(&self.settings, user_id);
        if token.is_none() {
            self.ports.log("The access token is in a cookie that script cannot read (HttpOnly)");
        }
        Ok((user_id.to_owned(), token))
    }

    /// Returns the user id that the application knows, `None` if it knows of no session.
    pub(crate) fn known_user(&self) -> Option<String> {
        self.state.borrow().user_id().map(str::to_owned)
    }

    /// Returns the credentials of the session for a request.
    pub(crate) fn credentials(&self) -> Result<SessionCredentials, Error> {
        let with_credentials = self.sends_credentials()?;
        self.stored_session().credentials(&self.settings, self.now(), with_credentials)
    }

    /// Whether another tab has written the token of a new session but not its record yet.
    pub(crate) fn is_being_replaced(&self) -> bool {
        self.stored_session().is_being_replaced(&self.settings, self.now())
    }

    /// Whether another tab is writing the session: it is not whole yet, or its token has just disappeared.
    fn is_being_written(&self) -> bool {
        let has_lost_token = || self.stored_session().has_lost_token(&self.settings, self.now());
        self.is_being_replaced() || (self.state.borrow().is_signed_in() && has_lost_token())
    }

    /// Whether another tab is writing the session, and has not taken too long.
    fn is_write_in_progress(&self) -> bool {
        !self.has_write_timed_out.get() && self.is_being_written()
    }

    /// Waits about a second while another tab writes the session. A token that belongs to another user for longer is
    /// of another session, for example at another port of this host, which shares its cookies.
    pub(crate) async fn wait_for_write(&self) {
        for _ in 0..WRITE_CHECKS {
            if !self.is_write_in_progress() {
                return;
            }
            self.ports.sleep(WRITE_CHECK_DELAY_MS).await;
        }
        self.has_write_timed_out.set(true);
    }
}

/// Session versions.
impl<P: Ports> Context<P> {
    /// Returns the current version of the session.
    pub(crate) fn session_version(&self) -> SessionVersion {
        SessionVersion { counter: self.session_counter.get(), record: self.ports.load(STORAGE_KEY) }
    }

    /// Whether any tab has started, renewed or ended a session since `version`.
    pub(crate) fn has_changed_since(&self, version: &SessionVersion) -> bool {
        self.session_counter.get() != version.counter || self.ports.load(STORAGE_KEY) != version.record
    }

    /// Whether the shopper has signed out since `version`. The missing record shows it before another tab's message
    /// arrives.
    pub(crate) fn has_signed_out_since(&self, version: &SessionVersion) -> bool {
        let is_removed = version.record.is_some() && self.ports.load(STORAGE_KEY).is_none();
        self.session_counter.get() != version.counter || is_removed
    }

    /// Discards a stale response. If there is no session, the cookies that came with the response are cleared. Returns
    /// whether there is a session.
    pub(crate) fn discard_stale_response(&self) -> Result<bool, Error> {
        if self.ports.load(STORAGE_KEY).is_none() {
            self.clear_session_cookies()?;
        }
        Ok(self.refresh_state())
    }
}

/// Writing.
impl<P: Ports> Context<P> {
    /// Stores the session that a response or callback has brought in `tokens`, or in cookies, if `accept` returns its
    /// origin: every channel is compared before it is stored. `before` is the stored session before the response.
    pub(crate) fn store_arrived<'a>(
        &'a self,
        tokens: Option<&'a Tokens>,
        version: &'a SessionVersion,
        before: &'a StoredSession,
        accept: &'a Accept<'a>,
    ) -> LocalBoxFuture<'a, Result<Arrival, Error>> {
        Box::pin(async move {
            let origin = match tokens {
                Some(tokens) => accept(tokens.user_id(), tokens.is_anonymous()),
                None => match self.stored_session().arrived_session(&self.settings, self.now()) {
                    Some(arrived) => accept(arrived.user_id(), arrived.is_anonymous),
                    None => return Ok(Arrival::None),
                },
            };
            let Some(origin) = origin else {
                return self.remove_refused_session(before).map(|()| Arrival::Refused);
            };
            match tokens {
                Some(tokens) => self.store_tokens(tokens, version, origin).await?,
                None => self.store_user_cookie(origin),
            }
            Ok(Arrival::Stored)
        })
    }

    /// Stores the session of `tokens`, unless the session has changed since `version`.
    fn store_tokens<'a>(
        &'a self,
        tokens: &'a Tokens,
        version: &'a SessionVersion,
        origin: SessionOrigin,
    ) -> LocalBoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            // Two tabs that write at once could leave the cookie of one beside the record of the other.
            let _lock = self.acquire(SessionLock::write()).await;
            if self.has_changed_since(version) {
                return self.discard_stale_response().map(drop);
            }
            let page = self.ports.page()?;
            let now = tokens.correct(self.now());
            self.skew_ms.set(now.skew_ms);
            let write = tokens.session_write(&page, now, origin);
            // Token cookies with another domain or path would take precedence. The cookie in the usual place is
            // overwritten and not cleared, so that other tabs always see a session.
            let overwritten = usize::from(write.authorization_cookie.is_some());
            let stale = cookies::clear(&page, cookies::AUTHORIZATION);
            stale.iter().skip(overwritten).for_each(|cookie| self.ports.assign_cookie(cookie));
            self.clear_user_cookie();
            self.write_session(&write);
            // Before any other task can use the tokens: the user may be another one.
            self.refresh_state();
            // Browsers may publish storage to other tabs at the end of a task; the next holder of the lock must see it.
            self.ports.yield_to_event_loop().await;
            Ok(())
        })
    }

    /// Stores the session that Authress has just set in cookies.
    fn store_user_cookie(&self, origin: SessionOrigin) {
        let session = self.stored_session().session_write_of_user_cookie(&self.settings, self.now(), origin);
        let Some((write, now)) = session else { return };
        self.skew_ms.set(now.skew_ms);
        // Otherwise the shop's server would see the user of an earlier token beside the one that Authress has set, which
        // has a domain. The first assignment is for the place of this client's own cookie.
        if self.ports.cookies().all(cookies::AUTHORIZATION).nth(1).is_some()
            && let Ok(page) = self.ports.page()
        {
            cookies::clear(&page, cookies::AUTHORIZATION)
                .iter()
                .take(1)
                .for_each(|cookie| self.ports.assign_cookie(cookie));
        }
        self.write_session(&write);
        if !self.options.retain_user_cookie {
            self.clear_user_cookie();
        }
        // Before anything is sent with the cookies: the user may be another one.
        self.refresh_state();
    }

    /// Notes that a login of this browser has begun the stored session.
    pub(crate) fn note_begun(&self) {
        if let Some(record) = self.ports.load(STORAGE_KEY).as_deref().and_then(record::as_begun) {
            self.ports.store(STORAGE_KEY, record.expose());
        }
    }

    /// Removes the cookies of a session that was refused, and restores the access token of the session `before`. Without
    /// that token the session has ended: its requests would go out as the other user.
    fn remove_refused_session(&self, before: &StoredSession) -> Result<(), Error> {
        self.has_no_remote_session.set(true);
        self.has_refused_session.set(true);
        let own_token = before.own_token_cookie(&self.settings, &self.ports.page()?, self.now());
        self.clear_session_cookies()?;
        if let Some(cookie) = own_token {
            self.ports.assign_cookie(cookie.expose());
        }
        if !self.stored_session().has_own_token(&self.settings, self.now()) {
            self.ports.remove(STORAGE_KEY);
        }
        Ok(())
    }

    fn clear_user_cookie(&self) {
        if let Ok(page) = self.ports.page() {
            cookies::clear(&page, cookies::USER).iter().for_each(|cookie| self.ports.assign_cookie(cookie));
        }
    }

    /// Clears the session's cookies for every domain and path.
    pub(crate) fn clear_session_cookies(&self) -> Result<(), Error> {
        let page = self.ports.page()?;
        cookies::clear_session(&page).iter().for_each(|cookie| self.ports.assign_cookie(cookie));
        Ok(())
    }

    fn write_session(&self, write: &SessionWrite) {
        if let Some(cookie) = &write.authorization_cookie {
            self.ports.assign_cookie(cookie.expose());
        }
        let mut record = &write.record;
        if let Some(record_without_cookie) = &write.record_without_cookie
            && write.is_cookie_missing(&self.ports.cookies())
        {
            // Otherwise the shop's server would see the user of an earlier token cookie.
            if let Ok(page) = self.ports.page() {
                let stale = cookies::clear(&page, cookies::AUTHORIZATION);
                stale.iter().for_each(|cookie| self.ports.assign_cookie(cookie));
            }
            self.ports.log("The browser did not keep the token cookie; the access token is in localStorage instead");
            record = record_without_cookie;
        }
        self.has_no_remote_session.set(false);
        self.has_refused_session.set(false);
        self.ports.store(STORAGE_KEY, record.expose());
    }
}

/// The observed state.
impl<P: Ports> Context<P> {
    /// Observes the session, emits an event if it has changed, and returns whether there is one.
    pub(crate) fn refresh_state(&self) -> bool {
        let is_being_written = self.is_being_written();
        if is_being_written && !self.has_write_timed_out.get() {
            self.notifier.notify(); // The task that keeps the session checks again.
            return false;
        }
        self.has_write_timed_out.set(is_being_written);
        let session = self.session();
        let is_signed_in = session.is_some();
        let record = self.ports.load(STORAGE_KEY);
        let is_stored = record.is_some();
        let observed = ObservedState { session, record, may_have_remote_session: self.may_have_remote_session() };
        let event = self.state.borrow_mut().update(observed);
        if let Some(event) = event {
            match event {
                // An expired token does not invalidate a login in progress.
                Event::SignedOut if !is_stored => self.advance_session_version(),
                // Another tab may have started the session.
                Event::SignedIn | Event::TokenRenewed => self.has_no_remote_session.set(false),
                Event::SignedOut | Event::Ready | Event::LoginEnded(_) => {}
            }
            self.notifier.notify();
            self.emit(&event);
        }
        is_signed_in
    }
}
