//! Beginning a login, a link and a logout.

use crate::{
    browser::{address, clock, cookies, fetch, random, timer},
    client::Inner,
};
use authress_login_protocol::{
    authenticate::{self, AuthenticateOptions, Draft, LinkOptions, LinkingSession, Started},
    cookies as cookie_rules,
    error::{Error, ErrorCode},
    http, logout, pending,
    pending::PendingRequest,
    session,
};

/// How long a logout waits for the browser to leave the page before it resolves, in milliseconds.
const NAVIGATION_MS: i32 = 500;

impl Inner {
    /// Begins a login; the result says whether the browser is on its way.
    pub(crate) async fn authenticate(&self, options: AuthenticateOptions, opens_tab: bool) -> Result<Departure, Error> {
        let credentials = self.sends_credentials()?;
        let page = address::page()?;
        let draft =
            authenticate::begin(&self.settings, &page, options, random::entropy()?, clock::now_ms(), credentials)?;
        let started = self.start(draft).await?;
        if started.navigates_from(&page)
            && let Some(url) = &started.authentication_url
        {
            if !(opens_tab && address::open_tab(url.as_str())) {
                address::assign(url.as_str())?;
            }
            return Ok(Departure::Left);
        }
        Ok(Departure::HandedBack(started))
    }

    /// Begins a link to the session that is here.
    pub(crate) async fn link(&self, options: LinkOptions) -> Result<(), Error> {
        let identity = self.identity().ok_or(ErrorCode::NotLoggedIn)?;
        let user_id = identity.subject().ok_or(ErrorCode::NotLoggedIn)?.to_owned();
        let access_token = session::access_token(&self.settings, &cookies::read(), &user_id);
        let session = LinkingSession { user_id, access_token };
        let credentials = self.sends_credentials()?;
        let page = address::page()?;
        let (entropy, now_ms) = (random::entropy()?, clock::now_ms());
        let draft = authenticate::begin_link(&self.settings, &page, options, session, entropy, now_ms, credentials)?;
        let started = self.start(draft).await?;
        let url = started.authentication_url.ok_or(ErrorCode::InvalidServerResponse)?;
        address::assign(url.as_str())
    }

    /// Ends the session here and at Authress.
    pub(crate) async fn logout(&self, redirect_url: Option<&str>) -> Result<(), Error> {
        let page = address::page()?;
        let plan = logout::begin(&self.settings, &page, redirect_url, self.sends_credentials()?)?;
        self.storage.remove(session::STORAGE_KEY);
        cookie_rules::clear_session(&page).iter().for_each(|cookie| cookies::assign(cookie));
        self.session.lower();
        self.unanswered.borrow_mut().take();
        if let Some(request) = &plan.request {
            match http::success(fetch::send(&self.settings.origin(), request).await) {
                Ok(_) => return plan.destination.map_or(Ok(()), |destination| address::assign(&destination)),
                Err(error) => self.logger.warn("The session could not be ended by request", &error),
            }
        }
        address::assign(&plan.logout_page)?;
        timer::sleep(NAVIGATION_MS).await;
        Ok(())
    }

    /// Sends the request and remembers it until the browser returns.
    async fn start(&self, draft: Draft) -> Result<Started, Error> {
        if !self.storage.is_durable() {
            return Err(ErrorCode::StorageUnavailable.into());
        }
        let outcome = fetch::send(&self.settings.origin(), &draft.request()).await;
        let started = http::success(outcome)
            .and_then(|body| draft.accept(&body))
            .inspect_err(|error| self.logger.warn("The login could not be started", error))?;
        if let Some(pending) = &started.pending {
            self.remember(pending)?;
        }
        Ok(started)
    }

    fn remember(&self, pending: &PendingRequest) -> Result<(), Error> {
        let now_ms = clock::now_ms();
        for key in self.storage.keys(pending::KEY_PREFIX) {
            if self.storage.get(&key).is_some_and(|record| pending::is_stale(&record, now_ms)) {
                self.storage.remove(&key);
            }
        }
        let record = pending.to_json();
        let is_kept = self.storage.set(&PendingRequest::key(&pending.nonce), &record);
        self.storage.set(pending::LEGACY_KEY, &record);
        if is_kept { Ok(()) } else { Err(ErrorCode::StorageUnavailable.into()) }
    }
}

/// What became of a login that was begun.
pub(crate) enum Departure {
    /// The browser is on its way.
    Left,
    /// The application continues by itself.
    HandedBack(Started),
}
