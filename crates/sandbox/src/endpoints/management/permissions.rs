//! A user's permissions and resources: `/v1/users/{userId}/resources`.

use serde_json::{Value, json};

use super::caller::{Caller, authenticate};
use super::pagination::PageRequest;
use super::{check_path_user_id, forbidden, invalid};
use crate::endpoints::query::Query;
use crate::error::ApiError;
use crate::model::resource_uri::ResourceUri;
use crate::request_context::RequestContext;
use crate::state::State;

/// The most resources of a page.
const MAX_PAGE: usize = 20;

/// The longest permission, in characters.
const MAX_PERMISSION_CHARS: usize = 64;

/// Authress's own resource that stands for the permissions of all users.
const USER_PERMISSIONS: &str = "Authress:UserPermissions";

/// `GET /v1/users/{userId}/resources/{resourceUri}/permissions/{permission}`.
///
/// # Errors
/// 404 if the user does not have the permission, 403 if the caller may not ask.
pub(crate) fn check(
    state: &State,
    context: &RequestContext,
    user_id: &str,
    resource_uri: &str,
    permission: &str,
) -> Result<(), ApiError> {
    check_caller(state, context, user_id)?;
    let resource = parse_resource(resource_uri)?;
    check_permission(permission)?;
    if state.access().allows(&ids_of(user_id), &resource, permission) {
        return Ok(());
    }
    Err(ApiError::new(404, "PermissionNotFound", "The user does not have this permission to the resource."))
}

/// `GET /v1/users/{userId}/resources`: those that records name, at `resourceUri` or below.
pub(crate) fn resources(
    state: &State,
    context: &RequestContext,
    user_id: &str,
    query: &Query,
) -> Result<Value, ApiError> {
    check_caller(state, context, user_id)?;
    let page = PageRequest::read(query, MAX_PAGE)?;
    let parent = parse_resource(query.get("resourceUri").unwrap_or("/"))?;
    let permission = query.get("permissions");
    permission.map_or(Ok(()), check_permission)?;
    let deepest = match query.get("collectionConfiguration") {
        None | Some("TOP_LEVEL_ONLY") => 1,
        Some("INCLUDE_NESTED") => usize::MAX,
        Some(_) => return Err(invalid("collectionConfiguration is TOP_LEVEL_ONLY or INCLUDE_NESTED.")),
    };
    let resources = state.access().resources_of(&ids_of(user_id), permission);
    let wanted = resources.into_iter().filter(|uri| uri.depth_below(&parent).is_some_and(|depth| depth <= deepest));
    let entries = wanted.map(|uri| (uri.text(), json!({ "resourceUri": uri.text() })));
    let path = format!("/v1/users/{}/resources", encode(user_id));
    let mut body = page.cut(entries, None).body(state, "resources", &path, query);
    if let Some(fields) = body.as_object_mut() {
        fields.insert("userId".to_owned(), json!(user_id));
        fields.insert("account".to_owned(), super::account());
    }
    Ok(body)
}

/// Users may ask about themselves, and service clients with `grantUserPermissionsAccess` about everyone.
fn check_caller(state: &State, context: &RequestContext, user_id: &str) -> Result<(), ApiError> {
    let caller = authenticate(state, context)?;
    check_path_user_id(user_id)?;
    let has_option = match &caller {
        Caller::User { .. } => false,
        Caller::ServiceClient { client_id } => {
            state.service_clients.get(client_id).is_some_and(|client| client.options.grant_user_permissions_access)
        }
    };
    if has_option || caller.is_user(user_id) || caller.may(state, "READ", USER_PERMISSIONS, Some(user_id)) {
        return Ok(());
    }
    let title = "The caller needs the option grantUserPermissionsAccess, or READ on Authress:UserPermissions.";
    Err(forbidden(title))
}

fn ids_of(user_id: &str) -> Vec<String> {
    Caller::User { user_id: user_id.to_owned() }.ids()
}

fn parse_resource(text: &str) -> Result<ResourceUri, ApiError> {
    ResourceUri::parse(text).ok_or_else(|| invalid("The resourceUri is not valid."))
}

fn check_permission(permission: &str) -> Result<(), ApiError> {
    if (1..=MAX_PERMISSION_CHARS).contains(&permission.chars().count()) {
        return Ok(());
    }
    Err(invalid("A permission has 1 to 64 characters."))
}

/// A path segment, percent-encoded.
fn encode(segment: &str) -> String {
    url::form_urlencoded::byte_serialize(segment.as_bytes()).collect::<String>().replace('+', "%20")
}
