//! Requests for the account of the session, and Authress's pages for its settings.

use crate::{login_client::LoginClient, ports::Ports};
use authress_login_protocol::{
    account::UserConfigurationScreen,
    error::{Error, ErrorCode},
    http::{self, Request},
    secret::Secret,
    session::credentials::SessionCredentials,
};

impl<P: Ports> LoginClient<P> {
    /// Returns the credentials of the session, after looking for one. Fails with [`ErrorCode::NotLoggedIn`].
    pub async fn credentials(&self) -> Result<SessionCredentials, Error> {
        self.user_session_exists(false).await?;
        self.context.credentials()
    }

    /// Sends the request that `prepare` makes from the credentials of the session, and returns the body of the
    /// response.
    pub async fn send_account_request(
        &self,
        prepare: &dyn Fn(SessionCredentials) -> Result<Request, Error>,
    ) -> Result<Secret, Error> {
        let request = prepare(self.credentials().await?)?;
        let outcome = self.context.send(&request).await;
        http::success(outcome).inspect_err(|error| self.context.ports.warn("A request for the account failed", error))
    }

    /// Navigates to a page of Authress for the settings of the account.
    pub async fn open_user_configuration_screen(
        &self,
        screen: UserConfigurationScreen,
        redirect_url: Option<&str>,
    ) -> Result<(), Error> {
        if !self.user_session_exists(false).await? {
            return Err(ErrorCode::NotLoggedIn.into());
        }
        let context = &self.context;
        context.ports.navigate(&screen.url(&context.settings, &context.ports.page()?, redirect_url)?)
    }
}
