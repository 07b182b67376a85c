//! What can be wrong with the settings.

use std::fmt;
use std::io;
use std::ops::RangeInclusive;

use super::settings::variable;
use crate::decision::{AccessKeyError, AuthressDomainError, KeysDiffer};
use crate::shared_store::InvalidStoreUrl;

/// What is wrong with the settings.
///
/// Prints no value of any setting: the access key may have been put into the wrong one.
#[derive(Debug)]
pub enum ConfigError {
    /// A variable is not UTF-8.
    NotUnicode {
        /// The setting.
        key: &'static str,
    },
    /// The configuration file cannot be read.
    UnreadableFile(io::ErrorKind),
    /// The configuration file is not TOML.
    InvalidFile {
        /// Where the parser gave up, from 1 on.
        line: Option<usize>,
        /// What it stumbled over.
        reason: InvalidToml,
    },
    /// A variable that only a setting of this program can have meant, and that is none.
    UnknownVariable {
        /// Its name.
        name: String,
        /// The setting that it is most like.
        meant: Option<&'static str>,
    },
    /// A name in the configuration file that is a setting but for its capitals.
    SettingInCapitals {
        /// The setting.
        key: &'static str,
    },
    /// The configuration file has a setting that does not exist.
    UnknownSetting {
        /// Its name.
        key: String,
    },
    /// The configuration file holds a secret.
    SecretInFile {
        /// The setting.
        key: &'static str,
    },
    /// A value is of the wrong form or out of range.
    Invalid {
        /// The name under which it was set.
        name: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A number is none, or out of its range.
    InvalidNumber {
        /// The name under which it was set.
        name: String,
        /// The range.
        range: RangeInclusive<u32>,
    },
    /// The URL of Redis cannot be used.
    InvalidStoreUrl {
        /// The name under which it, or its file, was set.
        source: String,
        /// Whether it stands in a file that the setting names.
        is_file: bool,
        /// Why.
        reason: InvalidStoreUrl,
    },
    /// `authress.api_url` is not set.
    MissingApiUrl,
    /// `authress.api_url` is not an Authress domain.
    InvalidApiUrl(AuthressDomainError),
    /// Neither `authress.access_key` nor `authress.access_key_file` is set.
    MissingAccessKey,
    /// Both are set, and they might differ.
    TwoAccessKeys,
    /// A file with a secret cannot be read or is far too large.
    UnreadableSecretFile {
        /// The setting that names the file.
        key: &'static str,
        /// Why.
        reason: io::ErrorKind,
    },
    /// Others than the owner and the group can read a file with a secret, or others can write it.
    SecretFileTooOpen {
        /// The setting that names the file.
        key: &'static str,
        /// Its permissions.
        mode: u32,
    },
    /// The access key cannot be used.
    InvalidAccessKey {
        /// The setting it came from.
        key: &'static str,
        /// Which part is wrong.
        reason: AccessKeyError,
    },
    /// The access key is of another service client than `authress.client_id`.
    ClientIdMismatch {
        /// The client the access key is of.
        client_id_of_key: String,
    },
    /// The next access key cannot follow the first.
    NextKeyDiffers(KeysDiffer),
}

/// What a parser of TOML stumbled over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidToml {
    /// A name or a table that was there before.
    Doubled,
    /// Anything else.
    Other,
}

impl ConfigError {
    /// The stable name of this failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotUnicode { .. } => "NotUnicode",
            Self::UnreadableFile(_) => "UnreadableConfigFile",
            Self::InvalidFile { .. } => "InvalidConfigFile",
            Self::UnknownSetting { .. } | Self::SettingInCapitals { .. } => "UnknownSetting",
            Self::UnknownVariable { .. } => "UnknownVariable",
            Self::SecretInFile { .. } => "SecretInConfigFile",
            Self::Invalid { .. } | Self::InvalidNumber { .. } | Self::InvalidStoreUrl { .. } => "InvalidSetting",
            Self::MissingApiUrl => "MissingApiUrl",
            Self::InvalidApiUrl(_) => "InvalidApiUrl",
            Self::MissingAccessKey => "MissingAccessKey",
            Self::TwoAccessKeys => "TwoAccessKeys",
            Self::UnreadableSecretFile { .. } => "UnreadableSecretFile",
            Self::SecretFileTooOpen { .. } => "SecretFileTooOpen",
            Self::InvalidAccessKey { reason, .. } => reason.code(),
            Self::ClientIdMismatch { .. } => "ClientIdMismatch",
            Self::NextKeyDiffers(KeysDiffer::OtherClient) => "NextKeyOfOtherClient",
            Self::NextKeyDiffers(KeysDiffer::SameKey) => "NextKeyIsTheSame",
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code())?;
        match self {
            Self::NotUnicode { key } => write!(f, "{} is not valid UTF-8. Set it again", variable(key)),
            Self::UnreadableFile(reason) => {
                write!(f, "the file named by --config cannot be read: {reason}. Name a readable TOML file")
            }
            Self::InvalidFile { line, reason } => {
                let place = line.map(|line| format!(" in line {line}")).unwrap_or_default();
                match reason {
                    InvalidToml::Doubled => {
                        write!(f, "the configuration file has a setting or a [table] twice{place}. Remove one of them")
                    }
                    InvalidToml::Other => {
                        write!(f, "the configuration file is not TOML{place}. Put texts into quotation marks")
                    }
                }
            }
            Self::UnknownVariable { name, meant } => {
                // What begins like a setting may still be a secret in the wrong place.
                let is_plain = name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                let named = if is_plain { name.as_str() } else { "a variable that begins like a setting" };
                write!(f, "{named} is in the environment and is no setting of this program. ")?;
                match meant {
                    Some(key) => write!(f, "Did you mean {}?", variable(key)),
                    None => f.write_str("Remove it from this program's environment; --help lists all settings"),
                }
            }
            Self::SettingInCapitals { key } => {
                write!(f, "names in the configuration file are in lower case: write {key}")
            }
            Self::UnknownSetting { key } => {
                // A key is a bare word in a file; anything else may be a secret in the wrong place.
                let is_plain = key.len() <= 64 && key.bytes().all(|byte| byte.is_ascii_lowercase() || b"_.".contains(&byte));
                let named = if is_plain { key.as_str() } else { "a name that" };
                write!(f, "{named} in the configuration file is no setting. --help lists them all")
            }
            Self::SecretInFile { key } => write!(
                f,
                "{key} does not belong into the configuration file. Put it into a file of its own and name that in \
                 {key}_file, or set {}",
                variable(key)
            ),
            Self::Invalid { name, expected } => write!(f, "{name} must be {expected}"),
            Self::InvalidNumber { name, range } => {
                write!(f, "{name} must be a whole number from {} to {}", range.start(), range.end())
            }
            Self::InvalidStoreUrl { source, is_file: false, reason } => write!(f, "{source} {reason}"),
            Self::InvalidStoreUrl { source, is_file: true, reason } => {
                write!(f, "the URL in the file named by {source} {reason}")
            }
            Self::MissingApiUrl => write!(
                f,
                "AUTHRESS_API_URL is not set. Set it to the Authress custom domain, such as https://login.example.com"
            ),
            Self::InvalidApiUrl(reason) => write!(f, "AUTHRESS_API_URL {reason}"),
            Self::MissingAccessKey => f.write_str(
                "neither AUTHRESS_ACCESS_KEY nor AUTHRESS_ACCESS_KEY_FILE is set. \
                 Create an access key for the service client in Authress and set one of them",
            ),
            Self::TwoAccessKeys => {
                f.write_str("AUTHRESS_ACCESS_KEY and AUTHRESS_ACCESS_KEY_FILE are both set. Remove one of them")
            }
            Self::UnreadableSecretFile { key, reason } => write!(
                f,
                "the file named by {} cannot be read: {reason}. \
                 Set it to the path of a readable file that holds this one text and nothing else",
                variable(key)
            ),
            Self::SecretFileTooOpen { key, mode } => write!(
                f,
                "the file named by {} can be read or changed by others (mode {mode:03o}). Run chmod 600 on it",
                variable(key)
            ),
            Self::InvalidAccessKey { key, reason } => write!(f, "{}: {reason}", variable(key)),
            Self::ClientIdMismatch { client_id_of_key } => write!(
                f,
                "the access key is of the service client {client_id_of_key}, but AUTHRESS_CLIENT_ID is another one. \
                 Use an access key of that client or correct AUTHRESS_CLIENT_ID"
            ),
            Self::NextKeyDiffers(KeysDiffer::OtherClient) => f.write_str(
                "the key in AUTHRESS_NEXT_ACCESS_KEY_FILE is of another service client or account than the first. \
                 Create it for the same service client",
            ),
            Self::NextKeyDiffers(KeysDiffer::SameKey) => f.write_str(
                "the key in AUTHRESS_NEXT_ACCESS_KEY_FILE is the first one. Remove it, or put the new key into its file",
            ),
        }
    }
}

impl std::error::Error for ConfigError {}
