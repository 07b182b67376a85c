//! Handling a callback: what it asks for, and the exchange of a code.

use crate::{client::Inner, ports::Ports};
use authress_login_protocol::{
    authorization::pending::{self, PendingAuthorization},
    callback::{
        decision::{self, CallbackAction, CallbackError},
        exchange::{CodeExchange, ExchangeResult},
        login_result::LoginResult,
        unfinished::UnfinishedCallback,
    },
    callback_url,
    error::{Error, ErrorCode},
    session::{
        cookies as cookie_rules,
        renewal::{self, RenewalResult},
    },
};

impl<P: Ports> Inner<P> {
    /// Handles a callback: the one in the address, or one that an earlier page of this tab has not finished.
    pub(crate) async fn handle_callback(&self) -> Result<(), Error> {
        if self.callback_nonce()?.is_none() {
            return Ok(());
        }
        // A page that is only being prepared uses nothing up: the shopper may never see it.
        self.ports.activation().await;
        let Some(nonce) = self.callback_nonce()? else { return Ok(()) };
        // Two copies of the package on a page see the same callback: the second one waits until the first has handled it.
        let _lock = self.hold_callback(&nonce).await;
        let (step, is_kept) = self.inspect_callback()?;
        let handled = match step {
            CallbackAction::Ignore => return Ok(()),
            CallbackAction::Fail(pending, refusal) => {
                self.note_refusal(&pending, &refusal);
                Ok(())
            }
            CallbackAction::StoreTokens(pending, tokens) => self.adopt(&pending, &tokens).await,
            CallbackAction::StoreCookies(pending) => {
                self.adopt_cookies(&pending);
                Ok(())
            }
            CallbackAction::Exchange(exchange) => self.exchange(exchange).await,
        };
        // Without a response the same callback can be handled again, by the next call or by the next page of the tab.
        if is_kept && !handled.as_ref().is_err_and(|error| error.code == ErrorCode::AuthressSdkNetworkError) {
            self.finish_callback();
        }
        handled
    }

    /// The authentication request of the callback that is in the address or unfinished.
    fn callback_nonce(&self) -> Result<Option<String>, Error> {
        let in_address = callback_url::nonce(self.ports.page()?.href());
        Ok(in_address.or_else(|| self.unfinished_callback().map(|callback| callback.nonce().to_owned())))
    }

    /// What a callback asks for, and whether the tab keeps what is needed to finish it: then its pending request is used up.
    /// The address is clean from now on.
    fn inspect_callback(&self) -> Result<(CallbackAction, bool), Error> {
        let page = self.ports.page()?;
        let decision = decision::decide(&self.settings, &page, &self.ports.cookies(), |nonce| {
            [PendingAuthorization::key(nonce), pending::LEGACY_KEY.to_owned()]
                .iter()
                .filter_map(|key| PendingAuthorization::from_json(&self.ports.load(key)?))
                .find(|pending| pending.nonce == nonce)
        });
        if let (true, Some(pending)) = (decision.consumes_pending, decision.action.pending()) {
            self.ports.store_in_tab(
                &UnfinishedCallback::key(&self.settings),
                UnfinishedCallback::to_json(&page, pending).expose(),
            );
            self.forget(&pending.nonce);
        }
        if let Some(href) = decision.clean_href {
            self.ports.show_address(&href);
        }
        let (step, is_kept) = match (decision.action, self.unfinished_callback()) {
            (CallbackAction::Ignore, Some(callback)) => (callback.action(&self.settings, &self.ports.cookies()), true),
            (step, _) => (step, decision.consumes_pending),
        };
        if let (true, Some(pending)) = (is_kept, step.pending()) {
            if pending.enable_credentials.is_some() {
                self.enable_credentials.set(pending.enable_credentials);
            }
            if pending.clock_skew_ms != 0 {
                self.skew_ms.set(pending.clock_skew_ms);
            }
        }
        Ok((step, is_kept))
    }

    fn unfinished_callback(&self) -> Option<UnfinishedCallback> {
        UnfinishedCallback::from_json(
            &self.ports.load_in_tab(&UnfinishedCallback::key(&self.settings))?,
            self.ports.now_ms(),
        )
    }

    /// Removes what the tab keeps of a callback: it is handled, or the shopper has signed out.
    pub(crate) fn finish_callback(&self) {
        self.ports.remove_in_tab(&UnfinishedCallback::key(&self.settings));
    }

    fn forget(&self, nonce: &str) {
        self.ports.remove(&PendingAuthorization::key(nonce));
        let legacy = self.ports.load(pending::LEGACY_KEY).and_then(|record| PendingAuthorization::from_json(&record));
        if legacy.is_some_and(|legacy| legacy.nonce == nonce) {
            self.ports.remove(pending::LEGACY_KEY);
        }
    }

    async fn exchange(&self, exchange: CodeExchange) -> Result<(), Error> {
        let credentials = self.sends_credentials()?;
        let before = self.mark();
        let outcome = loop {
            let unhashed = exchange.request(&self.settings, self.now(), self.search_start()?, credentials);
            let outcome = self.send_hashed(unhashed).await;
            if !self.clock_was_wrong(&outcome).await {
                break outcome;
            }
        };
        if self.has_signed_out_since(&before) {
            // Nobody is to be signed in by an answer that was under way.
            return self.drop_answer().map(drop);
        }
        let exchanged = exchange.read_outcome(&self.settings, outcome);
        if !matches!(exchanged, ExchangeResult::NetworkFailure(_)) {
            let clear = cookie_rules::clear(&self.ports.page()?, cookie_rules::AUTH_CODE);
            clear.iter().for_each(|cookie| self.ports.assign_cookie(cookie));
        }
        match exchanged {
            ExchangeResult::Tokens(tokens) => self.adopt(exchange.pending(), &tokens).await?,
            ExchangeResult::Cookies => self.adopt_cookies(exchange.pending()),
            ExchangeResult::CodeRejected(error) => {
                self.ports.warn("The login has expired or was completed before", &error);
                self.recheck(exchange.pending(), &error).await?;
            }
            ExchangeResult::NetworkFailure(error) => {
                self.ports.warn("The login could not be completed yet", &error);
                return Err(error);
            }
            ExchangeResult::Failed(error) => {
                self.ports.warn("The login could not be completed", &error);
                self.note(LoginResult::from_failed_exchange(exchange.pending(), &error));
                return Err(error);
            }
        }
        Ok(())
    }

    /// A code that was refused may have been used by an earlier try whose answer was lost. Whether
    /// it was, Authress knows where cookies reach it.
    async fn recheck(&self, pending: &PendingAuthorization, error: &Error) -> Result<(), Error> {
        if self.sends_credentials()? {
            let (before, earlier) = (self.mark(), self.identity());
            let outcome = self.send(&renewal::request(true)).await;
            if self.has_signed_out_since(&before) {
                return self.drop_answer().map(drop);
            }
            match renewal::read_outcome(&self.settings, outcome) {
                RenewalResult::Tokens(tokens) if pending.is_completed_by(earlier.as_ref(), tokens.claims()) => {
                    return self.adopt(pending, &tokens).await;
                }
                RenewalResult::Cookies => {
                    self.adopt_user_cookie(true);
                    if self.identity().is_some_and(|now| pending.is_completed_by(earlier.as_ref(), &now)) {
                        self.adopt_cookies(pending);
                        return Ok(());
                    }
                }
                RenewalResult::Tokens(_) | RenewalResult::NoSession | RenewalResult::Unknown(_) => {}
            }
        }
        self.note(LoginResult::from_failed_exchange(pending, error));
        Ok(())
    }

    fn note_refusal(&self, pending: &PendingAuthorization, refusal: &CallbackError) {
        self.ports.warn("The login did not happen", &refusal.to_error());
        self.note(LoginResult::from_error(pending, refusal));
    }
}
