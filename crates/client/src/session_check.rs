//! Finding the session: in a return, in this browser, or at Authress.

use crate::{client::Inner, locks, mark::Mark, ports::Ports};
use authress_login_protocol::{
    authorization::{entropy::Entropy, pending::PendingAuthorization, pkce, proof_of_work::ProofOfWorkRequest},
    callback::login_result::LoginResult,
    error::{Error, ErrorCode},
    http::{self, Outcome, Request},
    jwt::UnverifiedClaims,
    secret::Secret,
    session::credentials::SessionCredentials,
    session::{
        cookies as cookie_rules,
        record::{self, SessionWrite},
        renewal::{self, RenewalResult},
        stored::UserCookie,
        tokens::Tokens,
    },
    state::Event,
};
use futures_util::future::LocalBoxFuture;

impl<P: Ports> Inner<P> {
    /// Handles a callback, if the browser has just come back; then looks for the session here.
    pub(crate) async fn check_here(&self) -> Result<bool, Error> {
        let handled = self.handle_callback().await;
        // What a return needs and what every visit needs are each enough for one task.
        self.ports.pause().await;
        self.wait_for_replacement().await;
        if handled.is_ok() && self.identity().is_none() {
            self.adopt_user_cookie(false);
        }
        let is_here = self.look();
        handled.map(|()| is_here)
    }

    /// Asks Authress to go on with the session that it remembers for this browser.
    ///
    /// One tab asks at a time; the others then find what it was told. `refused` is a token that is
    /// no longer good although its time is not up, `before` the session when this was found to be needed.
    pub(crate) async fn check_at_authress(&self, refused: Option<&Secret>, before: Mark) -> Result<bool, Error> {
        self.ports.activation().await;
        let _lock = self.hold(locks::RENEWAL).await;
        let is_renewed = match refused {
            Some(refused) => self.token().ok().flatten().is_some_and(|token| token != *refused),
            None => self.has_changed_since(&before) && self.identity().is_some(),
        };
        if is_renewed {
            return Ok(self.look());
        }
        let before = self.mark();
        let outcome = self.send(&renewal::request(self.sends_credentials()?)).await;
        let renewal = renewal::read_outcome(&self.settings, outcome);
        // Where its cookies have taken the place of a newer session's, it is the session all the same.
        if self.has_changed_since(&before) && !self.is_being_replaced() {
            // Somebody signed in or out meanwhile: this answer is about a session of the past.
            return self.drop_answer();
        }
        let before = self.mark();
        match renewal {
            RenewalResult::Tokens(tokens) => self.write_tokens(&tokens, &before).await?,
            RenewalResult::Cookies => self.adopt_user_cookie(true),
            RenewalResult::NoSession => self.is_unknown_to_authress.set(true),
            RenewalResult::Unknown(error) => {
                self.ports.warn("The session could not be checked", &error);
                self.look();
                return Ok(self.identity().is_some());
            }
        }
        let is_here = self.look();
        // Browsers may hand on what was stored at the end of the task only: who gets the lock next has to find it.
        self.ports.pause().await;
        Ok(is_here)
    }

    /// The session that is here, as requests for it show it.
    pub(crate) fn authorization(&self) -> Result<SessionCredentials, Error> {
        let identity = self.identity().ok_or(ErrorCode::NotLoggedIn)?;
        let user_id = identity.subject().ok_or(ErrorCode::NotLoggedIn)?.to_owned();
        let access_token = self.stored_session().access_token(&self.settings, &user_id);
        Ok(SessionCredentials { user_id, access_token, with_credentials: self.sends_credentials()? })
    }

    /// Sends a request, again and again while the protocol says so.
    pub(crate) fn send<'a>(&'a self, request: &'a Request) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(async move {
            let origin = self.settings.origin();
            let mut attempt = 1;
            loop {
                let outcome = self.ports.send(&origin, request).await;
                match http::retry_delay_ms(attempt, &outcome) {
                    Some(delay_ms) => self.ports.sleep(delay_ms).await,
                    None => return outcome,
                }
                attempt += 1;
            }
        })
    }

    /// The same for a request whose hash is still to be searched; the page has its turn again and again.
    pub(crate) fn send_hashed(&self, mut unhashed: Box<ProofOfWorkRequest>) -> LocalBoxFuture<'_, Outcome> {
        Box::pin(async move {
            let request = loop {
                self.ports.pause().await;
                match unhashed.try_batch() {
                    Ok(request) => break request,
                    Err(rest) => unhashed = rest,
                }
            };
            self.send(&request).await
        })
    }

    /// Where an anti-abuse search starts.
    pub(crate) fn search_start(&self) -> Result<u32, Error> {
        let mut bytes = [0; 4];
        self.ports.fill_random(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Randomness for one authentication request.
    pub(crate) fn entropy(&self) -> Result<Entropy, Error> {
        let mut code_verifier = [0; pkce::VERIFIER_ENTROPY_BYTES];
        self.ports.fill_random(&mut code_verifier)?;
        Ok(Entropy { code_verifier, search_start: self.search_start()? })
    }

    /// Whether a refusal may be due to the device's clock, which is then known to be wrong: the
    /// time is part of what an anti-abuse hash is made of.
    pub(crate) fn clock_was_wrong<'a>(&'a self, outcome: &'a Outcome) -> LocalBoxFuture<'a, bool> {
        Box::pin(async move {
            if !http::may_be_clock_skew(outcome) || self.skew_ms.get() != 0 {
                return false;
            }
            let Some(server_ms) = self.ports.server_now_ms().await else { return false };
            self.skew_ms.set(self.now().corrected_by(server_ms).skew_ms);
            self.skew_ms.get() != 0
        })
    }

    /// Takes over tokens that a return has brought. A link must bring back the user id it began
    /// with; otherwise the session that is here stays.
    pub(crate) fn adopt<'a>(
        &'a self,
        pending: &'a PendingAuthorization,
        tokens: &'a Tokens,
    ) -> LocalBoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            if pending.accepts_user(tokens.user_id()) {
                self.next_generation();
                let mark = self.mark();
                self.write_tokens(tokens, &mark).await?;
                self.look();
            }
            self.note(LoginResult::from_session(pending, Some(tokens.user_id())));
            Ok(())
        })
    }

    pub(crate) fn adopt_cookies(&self, pending: &PendingAuthorization) {
        self.next_generation();
        self.adopt_user_cookie(true);
        self.look();
        let identity = self.identity();
        let user_id = identity.as_ref().and_then(UnverifiedClaims::subject);
        self.note(LoginResult::from_session(pending, user_id));
    }

    /// Moves what Authress has set in the `user` cookie to storage.
    pub(crate) fn adopt_user_cookie(&self, is_fresh: bool) {
        let cookie = if is_fresh { UserCookie::Fresh } else { self.user_cookie() };
        let adopted = self.stored_session().session_write_of_user_cookie(&self.settings, self.now(), cookie);
        let Some((write, now)) = adopted else { return };
        self.skew_ms.set(now.skew_ms);
        self.write(&write);
        if !self.options.retain_user_cookie
            && let Ok(page) = self.ports.page()
        {
            let clear = cookie_rules::clear(&page, cookie_rules::USER);
            clear.iter().for_each(|cookie| self.ports.assign_cookie(cookie));
        }
    }

    /// Stores a session, unless another one has come or this one has gone since `before`.
    fn write_tokens<'a>(&'a self, tokens: &'a Tokens, before: &'a Mark) -> LocalBoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            // Two tabs that write at once would leave the cookie of one beside the record of the other.
            let _lock = self.hold(locks::WRITE).await;
            if self.has_changed_since(before) {
                return self.drop_answer().map(drop);
            }
            let page = self.ports.page()?;
            let now = tokens.correct(self.now());
            self.skew_ms.set(now.skew_ms);
            let write = tokens.session_write(&page, now);
            // What an earlier session left elsewhere would be found first. The cookie in the usual place
            // is overwritten instead: other tabs must not see a moment without a session.
            let overwritten = usize::from(write.authorization_cookie.is_some());
            let stale = cookie_rules::clear(&page, cookie_rules::AUTHORIZATION);
            stale.iter().skip(overwritten).for_each(|cookie| self.ports.assign_cookie(cookie));
            cookie_rules::clear(&page, cookie_rules::USER).iter().for_each(|cookie| self.ports.assign_cookie(cookie));
            self.write(&write);
            // As after a renewal: who gets the lock next has to find what was stored.
            self.ports.pause().await;
            Ok(())
        })
    }

    fn write(&self, write: &SessionWrite) {
        if let Some(cookie) = &write.authorization_cookie {
            self.ports.assign_cookie(cookie.expose());
        }
        let mut record = &write.record;
        if let Some(record_without_cookie) = &write.record_without_cookie
            && write.is_cookie_missing(&self.ports.cookies())
        {
            // The shop's server must not take the shopper for the user of an earlier cookie.
            if let Ok(page) = self.ports.page() {
                let stale = cookie_rules::clear(&page, cookie_rules::AUTHORIZATION);
                stale.iter().for_each(|cookie| self.ports.assign_cookie(cookie));
            }
            self.ports.log("The browser keeps no cookie with the access token; it is in the storage instead");
            record = record_without_cookie;
        }
        self.is_unknown_to_authress.set(false);
        self.ports.store(record::STORAGE_KEY, record.expose());
    }

    /// Keeps the result for whoever asks, and tells it to listeners of all tabs.
    pub(crate) fn note(&self, result: LoginResult) {
        self.look();
        self.ports.tell_tabs(&result.to_json());
        self.tell(&Event::LoginEnded(result.clone()));
        *self.login_result.borrow_mut() = Some(result);
    }
}
