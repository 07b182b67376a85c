//! A login for an anonymous user id without leaving the page: where shop, Authress and verifier are one site, the browser
//! follows the same redirects in a request of the page.

use crate::{context::Context, login_client::LoginClient, open_type::OpenType, ports::Ports, session_store::Arrival};
use authress_login_protocol::{
    authorization::{
        pending::{PendingAuthorization, SHARED_MS},
        request::AuthenticateOptions,
    },
    callback::exchange::{CodeExchange, ExchangeResult},
    error::{Error, ErrorCode},
    session::{origin::SessionOrigin, tokens::Tokens},
};
use futures_util::future::{Either, LocalBoxFuture, select};
use std::pin::pin;

/// How long a login in the background may take, in milliseconds. Other tabs wait longer.
const DEADLINE_MS: u32 = 4_000;
const _: () = assert!(DEADLINE_MS < SHARED_MS);

/// A pending authorization that is removed however the login ends: its code verifier outlives no login in the background,
/// and no other tab waits for one that has ended.
struct BackgroundLogin<'a, P: Ports> {
    context: &'a Context<P>,
    nonce: String,
}

impl<P: Ports> Drop for BackgroundLogin<'_, P> {
    fn drop(&mut self) {
        self.context.remove_pending(&self.nonce);
    }
}

impl<P: Ports> LoginClient<P> {
    /// Logs in without leaving the page. Returns `false` if that is not possible: the login then needs the page.
    ///
    /// Such a session counts as begun in this browser, because the exchange proves it: Authress gives tokens only for the
    /// code of the request whose code verifier this page has (RFC 7636 section 4.6). What comes without a code is not
    /// stored.
    pub(super) async fn log_in_in_background(&self, options: &AuthenticateOptions, redirect_url: &str) -> bool {
        let context = &self.context;
        if !context.sends_credentials().unwrap_or(false) {
            return false;
        }
        let login = self.follow_login(options, redirect_url);
        let error = match select(login, pin!(context.ports.sleep(DEADLINE_MS))).await {
            Either::Left((Ok(is_signed_in), _)) => return is_signed_in,
            Either::Left((Err(error), _)) => error,
            Either::Right(_) => ErrorCode::RequestTimeout.into(),
        };
        let title = ["The login in the background failed, and the page is left for it. ", &error.detail].concat();
        context.ports.warn(&title, &error);
        false
    }

    fn follow_login<'a>(
        &'a self,
        options: &'a AuthenticateOptions,
        redirect_url: &'a str,
    ) -> LocalBoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            let context = &*self.context;
            let options = AuthenticateOptions {
                redirect_url: Some(redirect_url.to_owned()),
                flow_type: Some("code".to_owned()),
                ..options.clone()
            };
            let started = self.authenticate(&options, OpenType::ClientManaged).await?;
            let (url, nonce) = started
                .and_then(|started| started.authentication_url.zip(started.authentication_request_id))
                .ok_or(ErrorCode::InvalidServerResponse)?;
            let login = BackgroundLogin { context, nonce };
            let earlier = context.ports.cookies().authorization_code();
            // A browser may withhold what the redirects end with, after it has stored their cookies (opaque response
            // blocking).
            let followed = context.ports.follow(&url).await;
            let code = context.ports.cookies().authorization_code().filter(|code| Some(code) != earlier.as_ref());
            let Some(code) = code else {
                followed?;
                let detail = "There was no authorization code: does the verifier allow logins in the background?";
                return Err(Error::with_detail(ErrorCode::RequestRefused, detail));
            };
            // Otherwise the shopper has signed out.
            let pending = context.load_pending(&login.nonce).ok_or(ErrorCode::LoginOutdated)?;
            let exchange = CodeExchange::new(pending, code);
            let tokens = match context.send_code(&exchange).await?.ok_or(ErrorCode::LoginOutdated)? {
                ExchangeResult::Tokens(tokens) => Some(tokens),
                ExchangeResult::Cookies => None,
                ExchangeResult::CodeRejected(error)
                | ExchangeResult::NetworkFailure(error)
                | ExchangeResult::Failed(error) => return Err(error),
            };
            context.begin_session(exchange.pending(), tokens.as_ref()).await
        })
    }
}

impl<P: Ports> Context<P> {
    /// Stores the session of a login in the background, in `tokens` or in cookies, unless another one has come before it.
    /// Returns whether there is a session.
    async fn begin_session(&self, pending: &PendingAuthorization, tokens: Option<&Tokens>) -> Result<bool, Error> {
        if self.current_session().has_ended(pending) || self.identity().is_some() {
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
