//! Beginning a login, a link and a logout.

use crate::{
    client::{Client, Inner},
    locks,
    ports::Ports,
};
use authress_login_protocol::{
    authorization::{
        entropy::Entropy,
        pending::{self, PendingAuthorization},
        proof_of_work::ProofOfWorkRequest,
        request::{self, AuthenticateOptions, AuthenticationResponse, AuthorizationRequest, LinkOptions},
    },
    clock::ClockReading,
    error::{Error, ErrorCode},
    extension::{self, UpdateOptions},
    http, logout,
    page::Page,
    session::record,
};
use futures_util::future::{FutureExt, LocalBoxFuture, WeakShared};

/// How long a logout waits for the browser to leave the page before it resolves, in milliseconds.
const NAVIGATION_MS: u32 = 500;
/// How long after the browser was sent away the page may still be there and be pressed once more, in milliseconds.
const LEAVING_MS: i64 = 2_000;

/// How the page is left for a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenType {
    /// By going there.
    Redirect {
        /// Whether the caller wants the answer all the same.
        answers: bool,
    },
    /// In another tab, or by going there where the browser opens none.
    Tab {
        /// Whether the caller wants the answer all the same.
        answers: bool,
    },
    /// Not at all: the caller sees to it.
    ClientManaged,
}

impl OpenType {
    /// Whether the caller gets the answer although the page is left.
    fn answers(self) -> bool {
        match self {
            Self::Redirect { answers } | Self::Tab { answers } => answers,
            Self::ClientManaged => true,
        }
    }
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq)]
enum Wanted {
    Login(AuthenticateOptions),
    Link(LinkOptions),
}

/// What a page asks for by one press: the same once more, from the same place, is the same press.
#[derive(Clone, Debug, PartialEq)]
struct Press {
    wanted: Wanted,
    open: OpenType,
    page: Page,
}

type Beginning = LocalBoxFuture<'static, Result<Option<AuthenticationResponse>, Error>>;

/// The login or link that was begun last.
#[derive(Debug)]
pub(crate) struct Begun {
    press: Press,
    /// As long as a caller waits for it.
    run: Option<WeakShared<Beginning>>,
    /// When the page was left for it, in milliseconds since 1970 by the device's clock, and what callers got.
    left: Option<(i64, Option<AuthenticationResponse>)>,
}

impl Begun {
    /// Whether the page was left for it.
    pub(crate) fn has_left(&self) -> bool {
        self.left.is_some()
    }

    /// What callers got, if the page was left for it a moment ago.
    fn left_with(&self, now_ms: i64) -> Option<Option<AuthenticationResponse>> {
        let (left_at_ms, started) = self.left.as_ref()?;
        (0..LEAVING_MS).contains(&now_ms.saturating_sub(*left_at_ms)).then(|| started.clone())
    }
}

impl<P: Ports> Client<P> {
    /// Begins a login. The result is what to tell the caller, `None` if the browser is on its way.
    ///
    /// A second call for the same, by a double click or another client of the page, shares the first one's login until
    /// the browser has left the page, for two seconds at most.
    pub async fn authenticate(
        &self,
        options: &AuthenticateOptions,
        open: OpenType,
    ) -> Result<Option<AuthenticationResponse>, Error> {
        self.begin(Wanted::Login(options.clone()), open).await
    }

    /// Begins a link to the session that is here. The result is as for a login.
    pub async fn link_identity(
        &self,
        options: &LinkOptions,
        open: OpenType,
    ) -> Result<Option<AuthenticationResponse>, Error> {
        options.check()?;
        self.begin(Wanted::Link(options.clone()), open).await
    }

    fn begin(
        &self,
        wanted: Wanted,
        open: OpenType,
    ) -> LocalBoxFuture<'_, Result<Option<AuthenticationResponse>, Error>> {
        Box::pin(async move {
            let inner = &self.inner;
            let press = Press { wanted, open, page: inner.ports.page()? };
            let run = match inner.begun.borrow().as_ref().filter(|begun| begun.press == press) {
                Some(begun) => match begun.left_with(inner.ports.now_ms()) {
                    Some(started) => return Ok(started),
                    None => begun.run.as_ref().and_then(WeakShared::upgrade),
                },
                None => None,
            };
            let run = run.unwrap_or_else(|| {
                let (client, wanted) = (self.clone(), press.wanted.clone());
                let run: Beginning = Box::pin(async move {
                    match wanted {
                        Wanted::Login(options) => client.begin_login(&options, open).await,
                        Wanted::Link(options) => client.begin_link(&options, open).await,
                    }
                });
                let run = run.shared();
                *inner.begun.borrow_mut() = Some(Begun { press, run: run.downgrade(), left: None });
                run
            });
            run.await
        })
    }

    async fn begin_login(
        &self,
        options: &AuthenticateOptions,
        open: OpenType,
    ) -> Result<Option<AuthenticationResponse>, Error> {
        let inner = &self.inner;
        inner.ports.activation().await;
        let credentials = inner.sends_credentials()?;
        let page = inner.ports.page()?;
        let begin = |entropy, now| request::prepare_login(&inner.settings, &page, options, entropy, now, credentials);
        inner.start(&begin, open, Some(&page)).await
    }

    async fn begin_link(&self, options: &LinkOptions, open: OpenType) -> Result<Option<AuthenticationResponse>, Error> {
        self.inner.ports.activation().await;
        self.user_session_exists(false).await?;
        let inner = &self.inner;
        let authorization = inner.authorization()?;
        let page = inner.ports.page()?;
        let begin = |entropy, now| request::prepare_link(&inner.settings, &page, options, &authorization, entropy, now);
        inner.start(&begin, open, None).await
    }

    /// Goes on with the login that an extension began. The result is the address where it goes on
    /// if that is on this page's own host.
    pub async fn update_extension_request(&self, options: &UpdateOptions) -> Result<Option<String>, Error> {
        let inner = &self.inner;
        let (page, credentials) = (inner.ports.page()?, inner.sends_credentials()?);
        let request = || extension::prepare_update(&page, options, inner.search_start()?, inner.now(), credentials);
        let outcome = loop {
            let outcome = inner.send_hashed(request()?).await;
            if !inner.clock_was_wrong(&outcome).await {
                break outcome;
            }
        };
        let url = http::success(outcome)
            .and_then(|body| request::read_authentication_url(&body))
            .inspect_err(|error| inner.ports.warn("The login could not be updated", error))?;
        if page.has_hostname_of(&url) {
            return Ok(Some(url.into()));
        }
        inner.ports.navigate(url.as_str())?;
        Ok(None)
    }

    /// Ends the session here and at Authress, then leaves the page.
    pub async fn logout(&self, redirect_url: Option<&str>) -> Result<(), Error> {
        let inner = &self.inner;
        let page: Page = inner.ports.page()?;
        let plan = logout::prepare(&inner.settings, &page, redirect_url, inner.sends_credentials()?)?;
        inner.next_generation();
        inner.finish_callback();
        inner.is_unknown_to_authress.set(true);
        inner.ports.remove(record::STORAGE_KEY);
        inner.clear_session_cookies()?;
        inner.look();
        inner.ports.tell_tabs(crate::watch::SIGNED_OUT);
        if let Some(request) = &plan.request {
            // No tab asks for the session while it is being ended; and a renewal that is under way ends
            // first, so that nothing it brings is left.
            let lock = inner.hold(locks::RENEWAL).await;
            let ended = http::success(inner.send(request).await);
            inner.clear_session_cookies()?;
            drop(lock);
            match ended {
                Ok(_) => return plan.destination.map_or(Ok(()), |destination| inner.ports.navigate(&destination)),
                Err(error) => inner.ports.warn("The session could not be ended by request", &error),
            }
        }
        inner.ports.navigate(&plan.logout_page)?;
        inner.ports.sleep(NAVIGATION_MS).await;
        Ok(())
    }
}

/// Prepares a login or link from fresh randomness at this moment.
type Preparation<'a> =
    dyn Fn(Entropy, ClockReading) -> Result<(Box<ProofOfWorkRequest>, AuthorizationRequest), Error> + 'a;

impl<P: Ports> Inner<P> {
    /// Sends the request, remembers it until the browser returns and leaves the page, unless the login goes
    /// on at the host of the page `own`. Should the request be refused because the device's clock is wrong, it
    /// is made once more with the right time.
    fn start<'a>(
        &'a self,
        begin: &'a Preparation<'a>,
        open: OpenType,
        own: Option<&'a Page>,
    ) -> LocalBoxFuture<'a, Result<Option<AuthenticationResponse>, Error>> {
        Box::pin(async move {
            let (outcome, draft) = loop {
                let (unhashed, draft) = begin(self.entropy()?, self.now())?;
                if !self.ports.is_durable() {
                    return Err(ErrorCode::StorageUnavailable.into());
                }
                let outcome = self.send_hashed(unhashed).await;
                if !self.clock_was_wrong(&outcome).await {
                    break (outcome, draft);
                }
            };
            let started = http::success(outcome)
                .and_then(|body| draft.read_response(&body))
                .inspect_err(|error| self.ports.warn("The login could not be started", error))?;
            if let Some(pending) = &started.pending {
                self.remember(pending)?;
                if !self.ports.page()?.can_complete_login_at(&pending.redirect_url, &self.settings) {
                    let title = "The login returns to another origin, which Authress's cookies do not reach: it cannot be completed there";
                    self.ports.warn(title, &ErrorCode::InvalidRedirectUrl.into());
                }
            }
            if own.is_some_and(|page| !started.navigates_from(page)) {
                return Ok(Some(started));
            }
            self.leave(&started, open)?;
            let answer = open.answers().then_some(started);
            if open != OpenType::ClientManaged
                && let Some(begun) = self.begun.borrow_mut().as_mut()
            {
                begun.left = Some((self.ports.now_ms(), answer.clone()));
            }
            Ok(answer)
        })
    }

    fn remember(&self, pending: &PendingAuthorization) -> Result<(), Error> {
        let now_ms = self.ports.now_ms();
        for key in self.ports.keys(pending::KEY_PREFIX) {
            if self.ports.load(&key).is_some_and(|record| pending::is_stale(&record, now_ms)) {
                self.ports.remove(&key);
            }
        }
        let record = pending.to_json();
        let is_kept = self.ports.store(&PendingAuthorization::key(&pending.nonce), record.expose());
        self.ports.store(pending::LEGACY_KEY, record.expose());
        if is_kept { Ok(()) } else { Err(ErrorCode::StorageUnavailable.into()) }
    }

    /// Takes the browser to where the login goes on, unless the caller sees to it.
    fn leave(&self, started: &AuthenticationResponse, open: OpenType) -> Result<(), Error> {
        if open == OpenType::ClientManaged {
            return Ok(());
        }
        let url = started.authentication_url.as_ref().ok_or(ErrorCode::InvalidServerResponse)?.as_str();
        let is_opened = matches!(open, OpenType::Tab { .. }) && self.ports.open_tab(url);
        if is_opened { Ok(()) } else { self.ports.navigate(url) }
    }
}
