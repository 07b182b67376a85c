//! Claims of resources.

use authress_secret::Secret;

use super::ManagementClient;
use crate::error::ManagementError;
use crate::http::ApiRequest;
use crate::model::Claim;

impl ManagementClient {
    /// Makes a user the owner of a resource that has none: `POST /v1/claims`, with the user's own access token.
    ///
    /// The service client's token is not used: Authress records the user of the token as the owner.
    ///
    /// # Errors
    /// [`ManagementError::AlreadyClaimed`] if the resource has an owner. That can be this user, if the response to an earlier
    /// claim was lost. [`ManagementError::Forbidden`] if the collection does not allow claims.
    /// [`ManagementError::Unauthorized`] if the user's token is not valid. Otherwise as in [`ManagementError`].
    pub async fn create_claim(&self, user_token: &Secret, claim: &Claim) -> Result<(), ManagementError> {
        let request = ApiRequest::post("create_claim", self.origin(), &["claims"], claim)?;
        let called = self.call_as_user(user_token, &request).await?;
        match called.response.status {
            409 => Err(ManagementError::AlreadyClaimed(called.response.details())),
            _ => called.success(),
        }
    }
}
