//! Identifiers of users, invites, records, roles and others.

use std::fmt;

use authress_secret::Secret;
use serde::{Deserialize, Deserializer};

use super::text_value::{InvalidValue, Received, text_value};

text_value!(
    /// A user's id, for example `user_…` or `google-oauth2|1095…`.
    ///
    /// Authress documents at most 64 characters for the requests that have the id in their path, and 128 for those that
    /// have it in their body. This type allows 128; Authress refuses a longer one in a path.
    UserId,
    "user id",
    "1 to 128 letters, digits, spaces or characters of + . _ | / ~ : @ - (and not . or .. alone)",
    |text| has_length(text, 128) && !is_dot_segment(text) && consists_of(text, b"+._|/~:@ -")
);

text_value!(
    /// The user id that the taker of an invite gets: narrower than [`UserId`].
    InviteUserId,
    "linked user id of an invite",
    "1 to 32 letters, digits, _ or -",
    |text| has_length(text, 32) && consists_of(text, b"_-")
);

text_value!(
    /// An access record's id.
    RecordId,
    "record id",
    "1 to 100 letters, digits or characters of - _ : | ~",
    |text| has_length(text, 100) && consists_of(text, b"-_:|~")
);

text_value!(
    /// The last segment of a resource URI: one resource in a collection.
    ///
    /// It never contains `/` or `*`, so that a value from a request cannot name another resource than one of the
    /// collection. See `child` of the resource URI.
    ResourceId,
    "resource id",
    "1 to 128 letters, digits or characters of - _ . + = ~ | @ (and not . or .. alone)",
    |text| has_length(text, 128) && !is_dot_segment(text) && consists_of(text, RESOURCE_CHARACTERS)
);

text_value!(
    /// A role's id, for example `Authress:Owner`.
    Role,
    "role",
    "1 to 64 letters, digits or characters of - . _ : @",
    |text| has_length(text, 64) && consists_of(text, b"-._:@")
);

text_value!(
    /// A permission, for example `READ`, `documents:update` or `*`. Authress compares it without regard to case.
    Permission,
    "permission",
    "1 to 64 characters: parts of letters, digits, _ and -, or *, separated by colons",
    |text| has_length(text, 64) && text.split(':').all(|part| part == "*" || is_word(part))
);

text_value!(
    /// A group's id.
    GroupId,
    "group id",
    "1 to 64 letters, digits, _ or -",
    |text| has_length(text, 64) && consists_of(text, b"_-")
);

text_value!(
    /// A tenant's id.
    TenantId,
    "tenant id",
    "1 to 128 letters, digits or characters of - _ . :",
    |text| has_length(text, 128) && consists_of(text, b"-_.:")
);

/// An invite's id.
///
/// Who has it can accept the invite and gets its access and its user id: it is a secret, and prints as `[redacted]`. Send
/// it to the invited person only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteId(Secret);

impl InviteId {
    /// Checks the text: 1 to 256 visible ASCII characters (and not `.` or `..` alone).
    ///
    /// # Errors
    /// [`InvalidValue`].
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidValue> {
        let text = text.into();
        if has_length(&text, 256) && !is_dot_segment(&text) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(Secret::new(text)))
        } else {
            Err(InvalidValue {
                name: "invite id",
                allowed: "1 to 256 visible ASCII characters (and not . or .. alone)",
            })
        }
    }

    /// Returns the id itself, for the link that is sent to the invited person.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// As [`InviteId::new`].
impl<'de> Deserialize<'de> for InviteId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Received for InviteId {
    fn received(text: String) -> Self {
        Self(Secret::new(text))
    }
}

impl Received for Secret {
    fn received(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for InviteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The punctuation in the segments of resource URIs.
pub(super) const RESOURCE_CHARACTERS: &[u8] = b"-_.+=~|@";

pub(super) fn has_length(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
}

pub(super) fn consists_of(text: &str, punctuation: &[u8]) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || punctuation.contains(&byte))
}

/// Returns whether a URL parser would resolve the text instead of taking it as a path segment, also if it is encoded.
pub(super) fn is_dot_segment(text: &str) -> bool {
    matches!(text, "." | "..")
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && consists_of(text, b"_-")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that each text is accepted or rejected.
    fn check<T>(new: impl Fn(&str) -> Result<T, InvalidValue>, accepted: &[&str], rejected: &[&str]) {
        for text in accepted {
            assert!(new(text).is_ok(), "{text:?}");
        }
        for text in rejected {
            let error = new(text).err().unwrap_or_else(|| panic!("{text:?} is accepted"));
            assert!(error.to_string().starts_with("the ") && !error.allowed.is_empty());
        }
    }

    #[test]
    fn user_ids_are_those_of_real_providers() {
        let longest = "a".repeat(128);
        check(
            |text| UserId::new(text),
            &["user_1", "google-oauth2|1095", "slack|T0/U1", "a b", "x@example.com", "a:b~c+d.e", &longest],
            &["", ".", "..", "ü", "a\nb", "a?b", "a#b", "a%2Fb", "a\\b", &"a".repeat(129)],
        );
    }

    #[test]
    fn the_user_id_of_an_invite_is_short_and_narrow() {
        let longest = "a".repeat(32);
        check(|text| InviteUserId::new(text), &["user_1-A", &longest], &["", "a|b", "a.b", "a b", &"a".repeat(33)]);
    }

    #[test]
    fn record_ids_have_no_dots_and_no_slashes() {
        let longest = "a".repeat(100);
        check(|text| RecordId::new(text), &["rec_1:a|b~c", &longest], &["", "a.b", "a/b", "..", &"a".repeat(101)]);
    }

    #[test]
    fn a_resource_id_is_one_segment() {
        check(
            |text| ResourceId::new(text),
            &["cart_1", "a.b", "...", "a@b"],
            &["", ".", "..", "a/b", "*", "a:*", "a:b"],
        );
    }

    #[test]
    fn roles_and_permissions_may_be_scoped() {
        check(|text| Role::new(text), &["Authress:Owner", "role.a@1"], &["", "*", "a b", &"a".repeat(65)]);
        check(
            |text| Permission::new(text),
            &["READ", "*", "documents:*", "documents:read", "*:read"],
            &["", ":", "a:", ":a", "a*", "**", "a.b", "a/b", &"a".repeat(65)],
        );
    }

    #[test]
    fn groups_and_tenants_have_their_grammar() {
        check(|text| GroupId::new(text), &["grp_a-b"], &["", "a.b", &"a".repeat(65)]);
        check(|text| TenantId::new(text), &["ten.a:b"], &["", "a/b", &"a".repeat(129)]);
    }

    #[test]
    fn an_invite_id_prints_redacted() {
        let invite_id = InviteId::new("inv_secret").unwrap();
        assert_eq!(format!("{invite_id} {invite_id:?}"), "[redacted] InviteId([redacted])");
        assert_eq!(invite_id.expose(), "inv_secret");
        check(|text| InviteId::new(text), &["a/b"], &["", ".", "..", "a b", "a\n", &"a".repeat(257)]);
    }

    #[test]
    fn reading_an_identifier_applies_its_rule() {
        assert_eq!(serde_json::from_str::<UserId>("\"user_1\"").unwrap().as_str(), "user_1");
        let error = serde_json::from_str::<RecordId>("\"a/b\"").unwrap_err().to_string();
        assert!(error.contains("record id") && !error.contains("a/b"), "{error}");
    }
}
