//! Handling a callback: cleaning the address, exchanging the code, storing the session, publishing the result.

use crate::{concurrency::locks::SessionLock, context::Context, ports::Ports, session_store::Arrival};
use authress_login_protocol::{
    account,
    authorization::pending::PendingAuthorization,
    callback::{
        callback_error::CallbackError,
        decision::{CallbackAction, decide},
        exchange::{CodeExchange, ExchangeResult},
        login_result::LoginResult,
        unfinished::UnfinishedCallback,
    },
    callback_url,
    error::{Error, ErrorCode},
    http,
    jwt::UnverifiedClaims,
    session::{
        cookies,
        origin::SessionOrigin,
        record::STORAGE_KEY,
        renewal::{self, RenewalResult},
        tokens::Tokens,
    },
    state::Event,
    tab_message::TabMessage,
};
use futures_util::future::LocalBoxFuture;

/// The session after a callback.
#[derive(Clone, Copy)]
enum NewSession<'a> {
    /// The callback has brought tokens.
    Tokens(&'a Tokens),
    /// Authress has set it in cookies, if there is one.
    Cookies,
    /// It was renewed and is stored.
    Renewed,
}

impl<P: Ports> Context<P> {
    /// Handles the callback in the address, or the one that an earlier page of this tab has not finished.
    pub(super) async fn handle_callback(&self) -> Result<(), Error> {
        if self.callback_id()?.is_none() {
            return Ok(());
        }
        // A prerendered page uses nothing up: the shopper may never see it.
        self.ports.activation().await;
        let Some(id) = self.callback_id()? else { return Ok(()) };
        let _lock = self.acquire(SessionLock::callback(&id)).await;
        let (action, is_stored) = self.decide_callback()?;
        let handled = match action {
            CallbackAction::Ignore => return Ok(()),
            CallbackAction::Ended(result) => self.refuse_outdated(result, true).await,
            CallbackAction::Fail(pending, CallbackError::Outdated) => self.refuse_ended(&pending).await,
            CallbackAction::Fail(pending, error) => {
                self.ports.warn("The login failed or was cancelled", &error.to_error());
                self.publish(LoginResult::from_error(&pending, &error));
                Ok(())
            }
            CallbackAction::StoreTokens(pending, tokens) => self.complete(&pending, NewSession::Tokens(&tokens)).await,
            CallbackAction::StoreCookies(pending) => self.complete(&pending, NewSession::Cookies).await,
            CallbackAction::Exchange(exchange) => self.exchange_code(exchange).await,
        };
        // After a network failure the next call, or the next page of the tab, handles the callback again.
        if is_stored && !handled.as_ref().is_err_and(|error| error.code == ErrorCode::AuthressSdkNetworkError) {
            self.remove_unfinished_callback();
        }
        handled
    }

    /// Returns the id of the authentication request of the callback, in the address or unfinished. It is empty if the
    /// address has only parameters to remove.
    fn callback_id(&self) -> Result<Option<String>, Error> {
        let page = self.ports.page()?;
        let in_address = callback_url::is_callback(page.href());
        let nonce = in_address.then(|| callback_url::nonces(page.href()).into_iter().next());
        let unfinished = self.unfinished_callback().map(|callback| callback.nonce().to_owned());
        Ok(nonce.flatten().or(unfinished).or_else(|| in_address.then(String::new)))
    }

    /// Decides what to do, and cleans the address. Also returns whether the callback is stored in the tab; its pending
    /// authorization is then removed.
    fn decide_callback(&self) -> Result<(CallbackAction, bool), Error> {
        let page = self.ports.page()?;
        let (cookies, session) = (self.ports.cookies(), self.current_session());
        let decision = decide(&self.settings, &page, &cookies, &session, |nonce| self.load_pending(nonce));
        if let (true, Some(pending)) = (decision.consumes_pending, decision.action.pending()) {
            let record = UnfinishedCallback::to_json(&page, pending);
            self.ports.store_in_tab(&UnfinishedCallback::key(&self.settings), record.expose());
            self.remove_pending(&pending.nonce);
        }
        if let Some(href) = decision.clean_href {
            self.ports.show_address(&href);
        }
        let (action, is_stored) = match (decision.action, self.unfinished_callback()) {
            (CallbackAction::Ignore, Some(callback)) => (callback.action(&self.settings, &cookies, &session), true),
            (action, _) => (action, decision.consumes_pending),
        };
        if let (true, Some(pending)) = (is_stored, action.pending()) {
            if pending.enable_credentials.is_some() {
                self.enable_credentials.set(pending.enable_credentials);
            }
            if pending.clock_skew_ms != 0 {
                self.skew_ms.set(pending.clock_skew_ms);
            }
        }
        Ok((action, is_stored))
    }

    async fn exchange_code(&self, exchange: CodeExchange) -> Result<(), Error> {
        let before = self.session_version();
        let Some(result) = self.send_code(&exchange).await? else { return Ok(()) };
        let pending = exchange.pending();
        let tokens;
        let session = match result {
            ExchangeResult::Tokens(of_response) => {
                tokens = of_response;
                NewSession::Tokens(&tokens)
            }
            ExchangeResult::Cookies => NewSession::Cookies,
            ExchangeResult::CodeRejected(error) => {
                self.ports.warn("The authorization code has expired or was used before", &error);
                if !self.recover_lost_exchange(pending).await? {
                    if !self.has_signed_out_since(&before) {
                        self.publish(LoginResult::from_session(pending, None, false, Some(&error)));
                    }
                    return Ok(());
                }
                NewSession::Renewed
            }
            ExchangeResult::NetworkFailure(error) => {
                self.ports.warn("The login could not be completed yet", &error);
                return Err(error);
            }
            ExchangeResult::Failed(error) => {
                self.ports.warn("The login could not be completed", &error);
                self.publish(LoginResult::from_session(pending, None, false, Some(&error)));
                return Err(error);
            }
        };
        self.complete(pending, session).await
    }

    /// Exchanges the code. Returns `None` if the shopper has signed out meanwhile.
    pub(super) async fn send_code(&self, exchange: &CodeExchange) -> Result<Option<ExchangeResult>, Error> {
        let with_credentials = self.sends_credentials()?;
        let before = self.session_version();
        let mut prepare = || Ok(exchange.request(&self.settings, self.now(), self.search_start()?, with_credentials));
        let outcome = self.send_with_proof_of_work(&mut prepare).await?;
        if self.has_signed_out_since(&before) {
            return self.discard_stale_response().map(|_| None);
        }
        let result = exchange.read_outcome(&self.settings, outcome);
        if !matches!(result, ExchangeResult::NetworkFailure(_)) {
            let clear = cookies::clear(&self.ports.page()?, cookies::AUTH_CODE);
            clear.iter().for_each(|cookie| self.ports.assign_cookie(cookie));
        }
        Ok(Some(result))
    }

    /// Renews the session, where cookies reach Authress, after a code was rejected: an earlier attempt may have used the
    /// code, and only its response was lost. Returns whether the session may be that of the code: another user's, or one
    /// of the connection that was asked for. What completes a link is judged by [`Self::complete`].
    async fn recover_lost_exchange(&self, pending: &PendingAuthorization) -> Result<bool, Error> {
        if !self.sends_credentials()? {
            return Ok(false);
        }
        let (before, earlier, had_connection) = (self.session_version(), self.identity(), self.session_names(pending));
        let stored = self.stored_session();
        // Authress may have another session than that of the code.
        let accept = |user_id: &str, _| pending.accepts_user(user_id).then(|| stored.origin_of(user_id));
        let outcome = self.send(&renewal::request(true)).await;
        if self.has_signed_out_since(&before) {
            self.discard_stale_response()?;
            return Ok(false);
        }
        let version = self.session_version();
        let arrival = match renewal::read_outcome(&self.settings, outcome) {
            RenewalResult::Tokens(tokens) => self.store_arrived(Some(&tokens), &version, &stored, &accept).await?,
            RenewalResult::Cookies => self.store_arrived(None, &version, &stored, &accept).await?,
            RenewalResult::NoSession | RenewalResult::Unknown(_) => return Ok(false),
        };
        if arrival == Arrival::Refused {
            return Ok(false);
        }
        let is_other_user = || {
            let (earlier, now) = (earlier.as_ref(), self.identity());
            earlier.and_then(UnverifiedClaims::subject) != now.as_ref().and_then(UnverifiedClaims::subject)
        };
        let has_connection = !had_connection && self.session_names(pending);
        Ok(pending.link_user_id.is_some() || has_connection || is_other_user())
    }

    /// Stores the session that the callback has brought, and publishes the result. A link has succeeded only if
    /// something shows it, whatever the callback has brought.
    fn complete<'a>(
        &'a self,
        pending: &'a PendingAuthorization,
        session: NewSession<'a>,
    ) -> LocalBoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let earlier = self.current_session();
            if earlier.has_ended(pending) {
                return self.refuse_ended(pending).await;
            }
            if let (NewSession::Tokens(tokens), Some(user_id)) = (session, &earlier.user_id)
                && earlier.keeps_session(pending, tokens.user_id())
            {
                return self.refuse_outdated(LoginResult::after_sign_in(pending, user_id), false).await;
            }
            self.advance_session_version();
            let version = self.session_version();
            let stored = self.stored_session();
            // A login begins a session. A link continues one, and what it brings must be of the same user.
            let accept = |user_id: &str, _| match pending.link_user_id {
                None => Some(SessionOrigin::Begun),
                Some(_) => pending.accepts_user(user_id).then(|| stored.origin_of(user_id)),
            };
            let arrival = match session {
                NewSession::Tokens(tokens) => self.store_arrived(Some(tokens), &version, &stored, &accept).await?,
                NewSession::Cookies => self.store_arrived(None, &version, &stored, &accept).await?,
                NewSession::Renewed => Arrival::Stored,
            };
            // Another tab may have found the session of a login in the cookies and stored it before.
            let is_of_login = |identity| pending.link_user_id.is_none() && pending.is_before(&identity);
            if arrival == Arrival::None && self.identity().is_some_and(is_of_login) {
                self.note_begun();
            }
            let is_new = matches!(session, NewSession::Renewed) || self.has_changed_since(&version);
            self.refresh_state();
            // Without a new session a login has failed. Another tab may have stored the cookie before.
            let identity = self.identity().filter(|identity| match session {
                NewSession::Tokens(tokens) => identity.subject() == Some(tokens.user_id()),
                NewSession::Cookies | NewSession::Renewed => {
                    is_new || pending.link_user_id.is_some() || pending.is_before(identity)
                }
            });
            let user_id = identity.as_ref().and_then(UnverifiedClaims::subject);
            let counter = self.session_counter.get();
            let is_linked = match pending.link_user_id.as_deref() {
                Some(expected) if user_id == Some(expected) => self.is_linked(pending, expected, is_new).await,
                Some(_) | None => false,
            };
            // Otherwise the shopper has signed out while the profile was requested.
            if self.session_counter.get() == counter {
                if is_new && identity.is_some() {
                    self.begin_generation();
                }
                self.publish(LoginResult::from_session(pending, user_id, is_linked, None));
            }
            Ok(())
        })
    }

    /// Publishes that a login or link has ended before its callback.
    async fn refuse_ended(&self, pending: &PendingAuthorization) -> Result<(), Error> {
        self.refuse_outdated(LoginResult::outdated(pending), !pending.is_expired(self.ports.now_ms())).await
    }

    /// Publishes the result of a callback that came too late: a newer decision of the shopper counts. Where cookies reach
    /// Authress, a callback after a sign-out has created a session there, which is ended too.
    async fn refuse_outdated(&self, result: LoginResult, is_signed_out: bool) -> Result<(), Error> {
        self.ports.warn("A callback came too late", &ErrorCode::LoginOutdated.into());
        if is_signed_out
            && self.ports.load(STORAGE_KEY).is_none()
            && self.sends_credentials()?
            && let Err(error) = self.end_remote_session().await
        {
            // The session is then found at Authress later, as any other.
            self.ports.warn("The session of a late callback could not be ended", &error);
        }
        self.publish(result);
        Ok(())
    }

    /// Whether something shows that a link has succeeded: a token that its callback has brought, or else the profile.
    /// Without a response nothing does.
    async fn is_linked(&self, pending: &PendingAuthorization, user_id: &str, is_new: bool) -> bool {
        if is_new && self.session_names(pending) {
            return true;
        }
        let (Some(connection_id), None) = (&pending.connection_id, &pending.tenant_lookup_identifier) else {
            return false;
        };
        let Ok(request) = self.credentials().and_then(account::profile) else { return false };
        let profile = http::success(self.send(&request).await);
        profile.is_ok_and(|profile| account::has_identity(&profile, user_id, connection_id))
    }

    /// Whether a token of the stored session names the connection of `pending`: the identity, or the access token that
    /// script can read.
    fn session_names(&self, pending: &PendingAuthorization) -> bool {
        let Some(identity) = self.identity() else { return false };
        let access = self.token().ok().flatten().and_then(|token| UnverifiedClaims::decode(token.expose()));
        let access = access.filter(|access| access.subject() == identity.subject());
        pending.is_named_by(&identity) || access.is_some_and(|access| pending.is_named_by(&access))
    }

    /// Keeps the result for `getLoginResult` and `getLinkResult`, and emits it in all tabs.
    fn publish(&self, result: LoginResult) {
        self.refresh_state();
        self.ports.broadcast(&TabMessage::LoginEnded(result.clone()).to_text());
        self.emit(&Event::LoginEnded(result.clone()));
        *self.login_result.borrow_mut() = Some(result);
    }
}
