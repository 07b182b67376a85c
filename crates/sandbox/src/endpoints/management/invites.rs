//! Invites: `/v1/invites`, and what their acceptance gives.

use serde::Deserialize;
use serde_json::{Value, json};

use super::caller::{Caller, authenticate, authenticate_user};
use super::{account, forbidden, invalid, links};
use crate::clock::{parse_rfc3339, rfc3339_ms};
use crate::entropy::Entropy;
use crate::error::ApiError;
use crate::model::access_record::{AccessRecord, Statement};
use crate::model::invite::{
    ConflictResolution, DEFAULT_LIFETIME_S, Invite, InviteContent, MAX_LIFETIME_S, MIN_LIFETIME_S, is_linked_user_id,
};
use crate::request_context::RequestContext;
use crate::state::State;

/// The most statements of an invite.
const MAX_STATEMENTS: usize = 100;

/// Authress's own resource that stands for all invites.
const INVITES: &str = "Authress:Invites";

/// The body of `POST /v1/invites`. Unknown and read-only fields are ignored.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InviteBody {
    linked_user_id: Option<String>,
    #[serde(default)]
    statements: Vec<Statement>,
    /// An instant in RFC 3339.
    expiry_time: Option<String>,
    default_login_tenant_id: Option<String>,
    conflict_resolution_strategy: Option<ConflictResolution>,
}

/// `POST /v1/invites`.
///
/// The caller must be able to give others the access of the statements. An invite that names a user id or an expiry, or
/// has no statements, needs `Invites:Create` on `Authress:Invites`.
pub(crate) fn create(
    state: &mut State,
    context: &RequestContext,
    body: InviteBody,
    entropy: &mut Entropy,
) -> Result<Value, ApiError> {
    let caller = authenticate(state, context)?;
    let InviteBody { linked_user_id, mut statements, expiry_time, default_login_tenant_id, .. } = body;
    if linked_user_id.as_deref().is_some_and(|id| !is_linked_user_id(id)) {
        return Err(invalid("linkedUserId is 1 to 32 of the characters a-z, A-Z, 0-9, _ and -."));
    }
    if statements.len() > MAX_STATEMENTS {
        return Err(invalid("An invite has at most 100 statements."));
    }
    for statement in &mut statements {
        // The statements of an invite are for the person who accepts it.
        statement.users.clear();
        statement.groups.clear();
        statement.check().map_err(invalid)?;
    }
    let expires_at_ms = match &expiry_time {
        None => context.now_ms + DEFAULT_LIFETIME_S * 1000,
        Some(text) => expiry(text, context.now_ms)?,
    };
    let needs_permission = statements.is_empty() || linked_user_id.is_some() || expiry_time.is_some();
    if needs_permission && !caller.may(state, "Invites:Create", INVITES, None) {
        return Err(forbidden("The caller needs the permission Invites:Create on Authress:Invites."));
    }
    if !state.access().can_grant(&caller.ids(), &statements) {
        return Err(forbidden("User does not have sufficient access to grant permissions to resources"));
    }
    let content = InviteContent {
        linked_user_id,
        statements,
        default_login_tenant_id,
        conflict_resolution_strategy: body.conflict_resolution_strategy,
        made_by: caller.ids(),
    };
    let id = format!("inv_{}", entropy.id());
    state.invites.add(id.clone(), expires_at_ms, content);
    let invite = state.invites.acceptable(&id, context.now_ms)?;
    Ok(invite_json(state, &id, invite))
}

/// `GET /v1/invites/{id}`. An invite that was used or has expired is gone.
pub(crate) fn get(state: &State, context: &RequestContext, id: &str) -> Result<Value, ApiError> {
    let caller = authenticate(state, context)?;
    let invite = state.invites.acceptable(id, context.now_ms).map_err(gone)?;
    check_access(state, &caller, id, invite, "Invites:Read")?;
    Ok(invite_json(state, id, invite))
}

/// `DELETE /v1/invites/{id}`. A login that began with the invite goes on without it.
pub(crate) fn delete(state: &mut State, context: &RequestContext, id: &str) -> Result<(), ApiError> {
    let caller = authenticate(state, context)?;
    let invite = state.invites.acceptable(id, context.now_ms).map_err(gone)?;
    check_access(state, &caller, id, invite, "Invites:Delete")?;
    state.invites.remove(id);
    Ok(())
}

/// `PATCH /v1/invites/{id}`: the user of the token accepts the invite and keeps the user id.
pub(crate) fn respond(
    state: &mut State,
    context: &RequestContext,
    id: &str,
    entropy: &mut Entropy,
) -> Result<Value, ApiError> {
    let user_id = authenticate_user(state, context)?;
    state.invites.acceptable(id, context.now_ms).map_err(gone)?;
    accept(state, id, &user_id, context.now_ms, entropy);
    let mut body = account();
    if let Some(fields) = body.as_object_mut() {
        fields.insert("company".to_owned(), json!({}));
        fields.insert("links".to_owned(), links(state, "/v1/accounts"));
    }
    Ok(body)
}

/// Uses an acceptable invite for this user: its statements become an access record.
pub(crate) fn accept(state: &mut State, id: &str, user_id: &str, now_ms: u64, entropy: &mut Entropy) {
    let Ok(invite) = state.invites.acceptable(id, now_ms) else { return };
    let statements = invite.content.statements.clone();
    state.invites.mark_used(id);
    if statements.is_empty() {
        return;
    }
    let record_id = format!("rec_{}", entropy.id());
    let name = format!("Invite {id}").chars().take(128).collect();
    let record = AccessRecord::for_user(record_id.clone(), name, user_id.to_owned(), statements);
    // A random id is free.
    let _ = state.access_records.create(record_id, record, now_ms);
}

fn expiry(text: &str, now_ms: u64) -> Result<u64, ApiError> {
    let time_ms = parse_rfc3339(text).ok_or_else(|| invalid("expiryTime must be a time like 2030-01-31T12:00:00Z."))?;
    let lifetime_ms = time_ms.saturating_sub(now_ms);
    if !(MIN_LIFETIME_S * 1000..=MAX_LIFETIME_S * 1000).contains(&lifetime_ms) {
        return Err(invalid("expiryTime is five minutes to 30 days from now; check the clock."));
    }
    Ok(time_ms)
}

/// The management API documents one error for an invite that cannot be accepted.
fn gone(error: ApiError) -> ApiError {
    ApiError::new(404, "InviteNotFound", error.title)
}

fn check_access(state: &State, caller: &Caller, id: &str, invite: &Invite, action: &str) -> Result<(), ApiError> {
    let is_maker = caller.ids().iter().any(|id| invite.content.made_by.contains(id));
    if is_maker || caller.may(state, action, INVITES, Some(id)) {
        return Ok(());
    }
    Err(forbidden(format!("The caller needs the permission {action} on Authress:Invites.")))
}

fn invite_json(state: &State, id: &str, invite: &Invite) -> Value {
    let InviteContent { linked_user_id, statements, default_login_tenant_id, conflict_resolution_strategy, .. } =
        &invite.content;
    let mut body = json!({
        "inviteId": id,
        "linkedUserId": linked_user_id,
        "statements": statements,
        "defaultLoginTenantId": default_login_tenant_id,
        "conflictResolutionStrategy": conflict_resolution_strategy,
        "expiryTime": rfc3339_ms(invite.expires_at_ms),
        "links": links(state, &format!("/v1/invites/{id}")),
    });
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    body
}
