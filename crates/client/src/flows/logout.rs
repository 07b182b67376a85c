//! Logging out.

use crate::{concurrency::locks::SessionLock, login_client::LoginClient, ports::Ports};
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
        context.remove_unfinished_callback();
        context.has_no_remote_session.set(true);
        context.ports.remove(STORAGE_KEY);
        context.clear_session_cookies()?;
        context.refresh_state();
        context.ports.broadcast(&TabMessage::SignedOut.to_text());
        if let Some(request) = &logout.request {
            // A renewal in progress ends before, so that its cookies are cleared; another one begins after.
            let lock = context.acquire(SessionLock::renewal()).await;
            let response = http::success(context.send(request).await);
            context.clear_session_cookies()?;
            drop(lock);
            match response {
                Ok(_) => return logout.destination.map_or(Ok(()), |destination| context.ports.navigate(&destination)),
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
