//! The rate limit tiers of the management API.

use serde::{Deserialize, Serialize};

/// A tier. That routes have tiers, and lists a lower one than checks of permissions, is documented; their limits are
/// not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Tier {
    /// Permissions and resources of a user.
    Permissions,
    /// Lists of records and users.
    List,
    /// All other requests.
    Other,
}

impl Tier {
    /// The tier of a request, `None` outside the management API.
    pub(crate) fn of(method: &str, path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.strip_prefix("/v1/")?.split('/').collect();
        match segments.as_slice() {
            ["records" | "users"] if method == "GET" => Some(Self::List),
            ["users", _, "resources", ..] => Some(Self::Permissions),
            ["invites" | "records" | "users" | "claims", ..] => Some(Self::Other),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_has_a_tier() {
        for (method, path, tier) in [
            ("GET", "/v1/records", Some(Tier::List)),
            ("GET", "/v1/users", Some(Tier::List)),
            ("POST", "/v1/records", Some(Tier::Other)),
            ("GET", "/v1/records/rec_1", Some(Tier::Other)),
            ("DELETE", "/v1/users/u", Some(Tier::Other)),
            ("GET", "/v1/users/u/resources", Some(Tier::Permissions)),
            ("GET", "/v1/users/u/resources/a%2Fb/permissions/READ", Some(Tier::Permissions)),
            ("GET", "/v1/clients/sc_shop/.well-known/openid-configuration/jwks", None),
            ("GET", "/api/session", None),
        ] {
            assert_eq!(Tier::of(method, path), tier, "{method} {path}");
        }
    }
}
