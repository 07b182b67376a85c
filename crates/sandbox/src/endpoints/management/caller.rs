//! Who calls the management API: a service client with a token of its own, or a user with an access token.

use crate::error::ApiError;
use crate::model::resource_uri::ResourceUri;
use crate::model::service_client::service_client_user_id;
use crate::request_context::RequestContext;
use crate::state::State;
use crate::tokens::verify_access_token;

/// The caller of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    User { user_id: String },
    ServiceClient { client_id: String },
}

impl Caller {
    /// The ids under which access records name the caller.
    pub(crate) fn ids(&self) -> Vec<String> {
        match self {
            Self::User { user_id } => vec![user_id.clone()],
            Self::ServiceClient { client_id } => vec![service_client_user_id(client_id)],
        }
    }

    pub(crate) fn is_user(&self, id: &str) -> bool {
        match self {
            Self::User { user_id } => user_id == id,
            Self::ServiceClient { .. } => false,
        }
    }

    /// Whether the caller may do `action` with a resource of Authress's own, such as `Authress:Users/{userId}`.
    pub(crate) fn may(&self, state: &State, action: &str, collection: &str, id: Option<&str>) -> bool {
        state.access().allows(&self.ids(), &ResourceUri::of_authress(collection, id), action)
    }
}

/// Authenticates a request by its bearer token. Session cookies do not count, and tokens of extensions do not either.
pub(crate) fn authenticate(state: &State, context: &RequestContext) -> Result<Caller, ApiError> {
    let unauthorized = || {
        let title = "Send a valid access token: a user's, or a service client's with typ at+jwt, the client's issuer \
                     and the account's audience.";
        ApiError::new(401, "Unauthorized", title)
    };
    let token = context.bearer.as_deref().ok_or_else(unauthorized)?;
    if let Some(user) = verify_access_token(&state.signing_key, &state.issuer(), token, context.now_ms) {
        if state.extensions.contains_key(&user.application_id) {
            let title = "An extension's token does not give access to the management API; use an application's.";
            return Err(ApiError::new(403, "ExtensionTokenRefused", title));
        }
        // A verifier may assert any user id. Access records would take this one for the service client.
        if user.user_id.starts_with(&service_client_user_id("")) {
            return Err(super::forbidden("A user id must not look like a service client's."));
        }
        return Ok(Caller::User { user_id: user.user_id });
    }
    let mut clients = state.service_clients.values();
    let client = clients.find(|client| client.is_own_access_token(token, &state.public_url, context.now_ms));
    client.map(|client| Caller::ServiceClient { client_id: client.id.clone() }).ok_or_else(unauthorized)
}

/// Like [`authenticate`], for what only a user can do.
pub(crate) fn authenticate_user(state: &State, context: &RequestContext) -> Result<String, ApiError> {
    match authenticate(state, context)? {
        Caller::User { user_id } => Ok(user_id),
        Caller::ServiceClient { .. } => {
            Err(super::forbidden("This is for users only: send the user's own access token."))
        }
    }
}
