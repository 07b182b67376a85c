//! Statements: which roles hold for which resources.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::values::{GroupId, ResourceUri, Role, UserId, received, received_all};

/// Roles for resources, and optionally the users and groups that have them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// The roles, 1 to 100.
    #[serde(deserialize_with = "received_all")]
    pub roles: Vec<Role>,
    /// The resources, 1 to 100.
    pub resources: Vec<ResourceReference>,
    /// The users, at most 100. Users and groups stand either here or in the record, not in both.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<UserReference>,
    /// The groups, at most 10.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupReference>,
    /// What this crate does not know. It is kept when the record is updated.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Statement {
    /// The roles for the resources, without users and groups of its own.
    pub fn new(roles: impl IntoIterator<Item = Role>, resources: impl IntoIterator<Item = ResourceUri>) -> Self {
        Self {
            roles: roles.into_iter().collect(),
            resources: resources.into_iter().map(ResourceReference::from).collect(),
            users: Vec::new(),
            groups: Vec::new(),
            other: Map::new(),
        }
    }
}

/// Roles for resources, which the taker of an invite gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InviteStatement {
    /// The roles.
    #[serde(deserialize_with = "received_all")]
    pub roles: Vec<Role>,
    /// The resources.
    pub resources: Vec<ResourceReference>,
}

impl InviteStatement {
    /// The roles for the resources.
    pub fn new(roles: impl IntoIterator<Item = Role>, resources: impl IntoIterator<Item = ResourceUri>) -> Self {
        Self {
            roles: roles.into_iter().collect(),
            resources: resources.into_iter().map(ResourceReference::from).collect(),
        }
    }
}

/// A resource in a statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceReference {
    /// The resource, collection or pattern.
    #[serde(deserialize_with = "received")]
    pub resource_uri: ResourceUri,
    /// What this crate does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl From<ResourceUri> for ResourceReference {
    fn from(resource_uri: ResourceUri) -> Self {
        Self { resource_uri, other: Map::new() }
    }
}

/// A user in a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserReference {
    /// The user.
    #[serde(deserialize_with = "received")]
    pub user_id: UserId,
    /// What this crate does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl From<UserId> for UserReference {
    fn from(user_id: UserId) -> Self {
        Self { user_id, other: Map::new() }
    }
}

/// A group in a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupReference {
    /// The group.
    #[serde(deserialize_with = "received")]
    pub group_id: GroupId,
    /// What this crate does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl From<GroupId> for GroupReference {
    fn from(group_id: GroupId) -> Self {
        Self { group_id, other: Map::new() }
    }
}

/// Optional members may be `null`.
pub(super) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
