//! Access records: who has which roles for which resources. Their form and its limits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::resource_uri::ResourceUri;
use crate::model::service_client::follows_grammar;

/// The longest name, in characters.
const MAX_NAME_CHARS: usize = 128;
/// The longest description, in characters.
const MAX_DESCRIPTION_CHARS: usize = 1024;
/// The most users of a record.
const MAX_USERS: usize = 1000;
/// The most administrators, groups and statements of a record, of roles and resources of a statement, and of users of
/// one.
const MAX_ENTRIES: usize = 100;
/// The most groups of a statement.
const MAX_STATEMENT_GROUPS: usize = 10;
/// The longest role id, in characters.
const MAX_ROLE_CHARS: usize = 64;
/// The longest value of a tag, in characters.
const MAX_TAG_CHARS: usize = 128;
/// The longest record id, in characters.
const MAX_RECORD_ID_CHARS: usize = 100;

/// The part of an access record that its maker writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) record_id: Option<String>,
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// Those to whom every statement applies.
    #[serde(default)]
    pub(crate) users: Vec<RecordUser>,
    /// Those who may change the record.
    #[serde(default)]
    pub(crate) admins: Vec<RecordUser>,
    /// Kept and not evaluated: the sandbox has no groups.
    #[serde(default)]
    pub(crate) groups: Vec<RecordGroup>,
    pub(crate) statements: Vec<Statement>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tags: BTreeMap<String, String>,
}

/// A user of a record or statement: a user id, or `Authress:ServiceClients/{clientId}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordUser {
    pub(crate) user_id: String,
}

/// A group of a record or statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordGroup {
    pub(crate) group_id: String,
}

/// Roles for resources.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Statement {
    pub(crate) roles: Vec<String>,
    pub(crate) resources: Vec<StatementResource>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) users: Vec<RecordUser>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) groups: Vec<RecordGroup>,
}

/// A resource of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatementResource {
    pub(crate) resource_uri: String,
}

impl AccessRecord {
    /// A record that gives one user these statements.
    pub(crate) fn for_user(record_id: String, name: String, user_id: String, statements: Vec<Statement>) -> Self {
        let users = vec![RecordUser { user_id }];
        Self { record_id: Some(record_id), name, users, statements, ..Self::default() }
    }

    /// Checks the limits.
    ///
    /// # Errors
    /// A sentence about the first field that is not valid.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.record_id.as_deref().is_some_and(|id| !is_record_id(id)) {
            return Err("recordId is 1 to 100 of the characters a-z, A-Z, 0-9 and -_:|~.".to_owned());
        }
        if self.name.is_empty() || is_longer(&self.name, MAX_NAME_CHARS) {
            return Err("name has 1 to 128 characters.".to_owned());
        }
        if self.description.as_deref().is_some_and(|text| is_longer(text, MAX_DESCRIPTION_CHARS)) {
            return Err("description has at most 1,024 characters.".to_owned());
        }
        if self.users.len() > MAX_USERS || self.admins.len() > MAX_ENTRIES || self.groups.len() > MAX_ENTRIES {
            return Err("A record has at most 1,000 users, 100 admins and 100 groups; make another record.".to_owned());
        }
        self.users.iter().chain(&self.admins).try_for_each(RecordUser::check)?;
        self.groups.iter().try_for_each(RecordGroup::check)?;
        if self.tags.values().any(|value| is_longer(value, MAX_TAG_CHARS)) {
            return Err("The value of a tag has at most 128 characters.".to_owned());
        }
        if self.statements.is_empty() || self.statements.len() > MAX_ENTRIES {
            return Err("A record has 1 to 100 statements.".to_owned());
        }
        self.statements.iter().try_for_each(Statement::check)?;
        let is_by_record = !self.users.is_empty() || !self.groups.is_empty();
        let is_by_statement = self.statements.iter().any(|one| !one.users.is_empty() || !one.groups.is_empty());
        if is_by_record && is_by_statement {
            return Err("Name users and groups in the record or in its statements, not in both.".to_owned());
        }
        Ok(())
    }

    /// The statements that apply to any of these ids of one user.
    pub(crate) fn statements_of<'a>(&'a self, ids: &'a [String]) -> impl Iterator<Item = &'a Statement> {
        let names = |users: &[RecordUser]| users.iter().any(|user| ids.contains(&user.user_id));
        let is_user = names(&self.users);
        self.statements.iter().filter(move |statement| is_user || names(&statement.users))
    }

    /// Whether any of these ids is that of an administrator.
    pub(crate) fn is_admin(&self, ids: &[String]) -> bool {
        self.admins.iter().any(|admin| ids.contains(&admin.user_id))
    }

    /// Removes a user from the record. Returns whether it was in it.
    pub(crate) fn remove_user(&mut self, user_id: &str) -> bool {
        let mut was_in = false;
        let lists = self.statements.iter_mut().map(|statement| &mut statement.users);
        for list in lists.chain([&mut self.users, &mut self.admins]) {
            let before = list.len();
            list.retain(|user| user.user_id != user_id);
            was_in |= list.len() < before;
        }
        was_in
    }
}

impl RecordUser {
    fn check(&self) -> Result<(), String> {
        let title = "userId is 1 to 128 of the characters a-z, A-Z, 0-9, +._|/~:@- and white space.";
        if follows_grammar(&self.user_id) { Ok(()) } else { Err(title.to_owned()) }
    }
}

impl RecordGroup {
    fn check(&self) -> Result<(), String> {
        if self.group_id.is_empty() || is_longer(&self.group_id, MAX_NAME_CHARS) {
            return Err("groupId has 1 to 128 characters.".to_owned());
        }
        Ok(())
    }
}

impl Statement {
    /// A statement of one role for one resource.
    pub(crate) fn new(role: &str, resource_uri: String) -> Self {
        let resources = vec![StatementResource { resource_uri }];
        Self { roles: vec![role.to_owned()], resources, ..Self::default() }
    }

    /// Checks the limits.
    pub(crate) fn check(&self) -> Result<(), String> {
        let has_entries = |count: usize| (1..=MAX_ENTRIES).contains(&count);
        if !has_entries(self.roles.len()) || !has_entries(self.resources.len()) {
            return Err("A statement has 1 to 100 roles and 1 to 100 resources.".to_owned());
        }
        if self.roles.iter().any(|role| role.is_empty() || is_longer(role, MAX_ROLE_CHARS)) {
            return Err("A role has 1 to 64 characters.".to_owned());
        }
        if let Some(other) = self.resources.iter().find(|one| ResourceUri::parse(&one.resource_uri).is_none()) {
            return Err(format!("The resourceUri {:?} is not valid.", other.resource_uri));
        }
        if self.users.len() > MAX_ENTRIES || self.groups.len() > MAX_STATEMENT_GROUPS {
            return Err("A statement has at most 100 users and 10 groups.".to_owned());
        }
        self.users.iter().try_for_each(RecordUser::check)?;
        self.groups.iter().try_for_each(RecordGroup::check)
    }

    /// The resources, as far as they are valid.
    pub(crate) fn uris(&self) -> impl Iterator<Item = ResourceUri> {
        self.resources.iter().filter_map(|resource| ResourceUri::parse(&resource.resource_uri))
    }
}

/// Whether an id follows `^[a-zA-Z0-9-_:|~]{1,100}$`.
pub(crate) fn is_record_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_RECORD_ID_CHARS
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_:|~".contains(&byte))
}

fn is_longer(text: &str, chars: usize) -> bool {
    text.chars().count() > chars
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn check(change: impl FnOnce(&mut Value)) -> Result<(), String> {
        let mut record = json!({
            "recordId": "rec:1|~", "name": "Cart", "users": [{ "userId": "slack|T0/U1" }],
            "statements": [{ "roles": ["Authress:Owner"], "resources": [{ "resourceUri": "carts/1" }] }],
        });
        change(&mut record);
        serde_json::from_value::<AccessRecord>(record).map_err(|error| error.to_string())?.check()
    }

    #[test]
    fn the_limits_are_authresss() {
        assert_eq!(check(|_| ()), Ok(()));
        let users = |count: usize| json!(vec![json!({ "userId": "u" }); count]);
        let statement = || json!({ "roles": ["r"], "resources": [{ "resourceUri": "a" }] });
        let with = |name: &str, value: Value| {
            let mut one = statement();
            one[name] = value;
            json!([one])
        };
        assert_eq!(check(|record| record["users"] = users(1000)), Ok(()));
        let cases = [
            ("recordId", json!("rec/1")),
            ("recordId", json!("r".repeat(101))),
            ("name", json!("")),
            ("name", json!("n".repeat(129))),
            ("description", json!("d".repeat(1025))),
            ("users", users(1001)),
            ("admins", users(101)),
            ("users", json!([{ "userId": "user(1)" }])),
            ("users", json!([{ "userId": "u".repeat(129) }])),
            ("groups", json!([{ "groupId": "" }])),
            ("tags", json!({ "a": "t".repeat(129) })),
            ("statements", json!([])),
            ("statements", json!(vec![statement(); 101])),
            ("statements", with("roles", json!([]))),
            ("statements", with("roles", json!(["r".repeat(65)]))),
            ("statements", with("resources", json!([]))),
            ("statements", with("resources", json!([{ "resourceUri": "a b" }]))),
            ("statements", with("users", users(1))),
            ("statements", with("groups", json!(vec![json!({ "groupId": "g" }); 11]))),
        ];
        for (name, value) in cases {
            assert!(check(|record| record[name] = value.clone()).is_err(), "{name} = {value}");
        }
    }

    #[test]
    fn users_of_a_statement_have_only_that_statement() {
        let mut record = AccessRecord {
            statements: vec![Statement::new("ro_a", "a".to_owned()), Statement::new("ro_b", "b".to_owned())],
            ..AccessRecord::default()
        };
        record.statements[1].users = vec![RecordUser { user_id: "u".to_owned() }];
        assert_eq!(record.statements_of(&["u".to_owned()]).count(), 1);
        assert!(record.remove_user("u") && !record.remove_user("u"));
        assert_eq!(record.statements_of(&["u".to_owned()]).count(), 0);
    }
}
