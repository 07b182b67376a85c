//! Access records: `/v1/records`.

use serde_json::{Value, json};

use super::caller::{Caller, authenticate};
use super::pagination::PageRequest;
use super::{account, check_filter, forbidden, invalid, links, matches_filter};
use crate::clock::{parse_rfc3339, rfc3339_ms};
use crate::endpoints::query::Query;
use crate::entropy::Entropy;
use crate::error::ApiError;
use crate::model::access_record::{AccessRecord, Statement};
use crate::model::access_records::{IdTaken, MAX_LAG_MS, RecordStatus, RecordVersion, ReplaceError};
use crate::request_context::RequestContext;
use crate::state::State;

/// The largest record, in bytes of JSON.
const MAX_RECORD_BYTES: usize = 100 * 1024;

/// The most records of a page.
const MAX_PAGE: usize = 20;

/// Authress's own resource that stands for all records.
const RECORDS: &str = "Authress:AccessRecords";

/// `POST /v1/records`.
pub(crate) fn create(
    state: &mut State,
    context: &RequestContext,
    record: AccessRecord,
    entropy: &mut Entropy,
) -> Result<Value, ApiError> {
    let caller = authenticate(state, context)?;
    check(&record)?;
    check_grants(state, &caller, &record.statements)?;
    let id = record.record_id.clone().unwrap_or_else(|| format!("rec_{}", entropy.id()));
    let taken =
        |IdTaken| ApiError::new(409, "AccessRecordAlreadyExists", "A record has this recordId; choose another.");
    let version = state.access_records.create(id, record, context.now_ms).map_err(taken)?;
    Ok(record_json(state, &version))
}

/// `GET /v1/records/{id}`, also of a deleted record.
pub(crate) fn get(state: &State, context: &RequestContext, id: &str) -> Result<Value, ApiError> {
    let caller = authenticate(state, context)?;
    let version = state.access_records.get(id).ok_or_else(not_found)?;
    check_access(state, &caller, version, "READ")?;
    Ok(record_json(state, version))
}

/// `PUT /v1/records/{id}`. `unmodified_since` is the `lastUpdated` that the caller knows.
pub(crate) fn update(
    state: &mut State,
    context: &RequestContext,
    id: &str,
    record: AccessRecord,
    unmodified_since: Option<&str>,
) -> Result<Value, ApiError> {
    let caller = authenticate(state, context)?;
    let parse = |text| {
        let title = "If-Unmodified-Since is the record's lastUpdated, like 2030-01-31T12:00:00.000Z.";
        parse_rfc3339(text).ok_or_else(|| invalid(title))
    };
    let unmodified_since_ms = unmodified_since.map(parse).transpose()?;
    check(&record)?;
    let version = state.access_records.get(id).ok_or_else(not_found)?;
    check_access(state, &caller, version, "UPDATE")?;
    if version.record.statements != record.statements {
        check_grants(state, &caller, &record.statements)?;
    }
    let replaced = state.access_records.replace(id, record, unmodified_since_ms, context.now_ms);
    let version = replaced.map_err(|error| match error {
        ReplaceError::NotFound => not_found(),
        ReplaceError::ChangedSince => {
            let title = "The record was changed since; read it again and repeat the change.";
            ApiError::new(412, "PreconditionFailed", title)
        }
    })?;
    Ok(record_json(state, &version))
}

/// `DELETE /v1/records/{id}`.
pub(crate) fn delete(state: &mut State, context: &RequestContext, id: &str) -> Result<(), ApiError> {
    let caller = authenticate(state, context)?;
    let version = state.access_records.get(id).ok_or_else(not_found)?;
    check_access(state, &caller, version, "DELETE")?;
    state.access_records.delete(id, context.now_ms);
    Ok(())
}

/// `GET /v1/records`: those that the caller can read, as they were some time ago if the dialect's lists lag.
pub(crate) fn list(
    state: &State,
    context: &RequestContext,
    query: &Query,
    entropy: &mut Entropy,
) -> Result<Value, ApiError> {
    let caller = authenticate(state, context)?;
    let page = PageRequest::read(query, MAX_PAGE)?;
    let parse = |text| RecordStatus::parse(text).ok_or_else(|| invalid("status is ACTIVE or DELETED."));
    let status = query.get("status").map(parse).transpose()?;
    let filter = query.get("filter").unwrap_or_default();
    check_filter(filter)?;
    if !state.access().knows(&caller.ids()) {
        return Err(forbidden("The caller has no access that records give."));
    }
    let lag_ms = state.dialect.list_lag_seconds.saturating_mul(1000).min(MAX_LAG_MS);
    let versions = state.access_records.as_of(context.now_ms.saturating_sub(lag_ms));
    let wanted = versions.filter(|version| status.is_none_or(|status| version.status == status));
    let readable = wanted.filter(|version| has_access(state, &caller, version, "READ"));
    let entries = readable.map(|version| (version.id.clone(), record_json(state, version)));
    let matching = entries.filter(|(_, record)| filter.is_empty() || matches_filter(record, filter));
    let seed = state.dialect.shuffles_lists.then(|| entropy.id());
    Ok(page.cut(matching, seed).body(state, "records", "/v1/records", query))
}

fn check(record: &AccessRecord) -> Result<(), ApiError> {
    if size(record) > MAX_RECORD_BYTES {
        let title = "A record has at most 100 KB; make another one for the rest.";
        return Err(ApiError::new(413, "AccessRecordTooLarge", title));
    }
    record.check().map_err(invalid)
}

fn check_grants(state: &State, caller: &Caller, statements: &[Statement]) -> Result<(), ApiError> {
    if state.access().can_grant(&caller.ids(), statements) {
        return Ok(());
    }
    Err(forbidden("User does not have sufficient access to grant permissions to resources"))
}

/// # Errors
/// 403, or 404 for a user to whom no record gives anything.
fn check_access(state: &State, caller: &Caller, version: &RecordVersion, action: &str) -> Result<(), ApiError> {
    if has_access(state, caller, version, action) {
        return Ok(());
    }
    match caller {
        Caller::User { .. } if !state.access().knows(&caller.ids()) => Err(not_found()),
        Caller::User { .. } | Caller::ServiceClient { .. } => {
            Err(forbidden(format!("The caller needs {action} on Authress:AccessRecords, or to be the record's admin.")))
        }
    }
}

/// Administrators of the record have access, and callers who could make the record.
fn has_access(state: &State, caller: &Caller, version: &RecordVersion, action: &str) -> bool {
    let ids = caller.ids();
    version.record.is_admin(&ids)
        || caller.may(state, action, RECORDS, Some(&version.id))
        || state.access().can_grant(&ids, &version.record.statements)
}

fn not_found() -> ApiError {
    ApiError::new(404, "AccessRecordNotFound", "No access record with this id exists, or it was deleted.")
}

fn record_json(state: &State, version: &RecordVersion) -> Value {
    // A record of texts and lists can always be written.
    let mut body = serde_json::to_value(&version.record).unwrap_or_default();
    if let Some(fields) = body.as_object_mut() {
        fields.insert("recordId".to_owned(), json!(version.id));
        fields.insert("status".to_owned(), json!(version.status.as_str()));
        fields.insert("lastUpdated".to_owned(), json!(rfc3339_ms(version.last_updated_ms)));
        fields.insert("capacity".to_owned(), json!(capacity(&version.record)));
        fields.insert("account".to_owned(), account());
        fields.insert("links".to_owned(), links(state, &format!("/v1/records/{}", version.id)));
    }
    body
}

/// How full a record is, from 0 to 1, in hundredths.
fn capacity(record: &AccessRecord) -> f64 {
    let hundredths = u32::try_from(size(record).saturating_mul(100) / MAX_RECORD_BYTES).unwrap_or(100);
    f64::from(hundredths.min(100)) / 100.0
}

fn size(record: &AccessRecord) -> usize {
    serde_json::to_vec(record).map_or(usize::MAX, |json| json.len())
}
