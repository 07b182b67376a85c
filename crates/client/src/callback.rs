//! Handling a callback: what it asks for, and the exchange of a code.

use crate::{client::Inner, ports::Ports};
use authress_login_protocol::{
    authorization::pending::{self, PendingRequest},
    callback::{
        decision::{self, Refusal, Step},
        exchange::{Exchange, Exchanged},
        login_result::LoginResult,
        unfinished::Unfinished,
    },
    callback_url,
    error::{Error, ErrorCode},
    session::{
        cookies as cookie_rules,
        renewal::{self, Renewal},
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
            Step::NotOurs => return Ok(()),
            Step::Refused(pending, refusal) => {
                self.note_refusal(&pending, &refusal);
                Ok(())
            }
            Step::Adopt(pending, tokens) => self.adopt(&pending, &tokens).await,
            Step::ReadCookies(pending) => {
                self.adopt_cookies(&pending);
                Ok(())
            }
            Step::Exchange(exchange) => self.exchange(exchange).await,
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
    fn inspect_callback(&self) -> Result<(Step, bool), Error> {
        let page = self.ports.page()?;
        let inspection = decision::inspect(&self.settings, &page, &self.ports.cookies(), |nonce| {
            [PendingRequest::key(nonce), pending::LEGACY_KEY.to_owned()]
                .iter()
                .filter_map(|key| PendingRequest::from_json(&self.ports.load(key)?))
                .find(|pending| pending.nonce == nonce)
        });
        if let (true, Some(pending)) = (inspection.consumes, inspection.step.pending()) {
            self.ports.store_in_tab(&Unfinished::key(&self.settings), Unfinished::to_json(&page, pending).expose());
            self.forget(&pending.nonce);
        }
        if let Some(href) = inspection.clean_href {
            self.ports.show_address(&href);
        }
        let (step, is_kept) = match (inspection.step, self.unfinished_callback()) {
            (Step::NotOurs, Some(callback)) => (callback.step(&self.settings, &self.ports.cookies()), true),
            (step, _) => (step, inspection.consumes),
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

    fn unfinished_callback(&self) -> Option<Unfinished> {
        Unfinished::from_json(&self.ports.load_in_tab(&Unfinished::key(&self.settings))?, self.ports.now_ms())
    }

    /// Removes what the tab keeps of a callback: it is handled, or the shopper has signed out.
    pub(crate) fn finish_callback(&self) {
        self.ports.remove_in_tab(&Unfinished::key(&self.settings));
    }

    fn forget(&self, nonce: &str) {
        self.ports.remove(&PendingRequest::key(nonce));
        let legacy = self.ports.load(pending::LEGACY_KEY).and_then(|record| PendingRequest::from_json(&record));
        if legacy.is_some_and(|legacy| legacy.nonce == nonce) {
            self.ports.remove(pending::LEGACY_KEY);
        }
    }

    async fn exchange(&self, exchange: Exchange) -> Result<(), Error> {
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
        let exchanged = exchange.accept(&self.settings, outcome);
        if !matches!(exchanged, Exchanged::Unanswered(_)) {
            let clear = cookie_rules::clear(&self.ports.page()?, cookie_rules::AUTH_CODE);
            clear.iter().for_each(|cookie| self.ports.assign_cookie(cookie));
        }
        match exchanged {
            Exchanged::Tokens(tokens) => self.adopt(exchange.pending(), &tokens).await?,
            Exchanged::Cookies => self.adopt_cookies(exchange.pending()),
            Exchanged::CodeRefused(error) => {
                self.ports.warn("The login has expired or was completed before", &error);
                self.recheck(exchange.pending(), &error).await?;
            }
            Exchanged::Unanswered(error) => {
                self.ports.warn("The login could not be completed yet", &error);
                return Err(error);
            }
            Exchanged::Failed(error) => {
                self.ports.warn("The login could not be completed", &error);
                self.note(LoginResult::of_failure(exchange.pending(), &error));
                return Err(error);
            }
        }
        Ok(())
    }

    /// A code that was refused may have been used by an earlier try whose answer was lost. Whether
    /// it was, Authress knows where cookies reach it.
    async fn recheck(&self, pending: &PendingRequest, error: &Error) -> Result<(), Error> {
        if self.sends_credentials()? {
            let (before, earlier) = (self.mark(), self.identity());
            let outcome = self.send(&renewal::request(true)).await;
            if self.has_signed_out_since(&before) {
                return self.drop_answer().map(drop);
            }
            match renewal::accept(&self.settings, outcome) {
                Renewal::Tokens(tokens) if pending.is_completed_by(earlier.as_ref(), tokens.claims()) => {
                    return self.adopt(pending, &tokens).await;
                }
                Renewal::Cookies => {
                    self.adopt_user_cookie(true);
                    if self.identity().is_some_and(|now| pending.is_completed_by(earlier.as_ref(), &now)) {
                        self.adopt_cookies(pending);
                        return Ok(());
                    }
                }
                Renewal::Tokens(_) | Renewal::SignedOut | Renewal::Unknown(_) => {}
            }
        }
        self.note(LoginResult::of_failure(pending, error));
        Ok(())
    }

    fn note_refusal(&self, pending: &PendingRequest, refusal: &Refusal) {
        self.ports.warn("The login did not happen", &refusal.to_error());
        self.note(LoginResult::of_refusal(pending, refusal));
    }
}
