//! Users: `/v1/users`.

use serde_json::{Value, json};

use super::caller::authenticate;
use super::pagination::PageRequest;
use super::{check_filter, check_path_user_id, forbidden, matches_filter};
use crate::endpoints::account::profile_of;
use crate::endpoints::query::Query;
use crate::error::ApiError;
use crate::model::grant::Profile;
use crate::request_context::RequestContext;
use crate::state::State;

/// The most users of a page.
const MAX_PAGE: usize = 100;

/// Authress's own resource that stands for all users.
const USERS: &str = "Authress:Users";

/// `GET /v1/users/{id}`. Users can read themselves.
pub(crate) fn get(state: &State, context: &RequestContext, user_id: &str) -> Result<Value, ApiError> {
    let caller = authenticate(state, context)?;
    check_path_user_id(user_id)?;
    if !caller.is_user(user_id) && !caller.may(state, "READ", USERS, Some(user_id)) {
        return Err(forbidden("The caller needs the permission READ on Authress:Users."));
    }
    check_exists(state, user_id)?;
    Ok(user_json(state, user_id))
}

/// `GET /v1/users`.
pub(crate) fn list(state: &State, context: &RequestContext, query: &Query) -> Result<Value, ApiError> {
    let caller = authenticate(state, context)?;
    let page = PageRequest::read(query, MAX_PAGE)?;
    let filter = query.get("filter").unwrap_or_default();
    check_filter(filter)?;
    if !caller.may(state, "READ", USERS, None) {
        return Err(forbidden("The caller needs the permission READ on Authress:Users."));
    }
    let is_of_tenant = |user_id: &str| match query.get("tenantId") {
        None => true,
        Some(tenant) => state.tenants.get(tenant).is_some_and(|connection_id| {
            state.identities.of_user(user_id).any(|(key, _)| key.connection_id == *connection_id)
        }),
    };
    let users = state.identities.users().into_iter().filter(|user_id| is_of_tenant(user_id));
    let entries = users.map(|user_id| (user_id.to_owned(), user_json(state, user_id)));
    let matching = entries.filter(|(_, user)| filter.is_empty() || matches_filter(user, filter));
    Ok(page.cut(matching, None).body(state, "users", "/v1/users", query))
}

/// `DELETE /v1/users/{id}`: the deletion is accepted, and done after the delay of the dialect.
pub(crate) fn delete(state: &mut State, context: &RequestContext, user_id: &str) -> Result<(), ApiError> {
    let caller = authenticate(state, context)?;
    check_path_user_id(user_id)?;
    if !caller.may(state, "DELETE", USERS, Some(user_id)) {
        return Err(forbidden("The caller needs the permission DELETE on Authress:Users."));
    }
    check_exists(state, user_id)?;
    let delay_ms = state.dialect.user_deletion_delay_seconds.saturating_mul(1000);
    state.user_deletions.add(user_id, context.now_ms.saturating_add(delay_ms));
    state.finish_user_deletions(context.now_ms);
    Ok(())
}

fn check_exists(state: &State, user_id: &str) -> Result<(), ApiError> {
    if state.identities.of_user(user_id).next().is_some() {
        return Ok(());
    }
    Err(ApiError::new(404, "UserNotFound", "No user with this id has logged in."))
}

fn user_json(state: &State, user_id: &str) -> Value {
    let Profile { name, email, picture, data: _ } = profile_of(state, user_id.to_owned()).profile;
    let mut body = json!({ "userId": user_id, "name": name, "email": email, "picture": picture });
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    body
}
