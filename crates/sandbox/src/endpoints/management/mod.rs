//! The part of Authress's management API that a shop's server needs: `/v1/…`.
//!
//! Which permission a request needs is public for few of them. The rest follows their pattern, and this crate's README
//! says which are inferred.

pub(crate) mod caller;
pub(crate) mod claims;
pub(crate) mod invites;
pub(crate) mod pagination;
pub(crate) mod permissions;
pub(crate) mod records;
pub(crate) mod users;

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::model::service_client::{ACCOUNT_ID, follows_grammar};
use crate::state::State;

/// The longest user id in a path, in characters.
const MAX_PATH_USER_ID_CHARS: usize = 64;

/// The longest `filter` of a list, in characters.
const MAX_FILTER_CHARS: usize = 64;

/// The caller may not do this.
fn forbidden(title: impl Into<String>) -> ApiError {
    ApiError::new(403, "Forbidden", title)
}

/// A field or parameter that is not valid: 422, or 400 where the dialect has that.
fn invalid(title: impl Into<String>) -> ApiError {
    ApiError::invalid_input("InvalidRequest", title)
}

/// Checks the user id of a path.
fn check_path_user_id(user_id: &str) -> Result<(), ApiError> {
    if follows_grammar(user_id) && user_id.chars().count() <= MAX_PATH_USER_ID_CHARS {
        return Ok(());
    }
    Err(invalid("A user id in a path is 1 to 64 of the characters a-z, A-Z, 0-9, +._|/~:@- and white space."))
}

/// Checks the `filter` of a list.
fn check_filter(filter: &str) -> Result<(), ApiError> {
    if filter.chars().count() <= MAX_FILTER_CHARS {
        return Ok(());
    }
    Err(invalid("filter has at most 64 characters."))
}

/// Whether a text field of a value contains the filter, in any case.
fn matches_filter(value: &Value, filter: &str) -> bool {
    match value {
        Value::String(text) => text.to_lowercase().contains(&filter.to_lowercase()),
        Value::Array(list) => list.iter().any(|value| matches_filter(value, filter)),
        Value::Object(fields) => fields.values().any(|value| matches_filter(value, filter)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The `links` of a resource with this path.
fn links(state: &State, path: &str) -> Value {
    json!({ "self": { "href": format!("{}{path}", state.public_url.as_str()) } })
}

/// The account, as records and acceptances of invites name it.
fn account() -> Value {
    json!({ "accountId": ACCOUNT_ID })
}
