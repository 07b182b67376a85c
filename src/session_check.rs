//! Finding the session: in a return, in this browser, or at Authress.

use crate::{
    browser::{address, clock, cookies, fetch, random},
    client::Inner,
};
use authress_login_protocol::{
    account::Authorization,
    callback::{self, Exchange, Exchanged, Refusal, Step},
    cookies as cookie_rules,
    error::{Error, ErrorCode},
    jwt::UnverifiedClaims,
    link::LinkResult,
    pending::{self, PendingRequest},
    session::{self, Renewal, SessionWrite, Tokens},
};

impl Inner {
    /// Who the shopper is, as far as this browser knows.
    pub(crate) fn identity(&self) -> Option<UnverifiedClaims> {
        let record = self.storage.get(session::STORAGE_KEY);
        session::identity(&self.settings, record.as_deref(), &cookies::read(), clock::now_ms())
    }

    /// Takes up a return, if the browser has just come back; then looks for the session here.
    pub(crate) async fn check_here(&self) -> Result<bool, Error> {
        let unanswered = self.unanswered.borrow_mut().take();
        match unanswered {
            Some(exchange) => self.exchange(exchange).await?,
            None => self.take_up_return().await?,
        }
        if self.identity().is_none() {
            self.adopt_user_cookie();
        }
        Ok(self.settle())
    }

    /// Asks Authress to go on with the session that it remembers for this browser.
    pub(crate) async fn check_at_authress(&self) -> Result<bool, Error> {
        let request = session::renewal_request(self.sends_credentials()?);
        let outcome = fetch::send(&self.settings.origin(), &request).await;
        match session::accept_renewal(&self.settings, outcome) {
            Renewal::Tokens(tokens) => self.store(&tokens)?,
            Renewal::Cookies => {
                self.adopt_user_cookie();
            }
            Renewal::SignedOut => {}
            Renewal::Unknown(error) => self.logger.warn("The session could not be checked", &error),
        }
        Ok(self.settle())
    }

    /// Whether requests carry cookies: as Authress said, or as the page's address suggests.
    pub(crate) fn sends_credentials(&self) -> Result<bool, Error> {
        let page = address::page()?;
        let allowed = self.enable_credentials.get().unwrap_or_else(|| page.allows_credentials(&self.settings));
        Ok(allowed && !page.is_localhost())
    }

    /// The session that is here, as requests for it show it.
    pub(crate) fn authorization(&self) -> Result<Authorization, Error> {
        let identity = self.identity().ok_or(ErrorCode::NotLoggedIn)?;
        let user_id = identity.subject().ok_or(ErrorCode::NotLoggedIn)?.to_owned();
        let access_token = session::access_token(&self.settings, &cookies::read(), &user_id);
        Ok(Authorization { user_id, access_token, with_credentials: self.sends_credentials()? })
    }

    fn settle(&self) -> bool {
        let has_session = self.identity().is_some();
        if has_session {
            self.session.raise();
        } else {
            self.session.lower();
        }
        has_session
    }

    async fn take_up_return(&self) -> Result<(), Error> {
        let inspection = callback::inspect(&self.settings, &address::page()?, &cookies::read(), |nonce| {
            [PendingRequest::key(nonce), pending::LEGACY_KEY.to_owned()]
                .iter()
                .filter_map(|key| PendingRequest::from_json(&self.storage.get(key)?))
                .find(|pending| pending.nonce == nonce)
        });
        // Before anything is awaited: a second caller must not see the same return again.
        if let (true, Some(pending)) = (inspection.consumes, inspection.step.pending()) {
            self.forget(&pending.nonce);
            if pending.enable_credentials.is_some() {
                self.enable_credentials.set(pending.enable_credentials);
            }
        }
        if let Some(href) = inspection.clean_href {
            address::replace(&href);
        }
        match inspection.step {
            Step::NotOurs => {}
            Step::Refused(pending, refusal) => self.note_refusal(&pending, &refusal),
            Step::Adopt(pending, tokens) => self.adopt(&pending, &tokens)?,
            Step::ReadCookies(pending) => self.adopt_cookies(&pending),
            Step::Exchange(exchange) => self.exchange(exchange).await?,
        }
        Ok(())
    }

    fn forget(&self, nonce: &str) {
        self.storage.remove(&PendingRequest::key(nonce));
        let legacy = self.storage.get(pending::LEGACY_KEY).and_then(|record| PendingRequest::from_json(&record));
        if legacy.is_some_and(|legacy| legacy.nonce == nonce) {
            self.storage.remove(pending::LEGACY_KEY);
        }
    }

    async fn exchange(&self, exchange: Exchange) -> Result<(), Error> {
        let credentials = self.sends_credentials()?;
        let request = exchange.request(&self.settings, clock::now_ms(), random::search_start()?, credentials);
        let outcome = fetch::send(&self.settings.origin(), &request).await;
        match exchange.accept(&self.settings, outcome) {
            Exchanged::Tokens(tokens) => self.adopt(exchange.pending(), &tokens)?,
            Exchanged::Cookies => self.adopt_cookies(exchange.pending()),
            Exchanged::CodeRefused(error) => {
                self.logger.warn("The login has expired or was completed before", &error);
                self.set_link_result(LinkResult::of_failure(exchange.pending(), &error));
            }
            Exchanged::Unanswered(error) => {
                self.logger.warn("The login could not be completed yet", &error);
                *self.unanswered.borrow_mut() = Some(exchange);
                return Err(error);
            }
            Exchanged::Failed(error) => {
                self.logger.warn("The login could not be completed", &error);
                self.set_link_result(LinkResult::of_failure(exchange.pending(), &error));
                return Err(error);
            }
        }
        Ok(())
    }

    /// Takes over tokens that a return has brought. A link must bring back the user id it began
    /// with; otherwise the session that is here stays.
    fn adopt(&self, pending: &PendingRequest, tokens: &Tokens) -> Result<(), Error> {
        self.set_link_result(LinkResult::of_session(pending, Some(tokens.user_id())));
        if pending.accepts_user(tokens.user_id()) {
            self.store(tokens)?;
        }
        Ok(())
    }

    fn adopt_cookies(&self, pending: &PendingRequest) {
        self.adopt_user_cookie();
        let identity = self.identity();
        let user_id = identity.as_ref().and_then(UnverifiedClaims::subject);
        self.set_link_result(LinkResult::of_session(pending, user_id));
    }

    /// Moves what Authress has set in the `user` cookie to storage.
    fn adopt_user_cookie(&self) {
        let Some((write, _)) = session::adopt_user_cookie(&self.settings, &cookies::read(), clock::now_ms()) else {
            return;
        };
        self.write(&write);
        if !self.retain_user_cookie
            && let Ok(page) = address::page()
        {
            cookie_rules::clear(&page, cookie_rules::USER).iter().for_each(|cookie| cookies::assign(cookie));
        }
    }

    fn store(&self, tokens: &Tokens) -> Result<(), Error> {
        let page = address::page()?;
        let write = tokens.store(&page, clock::now_ms());
        // What an earlier session left elsewhere would be found first. The cookie in the usual place
        // is overwritten instead: other tabs must not see a moment without a session.
        let overwritten = usize::from(write.authorization_cookie.is_some());
        let stale = cookie_rules::clear(&page, cookie_rules::AUTHORIZATION);
        stale.iter().skip(overwritten).for_each(|cookie| cookies::assign(cookie));
        cookie_rules::clear(&page, cookie_rules::USER).iter().for_each(|cookie| cookies::assign(cookie));
        self.write(&write);
        Ok(())
    }

    fn write(&self, write: &SessionWrite) {
        if let Some(cookie) = &write.authorization_cookie {
            cookies::assign(cookie.expose());
        }
        self.storage.set(session::STORAGE_KEY, write.record.expose());
    }

    fn note_refusal(&self, pending: &PendingRequest, refusal: &Refusal) {
        self.logger.warn("The login did not happen", &refusal.to_error());
        self.set_link_result(LinkResult::of_refusal(pending, refusal));
    }

    fn set_link_result(&self, result: Option<LinkResult>) {
        if result.is_some() {
            *self.link_result.borrow_mut() = result;
        }
    }
}
