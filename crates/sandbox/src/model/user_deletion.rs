//! Deletions of users that are accepted and not done yet.

/// The users to delete, each with its time in milliseconds since 1970.
#[derive(Debug, Default)]
pub(crate) struct UserDeletions(Vec<(u64, String)>);

impl UserDeletions {
    /// Deletes the user at this time. An earlier request for the same user stays as it is.
    pub(crate) fn add(&mut self, user_id: &str, due_ms: u64) {
        if !self.0.iter().any(|(_, id)| id == user_id) {
            self.0.push((due_ms, user_id.to_owned()));
        }
    }

    /// Takes those whose time has come.
    pub(crate) fn take_due(&mut self, now_ms: u64) -> Vec<String> {
        self.0.extract_if(.., |(due_ms, _)| *due_ms <= now_ms).map(|(_, id)| id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deletion_is_due_once_at_its_first_time() {
        let mut deletions = UserDeletions::default();
        deletions.add("user_1", 1000);
        deletions.add("user_1", 5000);
        assert!(deletions.take_due(999).is_empty());
        assert_eq!(deletions.take_due(1000), ["user_1"]);
        assert!(deletions.take_due(9000).is_empty());
    }
}
