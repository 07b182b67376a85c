//! Signing in: one login for an anonymous user id for all tabs, and the sign-in that keeps it.

use crate::{
    concurrency::{current_authorization::AuthorizationResult, locks::SessionLock},
    login_client::LoginClient,
    open_type::OpenType,
    ports::Ports,
};
use authress_login_protocol::{
    authorization::request::{AuthenticateOptions, LinkOptions},
    error::Error,
};
use futures_util::future::{FutureExt, LocalBoxFuture, WeakShared, select};
use std::pin::pin;

impl<P: Ports> LoginClient<P> {
    /// Returns `true` if there is a session, anonymous or not. Otherwise logs in for an anonymous user id: in the background
    /// if `background_redirect_url` is given and that is possible, and else by leaving the page. It then returns `false` when
    /// the page navigates.
    ///
    /// Concurrent calls share one login, which ends before the page is left if all of them cancel. So do tabs: one that finds
    /// another one's login waits for its session, five seconds at most.
    pub async fn sign_in_anonymously(
        &self,
        options: AuthenticateOptions,
        background_redirect_url: Option<String>,
    ) -> Result<bool, Error> {
        let current = self.context.anonymous_login.borrow().as_ref().and_then(WeakShared::upgrade);
        let run = current.unwrap_or_else(|| {
            let client = self.clone();
            let work = async move { client.share_anonymous_login(&options, background_redirect_url.as_deref()).await };
            let run = work.boxed_local().shared();
            *self.context.anonymous_login.borrow_mut() = run.downgrade();
            run
        });
        run.await?;
        Ok(self.context.refresh_state())
    }

    /// Returns when there is a session, or when the page navigates.
    async fn share_anonymous_login(
        &self,
        options: &AuthenticateOptions,
        background_redirect_url: Option<&str>,
    ) -> AuthorizationResult {
        let context = &self.context;
        context.ports.activation().await;
        // Without cookies that reach Authress there is no code for a page that stays.
        let background_redirect_url = background_redirect_url.filter(|_| context.sends_credentials().unwrap_or(false));
        loop {
            // In the background Authress is asked while the login starts.
            let is_local = background_redirect_url.is_some() || !context.may_have_remote_session();
            if self.user_session_exists(is_local).await? {
                return Ok(None);
            }
            let lock = context.acquire(SessionLock::anonymous_login()).await;
            let change = context.notifier.next();
            if context.refresh_state() {
                return Ok(None);
            }
            let Some(wait_ms) = context.anonymous_login_shared_for_ms() else {
                if let Some(redirect_url) = background_redirect_url
                    && self.log_in_in_background(options, redirect_url).await?
                {
                    return Ok(None);
                }
                return self.log_in(options, OpenType::Redirect { returns_response: false }).await;
            };
            drop(lock);
            select(pin!(change), pin!(context.ports.sleep(wait_ms))).await;
        }
    }

    /// Whether there is a session. Authress is not asked again once it has said that there is none: the shopper waits.
    async fn find_session(&self) -> Result<bool, Error> {
        self.user_session_exists(!self.context.may_have_remote_session()).await
    }

    /// Begins a login, and navigates also if it continues on the host of this page: what calls this is a shop and no login
    /// page.
    // Boxed, because several flows await it: the module has one copy.
    pub fn log_in<'a>(
        &'a self,
        options: &'a AuthenticateOptions,
        open: OpenType,
    ) -> LocalBoxFuture<'a, AuthorizationResult> {
        Box::pin(async move {
            let started = self.authenticate(options, open).await?;
            let page = self.context.ports.page()?;
            if open != OpenType::ClientManaged
                && let Some(response) = started.as_ref().filter(|response| !response.navigates_from(&page))
                && let Some(url) = &response.authentication_url
            {
                self.context.ports.navigate(url.as_str())?;
            }
            Ok(started)
        })
    }

    /// Links the identity to an anonymous session that began in this browser, and logs in otherwise. An invite is accepted
    /// by a login only: it may name another user id than this session's.
    pub async fn sign_in(&self, options: AuthenticateOptions, open: OpenType) -> AuthorizationResult {
        if options.invite_id.is_some() {
            return self.log_in(&options, open).await;
        }
        if self.context.session().is_none() {
            self.find_session().await?;
        }
        if !self.context.session().is_some_and(|session| session.becomes_account()) {
            return self.log_in(&options, open).await;
        }
        let AuthenticateOptions {
            connection_id,
            tenant_lookup_identifier,
            redirect_url,
            connection_properties,
            app_state,
            ..
        } = options;
        let link =
            LinkOptions { connection_id, tenant_lookup_identifier, redirect_url, connection_properties, app_state };
        self.link_identity(&link, open).await
    }
}
