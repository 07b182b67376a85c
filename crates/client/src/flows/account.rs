//! Requests for the account of the session, and Authress's pages for its settings.

use crate::{login_client::LoginClient, ports::Ports};
use authress_login_protocol::{
    account::UserConfigurationScreen,
    error::Error,
    http::{self, Request},
    secret::Secret,
    session::credentials::SessionCredentials,
};

impl<P: Ports> LoginClient<P> {
    /// Returns the credentials of the session, after looking for one.
    ///
    /// Fails with `NotLoggedIn`, and with `UserChanged` if the session is no longer of the user
    /// that the application knew when it called.
    pub async fn credentials(&self) -> Result<SessionCredentials, Error> {
        let known_user = self.context.known_user();
        self.user_session_exists(false).await?;
        self.context.credentials()?.check_user(known_user.as_deref())
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
        self.credentials().await?;
        let context = &self.context;
        context.ports.navigate(&screen.url(&context.settings, &context.ports.page()?, redirect_url)?)
    }
}
