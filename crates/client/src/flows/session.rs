//! Finding the session: in a callback, in this browser, or at Authress.

use crate::{
    concurrency::locks::SessionLock, context::Context, login_client::LoginClient, ports::Ports,
    session_store::SessionVersion,
};
use authress_login_protocol::{
    callback::login_result::{LoginResult, Purpose},
    error::{Error, ErrorCode},
    secret::Secret,
    session::renewal::{self, RenewalResult},
};
use futures_util::future::{Either, LocalBoxFuture, select};
use std::pin::pin;

impl<P: Ports> LoginClient<P> {
    /// Whether there is a session. Handles a callback first. In the `background` Authress is not asked.
    // Boxed, as are other futures that several flows await: the module has one copy instead of one for each.
    pub fn user_session_exists(&self, background: bool) -> LocalBoxFuture<'_, Result<bool, Error>> {
        Box::pin(async move {
            let context = self.context.clone();
            let run = Box::pin(async move { context.find_local_session().await });
            if self.context.local_check.join(&self.context.ports, run).await? {
                return Ok(true);
            }
            // Without cookies Authress cannot know which browser asks.
            let is_asked = !background && !self.context.has_refused_session.get();
            if !is_asked || !self.context.sends_credentials()? {
                return Ok(false);
            }
            self.renew_session(None).await
        })
    }

    /// Renews the session at Authress; see [`Context::renew_session`]. Concurrent calls share one renewal.
    pub(super) fn renew_session(&self, rejected: Option<Secret>) -> LocalBoxFuture<'static, Result<bool, Error>> {
        let context = self.context.clone();
        // Of now, and not of when the run begins: another tab may renew in between.
        let before = context.session_version();
        let run = Box::pin(async move { context.renew_session(rejected.as_ref(), before).await });
        self.context.renewal.join(&self.context.ports, run)
    }

    /// Waits until there is a session, possibly for ever.
    pub async fn wait_for_user_session(&self) {
        loop {
            let change = self.context.notifier.next();
            if self.context.identity().is_some() {
                return;
            }
            change.await;
        }
    }

    /// Returns the access token, `None` if script cannot read it. Waits up to `timeout_ms` milliseconds for a session;
    /// 0 does not wait and does not ask Authress.
    ///
    /// Fails with [`ErrorCode::TokenTimeout`] if there is no session in time.
    pub async fn ensure_token(&self, timeout_ms: u32) -> Result<Option<Secret>, Error> {
        if timeout_ms > 0 {
            let wait = pin!(self.wait_for_token());
            if let Either::Left((token, _)) = select(wait, pin!(self.context.ports.sleep(timeout_ms))).await {
                return token;
            }
        }
        self.context.token().map_err(|_| ErrorCode::TokenTimeout.into())
    }

    /// Returns the result of the login or link whose callback this page has handled, `None` if there was none.
    pub async fn login_result(&self, purpose: Purpose) -> Result<Option<LoginResult>, Error> {
        let result = self.redirect_result(false).await?;
        Ok(result.filter(|result| result.purpose == purpose))
    }

    /// Returns the result of the login or link whose callback this page has handled, `None` if there was none. With
    /// `takes_app_state` it has what the application gave for its return, which only the first such call gets: the click
    /// that it stands for is resumed once.
    pub async fn redirect_result(&self, takes_app_state: bool) -> Result<Option<LoginResult>, Error> {
        // A code exchange that fails has a result too.
        let checked = self.user_session_exists(true).await;
        let mut handled = self.context.login_result.borrow_mut();
        let Some(handled) = handled.as_mut() else { return checked.map(|_| None) };
        let app_state = if takes_app_state { handled.app_state.take() } else { None };
        Ok(Some(LoginResult { app_state, ..handled.clone() }))
    }

    async fn wait_for_token(&self) -> Result<Option<Secret>, Error> {
        let mut checked = self.user_session_exists(false).await.map(drop);
        loop {
            let change = self.context.notifier.next();
            // One reading decides: another tab that renews the session changes the cookies between two readings.
            if let Ok(token) = self.context.token() {
                return Ok(token);
            }
            // A callback that could not be handled does not end the session from before.
            std::mem::replace(&mut checked, Ok(()))?;
            change.await;
        }
    }
}

impl<P: Ports> Context<P> {
    /// Handles a callback, if there is one, and looks for a session in this browser.
    async fn find_local_session(&self) -> Result<bool, Error> {
        let handled = self.handle_callback().await;
        self.remove_stale_authorizations();
        // A callback alone is enough work for one task.
        self.ports.yield_to_event_loop().await;
        self.wait_for_write().await;
        let is_signed_in = self.refresh_state();
        handled.map(|()| is_signed_in)
    }

    /// Renews the session of this browser's session cookie at Authress. Returns whether there is a session.
    ///
    /// One tab renews at a time; a tab that waited for another one uses its result. `rejected` is a token that an API
    /// rejected before it expired. `before` is the session version when the renewal was found to be necessary. A renewal
    /// never changes the user id: see `StoredSession::accepts_renewal`.
    async fn renew_session(&self, rejected: Option<&Secret>, before: SessionVersion) -> Result<bool, Error> {
        self.ports.activation().await;
        let _lock = self.acquire(SessionLock::renewal()).await;
        self.wait_for_write().await;
        let is_renewed = match rejected {
            Some(rejected) => self.token().ok().flatten().is_some_and(|token| token != *rejected),
            None => self.has_changed_since(&before) && self.identity().is_some(),
        };
        if is_renewed {
            return Ok(self.refresh_state());
        }
        let (before, stored) = (self.session_version(), self.stored_session());
        let outcome = self.send(&renewal::request(self.sends_credentials()?)).await;
        let result = renewal::read_outcome(&self.settings, outcome);
        // If the cookies of the response have replaced those of a newer session, the response counts all the same.
        if self.has_changed_since(&before) && !self.is_being_replaced() {
            return self.discard_stale_response();
        }
        let before = self.session_version();
        let accept = |user_id: &str, is_anonymous: bool| {
            let is_accepted = stored.accepts_renewal(&self.settings, self.now(), user_id, is_anonymous);
            is_accepted.then(|| stored.origin_of(user_id))
        };
        match result {
            RenewalResult::Tokens(tokens) => {
                self.store_arrived(Some(&tokens), &before, &stored, &accept).await?;
            }
            RenewalResult::Cookies => {
                self.store_arrived(None, &before, &stored, &accept).await?;
            }
            RenewalResult::NoSession => self.has_no_remote_session.set(true),
            RenewalResult::Unknown(error) => {
                self.ports.warn("The session could not be renewed", &error);
                self.refresh_state();
                return Ok(self.identity().is_some());
            }
        }
        let is_signed_in = self.refresh_state();
        // Browsers may publish storage to other tabs at the end of a task; the next holder of the lock must see it.
        self.ports.yield_to_event_loop().await;
        Ok(is_signed_in)
    }
}
