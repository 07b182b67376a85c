//! What a login grants to an application: user, connection, audiences and scope.

use serde::Serialize;
use serde_json::Value;

/// The profile claims of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Profile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) picture: Option<String>,
    /// What else the provider says about the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Value>,
}

/// What a login granted: everything that goes into the tokens.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) user_id: String,
    /// The connection or service client that identified the user: `azp`.
    pub(crate) connection_id: String,
    pub(crate) application_id: String,
    /// The requested audiences. Without any, tokens are for the issuer itself.
    pub(crate) audiences: Vec<String>,
    /// Space-separated.
    pub(crate) scope: String,
    pub(crate) profile: Profile,
}
