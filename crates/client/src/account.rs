//! The account: requests that show whose session they are for.

use crate::{client::Client, ports::Ports};
use authress_login_protocol::{
    account::UserConfigurationScreen,
    error::{Error, ErrorCode},
    http::{self, Request},
    secret::Secret,
    session::credentials::SessionCredentials,
};

impl<P: Ports> Client<P> {
    /// Whose session a request is for, once it is known whether there is one.
    pub async fn authorization(&self) -> Result<SessionCredentials, Error> {
        self.user_session_exists(false).await?;
        self.inner.authorization()
    }

    /// Sends a request for this session and gives the body of the answer.
    pub async fn ask(&self, request: &dyn Fn(SessionCredentials) -> Result<Request, Error>) -> Result<Secret, Error> {
        let request = request(self.authorization().await?)?;
        let outcome = self.inner.send(&request).await;
        http::success(outcome).inspect_err(|error| self.inner.ports.warn("A request for the account failed", error))
    }

    /// Leaves for the page where shoppers see to their account.
    pub async fn open_user_configuration_screen(
        &self,
        screen: UserConfigurationScreen,
        redirect_url: Option<&str>,
    ) -> Result<(), Error> {
        if !self.user_session_exists(false).await? {
            return Err(ErrorCode::NotLoggedIn.into());
        }
        let inner = &self.inner;
        inner.ports.navigate(&screen.url(&inner.settings, &inner.ports.page()?, redirect_url)?)
    }
}
