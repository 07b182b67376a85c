//! Claims of resources.

use serde::Serialize;

use crate::values::{InvalidValue, ResourceId, ResourceUri};

/// What a shopper claims: a resource that has no owner yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    collection_resource: ResourceUri,
    resource_id: ResourceId,
}

impl Claim {
    /// The claim of `resource` in `collection`, whose configuration in Authress has to allow the permission CLAIM.
    ///
    /// # Errors
    /// [`InvalidValue`] if the collection has more than 128 characters or contains `*`.
    pub fn new(collection: ResourceUri, resource: ResourceId) -> Result<Self, InvalidValue> {
        if collection.as_str().len() > 128 || collection.as_str().contains('*') {
            return Err(InvalidValue {
                name: "collection of a claim",
                allowed: "a resource URI of at most 128 characters without *",
            });
        }
        Ok(Self { collection_resource: collection, resource_id: resource })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_names_a_collection_and_one_resource_in_it() {
        let resource = || ResourceId::new("cart_1").unwrap();
        let claim = |collection: &str| Claim::new(ResourceUri::new(collection).unwrap(), resource());
        assert_eq!(
            serde_json::to_value(claim("carts").unwrap()).unwrap(),
            serde_json::json!({"collectionResource": "carts", "resourceId": "cart_1"})
        );
        assert!(claim("carts/*").is_err());
        assert!(claim(&["a".repeat(100), "b".repeat(100)].join("/")).is_err());
    }
}
