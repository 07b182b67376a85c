//! Errors in the settings.

use std::fmt;
use std::io;
use std::ops::RangeInclusive;

use super::settings::variable;
use crate::decision::{AccessKeyError, AuthressDomainError, NextKeyError};
use crate::shared_store::InvalidStoreUrl;

/// An error in the settings.
///
/// It prints no value of any setting, because the access key may be in the wrong one.
#[derive(Debug)]
pub enum ConfigError {
    /// An environment variable is not UTF-8.
    NotUnicode {
        /// The setting.
        key: &'static str,
    },
    /// The configuration file cannot be read.
    UnreadableFile(io::ErrorKind),
    /// The configuration file is not TOML.
    InvalidFile {
        /// The line of the error, counted from 1.
        line: Option<usize>,
        /// The kind of error.
        reason: InvalidToml,
    },
    /// An environment variable that can only be meant for this program is not a setting.
    UnknownVariable {
        /// Its name.
        name: String,
        /// The most similar setting.
        meant: Option<&'static str>,
    },
    /// A setting in the configuration file is in upper case.
    UpperCaseSetting {
        /// The setting.
        key: &'static str,
    },
    /// The configuration file contains an unknown setting.
    UnknownSetting {
        /// Its name.
        key: String,
    },
    /// The configuration file contains a secret.
    SecretInFile {
        /// The setting.
        key: &'static str,
    },
    /// A value has the wrong form or is out of range.
    Invalid {
        /// The name under which it was set.
        name: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A value is not a number, or is out of range.
    InvalidNumber {
        /// The name under which it was set.
        name: String,
        /// The range.
        range: RangeInclusive<u32>,
    },
    /// The URL of Redis is invalid.
    InvalidStoreUrl {
        /// The name under which the URL or its file was set.
        source: String,
        /// Whether `source` names a file with the URL.
        is_file: bool,
        /// Why.
        reason: InvalidStoreUrl,
    },
    /// `authress.api_url` is not set, or names no host.
    MissingApiUrl,
    /// A host of `authress.api_url` is not an Authress domain.
    InvalidApiUrl {
        /// Which of the hosts, counted from 1.
        position: usize,
        /// Why.
        reason: AuthressDomainError,
    },
    /// `authress.api_url` names a host twice.
    DuplicateApiUrl {
        /// The second occurrence, counted from 1.
        position: usize,
    },
    /// `authress.api_url` names too many hosts.
    TooManyApiUrls {
        /// The most hosts.
        limit: usize,
    },
    /// Neither `authress.access_key` nor `authress.access_key_file` is set.
    MissingAccessKey,
    /// Both `authress.access_key` and `authress.access_key_file` are set.
    TwoAccessKeys,
    /// A file with a secret cannot be read or is too large.
    UnreadableSecretFile {
        /// The setting that names the file.
        key: &'static str,
        /// Why.
        reason: io::ErrorKind,
    },
    /// A file with a secret has too open permissions.
    SecretFileTooOpen {
        /// The setting that names the file.
        key: &'static str,
        /// Its permissions.
        mode: u32,
    },
    /// The access key is invalid.
    InvalidAccessKey {
        /// The setting with the key.
        key: &'static str,
        /// Which part is wrong.
        reason: AccessKeyError,
    },
    /// The access key belongs to another service client than `authress.client_id`.
    ClientIdMismatch {
        /// The service client of the access key.
        client_id_of_key: String,
    },
    /// The next access key cannot replace the current one.
    InvalidNextKey(NextKeyError),
}

/// The kind of error in a TOML file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidToml {
    /// A setting or a table occurs twice.
    Duplicate,
    /// Any other error.
    Other,
}

impl ConfigError {
    /// Returns the error code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotUnicode { .. } => "NotUnicode",
            Self::UnreadableFile(_) => "UnreadableConfigFile",
            Self::InvalidFile { .. } => "InvalidConfigFile",
            Self::UnknownSetting { .. } | Self::UpperCaseSetting { .. } => "UnknownSetting",
            Self::UnknownVariable { .. } => "UnknownVariable",
            Self::SecretInFile { .. } => "SecretInConfigFile",
            Self::Invalid { .. } | Self::InvalidNumber { .. } | Self::InvalidStoreUrl { .. } => "InvalidSetting",
            Self::MissingApiUrl => "MissingApiUrl",
            Self::InvalidApiUrl { .. } => "InvalidApiUrl",
            Self::DuplicateApiUrl { .. } => "DuplicateApiUrl",
            Self::TooManyApiUrls { .. } => "TooManyApiUrls",
            Self::MissingAccessKey => "MissingAccessKey",
            Self::TwoAccessKeys => "TwoAccessKeys",
            Self::UnreadableSecretFile { .. } => "UnreadableSecretFile",
            Self::SecretFileTooOpen { .. } => "SecretFileTooOpen",
            Self::InvalidAccessKey { reason, .. } => reason.code(),
            Self::ClientIdMismatch { .. } => "ClientIdMismatch",
            Self::InvalidNextKey(NextKeyError::OtherClient) => "NextKeyOfOtherClient",
            Self::InvalidNextKey(NextKeyError::SameKey) => "NextKeyIsTheSame",
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code())?;
        match self {
            Self::NotUnicode { key } => write!(f, "{} is not valid UTF-8. Set it to UTF-8 text", variable(key)),
            Self::UnreadableFile(reason) => {
                write!(f, "the file in --config cannot be read: {reason}. Use the path of a readable TOML file")
            }
            Self::InvalidFile { line, reason } => {
                let position = line.map(|line| format!(" in line {line}")).unwrap_or_default();
                match reason {
                    InvalidToml::Duplicate => {
                        write!(f, "the configuration file has a setting or [table] twice{position}. Remove one")
                    }
                    InvalidToml::Other => {
                        write!(f, "the configuration file is not valid TOML{position}. Strings need quotation marks")
                    }
                }
            }
            Self::UnknownVariable { name, meant } => {
                // The name may be a secret in the wrong place.
                let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
                let is_plain = name.len() <= 64 && name.bytes().all(is_word);
                let named = if is_plain { name.as_str() } else { "a variable" };
                write!(f, "the environment contains {named}, which is not a setting of this program. ")?;
                match meant {
                    Some(key) => write!(f, "Did you mean {}?", variable(key)),
                    None => f.write_str("Remove it from the environment of this program. --help lists all settings"),
                }
            }
            Self::UpperCaseSetting { key } => {
                write!(f, "settings in the configuration file are in lower case: use {key}")
            }
            Self::UnknownSetting { key } => {
                // The key may be a secret in the wrong place.
                let is_word = |byte: u8| byte.is_ascii_lowercase() || b"_.".contains(&byte);
                let is_plain = key.len() <= 64 && key.bytes().all(is_word);
                let named = if is_plain { key.as_str() } else { "a setting" };
                write!(f, "the configuration file contains {named}, which is unknown. --help lists all settings")
            }
            Self::SecretInFile { key } => write!(
                f,
                "{key} is a secret and not allowed in the configuration file. Write it to a separate file and set \
                 {key}_file to its path, or set {}",
                variable(key)
            ),
            Self::Invalid { name, expected } => write!(f, "{name} must be {expected}"),
            Self::InvalidNumber { name, range } => {
                write!(f, "{name} must be a whole number from {} to {}", range.start(), range.end())
            }
            Self::InvalidStoreUrl { source, is_file: false, reason } => write!(f, "{source} {reason}"),
            Self::InvalidStoreUrl { source, is_file: true, reason } => {
                write!(f, "the URL in the file of {source} {reason}")
            }
            Self::MissingApiUrl => write!(
                f,
                "AUTHRESS_API_URL is not set. Set it to the Authress custom domain that the page uses, such as \
                 https://login.example.com"
            ),
            Self::InvalidApiUrl { position: 1, reason } => write!(f, "AUTHRESS_API_URL {reason}"),
            Self::InvalidApiUrl { position, reason } => write!(f, "host {position} of AUTHRESS_API_URL {reason}"),
            Self::DuplicateApiUrl { position } => {
                write!(f, "host {position} of AUTHRESS_API_URL is named twice. Remove one")
            }
            Self::TooManyApiUrls { limit } => {
                write!(f, "AUTHRESS_API_URL names more hosts than allowed. Name at most {limit} hosts of one account")
            }
            Self::MissingAccessKey => f.write_str(
                "neither AUTHRESS_ACCESS_KEY nor AUTHRESS_ACCESS_KEY_FILE is set. \
                 Create an access key for the service client in Authress and set one of them",
            ),
            Self::TwoAccessKeys => {
                f.write_str("AUTHRESS_ACCESS_KEY and AUTHRESS_ACCESS_KEY_FILE are both set. Remove one of them")
            }
            Self::UnreadableSecretFile { key, reason } => write!(
                f,
                "the file in {} cannot be read: {reason}. \
                 Set it to the path of a readable file that contains only this secret",
                variable(key)
            ),
            Self::SecretFileTooOpen { key, mode } => write!(
                f,
                "the file in {} can be read or changed by others (mode {mode:03o}). Run chmod 600 on it",
                variable(key)
            ),
            Self::InvalidAccessKey { key, reason } => write!(f, "{}: {reason}", variable(key)),
            Self::ClientIdMismatch { client_id_of_key } => write!(
                f,
                "the access key belongs to the service client {client_id_of_key}, but AUTHRESS_CLIENT_ID is another \
                 one. Use an access key of that client, or correct AUTHRESS_CLIENT_ID"
            ),
            Self::InvalidNextKey(NextKeyError::OtherClient) => f.write_str(
                "the key in AUTHRESS_NEXT_ACCESS_KEY_FILE belongs to another service client or account than the \
                 current key. Create it for the same service client",
            ),
            Self::InvalidNextKey(NextKeyError::SameKey) => f.write_str(
                "the key in AUTHRESS_NEXT_ACCESS_KEY_FILE has the id of the current key. Write the new key to the file, \
                 or remove the setting",
            ),
        }
    }
}

impl std::error::Error for ConfigError {}
