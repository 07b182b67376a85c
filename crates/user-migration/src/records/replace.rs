//! Replaces a user in access records.

use serde_json::Value;

use super::{AccessRecords, RecordsError, Written};
use crate::step::Outcome;

/// Replaces `from` by `to` in every list of users of an access record: those of the record, its administrators, and
/// those of its statements. A list is a set: if it has `to` already, `from` is removed. Returns whether the record has
/// changed.
pub fn replace_user(record: &mut Value, from: &str, to: &str) -> bool {
    let mut is_changed = false;
    for list in ["users", "admins"] {
        is_changed |= replace_in_list(record.get_mut(list), from, to);
    }
    for statement in record.get_mut("statements").and_then(Value::as_array_mut).into_iter().flatten() {
        is_changed |= replace_in_list(statement.get_mut("users"), from, to);
    }
    is_changed
}

fn replace_in_list(list: Option<&mut Value>, from: &str, to: &str) -> bool {
    let Some(users) = list.and_then(Value::as_array_mut) else { return false };
    let is = |user: &Value, id: &str| user.get("userId").and_then(Value::as_str) == Some(id);
    if !users.iter().any(|user| is(user, from)) {
        return false;
    }
    if !users.iter().any(|user| is(user, to))
        && let Some(id) = users.iter_mut().find(|user| is(user, from)).and_then(|user| user.get_mut("userId"))
    {
        *id = Value::from(to);
    }
    users.retain(|user| !is(user, from));
    true
}

/// Replaces `from` by `to` in every listed record, until a list has none to change. `now` reads the clock, in seconds
/// since 1970.
pub(crate) async fn replace_in_all(
    records: &dyn AccessRecords,
    from: &str,
    to: &str,
    now: fn() -> i64,
) -> Result<Outcome, RecordsError> {
    let mut changed = 0;
    for _ in 0..LISTINGS {
        let listed_at = now();
        let before = changed;
        for id in records.naming(from).await? {
            changed += usize::from(replace_in_one(records, &id, from, to).await?);
        }
        // Old lists show records that are changed already, and lists in an unstable order may leave records out.
        if changed == before {
            return Ok(Outcome::RecordsReplaced { changed, listed_at });
        }
    }
    // Records keep appearing. As some were changed, they will be listed again before the user is deleted.
    Ok(Outcome::RecordsReplaced { changed, listed_at: now() })
}

/// Returns whether the record had to be changed.
async fn replace_in_one(records: &dyn AccessRecords, id: &str, from: &str, to: &str) -> Result<bool, RecordsError> {
    for _ in 0..ATTEMPTS {
        let Some(mut stored) = records.read(id).await? else { return Ok(false) };
        if !replace_user(&mut stored.record, from, to) {
            return Ok(false);
        }
        match records.write(id, stored).await? {
            Written::Saved => return Ok(true),
            Written::Changed => {}
        }
    }
    Err(RecordsError::RecordKeepsChanging { record: id.to_owned() })
}

/// The most listings at one time.
const LISTINGS: usize = 20;

/// Attempts to write a record that others change at the same time.
const ATTEMPTS: usize = 10;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn users(ids: &[&str]) -> Value {
        ids.iter().map(|id| json!({ "userId": id })).collect()
    }

    #[test]
    fn a_user_is_replaced_at_every_level_and_the_rest_stays() {
        let mut record = json!({
            "recordId": "r", "name": "Shop", "users": users(&["a", "c"]), "admins": users(&["a"]),
            "groups": [{ "groupId": "a" }], "tags": { "a": "a" },
            "statements": [
                { "roles": ["a"], "resources": [{ "resourceUri": "a" }], "users": users(&["b", "a"]) },
                { "roles": ["Owner"], "resources": [{ "resourceUri": "carts/a" }] },
            ],
        });
        assert!(replace_user(&mut record, "a", "b"));
        let expected = json!({
            "recordId": "r", "name": "Shop", "users": users(&["b", "c"]), "admins": users(&["b"]),
            "groups": [{ "groupId": "a" }], "tags": { "a": "a" },
            "statements": [
                { "roles": ["a"], "resources": [{ "resourceUri": "a" }], "users": users(&["b"]) },
                { "roles": ["Owner"], "resources": [{ "resourceUri": "carts/a" }] },
            ],
        });
        assert_eq!(record, expected);
        assert!(!replace_user(&mut record, "a", "b"));
        assert_eq!(record, expected);
    }

    #[test]
    fn records_of_an_unknown_form_do_not_change() {
        for record in [json!(null), json!([]), json!({ "users": "a", "statements": [1, { "users": ["a"] }] })] {
            let mut same = record.clone();
            assert!(!replace_user(&mut same, "a", "b"));
            assert_eq!(same, record);
        }
    }

    fn ids(list: &Value) -> Vec<String> {
        list.as_array().unwrap().iter().map(|user| user["userId"].as_str().unwrap().to_owned()).collect()
    }

    proptest! {
        #[test]
        fn others_keep_their_places_and_the_new_user_has_exactly_the_access_of_both(
            list in prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "d", "e"]), 0..8)
        ) {
            let mut record = json!({ "users": users(&list) });
            let is_changed = replace_user(&mut record, "a", "b");
            let after = ids(&record["users"]);
            prop_assert_eq!(is_changed, list.contains(&"a"));
            prop_assert!(!after.contains(&"a".to_owned()));
            prop_assert_eq!(after.contains(&"b".to_owned()), list.contains(&"a") || list.contains(&"b"));
            let others = |ids: &[String]| ids.iter().filter(|id| !["a", "b"].contains(&id.as_str())).cloned().collect::<Vec<_>>();
            prop_assert_eq!(others(&after), others(&list.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>()));
            prop_assert!(after.len() <= list.len(), "no limit of Authress is exceeded");
        }
    }
}
