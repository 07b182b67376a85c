//! All access records, with the past that a list that lags behind still shows.

use crate::bounded_map::BoundedMap;
use crate::model::access_record::AccessRecord;

/// The longest that a list lags behind, in milliseconds: the five minutes that Authress documents.
pub(crate) const MAX_LAG_MS: u64 = 5 * 60 * 1000;

const MAX_RECORDS: usize = 20_000;

/// The records by id.
#[derive(Debug)]
pub(crate) struct AccessRecords(BoundedMap<String, History>);

/// The versions of a record, oldest first: the newest one and those that a list may still show.
#[derive(Debug)]
struct History(Vec<RecordVersion>);

/// A version of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordVersion {
    pub(crate) id: String,
    pub(crate) record: AccessRecord,
    pub(crate) status: RecordStatus,
    /// In milliseconds since 1970; different in every version of a record.
    pub(crate) last_updated_ms: u64,
}

/// Whether a record gives access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordStatus {
    Active,
    /// It stays readable and gives no access.
    Deleted,
}

/// A record with this id exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IdTaken;

/// Why a record is not replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReplaceError {
    /// There is none with this id, or it was deleted.
    NotFound,
    /// It was changed after the time that the caller knows.
    ChangedSince,
}

impl Default for AccessRecords {
    fn default() -> Self {
        Self(BoundedMap::new(MAX_RECORDS))
    }
}

impl AccessRecords {
    /// Adds a record. A deleted record keeps its id.
    pub(crate) fn create(&mut self, id: String, record: AccessRecord, now_ms: u64) -> Result<RecordVersion, IdTaken> {
        if self.0.contains(&id) {
            return Err(IdTaken);
        }
        let version = RecordVersion { id: id.clone(), record, status: RecordStatus::Active, last_updated_ms: now_ms };
        self.0.insert(id, History(vec![version.clone()]));
        Ok(version)
    }

    /// The newest version.
    pub(crate) fn get(&self, id: &str) -> Option<&RecordVersion> {
        self.0.get(&id.to_owned()).and_then(History::newest)
    }

    /// Replaces a record, if it was not changed after `unmodified_since_ms`.
    pub(crate) fn replace(
        &mut self,
        id: &str,
        record: AccessRecord,
        unmodified_since_ms: Option<u64>,
        now_ms: u64,
    ) -> Result<RecordVersion, ReplaceError> {
        let newest = self.get(id).filter(|version| version.status == RecordStatus::Active);
        let newest = newest.ok_or(ReplaceError::NotFound)?;
        if unmodified_since_ms.is_some_and(|known_ms| known_ms < newest.last_updated_ms) {
            return Err(ReplaceError::ChangedSince);
        }
        let next = RecordVersion { record, ..newest.clone() };
        self.push(next, now_ms).ok_or(ReplaceError::NotFound)
    }

    /// Deletes a record; `false` if there is none. To delete it again changes nothing.
    pub(crate) fn delete(&mut self, id: &str, now_ms: u64) -> bool {
        let Some(newest) = self.get(id).cloned() else { return false };
        if newest.status == RecordStatus::Active {
            self.push(RecordVersion { status: RecordStatus::Deleted, ..newest }, now_ms);
        }
        true
    }

    /// Removes a user from all records.
    pub(crate) fn remove_user(&mut self, user_id: &str, now_ms: u64) {
        let changed: Vec<RecordVersion> = self
            .active()
            .filter_map(|version| {
                let mut next = version.clone();
                next.record.remove_user(user_id).then_some(next)
            })
            .collect();
        for version in changed {
            self.push(version, now_ms);
        }
    }

    /// The records that give access now, oldest first.
    pub(crate) fn active(&self) -> impl Iterator<Item = &RecordVersion> {
        let newest = self.0.iter().filter_map(|(_, history)| history.newest());
        newest.filter(|version| version.status == RecordStatus::Active)
    }

    /// The records as they were at this time, at most [`MAX_LAG_MS`] ago; oldest first.
    pub(crate) fn as_of(&self, time_ms: u64) -> impl Iterator<Item = &RecordVersion> {
        self.0.iter().filter_map(move |(_, history)| history.as_of(time_ms))
    }

    fn push(&mut self, next: RecordVersion, now_ms: u64) -> Option<RecordVersion> {
        let history = self.0.get_mut(&next.id)?;
        // Two changes in one millisecond must not have the same time: `If-Unmodified-Since` could not tell them apart.
        let last_updated_ms = now_ms.max(next.last_updated_ms + 1);
        let version = RecordVersion { last_updated_ms, ..next };
        history.forget_before(now_ms.saturating_sub(MAX_LAG_MS));
        history.0.push(version.clone());
        Some(version)
    }
}

impl History {
    fn newest(&self) -> Option<&RecordVersion> {
        self.0.last()
    }

    fn as_of(&self, time_ms: u64) -> Option<&RecordVersion> {
        self.0.iter().rev().find(|version| version.last_updated_ms <= time_ms)
    }

    /// Keeps the version of this time and all later ones.
    fn forget_before(&mut self, time_ms: u64) {
        let kept_from = self.0.iter().rposition(|version| version.last_updated_ms <= time_ms).unwrap_or_default();
        self.0.drain(..kept_from);
    }
}

impl RecordStatus {
    /// As the API writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Deleted => "DELETED",
        }
    }

    /// Reads what the API writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Deleted].into_iter().find(|status| status.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_700_000_000_000;

    fn named(name: &str) -> AccessRecord {
        AccessRecord { name: name.to_owned(), ..AccessRecord::default() }
    }

    fn records() -> AccessRecords {
        let mut records = AccessRecords::default();
        records.create("rec_1".to_owned(), named("one"), NOW_MS).unwrap();
        records
    }

    fn names_at(records: &AccessRecords, time_ms: u64) -> Vec<&str> {
        records.as_of(time_ms).map(|version| version.record.name.as_str()).collect()
    }

    #[test]
    fn a_deleted_record_keeps_its_id_and_gives_no_access() {
        let mut records = records();
        assert!(records.delete("rec_1", NOW_MS) && records.delete("rec_1", NOW_MS) && !records.delete("rec_2", NOW_MS));
        assert_eq!(records.active().count(), 0);
        assert_eq!(records.get("rec_1").map(|version| version.status), Some(RecordStatus::Deleted));
        assert_eq!(records.create("rec_1".to_owned(), named("again"), NOW_MS), Err(IdTaken));
        assert_eq!(records.replace("rec_1", named("again"), None, NOW_MS), Err(ReplaceError::NotFound));
    }

    #[test]
    fn a_change_that_the_caller_does_not_know_is_kept() {
        let mut records = records();
        let second = records.replace("rec_1", named("two"), Some(NOW_MS), NOW_MS).unwrap();
        assert_eq!(second.last_updated_ms, NOW_MS + 1);
        let lost = records.replace("rec_1", named("three"), Some(NOW_MS), NOW_MS + 5);
        assert_eq!(lost, Err(ReplaceError::ChangedSince));
        assert!(records.replace("rec_1", named("three"), Some(NOW_MS + 1), NOW_MS + 5).is_ok());
        assert!(records.replace("rec_1", named("four"), None, NOW_MS + 5).is_ok());
    }

    #[test]
    fn the_past_is_kept_for_five_minutes() {
        let mut records = records();
        for (name, later_ms) in [("two", 1000), ("three", 2000), ("four", MAX_LAG_MS + 1500)] {
            records.replace("rec_1", named(name), None, NOW_MS + later_ms).unwrap();
        }
        assert!(names_at(&records, NOW_MS - 1).is_empty());
        assert!(names_at(&records, NOW_MS).is_empty(), "forgotten");
        assert_eq!(names_at(&records, NOW_MS + 1500), ["two"]);
        assert_eq!(names_at(&records, NOW_MS + MAX_LAG_MS), ["three"]);
        assert_eq!(names_at(&records, NOW_MS + MAX_LAG_MS + 1500), ["four"]);
    }
}
