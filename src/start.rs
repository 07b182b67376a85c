//! Beginning a login, a link and a logout.

use crate::{
    browser::{address, clock, cookies, fetch, random, timer},
    client::Inner,
    options::OpenType,
};
use authress_login_protocol::{
    authenticate::{self, AuthenticateOptions, Draft, LinkOptions, Started},
    cookies as cookie_rules,
    error::{Error, ErrorCode},
    extension::{self, UpdateOptions},
    http, logout, pending,
    pending::PendingRequest,
    session,
};

/// How long a logout waits for the browser to leave the page before it resolves, in milliseconds.
const NAVIGATION_MS: i32 = 500;

impl Inner {
    /// Begins a login. The result is what to tell the caller, `None` if the browser is on its way.
    pub(crate) async fn authenticate(
        &self,
        options: AuthenticateOptions,
        open: OpenType,
    ) -> Result<Option<Started>, Error> {
        let credentials = self.sends_credentials()?;
        let page = address::page()?;
        let draft =
            authenticate::begin(&self.settings, &page, options, random::entropy()?, clock::now_ms(), credentials)?;
        let started = self.start(draft).await?;
        if !started.navigates_from(&page) {
            return Ok(Some(started));
        }
        leave(&started, open)?;
        Ok(open.answers().then_some(started))
    }

    /// Begins a link to the session that is here. The result is as for a login.
    pub(crate) async fn link(&self, options: LinkOptions, open: OpenType) -> Result<Option<Started>, Error> {
        let authorization = self.authorization()?;
        let page = address::page()?;
        let (entropy, now_ms) = (random::entropy()?, clock::now_ms());
        let draft = authenticate::begin_link(&self.settings, &page, options, authorization, entropy, now_ms)?;
        let started = self.start(draft).await?;
        leave(&started, open)?;
        Ok(open.answers().then_some(started))
    }

    /// Goes on with the login that an extension began. The result is the address where it goes on
    /// if that is on this page's own host.
    pub(crate) async fn update_extension_request(&self, options: UpdateOptions) -> Result<Option<String>, Error> {
        let page = address::page()?;
        let search_start = random::search_start()?;
        let request = extension::update(&page, options, search_start, clock::now_ms(), self.sends_credentials()?)?;
        let outcome = fetch::send(&self.settings.origin(), &request).await;
        let url = http::success(outcome)
            .and_then(|body| authenticate::authentication_url(&body))
            .inspect_err(|error| self.logger.warn("The login could not be updated", error))?;
        if page.has_hostname_of(&url) {
            return Ok(Some(url.into()));
        }
        address::assign(url.as_str())?;
        Ok(None)
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
        let is_kept = self.storage.set(&PendingRequest::key(&pending.nonce), record.expose());
        self.storage.set(pending::LEGACY_KEY, record.expose());
        if is_kept { Ok(()) } else { Err(ErrorCode::StorageUnavailable.into()) }
    }
}

/// Takes the browser to where the login goes on, unless the caller sees to it.
fn leave(started: &Started, open: OpenType) -> Result<(), Error> {
    if open == OpenType::ClientManaged {
        return Ok(());
    }
    let url = started.authentication_url.as_ref().ok_or(ErrorCode::InvalidServerResponse)?.as_str();
    let is_opened = matches!(open, OpenType::Tab { .. }) && address::open_tab(url);
    if is_opened { Ok(()) } else { address::assign(url) }
}
