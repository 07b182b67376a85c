//! The user's account: profile, provider credentials, linked identities.

use authress_secret::Secret;
use serde::{Serialize, Serializer};

use crate::error::ApiError;
use crate::model::grant::Profile;
use crate::model::identity::UnlinkError;
use crate::request_context::RequestContext;
use crate::state::State;

/// `GET /api/session/profile`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserProfile {
    pub(crate) user_id: String,
    #[serde(flatten)]
    pub(crate) profile: Profile,
    linked_identities: Vec<LinkedIdentity>,
}

#[derive(Debug, Serialize)]
struct LinkedIdentity {
    connection: LinkedConnection,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkedConnection {
    connection_id: String,
    /// The connection's own id of the user.
    user_id: String,
}

/// `GET /api/session/credentials`: the identity provider's own access token.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectionCredentials {
    #[serde(serialize_with = "exposed")]
    access_token: Secret,
}

fn exposed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// `GET /api/session/profile`.
pub(crate) fn profile(state: &State, context: &RequestContext) -> Result<UserProfile, ApiError> {
    let user = state.authenticated_user(context, None)?;
    Ok(profile_of(state, user.user_id))
}

/// The profile of a user, with the linked identities.
pub(crate) fn profile_of(state: &State, user_id: String) -> UserProfile {
    let mut profile = Profile::default();
    let mut linked_identities = vec![];
    for (key, identity) in state.identities.of_user(&user_id) {
        // Of several identities, the one that was linked last describes the user.
        if !identity.anonymous {
            profile = identity.profile.clone();
        }
        let connection = LinkedConnection { connection_id: key.connection_id.clone(), user_id: key.subject.clone() };
        linked_identities.push(LinkedIdentity { connection });
    }
    UserProfile { user_id, profile, linked_identities }
}

/// `GET /api/session/credentials`: those of the identity that the session or token was issued for.
pub(crate) fn credentials(state: &State, context: &RequestContext) -> Result<ConnectionCredentials, ApiError> {
    let user = state.authenticated_user(context, None)?;
    // Tokens name the connection only. Of a user's several identities there, the newest one counts.
    let of_connection =
        state.identities.of_user(&user.user_id).filter(|(key, _)| key.connection_id == user.connection_id);
    let found = of_connection
        .last()
        .and_then(|(_, identity)| Some(ConnectionCredentials { access_token: identity.provider_token.clone()? }));
    let title = "No identity provider gave credentials for this session; log in with a provider.";
    found.ok_or_else(|| ApiError::new(404, "ConnectionCredentialsNotFound", title))
}

/// `DELETE /api/session/identities/{id}`.
pub(crate) fn unlink(state: &mut State, context: &RequestContext, selector: &str) -> Result<(), ApiError> {
    let user_id = state.authenticated_user(context, None)?.user_id;
    state.identities.unlink(&user_id, selector).map_err(|error| match error {
        UnlinkError::NotFound => ApiError::new(404, "IdentityNotFound", "The user has no such linked identity."),
        UnlinkError::LastIdentity => ApiError::new(
            409,
            "LastIdentity",
            "The last identity a user can log in with cannot be unlinked; link another one first.",
        ),
    })
}
