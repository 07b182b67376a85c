//! Access records and users over Authress's management API.

use authress_service_client::{
    AccessRecord, InvalidValue, ListRecords, ManagementClient, ManagementError, RecordContent, RecordId, RecordStatus,
    UserId,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{AccessRecords, RecordsError, StoredRecord, Written};
use crate::unavailable::Unavailable;

/// The access records and users of an account. Its service client needs permission to list access records, to change
/// those that name anonymous users, and to read and delete users.
#[derive(Clone, Debug)]
pub struct AuthressRecords(ManagementClient);

impl AuthressRecords {
    /// Requests nothing yet.
    pub fn new(client: ManagementClient) -> Self {
        Self(client)
    }

    /// Lists all active records: the API cannot search for a user, and its text filter is not documented to cover users.
    async fn naming(&self, user: &str) -> Result<Vec<String>, RecordsError> {
        let query = ListRecords { filter: None, status: Some(RecordStatus::Active) };
        let listing = self.0.list_records(&query, MAX_RECORDS).await.map_err(unavailable)?;
        if !listing.is_complete {
            return Err(RecordsError::Unavailable(Unavailable {
                code: "TooManyRecords".to_owned(),
                advice: format!("the account has more than {MAX_RECORDS} access records; delete those without users"),
            }));
        }
        let naming = listing.items.into_iter().filter(|record| names(&record.content, user));
        Ok(naming.map(|record| record.record_id.as_str().to_owned()).collect())
    }

    async fn read(&self, id: &str) -> Result<Option<StoredRecord>, RecordsError> {
        match self.0.get_record(&record_id(id)?).await {
            Ok(AccessRecord { status: Some(RecordStatus::Deleted), .. }) | Err(ManagementError::NotFound(_)) => {
                Ok(None)
            }
            Ok(AccessRecord { last_updated, content, .. }) => {
                let record = serde_json::to_value(content).map_err(|_| unreadable())?;
                Ok(Some(StoredRecord { record, version: last_updated }))
            }
            Err(error) => Err(of_record(id, error)),
        }
    }

    async fn write(&self, id: &str, stored: StoredRecord) -> Result<Written, RecordsError> {
        let content: RecordContent = serde_json::from_value(stored.record).map_err(|_| unreadable())?;
        let record = AccessRecord {
            record_id: record_id(id)?,
            last_updated: stored.version,
            status: None,
            capacity: None,
            content,
        };
        match self.0.update_record(&record).await {
            Ok(_) => Ok(Written::Saved),
            // Also if it was deleted in between: the next read shows it.
            Err(ManagementError::Changed(_) | ManagementError::NotFound(_)) => Ok(Written::Changed),
            Err(error) => Err(of_record(id, error)),
        }
    }

    /// A verifier's statement has no profile, so an anonymous user has none; a provider's identity has.
    async fn has_identity(&self, user: &str) -> Result<bool, RecordsError> {
        match self.0.get_user(&user_id(user)?).await {
            Ok(identity) => Ok(identity.email.is_some() || identity.name.is_some() || identity.picture.is_some()),
            Err(ManagementError::NotFound(_)) => Ok(false),
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn delete_user(&self, user: &str) -> Result<(), RecordsError> {
        match self.0.delete_user(&user_id(user)?).await {
            Ok(()) | Err(ManagementError::NotFound(_)) => Ok(()),
            Err(ManagementError::Forbidden(_)) => Err(RecordsError::UserRefused { user: user.to_owned() }),
            Err(error) => Err(unavailable(error)),
        }
    }
}

impl AccessRecords for AuthressRecords {
    fn naming<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<Vec<String>, RecordsError>> {
        self.naming(user).boxed()
    }

    fn read<'a>(&'a self, record: &'a str) -> BoxFuture<'a, Result<Option<StoredRecord>, RecordsError>> {
        self.read(record).boxed()
    }

    fn write<'a>(&'a self, id: &'a str, record: StoredRecord) -> BoxFuture<'a, Result<Written, RecordsError>> {
        self.write(id, record).boxed()
    }

    fn has_identity<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<bool, RecordsError>> {
        self.has_identity(user).boxed()
    }

    fn delete_user<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<(), RecordsError>> {
        self.delete_user(user).boxed()
    }
}

fn names(content: &RecordContent, user: &str) -> bool {
    let of_statements = content.statements.iter().flat_map(|statement| &statement.users);
    content.users.iter().chain(&content.admins).chain(of_statements).any(|named| named.user_id.as_str() == user)
}

fn of_record(id: &str, error: ManagementError) -> RecordsError {
    match error {
        ManagementError::Forbidden(_) => RecordsError::RecordRefused { record: id.to_owned() },
        ManagementError::TooLarge(_) => RecordsError::RecordTooLarge { record: id.to_owned() },
        other => unavailable(other),
    }
}

fn unavailable(error: ManagementError) -> RecordsError {
    RecordsError::Unavailable(Unavailable { code: error.code().to_owned(), advice: error.to_string() })
}

fn invalid(error: InvalidValue) -> RecordsError {
    unavailable(error.into())
}

fn user_id(text: &str) -> Result<UserId, RecordsError> {
    UserId::new(text).map_err(invalid)
}

fn record_id(text: &str) -> Result<RecordId, RecordsError> {
    RecordId::new(text).map_err(invalid)
}

fn unreadable() -> RecordsError {
    RecordsError::Unavailable(Unavailable {
        code: "UnreadableRecord".to_owned(),
        advice: "an access record does not have the documented form after the user was replaced".to_owned(),
    })
}

/// A listing of that many takes 500 requests.
const MAX_RECORDS: usize = 10_000;
