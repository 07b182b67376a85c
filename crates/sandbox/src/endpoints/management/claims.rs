//! Claims: `POST /v1/claims`, by which a user becomes the owner of a resource that no user has yet.

use serde::Deserialize;

use super::caller::authenticate_user;
use super::{forbidden, invalid};
use crate::entropy::Entropy;
use crate::error::ApiError;
use crate::model::access_record::{AccessRecord, Statement};
use crate::model::resource_uri::ResourceUri;
use crate::model::role::OWNER;
use crate::request_context::RequestContext;
use crate::state::State;

/// The longest collection and the longest id, in characters.
const MAX_CHARS: usize = 128;

/// The body of `POST /v1/claims`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClaimBody {
    collection_resource: String,
    resource_id: String,
}

/// `POST /v1/claims`. A resource that the user has claimed already is refused like that of another user.
pub(crate) fn create(
    state: &mut State,
    context: &RequestContext,
    body: &ClaimBody,
    entropy: &mut Entropy,
) -> Result<(), ApiError> {
    let user_id = authenticate_user(state, context)?;
    let has_length = |text: &str| (1..=MAX_CHARS).contains(&text.chars().count());
    let is_plain = |uri: &ResourceUri| !uri.has_wildcard();
    let collection = ResourceUri::parse(&body.collection_resource)
        .filter(|uri| has_length(&body.collection_resource) && is_plain(uri))
        .ok_or_else(|| invalid("collectionResource is a resource of 1 to 128 characters, without *."))?;
    let root = ResourceUri::of_authress(&body.resource_id, None);
    ResourceUri::parse(&body.resource_id)
        .filter(|uri| has_length(&body.resource_id) && is_plain(uri) && *uri == root)
        .ok_or_else(|| invalid("resourceId is one segment of a resource of 1 to 128 characters, without / and *."))?;
    if !state.claimable_collections.contains(&collection) {
        let title = "The collection cannot be claimed from: it has no permission CLAIM (claimableCollections).";
        return Err(forbidden(title));
    }
    let uri = format!("{}/{}", collection.text(), body.resource_id);
    let resource = ResourceUri::parse(&uri).ok_or_else(|| invalid("The resource of the claim is too long."))?;
    if state.access().is_claimed(&resource) {
        return Err(ApiError::new(409, "AlreadyClaimed", "A user has access to this resource already."));
    }
    let id = format!("rec_{}", entropy.id());
    let name = format!("Claim of {uri}").chars().take(MAX_CHARS).collect();
    let record = AccessRecord::for_user(id.clone(), name, user_id, vec![Statement::new(OWNER, uri)]);
    // A random id is free.
    let _ = state.access_records.create(id, record, context.now_ms);
    Ok(())
}
