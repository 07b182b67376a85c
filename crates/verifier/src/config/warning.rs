//! Warnings about settings that are valid but suspicious.

use std::fmt;

use super::settings::variable;

/// A setting that is valid but suspicious. It prints no value of any setting but the ids of the access key, which are not
/// secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigWarning {
    /// A variable has the prefix of a group of settings, but is not a setting.
    UnknownVariable {
        /// Its name.
        name: String,
    },
    /// `authress.api_url` names a host of Authress that is not the login host of the access key's account.
    ApiUrlOfOtherAccount {
        /// The account of the access key.
        account_id: String,
    },
    /// `authress.api_url` names no custom domain, so that sessions cannot be renewed.
    NoCustomDomain,
    /// The file in `authress.next_access_key_file` contains no next key.
    NoNextKey(NoNextKey),
    /// `human_check.secret` is a secret that the provider publishes for tests.
    TestSecret,
}

/// Why there is no next key: usually because a rotation is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoNextKey {
    /// The file does not exist.
    Missing,
    /// The file is empty.
    Empty,
    /// The file contains the current access key.
    SameKey,
}

impl ConfigWarning {
    /// Returns the code of the warning.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownVariable { .. } => "UnknownVariable",
            Self::ApiUrlOfOtherAccount { .. } => "ApiUrlOfOtherAccount",
            Self::NoCustomDomain => "NoCustomDomain",
            Self::NoNextKey(NoNextKey::Missing) => "NextKeyMissing",
            Self::NoNextKey(NoNextKey::Empty) => "NextKeyEmpty",
            Self::NoNextKey(NoNextKey::SameKey) => "NextKeyIsTheSame",
            Self::TestSecret => "TestSecret",
        }
    }
}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code())?;
        match self {
            Self::UnknownVariable { name } => {
                write!(f, "the environment variable {name} is not a setting of this program. --help lists all settings")
            }
            Self::ApiUrlOfOtherAccount { account_id } => write!(
                f,
                "AUTHRESS_API_URL names a host below authress.io, but the access key's account logs in at \
                 https://{account_id}.login.authress.io. Use that host, or the account's custom domain"
            ),
            Self::NoCustomDomain => f.write_str(
                "AUTHRESS_API_URL names no custom domain. Sessions at authress.io cannot be renewed: an anonymous \
                 shopper loses the cart after 24 hours at most. See step 1 of docs/set-up.md",
            ),
            Self::NoNextKey(reason) => {
                let file = variable("authress.next_access_key_file");
                let reason = match reason {
                    NoNextKey::Missing => "does not exist",
                    NoNextKey::Empty => "is empty",
                    NoNextKey::SameKey => "contains the current access key",
                };
                write!(f, "the file in {file} {reason}, so there is no next key. This is normal after a rotation")
            }
            Self::TestSecret => f.write_str(
                "the human check uses a secret that its provider publishes for tests, so programs pass it. Use the \
                 widget's own secret in production",
            ),
        }
    }
}
