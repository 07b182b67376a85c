//! Access records.

use super::ManagementClient;
use super::lists::all;
use crate::error::ManagementError;
use crate::http::ApiRequest;
use crate::model::{AccessRecord, Cursor, ListRecords, Listing, Page, RecordBody, RecordCollection, RecordContent};
use crate::retry::Deadline;
use crate::values::RecordId;

const PATH: &str = "records";

/// The largest page that Authress allows.
const PAGE_SIZE: &str = "20";

impl ManagementClient {
    /// Lists access records: `GET /v1/records`, all pages up to `max_items`.
    ///
    /// For administration only: Authress limits the rate of these requests more than of others, and changes of the last five
    /// minutes can be missing.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn list_records(
        &self,
        query: &ListRecords,
        max_items: usize,
    ) -> Result<Listing<AccessRecord>, ManagementError> {
        let page = |cursor: Option<Cursor>| async move { self.list_records_page(query, cursor.as_ref()).await };
        all(max_items, |record: &AccessRecord| record.record_id.as_str(), page).await
    }

    /// Lists one page of access records.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn list_records_page(
        &self,
        query: &ListRecords,
        cursor: Option<&Cursor>,
    ) -> Result<Page<AccessRecord>, ManagementError> {
        let parameters = [
            query.filter.as_deref().map(|filter| ("filter", filter)),
            query.status.as_ref().map(|status| ("status", status.as_str())),
        ];
        let request = ApiRequest::get("list_records", self.origin(), &[PATH])?;
        let request = request.with_query(parameters.into_iter().flatten());
        self.page::<RecordCollection>(request, PAGE_SIZE, cursor).await
    }

    /// Reads an access record: `GET /v1/records/{id}`.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn get_record(&self, record_id: &RecordId) -> Result<AccessRecord, ManagementError> {
        self.get_record_until(self.deadline(), record_id).await
    }

    async fn get_record_until(
        &self,
        deadline: Deadline,
        record_id: &RecordId,
    ) -> Result<AccessRecord, ManagementError> {
        let request = ApiRequest::get("get_record", self.origin(), &[PATH, record_id.as_str()])?;
        self.call_until(deadline, &request).await?.json()
    }

    /// Creates an access record: `POST /v1/records`. Without an id, Authress chooses one. Returns the record if the response
    /// contains it; Authress can also accept the request and create the record later (202).
    ///
    /// # Errors
    /// [`ManagementError::Conflict`] if the id exists, [`ManagementError::Forbidden`] if the service client may not grant
    /// this access. Otherwise as in [`ManagementError`]. Choose the id yourself where a response can be lost: then
    /// [`ManagementClient::get_record`] shows whether the record was created.
    pub async fn create_record(
        &self,
        record_id: Option<&RecordId>,
        content: &RecordContent,
    ) -> Result<Option<AccessRecord>, ManagementError> {
        let body = RecordBody { record_id, content };
        let request = ApiRequest::post("create_record", self.origin(), &[PATH], &body)?;
        self.call(&request).await?.json_if_any()
    }

    /// Replaces the content of an access record that was read before: `PUT /v1/records/{id}` with `If-Unmodified-Since`.
    /// Returns the record if the response contains it; to change it again, read it otherwise.
    ///
    /// # Errors
    /// [`ManagementError::Changed`] if the record was changed after it was read. Otherwise as in [`ManagementError`].
    pub async fn update_record(&self, record: &AccessRecord) -> Result<Option<AccessRecord>, ManagementError> {
        let segments = [PATH, record.record_id.as_str()];
        let body = RecordBody { record_id: Some(&record.record_id), content: &record.content };
        let last_updated = record.last_updated.as_deref();
        let request = ApiRequest::put_if_unmodified("update_record", self.origin(), &segments, last_updated, &body)?;
        let deadline = self.deadline();
        let called = self.call_until(deadline, &request).await?;
        if called.response.status == 412 && called.may_have_been_processed {
            // The change that the precondition has found may be that of an earlier try, whose response was lost.
            let current = self.get_record_until(deadline, &record.record_id).await.map_err(uncertain)?;
            if current.content.grants_the_same_as(&record.content) {
                return Ok(Some(current));
            }
        }
        called.json_if_any()
    }

    /// Deletes an access record, which grants nothing then: `DELETE /v1/records/{id}`. Authress keeps it with the status
    /// DELETED.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn delete_record(&self, record_id: &RecordId) -> Result<(), ManagementError> {
        let request = ApiRequest::delete("delete_record", self.origin(), &[PATH, record_id.as_str()])?;
        self.call(&request).await?.deleted()
    }
}

/// The error of a read that should have shown whether a change was made.
fn uncertain(error: ManagementError) -> ManagementError {
    match error {
        ManagementError::Unavailable { outage, details, .. } => {
            ManagementError::Unavailable { outage, may_have_succeeded: true, details }
        }
        ManagementError::RateLimited { retry_after, details, .. } => {
            ManagementError::RateLimited { retry_after, may_have_succeeded: true, details }
        }
        other @ (ManagementError::InvalidValue(_)
        | ManagementError::InvalidRequest(_)
        | ManagementError::Unauthorized { .. }
        | ManagementError::Forbidden(_)
        | ManagementError::NotFound(_)
        | ManagementError::AlreadyClaimed(_)
        | ManagementError::Conflict(_)
        | ManagementError::Changed(_)
        | ManagementError::TooLarge(_)
        | ManagementError::UnexpectedResponse { .. }) => other,
    }
}
