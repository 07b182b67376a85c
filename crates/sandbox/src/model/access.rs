//! What a user or service client may do, decided from access records and roles.

use std::collections::BTreeSet;

use crate::model::access_record::Statement;
use crate::model::access_records::AccessRecords;
use crate::model::resource_uri::ResourceUri;
use crate::model::role::{Roles, Use};

/// The records and roles of one decision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Access<'a> {
    pub(crate) records: &'a AccessRecords,
    pub(crate) roles: &'a Roles,
}

impl<'a> Access<'a> {
    /// Whether the holder of any of these ids may do `action` with the resource.
    pub(crate) fn allows(&self, ids: &[String], resource: &ResourceUri, action: &str) -> bool {
        self.includes(ids, resource, action, Use::Allow)
    }

    /// Whether the holder of any of these ids may give others all of these statements.
    pub(crate) fn can_grant(&self, ids: &[String], statements: &[Statement]) -> bool {
        statements.iter().all(|statement| {
            let mut uris = statement.uris();
            uris.all(|uri| {
                let mut actions = statement.roles.iter().flat_map(|role| self.roles.actions(role));
                actions.all(|action| self.includes(ids, &uri, action, Use::Grant))
            })
        })
    }

    /// Whether any record names one of these ids.
    pub(crate) fn knows(&self, ids: &[String]) -> bool {
        self.records.active().any(|version| version.record.statements_of(ids).next().is_some())
    }

    /// Whether a record gives another user access to this very resource or to one below it.
    pub(crate) fn is_claimed(&self, resource: &ResourceUri) -> bool {
        let statements = self.records.active().flat_map(|version| {
            let has_users = !version.record.users.is_empty();
            version.record.statements.iter().filter(move |statement| has_users || !statement.users.is_empty())
        });
        statements.flat_map(Statement::uris).any(|uri| uri.depth_below(resource).is_some())
    }

    /// The resources that records name for the user, with `action` or, without one, with any action.
    pub(crate) fn resources_of(&self, ids: &[String], action: Option<&str>) -> BTreeSet<ResourceUri> {
        let serves = |role: &String| match action {
            Some(action) => self.roles.includes(role, action, Use::Allow),
            None => self.roles.allows_something(role),
        };
        let versions = self.records.active();
        let statements = versions.flat_map(|version| version.record.statements_of(ids).collect::<Vec<&Statement>>());
        statements.filter(|statement| statement.roles.iter().any(serves)).flat_map(Statement::uris).collect()
    }

    fn includes(&self, ids: &[String], resource: &ResourceUri, action: &str, needed: Use) -> bool {
        self.records.active().any(|version| {
            let mut statements = version.record.statements_of(ids);
            statements.any(|statement| {
                statement.roles.iter().any(|role| self.roles.includes(role, action, needed))
                    && statement.uris().any(|uri| uri.covers(resource))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::access_record::AccessRecord;
    use crate::model::role::{OWNER, Permission};

    const NOW_MS: u64 = 1_700_000_000_000;

    fn setup(statements: &[(&str, &str, &str)]) -> (AccessRecords, Roles) {
        let (mut records, mut roles) = (AccessRecords::default(), Roles::default());
        let read = Permission { action: "READ".to_owned(), allow: true, grant: false };
        roles.add("ro_viewer".to_owned(), vec![read]);
        for (index, (user, role, uri)) in statements.iter().enumerate() {
            let statement = Statement::new(role, (*uri).to_owned());
            let record = AccessRecord::for_user(String::new(), "x".to_owned(), (*user).to_owned(), vec![statement]);
            records.create(format!("rec_{index}"), record, NOW_MS).unwrap();
        }
        (records, roles)
    }

    fn ids(id: &str) -> Vec<String> {
        vec![id.to_owned()]
    }

    fn uri(text: &str) -> ResourceUri {
        ResourceUri::parse(text).unwrap()
    }

    #[test]
    fn a_role_gives_its_actions_on_the_resource_and_below() {
        let (records, roles) =
            setup(&[("ada", "ro_viewer", "carts/1"), ("shop", OWNER, "carts"), ("eve", "ro_none", "*")]);
        let access = Access { records: &records, roles: &roles };
        assert!(access.allows(&ids("ada"), &uri("carts/1/items"), "read"));
        assert!(!access.allows(&ids("ada"), &uri("carts/1"), "UPDATE"));
        assert!(!access.allows(&ids("ada"), &uri("carts"), "READ"));
        assert!(access.allows(&ids("shop"), &uri("carts/2"), "anything"));
        assert!(!access.allows(&ids("eve"), &uri("carts/2"), "READ"));
    }

    #[test]
    fn only_owners_give_access_to_others() {
        let (records, roles) = setup(&[("ada", "ro_viewer", "carts"), ("shop", OWNER, "carts")]);
        let access = Access { records: &records, roles: &roles };
        let statement = |role: &str, uri: &str| [Statement::new(role, uri.to_owned())];
        assert!(access.can_grant(&ids("shop"), &statement("ro_viewer", "carts/1")));
        assert!(access.can_grant(&ids("shop"), &statement("ro_unknown", "carts/1")));
        assert!(!access.can_grant(&ids("shop"), &statement(OWNER, "orders/1")));
        assert!(!access.can_grant(&ids("shop"), &statement(OWNER, "*")));
        assert!(!access.can_grant(&ids("ada"), &statement("ro_viewer", "carts/1")));
    }

    #[test]
    fn the_owner_of_a_collection_has_claimed_none_of_its_resources() {
        let (records, roles) = setup(&[("shop", OWNER, "carts"), ("ada", "ro_viewer", "carts/1/items")]);
        let access = Access { records: &records, roles: &roles };
        assert!(access.is_claimed(&uri("carts/1")) && !access.is_claimed(&uri("carts/2")));
    }

    #[test]
    fn the_resources_of_a_user_are_those_that_records_name() {
        let (records, roles) =
            setup(&[("ada", "ro_viewer", "/carts/1/"), ("ada", OWNER, "orders"), ("ada", "ro_none", "x")]);
        let access = Access { records: &records, roles: &roles };
        let texts = |action| access.resources_of(&ids("ada"), action).iter().map(ResourceUri::text).collect::<Vec<_>>();
        assert_eq!(texts(None), ["carts/1", "orders"]);
        assert_eq!(texts(Some("DELETE")), ["orders"]);
    }
}
