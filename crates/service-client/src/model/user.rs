//! Users and their resources.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::page::{Collection, Pagination};
use super::statement::{ResourceReference, null_as_default};
use crate::values::{Permission, ResourceUri, TenantId, UserId, received};

/// What Authress knows of a user. It is personal data.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserIdentity {
    /// The user's id.
    #[serde(deserialize_with = "received")]
    pub user_id: UserId,
    /// The name that is shown.
    #[serde(default)]
    pub name: Option<String>,
    /// The URL of a picture.
    #[serde(default)]
    pub picture: Option<String>,
    /// The verified email address.
    #[serde(default)]
    pub email: Option<String>,
    /// What else the user's provider has sent. Its form depends on the provider.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Which users are listed. The default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListUsers {
    /// A text to search for, at most 64 characters.
    pub filter: Option<String>,
    /// Only users of this tenant, whose id has at most 64 characters here.
    pub tenant_id: Option<TenantId>,
}

/// Which resources of a user are listed. The default is the top level of all resources to which the user has any
/// permission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListUserResources {
    /// Only resources below this one.
    pub resource_uri: Option<ResourceUri>,
    /// Whether nested resources are listed. Default at Authress: [`CollectionConfiguration::TopLevelOnly`].
    pub collection: Option<CollectionConfiguration>,
    /// Only resources to which the user has this permission.
    pub permission: Option<Permission>,
}

/// Whether nested resources are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollectionConfiguration {
    /// Only resources directly below the requested one.
    TopLevelOnly,
    /// Resources at any depth.
    IncludeNested,
}

impl CollectionConfiguration {
    /// Returns Authress's word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::TopLevelOnly => "TOP_LEVEL_ONLY",
            Self::IncludeNested => "INCLUDE_NESTED",
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct UserCollection {
    users: Vec<UserIdentity>,
    #[serde(default)]
    pagination: Option<Pagination>,
}

impl Collection for UserCollection {
    type Item = UserIdentity;

    fn into_parts(self) -> (Vec<UserIdentity>, Option<Pagination>) {
        (self.users, self.pagination)
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct UserResourceCollection {
    #[serde(default, deserialize_with = "null_as_default")]
    resources: Vec<ResourceReference>,
    #[serde(default)]
    pagination: Option<Pagination>,
}

impl Collection for UserResourceCollection {
    type Item = ResourceUri;

    fn into_parts(self) -> (Vec<ResourceUri>, Option<Pagination>) {
        (self.resources.into_iter().map(|resource| resource.resource_uri).collect(), self.pagination)
    }
}
