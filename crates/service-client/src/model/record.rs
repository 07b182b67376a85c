//! Access records: who has which roles for which resources.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::page::{Collection, Pagination};
use super::statement::{GroupReference, Statement, UserReference, null_as_default};
use crate::values::{RecordId, received};

/// An access record as Authress has it.
///
/// To change one, read it, change its `content`, and pass it to
/// [`ManagementClient::update_record`](crate::ManagementClient::update_record), which fails if it was changed in between.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessRecord {
    /// The record's id.
    #[serde(deserialize_with = "received")]
    pub record_id: RecordId,
    /// When the record was changed, as Authress wrote it. An update sends it back unchanged.
    #[serde(default)]
    pub last_updated: Option<String>,
    /// Whether the record is in force.
    #[serde(default)]
    pub status: Option<RecordStatus>,
    /// How full the record is: 0 to 1. A record has about 100 KB.
    #[serde(default)]
    pub capacity: Option<f64>,
    /// What an update can change.
    #[serde(flatten)]
    pub content: RecordContent,
}

/// What an access record grants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordContent {
    /// A name for people, 1 to 128 characters.
    pub name: String,
    /// A description for people, at most 1,024 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The users of all statements, at most 1,000. Users and groups stand either here or in the statements, not in both.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<UserReference>,
    /// The users who may edit the record, at most 100.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub admins: Vec<UserReference>,
    /// The groups of all statements, at most 100.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupReference>,
    /// The statements, 1 to 100.
    pub statements: Vec<Statement>,
    /// Names and values of the application's own, at most 128 characters each.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// What this crate does not know. It is kept when the record is updated.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl RecordContent {
    /// A record with a name and statements, without users.
    pub fn new(name: impl Into<String>, statements: impl IntoIterator<Item = Statement>) -> Self {
        Self {
            name: name.into(),
            description: None,
            users: Vec::new(),
            admins: Vec::new(),
            groups: Vec::new(),
            statements: statements.into_iter().collect(),
            tags: BTreeMap::new(),
            other: Map::new(),
        }
    }

    /// Returns whether both grant the same. What this crate does not know is not compared: it contains links and an
    /// account, which Authress writes.
    pub(crate) fn grants_the_same_as(&self, other: &Self) -> bool {
        let without_unknown = |content: &Self| Self { other: Map::new(), ..content.clone() };
        without_unknown(self) == without_unknown(other)
    }
}

/// Whether a record is in force.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum RecordStatus {
    /// The record grants access.
    Active,
    /// The record was deleted: Authress keeps it, and it grants nothing.
    Deleted,
    /// A status that this crate does not know.
    Other(String),
}

impl From<String> for RecordStatus {
    fn from(text: String) -> Self {
        match text.as_str() {
            "ACTIVE" => Self::Active,
            "DELETED" => Self::Deleted,
            _ => Self::Other(text),
        }
    }
}

impl RecordStatus {
    /// Returns Authress's word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Active => "ACTIVE",
            Self::Deleted => "DELETED",
            Self::Other(text) => text,
        }
    }
}

/// Which records are listed. The default is all that the service client can read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListRecords {
    /// A text to search for, 1 to 64 characters.
    pub filter: Option<String>,
    /// Only records of this status.
    pub status: Option<RecordStatus>,
}

/// The body of requests that create or update a record. What only Authress writes is left out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) record_id: Option<&'a RecordId>,
    #[serde(flatten)]
    pub(crate) content: &'a RecordContent,
}

#[derive(Debug, Deserialize)]
pub(crate) struct RecordCollection {
    records: Vec<AccessRecord>,
    #[serde(default)]
    pagination: Option<Pagination>,
}

impl Collection for RecordCollection {
    type Item = AccessRecord;

    fn into_parts(self) -> (Vec<AccessRecord>, Option<Pagination>) {
        (self.records, self.pagination)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn received_json() -> Value {
        json!({
            "recordId": "rec_1",
            "name": "Carts",
            "description": null,
            "capacity": 0.5,
            "lastUpdated": "2026-01-02T03:04:05.678Z",
            "status": "ACTIVE",
            "account": {"accountId": "acc-1"},
            "users": [{"userId": "user_1", "addedBy": "admin"}],
            "admins": null,
            "statements": [{
                "roles": ["Authress:Owner"],
                "resources": [{"resourceUri": "carts/cart_1", "note": 1}],
                "condition": {"unknown": [1, 2]},
            }],
            "tags": {"shop": "a"},
            "future": true,
        })
    }

    #[test]
    fn unknown_members_of_every_level_survive_a_read_and_a_write() {
        let record: AccessRecord = serde_json::from_value(received_json()).unwrap();
        assert_eq!(record.status, Some(RecordStatus::Active));
        let sent = serde_json::to_value(RecordBody { record_id: Some(&record.record_id), content: &record.content });
        assert_eq!(
            sent.unwrap(),
            json!({
                "recordId": "rec_1",
                "name": "Carts",
                "account": {"accountId": "acc-1"},
                "users": [{"userId": "user_1", "addedBy": "admin"}],
                "statements": [{
                    "roles": ["Authress:Owner"],
                    "resources": [{"resourceUri": "carts/cart_1", "note": 1}],
                    "condition": {"unknown": [1, 2]},
                }],
                "tags": {"shop": "a"},
                "future": true,
            })
        );
    }

    #[test]
    fn a_record_with_values_outside_the_documented_grammar_stays_readable() {
        let mut json = received_json();
        json["users"][0]["userId"] = "über user\t1".into();
        json["statements"][0]["resources"][0]["resourceUri"] = "a//b".into();
        json["status"] = "ARCHIVED".into();
        let record: AccessRecord = serde_json::from_value(json).unwrap();
        assert_eq!(record.content.users[0].user_id.as_str(), "über user\t1");
        assert_eq!(record.status.unwrap().as_str(), "ARCHIVED");
    }

    #[test]
    fn what_authress_adds_does_not_make_two_records_different() {
        let record: AccessRecord = serde_json::from_value(received_json()).unwrap();
        let mut other = record.content.clone();
        other.other.insert("links".to_owned(), json!({"self": {"href": "https://example.com"}}));
        assert!(record.content.grants_the_same_as(&other));
        other.users.clear();
        assert!(!record.content.grants_the_same_as(&other));
    }
}
