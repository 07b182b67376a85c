//! Invites.

use super::ManagementClient;
use crate::error::ManagementError;
use crate::http::ApiRequest;
use crate::model::{Invite, NewInvite};
use crate::values::InviteId;

const PATH: &str = "invites";

impl ManagementClient {
    /// Creates an invite: `POST /v1/invites`. Its id is a secret for the invited person.
    ///
    /// # Errors
    /// [`ManagementError`]. If a response is lost, an invite may exist whose id is not known. It expires unused; create
    /// another one.
    pub async fn create_invite(&self, invite: &NewInvite) -> Result<Invite, ManagementError> {
        let body = invite.body(self.tokens.now())?;
        let request = ApiRequest::post("create_invite", self.origin(), &[PATH], &body)?;
        self.call(&request).await?.json()
    }

    /// Reads an invite: `GET /v1/invites/{id}`.
    ///
    /// # Errors
    /// [`ManagementError`]; [`ManagementError::NotFound`] also after the invite was accepted, deleted or has expired.
    pub async fn get_invite(&self, invite_id: &InviteId) -> Result<Invite, ManagementError> {
        let request = ApiRequest::get("get_invite", self.origin(), &[PATH, invite_id.expose()])?;
        self.call(&request).await?.json()
    }

    /// Deletes an invite, which can no longer be accepted then: `DELETE /v1/invites/{id}`.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn delete_invite(&self, invite_id: &InviteId) -> Result<(), ManagementError> {
        let request = ApiRequest::delete("delete_invite", self.origin(), &[PATH, invite_id.expose()])?;
        self.call(&request).await?.deleted()
    }
}
