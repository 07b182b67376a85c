//! A login for an anonymous user id without leaving the page: where shop, Authress and verifier are one site, the browser
//! follows the same redirects in a request of the page.

use crate::{
    concurrency::current_authorization::AuthorizationResult, context::Context, login_client::LoginClient,
    open_type::OpenType, ports::Ports, session_store::Arrival,
};
use authress_login_protocol::{
    authorization::{
        pending::{PendingAuthorization, SHARED_MS},
        request::AuthenticateOptions,
    },
    callback::exchange::{CodeExchange, ExchangeResult},
    error::{Error, ErrorCode},
    jwt::UnverifiedClaims,
    secret::Secret,
    session::{origin::SessionOrigin, tokens::Tokens},
};
use futures_util::future::{Either, LocalBoxFuture, select};
use std::pin::{Pin, pin};

/// How long a login in the background may take once it has started, in milliseconds. Other tabs wait longer.
const DEADLINE_MS: u32 = 4_000;
const _: () = assert!(DEADLINE_MS < SHARED_MS);

/// How long to wait before the cookies are read again while a login is followed, in milliseconds.
const CODE_CHECK_DELAY_MS: u32 = 20;
const CODE_CHECKS: u32 = DEADLINE_MS / CODE_CHECK_DELAY_MS;

/// A login that has started, or not. Its pending authorization is removed however it ends: the code verifier outlives no
/// login in the background, and no other tab waits for one that has ended.
struct BackgroundLogin<'a, P: Ports> {
    context: &'a Context<P>,
    started: AuthorizationResult,
}

impl<P: Ports> BackgroundLogin<'_, P> {
    fn nonce(&self) -> Option<&str> {
        self.started.as_ref().ok()?.as_ref()?.authentication_request_id.as_deref()
    }
}

impl<P: Ports> Drop for BackgroundLogin<'_, P> {
    fn drop(&mut self) {
        if let Some(nonce) = self.nonce() {
            self.context.remove_pending(nonce);
        }
    }
}

impl<P: Ports> LoginClient<P> {
    /// Logs in without leaving the page, unless Authress has a session. Returns `false` if that is not possible: the login
    /// then needs the page. Fails if it is not known whether there is a session.
    ///
    /// The authorization request and the question for the session are sent at the same time, because the shopper waits for
    /// both. The request alone changes no session. It is followed only after the response: a session that is found is never
    /// replaced.
    ///
    /// Such a session counts as begun in this browser, because the exchange proves it: Authress gives tokens only for the
    /// code of the request whose code verifier this page has (RFC 7636 section 4.6). What comes without a code is not
    /// stored.
    pub(super) async fn log_in_in_background(
        &self,
        options: &AuthenticateOptions,
        redirect_url: &str,
    ) -> Result<bool, Error> {
        let context = &self.context;
        // It is sent before the login starts, which does not wait for it. Authress is not asked again once it has said that
        // there is no session.
        let check = context.may_have_remote_session().then(|| self.renew_session(None));
        let options = AuthenticateOptions {
            redirect_url: Some(redirect_url.to_owned()),
            flow_type: Some("code".to_owned()),
            ..options.clone()
        };
        let started = self.authenticate(&options, OpenType::ClientManaged).await;
        let login = BackgroundLogin { context, started };
        if let Some(check) = check
            && check.await?
        {
            return Ok(true);
        }
        let login = context.follow_login(login);
        let error = match select(login, pin!(context.ports.sleep(DEADLINE_MS))).await {
            Either::Left((Ok(is_signed_in), _)) => return Ok(is_signed_in),
            Either::Left((Err(error), _)) => error,
            Either::Right(_) => ErrorCode::RequestTimeout.into(),
        };
        let title = ["The login in the background failed, so the page is left. ", &error.detail].concat();
        context.ports.warn(&title, &error);
        Ok(false)
    }
}

impl<P: Ports> Context<P> {
    fn follow_login<'a>(&'a self, login: BackgroundLogin<'a, P>) -> LocalBoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            // Another tab may have begun a session while this one was frozen. A second user id would replace it.
            if self.refresh_state() {
                return Ok(true);
            }
            let started = login.started.as_ref().map_err(Clone::clone)?.as_ref();
            let url = started.and_then(|started| started.authentication_url.as_ref());
            let (url, nonce) = url.zip(login.nonce()).ok_or(ErrorCode::InvalidServerResponse)?;
            // It goes on until the session is there: a later redirect may bring cookies, too.
            let mut redirects = pin!(self.ports.follow(url));
            let code = self.code_of_session(redirects.as_mut()).await?;
            // Otherwise the shopper has signed out.
            let pending = self.load_pending(nonce).ok_or(ErrorCode::LoginOutdated)?;
            let exchange = CodeExchange::new(pending, code);
            let tokens = match self.send_code(&exchange).await?.ok_or(ErrorCode::LoginOutdated)? {
                ExchangeResult::Tokens(tokens) => Some(tokens),
                ExchangeResult::Cookies => None,
                ExchangeResult::CodeRejected(error)
                | ExchangeResult::NetworkFailure(error)
                | ExchangeResult::Failed(error) => return Err(error),
            };
            self.begin_session(exchange.pending(), tokens.as_ref()).await
        })
    }

    /// Waits until the `redirects` of a login have brought the code of its session in a cookie, and not for the file at
    /// their end.
    async fn code_of_session(
        &self,
        mut redirects: Pin<&mut impl Future<Output = Result<(), Error>>>,
    ) -> Result<Secret, Error> {
        let earlier = self.ports.cookies().authorization_code();
        // Counted, because a page may have replaced the timer by one that never waits.
        for _ in 0..CODE_CHECKS {
            let delay = pin!(self.ports.sleep(CODE_CHECK_DELAY_MS));
            let step = select(redirects.as_mut(), delay).await;
            let code = self.ports.cookies().authorization_code().filter(|code| Some(code) != earlier.as_ref());
            match (step, code) {
                // A browser may withhold what the redirects end with, after it has stored their cookies (opaque response
                // blocking).
                (_, Some(code)) => return Ok(code),
                (Either::Left((followed, _)), None) => {
                    followed?;
                    let detail = "No code has come. Does the verifier allow logins in the background?";
                    return Err(Error::with_detail(ErrorCode::RequestRefused, detail));
                }
                (Either::Right(_), None) => {}
            }
        }
        Err(ErrorCode::RequestTimeout.into())
    }

    /// Stores the session of a login in the background, in `tokens` or in cookies, unless another one has come before it.
    /// Returns whether there is a session.
    async fn begin_session(&self, pending: &PendingAuthorization, tokens: Option<&Tokens>) -> Result<bool, Error> {
        let has_ended = self.current_session().has_ended(pending);
        let identity = self.identity();
        // Another tab may have found the session of this login in the cookies and stored it before.
        let is_of_login =
            |tokens: &Tokens| identity.as_ref().and_then(UnverifiedClaims::subject) == Some(tokens.user_id());
        if !has_ended && tokens.is_some_and(is_of_login) {
            self.note_begun();
        }
        if has_ended || identity.is_some() {
            return self.discard_stale_response();
        }
        self.advance_session_version();
        let (version, stored) = (self.session_version(), self.stored_session());
        let accept = |_: &str, _| Some(SessionOrigin::Begun);
        if self.store_arrived(tokens, &version, &stored, &accept).await? == Arrival::Stored {
            self.begin_generation();
        }
        Ok(self.refresh_state())
    }
}
