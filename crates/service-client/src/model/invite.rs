//! Invites.

use std::fmt;
use std::time::Duration;

use authress_secret::Secret;
use serde::{Deserialize, Serialize};

use super::statement::{InviteStatement, null_as_default};
use crate::values::{InvalidValue, InviteId, InviteUserId, TenantId, UserId, received, received_option};

/// An invite to be created. The default is one without a user id and without access.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewInvite {
    /// The user id that the taker gets when the login completes. Authress ignores it for a person who has signed up
    /// before.
    pub linked_user_id: Option<InviteUserId>,
    /// The access that the taker gets, at most 100 statements.
    pub statements: Vec<InviteStatement>,
    /// How long the invite can be accepted. Without it, Authress's default of 7 days holds; with it, the service client
    /// needs the permission `Invites:Create` for `Authress:Invites`.
    pub lifetime: Option<InviteLifetime>,
    /// The tenant that the login selects.
    pub default_login_tenant_id: Option<TenantId>,
    /// What happens if the taker's access record exists and cannot be merged safely. Default at Authress:
    /// [`ConflictResolution::GenerateNewRecord`].
    pub conflict_resolution: Option<ConflictResolution>,
}

/// How long an invite can be accepted: 5 minutes to 30 days.
///
/// An invite grants access to anyone who has it, and also after access was taken away: keep it short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InviteLifetime(Duration);

impl InviteLifetime {
    /// Checks the duration: 5 minutes to 30 days.
    ///
    /// # Errors
    /// [`InvalidValue`].
    pub fn new(lifetime: Duration) -> Result<Self, InvalidValue> {
        const DAY: u64 = 24 * 60 * 60;
        if (Duration::from_secs(5 * 60)..=Duration::from_secs(30 * DAY)).contains(&lifetime) {
            Ok(Self(lifetime))
        } else {
            Err(InvalidValue { name: "lifetime of an invite", allowed: "between 5 minutes and 30 days" })
        }
    }

    /// Returns the duration.
    pub fn get(self) -> Duration {
        self.0
    }
}

/// What happens when an invite is accepted by a user whose access record exists and cannot be merged safely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConflictResolution {
    /// A new record with a random id has the invite's statements.
    GenerateNewRecord,
    /// The statements are added to the record. All its users get the invite's access, and the taker gets theirs.
    UnsafeForceMerge,
    /// The record's users and statements are replaced by the invite's.
    ReplaceRecordData,
    /// Nothing is changed, and accepting succeeds.
    SkipChanges,
}

/// The body of the request that creates an invite.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InviteBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    linked_user_id: Option<&'a InviteUserId>,
    statements: &'a [InviteStatement],
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_login_tenant_id: Option<&'a TenantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conflict_resolution_strategy: Option<ConflictResolution>,
}

impl NewInvite {
    /// The JSON of the request. `now` is the time since 1970.
    pub(crate) fn body(&self, now: Duration) -> Result<impl Serialize + '_, InvalidValue> {
        let expiry_time = self.lifetime.map(|lifetime| instant(now.saturating_add(lifetime.get()))).transpose()?;
        Ok(InviteBody {
            linked_user_id: self.linked_user_id.as_ref(),
            statements: &self.statements,
            expiry_time,
            default_login_tenant_id: self.default_login_tenant_id.as_ref(),
            conflict_resolution_strategy: self.conflict_resolution,
        })
    }
}

/// Writes an instant as ISO 8601 wants it. Whether Authress expects an instant or a duration is not documented.
fn instant(since_1970: Duration) -> Result<String, InvalidValue> {
    i64::try_from(since_1970.as_secs())
        .ok()
        .and_then(|seconds| time::OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|instant| instant.format(&time::format_description::well_known::Rfc3339).ok())
        .ok_or(InvalidValue { name: "clock of this server", allowed: "set to a year before 10000" })
}

/// An invite as Authress has it. Its id and the URI that begins its login are secrets.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invite {
    /// The invite's id: the parameter `inviteId` of the login.
    #[serde(deserialize_with = "received")]
    pub invite_id: InviteId,
    /// A URI with which a login that does not use Authress's login client begins (`request_uri`).
    #[serde(default, deserialize_with = "received_option")]
    pub authentication_request_uri: Option<Secret>,
    /// The user id that the taker gets.
    #[serde(default, deserialize_with = "received_option")]
    pub linked_user_id: Option<UserId>,
    /// The access that the taker gets.
    #[serde(default, deserialize_with = "null_as_default")]
    pub statements: Vec<InviteStatement>,
    /// When the invite expires, as Authress writes it.
    #[serde(default)]
    pub expiry_time: Option<String>,
}

impl fmt::Debug for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invite")
            .field("linked_user_id", &self.linked_user_id)
            .field("statements", &self.statements)
            .field("expiry_time", &self.expiry_time)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::values::{ResourceUri, Role};

    const NOW: Duration = Duration::from_secs(1_800_000_000);

    fn body(invite: &NewInvite) -> Value {
        serde_json::to_value(invite.body(NOW).unwrap()).unwrap()
    }

    #[test]
    fn an_invite_without_options_has_empty_statements() {
        assert_eq!(body(&NewInvite::default()), json!({"statements": []}));
    }

    #[test]
    fn an_invite_with_all_options_has_them_in_authresss_words() {
        let invite = NewInvite {
            linked_user_id: Some(InviteUserId::new("user_1").unwrap()),
            statements: vec![InviteStatement::new(
                [Role::new("Authress:Owner").unwrap()],
                [ResourceUri::new("carts/cart_1").unwrap()],
            )],
            lifetime: Some(InviteLifetime::new(Duration::from_secs(3600)).unwrap()),
            default_login_tenant_id: Some(TenantId::new("ten_1").unwrap()),
            conflict_resolution: Some(ConflictResolution::SkipChanges),
        };
        assert_eq!(
            body(&invite),
            json!({
                "linkedUserId": "user_1",
                "statements": [{"roles": ["Authress:Owner"], "resources": [{"resourceUri": "carts/cart_1"}]}],
                "expiryTime": "2027-01-15T09:00:00Z",
                "defaultLoginTenantId": "ten_1",
                "conflictResolutionStrategy": "SKIP_CHANGES",
            })
        );
    }

    #[test]
    fn a_lifetime_is_between_5_minutes_and_30_days() {
        for (seconds, is_valid) in [(299, false), (300, true), (30 * 86_400, true), (30 * 86_400 + 1, false)] {
            assert_eq!(InviteLifetime::new(Duration::from_secs(seconds)).is_ok(), is_valid, "{seconds}");
        }
    }

    #[test]
    fn a_clock_beyond_all_calendars_is_an_error() {
        let lifetime = Some(InviteLifetime::new(Duration::from_secs(300)).unwrap());
        let error = NewInvite { lifetime, ..NewInvite::default() }.body(Duration::MAX).err().unwrap();
        assert!(error.to_string().contains("clock"));
    }

    #[test]
    fn an_invite_prints_neither_its_id_nor_its_uri() {
        let invite: Invite = serde_json::from_value(json!({
            "inviteId": "inv_hunter2",
            "authenticationRequestUri": "urn:hunter2",
            "statements": null,
            "links": {"self": {"href": "https://x.example/v1/invites/inv_hunter2"}},
        }))
        .unwrap();
        assert_eq!(invite.invite_id.expose(), "inv_hunter2");
        assert!(!format!("{invite:?}{invite:#?}").contains("hunter2"));
    }
}
