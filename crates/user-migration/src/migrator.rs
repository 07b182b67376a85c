//! Runs migrations: the only place that calls a journal, data and records.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::MigrationError;
use crate::journal::Journal;
use crate::migration::{Entry, Migration};
use crate::owned_data::OwnedData;
use crate::records::{AccessRecords, RecordsError, replace_in_all};
use crate::step::{Action, Outcome, SETTLING, Step};

/// Runs migrations, and continues those that another process has begun. Cheap to clone.
///
/// A process needs only what its own steps use: a shop's server may move the data and leave the rest to the program
/// `authress-user-migration`, which has the access key. Two may run the same migration at once: each step is idempotent,
/// and the journal goes forward only.
#[derive(Clone)]
pub struct Migrator {
    journal: Arc<dyn Journal>,
    data: Option<Arc<dyn OwnedData>>,
    records: Option<Arc<dyn AccessRecords>>,
    settling: Duration,
    now: fn() -> i64,
}

/// How far a migration has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is finished.
    Finished,
    /// A process that has the shop's data must continue it.
    WaitsForData,
    /// A process that can change access records must continue it.
    WaitsForRecords,
    /// It can be continued after this time, in seconds since 1970: until then, lists of access records may be old.
    WaitsUntil(i64),
}

impl Migrator {
    /// Runs no step yet. `now` reads the clock, in seconds since 1970.
    pub fn new(journal: Arc<dyn Journal>, now: fn() -> i64) -> Self {
        Self { journal, data: None, records: None, settling: SETTLING, now }
    }

    /// Moves data.
    #[must_use]
    pub fn with_data(self, data: Arc<dyn OwnedData>) -> Self {
        Self { data: Some(data), ..self }
    }

    /// Replaces users in access records, and deletes users.
    #[must_use]
    pub fn with_records(self, records: Arc<dyn AccessRecords>) -> Self {
        Self { records: Some(records), ..self }
    }

    /// Changes how long it takes until lists of access records are complete. Default: [`SETTLING`].
    #[must_use]
    pub fn settling_for(self, settling: Duration) -> Self {
        Self { settling, ..self }
    }

    /// Begins a migration, or finds it in the journal, and runs the steps that this process can.
    ///
    /// # Errors
    /// [`MigrationError`]. Unless it was refused, [`Migrator::resume`] continues it.
    pub async fn run(&self, migration: &Migration) -> Result<Progress, MigrationError> {
        let entry = self.journal.begin(migration).await?;
        self.resume(entry).await
    }

    /// Continues a migration.
    ///
    /// # Errors
    /// [`MigrationError`]. It can be resumed.
    pub async fn resume(&self, mut entry: Entry) -> Result<Progress, MigrationError> {
        loop {
            let outcome = match entry.step.action((self.now)()) {
                Action::MoveData => match &self.data {
                    None => return Ok(Progress::WaitsForData),
                    Some(data) => Self::move_data(data.as_ref(), &entry.migration).await?,
                },
                Action::ReplaceRecords => match &self.records {
                    None => return Ok(Progress::WaitsForRecords),
                    Some(records) => {
                        let (from, to) = (entry.migration.from(), entry.migration.to());
                        refuse_account(records.as_ref(), from).await?;
                        replace_in_all(records.as_ref(), from, to, self.now).await?
                    }
                },
                Action::WaitUntil(time) => return Ok(Progress::WaitsUntil(time)),
                Action::DeleteUser => match &self.records {
                    None => return Ok(Progress::WaitsForRecords),
                    Some(records) => {
                        refuse_account(records.as_ref(), entry.migration.from()).await?;
                        records.delete_user(entry.migration.from()).await?;
                        Outcome::UserDeleted
                    }
                },
                Action::Finish => return Ok(Progress::Finished),
            };
            entry = self.journal.record(&entry, entry.step.after(outcome, self.settling)).await?;
        }
    }

    /// Continues all unfinished migrations, the oldest first. One that fails does not stop the others.
    ///
    /// # Errors
    /// [`MigrationError::Journal`] if they cannot be listed.
    pub async fn resume_unfinished(
        &self,
    ) -> Result<Vec<(Migration, Result<Progress, MigrationError>)>, MigrationError> {
        let mut results = Vec::new();
        for entry in self.journal.unfinished().await? {
            results.push((entry.migration.clone(), self.resume(entry).await));
        }
        Ok(results)
    }

    /// Records that the shop has moved the data of a migration that has just begun.
    ///
    /// # Errors
    /// [`MigrationError`].
    pub async fn data_moved(&self, migration: &Migration) -> Result<Entry, MigrationError> {
        let entry = self.journal.begin(migration).await?;
        match entry.step {
            Step::Begun => self.journal.record(&entry, Step::DataMoved).await,
            Step::DataMoved | Step::RecordsReplaced { .. } | Step::RecordsSettled | Step::UserDeleted => Ok(entry),
        }
    }

    async fn move_data(data: &dyn OwnedData, migration: &Migration) -> Result<Outcome, MigrationError> {
        data.move_all(migration.from(), migration.to()).await.map_err(MigrationError::Data)?;
        Ok(Outcome::DataMoved)
    }
}

/// A shopper may link an identity after the migration has begun, with a session from before it. Then the user is an
/// account.
async fn refuse_account(records: &dyn AccessRecords, user: &str) -> Result<(), RecordsError> {
    if records.has_identity(user).await? {
        return Err(RecordsError::UserHasIdentity { user: user.to_owned() });
    }
    Ok(())
}

impl fmt::Debug for Migrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migrator")
            .field("journal", &self.journal)
            .field("data", &self.data)
            .field("records", &self.records)
            .finish_non_exhaustive()
    }
}
