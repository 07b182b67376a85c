//! Signing in: one login for an anonymous user id for all tabs, and the sign-in that keeps it.

use crate::{
    concurrency::{current_authorization::AuthorizationResult, locks::SessionLock},
    context::AnonymousLogin,
    login_client::LoginClient,
    open_type::OpenType,
    ports::Ports,
};
use authress_login_protocol::{
    authorization::request::{AuthenticateOptions, AuthenticationResponse, LinkOptions},
    error::Error,
};
use futures_util::future::{FutureExt, WeakShared, select};
use std::pin::pin;

impl<P: Ports> LoginClient<P> {
    /// Returns `true` if there is a session, anonymous or not. Otherwise begins a login for an anonymous user id, and returns
    /// `false` when the page navigates.
    ///
    /// Concurrent calls share one login, which ends before the page is left if all of them cancel. So do tabs: one that finds
    /// another one's login waits for its session, five seconds at most.
    pub async fn sign_in_anonymously(&self, options: AuthenticateOptions) -> Result<bool, Error> {
        let current = self.context.anonymous_login.borrow().as_ref().and_then(WeakShared::upgrade);
        let run = current.unwrap_or_else(|| {
            let client = self.clone();
            let work: AnonymousLogin = Box::pin(async move { client.share_anonymous_login(&options).await });
            let run = work.shared();
            *self.context.anonymous_login.borrow_mut() = run.downgrade();
            run
        });
        run.await
    }

    async fn share_anonymous_login(&self, options: &AuthenticateOptions) -> Result<bool, Error> {
        let context = &self.context;
        context.ports.activation().await;
        loop {
            if self.find_session().await? {
                return Ok(true);
            }
            let lock = context.acquire(SessionLock::anonymous_login()).await;
            let change = context.notifier.next();
            if context.refresh_state() {
                return Ok(true);
            }
            let Some(wait_ms) = context.anonymous_login_shared_for_ms() else {
                self.log_in(options, OpenType::Redirect { returns_response: false }).await?;
                return Ok(context.refresh_state());
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
    pub async fn log_in(&self, options: &AuthenticateOptions, open: OpenType) -> AuthorizationResult {
        let started = self.authenticate(options, open).await?;
        let page = self.context.ports.page()?;
        let stays = |started: &AuthenticationResponse| !started.navigates_from(&page);
        if open != OpenType::ClientManaged
            && let Some(response) = started.as_ref().filter(|started| stays(started))
            && let Some(url) = &response.authentication_url
        {
            self.context.ports.navigate(url.as_str())?;
        }
        Ok(started)
    }

    /// Links the identity to an anonymous session that began in this browser, and logs in otherwise.
    pub async fn sign_in(&self, options: AuthenticateOptions, open: OpenType) -> AuthorizationResult {
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
