//! Settings of the binary, from the environment only. The access key is never taken from the
//! command line, where every user of the machine could read it.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;

use zeroize::Zeroizing;

use crate::access_key::{AccessKey, AccessKeyError};
use crate::authress_domain::{AuthressDomain, AuthressDomainError};
use crate::decide::Verifier;

/// What `authress-verifier --help` prints.
pub const USAGE: &str = "\
authress-verifier gives shoppers who never logged in a user id, when Authress asks for one.
It takes no arguments. Settings are read from the environment:

  AUTHRESS_API_URL          the Authress custom domain, such as https://login.example.com (required)
  AUTHRESS_ACCESS_KEY       the service client's access key, or instead of it
  AUTHRESS_ACCESS_KEY_FILE  the file that holds the access key (one of both is required)
  AUTHRESS_CLIENT_ID        the service client's id; if set, the access key must be of this client
  LISTEN                    address and port to listen on (default 127.0.0.1:9000; port 0 takes a free one)

Set the service client's Authorization Url in Authress to the public address of /v1/login.
";

/// Checked settings.
#[derive(Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Whom to answer and with what to sign.
    pub verifier: Verifier,
}

impl Config {
    /// Reads the settings of the process.
    ///
    /// # Errors
    /// The first [`ConfigError`].
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    /// Reads the settings through `lookup`. An empty variable counts as not set.
    ///
    /// # Errors
    /// The first [`ConfigError`].
    pub fn from_variables(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, ConfigError> {
        let text = |variable: &'static str| match lookup(variable).filter(|value| !value.is_empty()) {
            None => Ok(None),
            Some(value) => value.into_string().map(Some).map_err(|_| ConfigError::NotUnicode { variable }),
        };
        let domain = text(API_URL)?.ok_or(ConfigError::MissingApiUrl)?;
        let domain: AuthressDomain = domain.parse().map_err(ConfigError::InvalidApiUrl)?;
        let listen = text(LISTEN)?.unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
        let listen = listen.parse().map_err(|_| ConfigError::InvalidListen)?;
        let access_key = read_access_key(text(ACCESS_KEY)?.map(Zeroizing::new), text(ACCESS_KEY_FILE)?)?;
        if text(CLIENT_ID)?.is_some_and(|client_id| client_id != access_key.client_id()) {
            return Err(ConfigError::ClientIdMismatch { client_id_of_key: access_key.client_id().to_owned() });
        }
        Ok(Self { listen, verifier: Verifier::new(domain, access_key) })
    }
}

/// What is wrong with the settings.
///
/// Prints no value of any variable: the access key may have been put into the wrong one.
#[derive(Debug)]
pub enum ConfigError {
    /// A variable is not UTF-8.
    NotUnicode {
        /// Its name.
        variable: &'static str,
    },
    /// `AUTHRESS_API_URL` is not set.
    MissingApiUrl,
    /// `AUTHRESS_API_URL` is not an Authress domain.
    InvalidApiUrl(AuthressDomainError),
    /// Neither `AUTHRESS_ACCESS_KEY` nor `AUTHRESS_ACCESS_KEY_FILE` is set.
    MissingAccessKey,
    /// Both are set, and they might differ.
    TwoAccessKeys,
    /// The file cannot be read or is far too large for an access key.
    UnreadableAccessKeyFile(io::Error),
    /// The access key cannot be used.
    InvalidAccessKey {
        /// The variable it came from.
        variable: &'static str,
        /// Which part is wrong.
        reason: AccessKeyError,
    },
    /// The access key is of another service client than `AUTHRESS_CLIENT_ID`.
    ClientIdMismatch {
        /// The client the access key is of.
        client_id_of_key: String,
    },
    /// `LISTEN` is not an address with a port.
    InvalidListen,
}

impl ConfigError {
    /// The stable name of this failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotUnicode { .. } => "NotUnicode",
            Self::MissingApiUrl => "MissingApiUrl",
            Self::InvalidApiUrl(_) => "InvalidApiUrl",
            Self::MissingAccessKey => "MissingAccessKey",
            Self::TwoAccessKeys => "TwoAccessKeys",
            Self::UnreadableAccessKeyFile(_) => "UnreadableAccessKeyFile",
            Self::InvalidAccessKey { reason, .. } => reason.code(),
            Self::ClientIdMismatch { .. } => "ClientIdMismatch",
            Self::InvalidListen => "InvalidListen",
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code())?;
        match self {
            Self::NotUnicode { variable } => write!(f, "{variable} is not valid UTF-8. Set it again"),
            Self::MissingApiUrl => {
                write!(
                    f,
                    "{API_URL} is not set. Set it to the Authress custom domain, such as https://login.example.com"
                )
            }
            Self::InvalidApiUrl(reason) => write!(f, "{API_URL} {reason}"),
            Self::MissingAccessKey => write!(
                f,
                "neither {ACCESS_KEY} nor {ACCESS_KEY_FILE} is set. \
                 Create an access key for the service client in Authress and set one of them"
            ),
            Self::TwoAccessKeys => write!(f, "{ACCESS_KEY} and {ACCESS_KEY_FILE} are both set. Remove one of them"),
            Self::UnreadableAccessKeyFile(reason) => write!(
                f,
                "the file named by {ACCESS_KEY_FILE} cannot be read: {}. \
                 Set it to the path of a readable file that holds the access key and nothing else",
                reason.kind()
            ),
            Self::InvalidAccessKey { variable, reason } => write!(f, "{variable}: {reason}"),
            Self::ClientIdMismatch { client_id_of_key } => write!(
                f,
                "the access key is of the service client {client_id_of_key}, but {CLIENT_ID} is another one. \
                 Use an access key of that client or correct {CLIENT_ID}"
            ),
            Self::InvalidListen => {
                write!(f, "{LISTEN} must be an IP address with a port, such as 127.0.0.1:9000 or 0.0.0.0:9000")
            }
        }
    }
}

impl std::error::Error for ConfigError {}

fn read_access_key(value: Option<Zeroizing<String>>, path: Option<String>) -> Result<AccessKey, ConfigError> {
    let (variable, text) = match (value, path) {
        (Some(value), None) => (ACCESS_KEY, value),
        (None, Some(path)) => (ACCESS_KEY_FILE, read_bounded(&path).map_err(ConfigError::UnreadableAccessKeyFile)?),
        (Some(_), Some(_)) => return Err(ConfigError::TwoAccessKeys),
        (None, None) => return Err(ConfigError::MissingAccessKey),
    };
    text.parse().map_err(|reason| ConfigError::InvalidAccessKey { variable, reason })
}

fn read_bounded(path: &str) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(MAX_ACCESS_KEY_BYTES + 1));
    let limit = u64::try_from(MAX_ACCESS_KEY_BYTES + 1).unwrap_or(u64::MAX);
    File::open(path)?.take(limit).read_to_string(&mut text)?;
    if text.len() > MAX_ACCESS_KEY_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

const API_URL: &str = "AUTHRESS_API_URL";
const CLIENT_ID: &str = "AUTHRESS_CLIENT_ID";
const ACCESS_KEY: &str = "AUTHRESS_ACCESS_KEY";
const ACCESS_KEY_FILE: &str = "AUTHRESS_ACCESS_KEY_FILE";
const LISTEN: &str = "LISTEN";
const DEFAULT_LISTEN: &str = "127.0.0.1:9000";
/// Real ones have about 120.
const MAX_ACCESS_KEY_BYTES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 8037 appendix A.1.
    const KEY: &str = "sc_shop.k1.acc-1.MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";
    const URL: &str = "https://login.example.com";

    fn config(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_variables(|name| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| OsString::from(value))
        })
    }

    fn error(variables: &[(&str, &str)]) -> ConfigError {
        config(variables).unwrap_err()
    }

    #[test]
    fn url_and_key_are_enough() {
        let config = config(&[(API_URL, URL), (ACCESS_KEY, KEY)]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:9000");
        assert_eq!(config.verifier.issuer(), "https://login.example.com/v1/clients/sc_shop");
        assert_eq!(config.verifier.login_url(), "https://login.example.com/login");
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        let variables = [(API_URL, URL), (ACCESS_KEY, KEY), (ACCESS_KEY_FILE, ""), (CLIENT_ID, ""), (LISTEN, "")];
        assert!(config(&variables).is_ok());
    }

    #[test]
    fn the_client_id_must_be_the_one_of_the_key() {
        assert!(config(&[(API_URL, URL), (ACCESS_KEY, KEY), (CLIENT_ID, "sc_shop")]).is_ok());
        let error = error(&[(API_URL, URL), (ACCESS_KEY, KEY), (CLIENT_ID, "sc_other")]);
        assert_eq!(error.code(), "ClientIdMismatch");
        assert!(error.to_string().contains("sc_shop"));
    }

    #[test]
    fn each_failure_names_its_variable() {
        let key = (ACCESS_KEY, KEY);
        let url = (API_URL, URL);
        for (variables, code, variable) in [
            (&[key][..], "MissingApiUrl", API_URL),
            (&[key, (API_URL, "login.example.com")], "InvalidApiUrl", API_URL),
            (&[url], "MissingAccessKey", ACCESS_KEY),
            (&[url, key, (ACCESS_KEY_FILE, "key")], "TwoAccessKeys", ACCESS_KEY_FILE),
            (&[url, (ACCESS_KEY_FILE, "/nowhere/key")], "UnreadableAccessKeyFile", ACCESS_KEY_FILE),
            (&[url, (ACCESS_KEY_FILE, "/dev/zero")], "UnreadableAccessKeyFile", ACCESS_KEY_FILE),
            (&[url, (ACCESS_KEY, "sc_shop.k1")], "AccessKeyWrongNumberOfParts", ACCESS_KEY),
            (&[url, key, (LISTEN, "9000")], "InvalidListen", LISTEN),
        ] {
            let error = error(variables);
            assert_eq!(error.code(), code);
            assert!(error.to_string().contains(variable), "{error}");
        }
    }

    #[test]
    fn a_key_in_the_wrong_variable_is_not_printed() {
        let secret = &KEY[40..60];
        for variables in [
            &[(API_URL, KEY), (ACCESS_KEY, KEY)][..],
            &[(API_URL, URL), (ACCESS_KEY_FILE, KEY)],
            &[(API_URL, URL), (ACCESS_KEY, KEY), (CLIENT_ID, KEY)],
            &[(API_URL, URL), (ACCESS_KEY, KEY), (LISTEN, KEY)],
            &[(API_URL, URL), (ACCESS_KEY, &KEY[1..].replace("k1", "k.1"))],
        ] {
            let error = error(variables);
            assert!(!format!("{error} {error:?}").contains(secret), "{error}");
        }
    }
}
