//! Roles: which actions they allow, and which their holders may give to others.

use std::collections::HashMap;

/// Authress's role for everything.
pub(crate) const OWNER: &str = "Authress:Owner";

/// A permission of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Permission {
    /// `*`, or words with `:` between them. A parent implies its children: `Invites` implies `Invites:Create`. The case
    /// does not matter.
    pub(crate) action: String,
    /// Whether the user may do it.
    pub(crate) allow: bool,
    /// Whether the user may give the permission to others.
    pub(crate) grant: bool,
}

/// What a permission is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// To do it.
    Allow,
    /// To give it to others.
    Grant,
}

/// The roles by id: `Authress:Owner` and those of the configuration.
#[derive(Debug)]
pub(crate) struct Roles(HashMap<String, Vec<Permission>>);

impl Default for Roles {
    fn default() -> Self {
        let owner = Permission { action: "*".to_owned(), allow: true, grant: true };
        Self(HashMap::from([(OWNER.to_owned(), vec![owner])]))
    }
}

impl Roles {
    /// Adds a role, or replaces the one with this id.
    pub(crate) fn add(&mut self, id: String, permissions: Vec<Permission>) {
        self.0.insert(id, permissions);
    }

    /// Whether a role includes an action. A role that does not exist includes nothing.
    pub(crate) fn includes(&self, role: &str, action: &str, needed: Use) -> bool {
        let serves = |permission: &&Permission| match needed {
            Use::Allow => permission.allow,
            Use::Grant => permission.grant,
        };
        self.0.get(role).is_some_and(|list| list.iter().filter(serves).any(|one| implies(&one.action, action)))
    }

    /// Whether a role allows anything at all.
    pub(crate) fn allows_something(&self, role: &str) -> bool {
        self.0.get(role).is_some_and(|list| list.iter().any(|permission| permission.allow))
    }

    /// The actions that the holder of a role gets. A role that does not exist counts as all: it may come to exist.
    pub(crate) fn actions(&self, role: &str) -> Vec<&str> {
        self.0.get(role).map_or_else(|| vec!["*"], |list| list.iter().map(|one| one.action.as_str()).collect())
    }
}

/// Whether a permission for `granted` is one for `asked`.
fn implies(granted: &str, asked: &str) -> bool {
    let granted = granted.to_ascii_lowercase();
    let asked = asked.to_ascii_lowercase();
    let granted = granted.strip_suffix(":*").unwrap_or(&granted);
    granted == "*" || asked.strip_prefix(granted).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_action_implies_its_children_in_any_case() {
        for (granted, asked) in
            [("*", "READ"), ("*", "*"), ("Invites", "invites:create"), ("a:*", "A"), ("READ", "read")]
        {
            assert!(implies(granted, asked), "{granted} {asked}");
        }
        for (granted, asked) in [("READ", "*"), ("Invites:Create", "Invites"), ("READ", "READER"), ("a:*", "ab")] {
            assert!(!implies(granted, asked), "{granted} {asked}");
        }
    }

    #[test]
    fn a_permission_to_give_is_none_to_do() {
        let mut roles = Roles::default();
        let read = Permission { action: "READ".to_owned(), allow: false, grant: true };
        roles.add("ro_giver".to_owned(), vec![read]);
        assert!(roles.includes("ro_giver", "READ", Use::Grant) && !roles.includes("ro_giver", "READ", Use::Allow));
        assert!(roles.includes(OWNER, "anything", Use::Allow) && !roles.includes("ro_none", "READ", Use::Allow));
    }
}
