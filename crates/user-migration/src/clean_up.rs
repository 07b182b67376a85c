//! Deletes anonymous users that the shop has no use for any more.

use crate::anonymous_user_id::is_of_verifier;
use crate::error::MigrationError;
use crate::journal::Journal;
use crate::records::AccessRecords;

/// What becomes of a user that the shop no longer needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CleanUp {
    /// Authress has accepted the deletion, or would be asked for it.
    Deleted,
    /// The verifier did not create this id: never an anonymous user.
    NotAnonymous,
    /// The user has signed in with a provider since: an account.
    HasIdentity,
    /// A migration of this user is not finished. It deletes the user itself.
    IsMigrating,
}

/// Deletes a user, unless it may be an account by now or is being migrated. `prefix` is the verifier's `user_id.prefix`.
/// With `is_dry_run`, nothing is changed.
///
/// A user that does not exist counts as deleted, so a list can be processed again.
///
/// # Errors
/// [`MigrationError`]. The user can be tried again.
pub async fn clean_up(
    records: &dyn AccessRecords,
    journal: &dyn Journal,
    user: &str,
    prefix: &str,
    is_dry_run: bool,
) -> Result<CleanUp, MigrationError> {
    if !is_of_verifier(user, prefix) {
        return Ok(CleanUp::NotAnonymous);
    }
    if journal.find(user).await?.is_some_and(|entry| !entry.step.is_finished()) {
        return Ok(CleanUp::IsMigrating);
    }
    if records.has_identity(user).await? {
        return Ok(CleanUp::HasIdentity);
    }
    if !is_dry_run {
        records.delete_user(user).await?;
    }
    Ok(CleanUp::Deleted)
}
