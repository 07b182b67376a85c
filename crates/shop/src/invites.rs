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

    /// Creates an invite to a user id. `None` if that is not possible now; the log has the reason.
    pub(crate) async fn create(&self, user_id: &str, lifetime: Duration) -> Option<InviteId> {
        let created = match invite(user_id, lifetime) {
            Ok(invite) => self.0.create_invite(&invite).await,
            Err(error) => Err(error),
        };
        match created {
            Ok(invite) => Some(invite.invite_id),
            Err(error) => {
                tracing::error!(%error, "no invite for a cart can be created");
                None
            }
        }
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

/// The statements are empty: what the user id owns it owns already.
fn invite(user_id: &str, lifetime: Duration) -> Result<NewInvite, ManagementError> {
    let linked_user_id = InviteUserId::new(user_id).map_err(ManagementError::InvalidValue)?;
    let lifetime = InviteLifetime::new(lifetime).map_err(ManagementError::InvalidValue)?;
    Ok(NewInvite { linked_user_id: Some(linked_user_id), lifetime: Some(lifetime), ..NewInvite::default() })
}
