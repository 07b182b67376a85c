//! Handling a callback: cleaning the address, exchanging the code, storing the session, publishing the result.

use crate::{concurrency::locks::SessionLock, context::Context, ports::Ports};
use authress_login_protocol::{
    authorization::pending::{LEGACY_KEY, PendingAuthorization},
    callback::{
        decision::{CallbackAction, CallbackError, decide},
        exchange::{CodeExchange, ExchangeResult},
        login_result::LoginResult,
        unfinished::UnfinishedCallback,
    },
    callback_url,
    error::{Error, ErrorCode},
    jwt::UnverifiedClaims,
    session::{
        cookies,
        renewal::{self, RenewalResult},
        tokens::Tokens,
    },
    state::Event,
    tab_message::TabMessage,
};
use futures_util::future::LocalBoxFuture;

impl<P: Ports> Context<P> {
    /// Handles the callback in the address, or the one that an earlier page of this tab has not finished.
    pub(super) async fn handle_callback(&self) -> Result<(), Error> {
        if self.callback_nonce()?.is_none() {
            return Ok(());
        }
        // A prerendered page uses nothing up: the shopper may never see it.
        self.ports.activation().await;
        let Some(nonce) = self.callback_nonce()? else { return Ok(()) };
        let _lock = self.acquire(SessionLock::callback(&nonce)).await;
        let (action, is_stored) = self.decide_callback()?;
        let handled = match action {
            CallbackAction::Ignore => return Ok(()),
            CallbackAction::Fail(pending, error) => {
                self.publish_error(&pending, &error);
                Ok(())
            }
            CallbackAction::StoreTokens(pending, tokens) => self.complete_with_tokens(&pending, &tokens).await,
            CallbackAction::StoreCookies(pending) => {
                self.complete_with_cookies(&pending);
                Ok(())
            }
            CallbackAction::Exchange(exchange) => self.exchange_code(exchange).await,
        };
        // After a network failure the next call, or the next page of the tab, handles the callback again.
        if is_stored && !handled.as_ref().is_err_and(|error| error.code == ErrorCode::AuthressSdkNetworkError) {
            self.remove_unfinished_callback();
        }
        handled
    }

    /// Removes the unfinished callback of the tab: it is handled, or the shopper has signed out.
    pub(super) fn remove_unfinished_callback(&self) {
        self.ports.remove_in_tab(&UnfinishedCallback::key(&self.settings));
    }

    /// Returns the id of the authentication request of the callback, in the address or unfinished.
    fn callback_nonce(&self) -> Result<Option<String>, Error> {
        let in_address = callback_url::nonce(self.ports.page()?.href());
        Ok(in_address.or_else(|| self.unfinished_callback().map(|callback| callback.nonce().to_owned())))
    }

    fn unfinished_callback(&self) -> Option<UnfinishedCallback> {
        let record = self.ports.load_in_tab(&UnfinishedCallback::key(&self.settings))?;
        UnfinishedCallback::from_json(&record, self.ports.now_ms())
    }

    /// Decides what to do, and cleans the address. Also returns whether the callback is stored in the tab; its pending
    /// authorization is then removed.
    fn decide_callback(&self) -> Result<(CallbackAction, bool), Error> {
        let page = self.ports.page()?;
        let decision = decide(&self.settings, &page, &self.ports.cookies(), |nonce| self.load_pending(nonce));
        if let (true, Some(pending)) = (decision.consumes_pending, decision.action.pending()) {
            let record = UnfinishedCallback::to_json(&page, pending);
            self.ports.store_in_tab(&UnfinishedCallback::key(&self.settings), record.expose());
            self.remove_pending(&pending.nonce);
        }
        if let Some(href) = decision.clean_href {
            self.ports.show_address(&href);
        }
        let (action, is_stored) = match (decision.action, self.unfinished_callback()) {
            (CallbackAction::Ignore, Some(callback)) => (callback.action(&self.settings, &self.ports.cookies()), true),
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

    fn load_pending(&self, nonce: &str) -> Option<Box<PendingAuthorization>> {
        [PendingAuthorization::key(nonce), LEGACY_KEY.to_owned()]
            .iter()
            .filter_map(|key| PendingAuthorization::from_json(&self.ports.load(key)?))
            .find(|pending| pending.nonce == nonce)
    }

    fn remove_pending(&self, nonce: &str) {
        self.ports.remove(&PendingAuthorization::key(nonce));
        let legacy = self.ports.load(LEGACY_KEY).and_then(|record| PendingAuthorization::from_json(&record));
        if legacy.is_some_and(|legacy| legacy.nonce == nonce) {
            self.ports.remove(LEGACY_KEY);
        }
    }

    async fn exchange_code(&self, exchange: CodeExchange) -> Result<(), Error> {
        let with_credentials = self.sends_credentials()?;
        let before = self.session_version();
        let mut prepare = || Ok(exchange.request(&self.settings, self.now(), self.search_start()?, with_credentials));
        let outcome = self.send_with_proof_of_work(&mut prepare).await?;
        if self.has_signed_out_since(&before) {
            return self.discard_stale_response().map(drop);
        }
        let result = exchange.read_outcome(&self.settings, outcome);
        if !matches!(result, ExchangeResult::NetworkFailure(_)) {
            let clear = cookies::clear(&self.ports.page()?, cookies::AUTH_CODE);
            clear.iter().for_each(|cookie| self.ports.assign_cookie(cookie));
        }
        let pending = exchange.pending();
        match result {
            ExchangeResult::Tokens(tokens) => self.complete_with_tokens(pending, &tokens).await,
            ExchangeResult::Cookies => {
                self.complete_with_cookies(pending);
                Ok(())
            }
            ExchangeResult::CodeRejected(error) => {
                self.ports.warn("The authorization code has expired or was used before", &error);
                self.recover_lost_exchange(pending, &error).await
            }
            ExchangeResult::NetworkFailure(error) => {
                self.ports.warn("The login could not be completed yet", &error);
                Err(error)
            }
            ExchangeResult::Failed(error) => {
                self.ports.warn("The login could not be completed", &error);
                self.publish(LoginResult::from_failed_exchange(pending, &error));
                Err(error)
            }
        }
    }

    /// Completes a login whose code was rejected, if an earlier attempt has used the code and only its response was
    /// lost. Authress's session shows whether it has, where cookies reach Authress.
    async fn recover_lost_exchange(&self, pending: &PendingAuthorization, error: &Error) -> Result<(), Error> {
        if self.sends_credentials()? {
            let (before, earlier) = (self.session_version(), self.identity());
            let outcome = self.send(&renewal::request(true)).await;
            if self.has_signed_out_since(&before) {
                return self.discard_stale_response().map(drop);
            }
            match renewal::read_outcome(&self.settings, outcome) {
                RenewalResult::Tokens(tokens) if pending.is_completed_by(earlier.as_ref(), tokens.claims()) => {
                    return self.complete_with_tokens(pending, &tokens).await;
                }
                RenewalResult::Cookies => {
                    self.store_user_cookie(true);
                    if self.identity().is_some_and(|now| pending.is_completed_by(earlier.as_ref(), &now)) {
                        self.complete_with_cookies(pending);
                        return Ok(());
                    }
                }
                RenewalResult::Tokens(_) | RenewalResult::NoSession | RenewalResult::Unknown(_) => {}
            }
        }
        self.publish(LoginResult::from_failed_exchange(pending, error));
        Ok(())
    }

    /// Stores the session of the callback's tokens. The tokens of a link must be of the user that it began with;
    /// otherwise the session stays.
    fn complete_with_tokens<'a>(
        &'a self,
        pending: &'a PendingAuthorization,
        tokens: &'a Tokens,
    ) -> LocalBoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            if pending.accepts_user(tokens.user_id()) {
                self.advance_session_version();
                let version = self.session_version();
                self.store_tokens(tokens, &version).await?;
                self.refresh_state();
            }
            self.publish(LoginResult::from_session(pending, Some(tokens.user_id())));
            Ok(())
        })
    }

    /// Stores the session that Authress has set in cookies.
    fn complete_with_cookies(&self, pending: &PendingAuthorization) {
        self.advance_session_version();
        self.store_user_cookie(true);
        self.refresh_state();
        let identity = self.identity();
        let user_id = identity.as_ref().and_then(UnverifiedClaims::subject);
        self.publish(LoginResult::from_session(pending, user_id));
    }

    fn publish_error(&self, pending: &PendingAuthorization, error: &CallbackError) {
        self.ports.warn("The login failed or was cancelled", &error.to_error());
        self.publish(LoginResult::from_error(pending, error));
    }

    /// Keeps the result for `getLoginResult` and `getLinkResult`, and emits it in all tabs.
    fn publish(&self, result: LoginResult) {
        self.refresh_state();
        self.ports.broadcast(&TabMessage::LoginEnded(result.clone()).to_text());
        self.emit(&Event::LoginEnded(result.clone()));
        *self.login_result.borrow_mut() = Some(result);
    }
}
