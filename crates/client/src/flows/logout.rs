//! Logging out.

use crate::{concurrency::locks::SessionLock, context::Context, login_client::LoginClient, ports::Ports};
use authress_login_protocol::{error::Error, http, logout, session::record::STORAGE_KEY, tab_message::TabMessage};

/// How long to wait for the navigation before the logout resolves, in milliseconds.
const NAVIGATION_MS: u32 = 500;

impl<P: Ports> LoginClient<P> {
    /// Ends the session in this browser and at Authress, then navigates.
    pub async fn logout(&self, redirect_url: Option<&str>) -> Result<(), Error> {
        let context = &self.context;
        let page = context.ports.page()?;
        let logout = logout::prepare(&context.settings, &page, redirect_url, context.sends_credentials()?)?;
        context.advance_session_version();
        context.end_pending_authorizations();
        context.has_no_remote_session.set(true);
        context.ports.remove(STORAGE_KEY);
        context.clear_session_cookies()?;
        context.refresh_state();
        context.ports.broadcast(&TabMessage::SignedOut.to_text());
        if logout.has_request {
            match context.end_remote_session().await {
                Ok(()) => return logout.destination.map_or(Ok(()), |destination| context.ports.navigate(&destination)),
                Err(error) => {
                    context.ports.warn("The logout request failed; Authress's logout page is used instead", &error)
                }
            }
        }
        context.ports.navigate(&logout.logout_page)?;
        context.ports.sleep(NAVIGATION_MS).await;
        Ok(())
    }
}

impl<P: Ports> Context<P> {
    /// Ends the session at Authress by its cookie, and clears the cookies here.
    pub(super) async fn end_remote_session(&self) -> Result<(), Error> {
        // A renewal in progress ends before, so that its cookies are cleared; another one begins after.
        let _lock = self.acquire(SessionLock::renewal()).await;
        let response = http::success(self.send(&logout::request()).await);
        self.clear_session_cookies()?;
        self.has_no_remote_session.set(true);
        response.map(drop)
    }
}
