//! Invites of Authress, whose taker gets the user id of a cart.

use std::time::Duration;

use authress_service_client::{InviteId, InviteLifetime, InviteUserId, ManagementClient, ManagementError, NewInvite};

/// Creates and deletes invites.
#[derive(Clone, Debug)]
pub(crate) struct Invites(ManagementClient);

impl Invites {
    pub(crate) fn new(client: ManagementClient) -> Self {
        Self(client)
    }

    /// Creates an invite to a user id. `None` if no invite can name this user id, which is then too long.
    ///
    /// # Errors
    /// When Authress cannot be reached now or does not let the shop invite.
    pub(crate) async fn create(&self, user_id: &str, lifetime: Duration) -> Result<Option<InviteId>, ManagementError> {
        let Ok(linked_user_id) = InviteUserId::new(user_id) else { return Ok(None) };
        let lifetime = InviteLifetime::new(lifetime).map_err(ManagementError::InvalidValue)?;
        // Without statements: what the user id owns it owns already.
        let invite =
            NewInvite { linked_user_id: Some(linked_user_id), lifetime: Some(lifetime), ..NewInvite::default() };
        Ok(Some(self.0.create_invite(&invite).await?.invite_id))
    }

    /// Deletes an invite. If that fails it is valid until it expires; the log says so.
    pub(crate) async fn delete(&self, invite: &InviteId) {
        match self.0.delete_invite(invite).await {
            // It was used or has expired.
            Ok(()) | Err(ManagementError::NotFound(_)) => {}
            Err(error) => tracing::error!(%error, "an invite to a user id that has an account could not be deleted"),
        }
    }
}
