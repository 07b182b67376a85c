//! Who may open a cart, as Authress knows it.
//!
//! The shopper claims the resource `carts/{id}` with their own token (`POST /v1/claims`) when the cart gets its first item.
//! The owner is a user id, so ownership survives the sign-in as the user id does. Afterwards the shop asks Authress for
//! each access (`authorizeUser`) and remembers the response for a while; `decisions` says how long.
//!
//! **When Authress cannot be asked,** who was allowed within the last hour stays allowed, so that shoppers keep their carts,
//! and everyone else gets 503. A refusal is never overridden.

mod decisions;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use authress_secret::Secret;
use authress_service_client::{Claim, ManagementClient, ManagementError, Permission, ResourceId, ResourceUri, UserId};

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

use decisions::{Decisions, Known};

/// Asks Authress, and remembers.
pub(crate) struct Ownership {
    client: ManagementClient,
    decisions: Mutex<Decisions>,
}

/// Why a cart is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnershipError {
    /// 403: the cart belongs to another user.
    OtherOwner,
    /// 503: Authress cannot be asked now, or does not let the shop ask.
    Unavailable,
}

impl fmt::Debug for Ownership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ownership").field("client", &self.client).finish_non_exhaustive()
    }
}

impl Ownership {
    pub(crate) fn new(client: ManagementClient) -> Self {
        Self { client, decisions: Mutex::default() }
    }

    /// Makes sure that a user may change a cart, which the user claims if it has no owner, at `now` in seconds since 1970.
    ///
    /// # Errors
    /// [`OwnershipError`].
    pub(crate) async fn own(
        &self,
        user_id: &str,
        user_token: &Secret,
        cart_id: &str,
        now: i64,
    ) -> Result<(), OwnershipError> {
        if self.may_change(user_id, cart_id, now).await? {
            return Ok(());
        }
        let claim = Claim::new(collection()?, resource_id(cart_id)?).map_err(|_| OwnershipError::Unavailable)?;
        match self.client.create_claim(user_token, &claim).await {
            Ok(()) => {
                self.lock().note(user_id, cart_id, true, now);
                Ok(())
            }
            // By another user, or by this one in a request whose response was lost, perhaps this very one.
            Err(
                ManagementError::AlreadyClaimed(_)
                | ManagementError::Unavailable { may_have_succeeded: true, .. }
                | ManagementError::RateLimited { may_have_succeeded: true, .. },
            ) => match self.ask(user_id, cart_id, now).await {
                Ok(true) => Ok(()),
                Ok(false) => Err(OwnershipError::OtherOwner),
                Err(error) => Err(unavailable("authorize_user", &error)),
            },
            Err(error) => Err(unavailable("create_claim", &error)),
        }
    }

    /// Whether a user may change a cart. `false` also if the cart has no owner.
    ///
    /// # Errors
    /// [`OwnershipError::Unavailable`].
    pub(crate) async fn may_change(&self, user_id: &str, cart_id: &str, now: i64) -> Result<bool, OwnershipError> {
        let known = self.lock().of(user_id, cart_id, now);
        if let Known::Fresh { is_allowed } = known {
            return Ok(is_allowed);
        }
        match self.ask(user_id, cart_id, now).await {
            Ok(is_allowed) => Ok(is_allowed),
            Err(error) if known == Known::OnceAllowed && is_temporary(&error) => {
                tracing::warn!(%error, "Authress cannot be asked for an access: the last decision counts");
                Ok(true)
            }
            Err(error) => Err(unavailable("authorize_user", &error)),
        }
    }

    /// Forgets what was allowed to a user whose carts have moved.
    pub(crate) fn forget(&self, user_id: &str) {
        self.lock().forget(user_id);
    }

    async fn ask(&self, user_id: &str, cart_id: &str, now: i64) -> Result<bool, ManagementError> {
        let (Ok(user), Ok(cart), Ok(permission)) =
            (UserId::new(user_id), resource_id(cart_id), Permission::new(PERMISSION))
        else {
            // No user and no cart of Authress have such an id.
            return Ok(false);
        };
        let resource = ResourceUri::new(COLLECTION).and_then(|carts| carts.child(&cart));
        let resource = resource.map_err(ManagementError::InvalidValue)?;
        let is_allowed = self.client.authorize_user(&user, &resource, &permission).await?;
        self.lock().note(user_id, cart_id, is_allowed, now);
        Ok(is_allowed)
    }

    /// A decision is replaced as a whole, so those behind a poisoned lock are whole.
    fn lock(&self) -> MutexGuard<'_, Decisions> {
        self.decisions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The id of the cart that a user has filled first: the user id, or a hash of one that cannot be the id of a resource, such
/// as `slack|T0/U1`. A readable id never begins like a hash.
pub(crate) fn cart_id(user_id: &str) -> String {
    if !user_id.starts_with(HASHED) && ResourceId::new(user_id).is_ok() {
        return user_id.to_owned();
    }
    [HASHED, &Base64UrlUnpadded::encode_string(&Sha256::digest(user_id.as_bytes()))].concat()
}

fn collection() -> Result<ResourceUri, OwnershipError> {
    ResourceUri::new(COLLECTION).map_err(|_| OwnershipError::Unavailable)
}

fn resource_id(cart_id: &str) -> Result<ResourceId, OwnershipError> {
    ResourceId::new(cart_id).map_err(|_| OwnershipError::OtherOwner)
}

/// Whether Authress cannot be asked now. Everything else, as a key that was revoked, is a decision of Authress.
fn is_temporary(error: &ManagementError) -> bool {
    matches!(error, ManagementError::RateLimited { .. } | ManagementError::Unavailable { .. })
}

fn unavailable(call: &'static str, error: &ManagementError) -> OwnershipError {
    tracing::error!(call, %error, "Authress does not say who owns a cart");
    OwnershipError::Unavailable
}

/// How a hashed cart id begins.
const HASHED: &str = "~";
/// The parent of all carts. Claims have to be allowed for it in the account.
const COLLECTION: &str = "carts";
/// What the owner of a cart may do, among everything else.
const PERMISSION: &str = "UPDATE";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_user_id_has_a_cart_id_of_its_own() {
        let users = ["user_1", "google-oauth2|109536", "slack|T0/U1", "slack|T0:U1", "a b", "~a", "a@b.example"];
        let carts: std::collections::BTreeSet<_> = users.iter().map(|user| cart_id(user)).collect();
        assert_eq!(carts.len(), users.len());
        assert!(carts.iter().all(|cart| ResourceId::new(cart.as_str()).is_ok()), "{carts:?}");
        assert_eq!(cart_id("google-oauth2|109536"), "google-oauth2|109536");
        assert!(cart_id(&"x".repeat(129)).starts_with(HASHED));
    }
}
