//! Failures of Redis: a stable code, and a message that says what to do. They never contain the text of the
//! server's error, which may repeat a password or a key.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Why the shared store is unavailable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreFailure {
    /// A command got no response in time.
    NoResponse,
    /// No connection was made in time.
    NoConnection,
    /// The host name has no address.
    NameNotResolved,
    /// The connection failed.
    Io(io::ErrorKind),
    /// No trusted authority issued the certificate of the server.
    UnknownIssuer,
    /// The certificate of the server is for another host name.
    WrongHostName,
    /// The certificate of the server has expired or is not valid yet.
    CertificateExpired,
    /// The TLS handshake failed for another reason.
    Tls,
    /// The response does not follow Redis's protocol.
    NotRedis,
    /// The number of the database in the URL is too high.
    NoSuchDatabase,
    /// Redis does not know a command of a login.
    UnknownCommand,
    /// Redis responded with this error code.
    Rejected(String),
}

impl StoreFailure {
    /// Returns the error code: that of Redis if it sent one.
    pub fn code(&self) -> &str {
        match self {
            Self::NoResponse => "NoResponse",
            Self::NoConnection => "NoConnection",
            Self::NameNotResolved => "NameNotResolved",
            Self::Io(io::ErrorKind::ConnectionRefused) => "ConnectionRefused",
            Self::Io(_) => "ConnectionFailed",
            Self::UnknownIssuer => "UnknownIssuer",
            Self::WrongHostName => "WrongHostName",
            Self::CertificateExpired => "CertificateExpired",
            Self::Tls => "TlsFailed",
            Self::NotRedis => "NotRedis",
            Self::NoSuchDatabase => "NoSuchDatabase",
            Self::UnknownCommand => "UnknownCommand",
            Self::Rejected(code) => code,
        }
    }
}

impl fmt::Display for StoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoResponse => {
                f.write_str("Redis did not respond in time. Check its load and the network, or raise the timeout")
            }
            Self::NoConnection => f.write_str(
                "no connection to Redis was made in time. Check the host, the port and the firewalls between",
            ),
            Self::NameNotResolved => f.write_str("the host name in the URL of Redis has no address. Check it, and DNS"),
            Self::Io(io::ErrorKind::NotFound) => f.write_str("there is no socket at the path in the URL of Redis"),
            Self::Io(
                kind @ (io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof),
            ) => write!(
                f,
                "the other side ended the connection to Redis: {kind}. Check that Redis runs there; \
                 if it is its TLS port, the URL must begin with rediss://"
            ),
            Self::Io(kind) => {
                write!(f, "the connection to Redis failed: {kind}. Check that it runs, its host and port")
            }
            Self::UnknownIssuer => f.write_str(
                "the certificate of Redis was issued by an authority that is not trusted. \
                 Set REDIS_CA_FILE to a file with the certificate of the authority",
            ),
            Self::WrongHostName => f.write_str(
                "the certificate of Redis is not for the host in the URL. Use a host name that is in the certificate",
            ),
            Self::CertificateExpired => f.write_str(
                "the certificate of Redis has expired or is not valid yet. Renew it, or correct this machine's clock",
            ),
            Self::Tls => f.write_str(
                "the TLS handshake with Redis failed. Check that the port is its TLS port (without TLS the URL \
                 begins with redis://), and that it does not require a client certificate",
            ),
            Self::NotRedis => f.write_str(
                "the server does not speak Redis's protocol. Check host and port; \
                 if it is the TLS port, the URL must begin with rediss://",
            ),
            Self::NoSuchDatabase => {
                f.write_str("Redis has no database with the number in the URL. Use a lower one, or raise `databases`")
            }
            Self::UnknownCommand => f.write_str(
                "the server does not know a command of a login. If it is a Sentinel, use a host name that always leads \
                 to the primary; otherwise check rename-command",
            ),
            Self::Rejected(code) => f.write_str(advice(code)),
        }
    }
}

impl Error for StoreFailure {}

/// Returns what to do about an error code of Redis.
fn advice(code: &str) -> &'static str {
    match code {
        "WRONGPASS" => {
            "Redis rejects the user name or the password in the URL. Correct it, or remove it if Redis has none"
        }
        "NOAUTH" => "Redis requires a password. Add it to the URL",
        "NOPERM" => {
            "the user in the URL lacks permission for a command or for keys with this prefix. Grant it: \
             the documentation of the program has the ACL"
        }
        "READONLY" => "this Redis is a read-only replica. Use the address of the primary",
        "OOM" => "Redis is full. Raise its maxmemory, or set maxmemory-policy to volatile-ttl",
        "MISCONF" => "Redis cannot save its data and rejects writes. Check its log, or disable saving",
        "NOREPLICAS" => "Redis has fewer replicas than min-replicas-to-write. Repair the replicas",
        "LOADING" => "Redis is still loading its data after a start. Wait",
        "MASTERDOWN" => "this Redis is a replica without its primary. Use the address of the primary",
        "BUSY" => "Redis is busy with a script that does not end. Stop it with SCRIPT KILL",
        "MOVED" | "ASK" | "CROSSSLOT" | "TRYAGAIN" | "CLUSTERDOWN" => {
            "this Redis is a node of a cluster that does not have the keys. \
             Use a Redis that is not a cluster; the verifier does not follow a cluster's redirects"
        }
        _ => "Redis responded with an error. Its log may have details",
    }
}

impl From<RedisError> for StoreFailure {
    fn from(error: RedisError) -> Self {
        match error.kind() {
            // The library does not expose the code; this is the only one it can be.
            ErrorKind::AuthenticationFailed => Self::Rejected("WRONGPASS".to_owned()),
            ErrorKind::Server(ServerErrorKind::ResponseError)
                if error.detail().is_some_and(|detail| detail.contains("DB index")) =>
            {
                Self::NoSuchDatabase
            }
            ErrorKind::Server(ServerErrorKind::ResponseError)
                if error.detail().is_some_and(|detail| detail.starts_with("unknown command")) =>
            {
                Self::UnknownCommand
            }
            // Redis 7 has no code for a missing permission within a script.
            ErrorKind::Server(ServerErrorKind::ResponseError)
                if error.detail().is_some_and(|detail| detail.starts_with("The user executing the script can't")) =>
            {
                Self::Rejected("NOPERM".to_owned())
            }
            ErrorKind::Server(_) | ErrorKind::Extension => {
                Self::Rejected(code_or_err(error.code().unwrap_or_default()))
            }
            ErrorKind::Io => connection_failure(&error),
            _ => Self::NotRedis,
        }
    }
}

/// Keeps an error code, which is a word in capitals. Any other text may contain a secret.
fn code_or_err(code: &str) -> String {
    let is_plain = !code.is_empty() && code.len() <= 24 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_plain { code.to_owned() } else { "ERR".to_owned() }
}

fn connection_failure(error: &RedisError) -> StoreFailure {
    // The library keeps its cause in an `Arc`, so there are two downcasts.
    let cause = error.source().and_then(|cause| cause.downcast_ref::<Arc<dyn Error + Send + Sync>>());
    let Some(cause) = cause.and_then(|cause| cause.downcast_ref::<io::Error>()) else {
        return StoreFailure::Io(io::ErrorKind::Other);
    };
    if let Some(tls) = cause.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return tls_failure(tls);
    }
    let is_named = format!("{:?}", cause.kind()) != "Uncategorized";
    // Errors of the resolver have neither a kind nor an error number of the operating system.
    if cause.raw_os_error().is_none() && !is_named {
        return StoreFailure::NameNotResolved;
    }
    match cause.kind() {
        io::ErrorKind::TimedOut => StoreFailure::NoConnection,
        kind => StoreFailure::Io(kind),
    }
}

fn tls_failure(error: &rustls::Error) -> StoreFailure {
    use rustls::CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet,
        NotValidYetContext, UnknownIssuer,
    };
    match error {
        // A bad signature is what an authority causes that was recreated under its old name.
        rustls::Error::InvalidCertificate(UnknownIssuer | BadSignature) => StoreFailure::UnknownIssuer,
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            StoreFailure::WrongHostName
        }
        rustls::Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. },
        ) => StoreFailure::CertificateExpired,
        _ => StoreFailure::Tls,
    }
}

#[cfg(test)]
mod tests {
    use redis::make_extension_error;

    use super::*;

    #[test]
    fn error_codes_are_kept_and_other_texts_of_the_server_are_not() {
        for (code, kept) in [
            ("OOM", "OOM"),
            ("MISCONF", "MISCONF"),
            ("hunter2", "ERR"),
            ("", "ERR"),
            ("HUNTERHUNTERHUNTERHUNTERHUNTER", "ERR"),
        ] {
            let error = make_extension_error(code.to_owned(), Some("hunter2".to_owned()));
            let failure = StoreFailure::from(error);
            assert_eq!(failure.code(), kept);
            assert!(!format!("{failure} {failure:?}").contains("hunter2"));
        }
    }

    #[test]
    fn every_failure_says_what_to_do() {
        for failure in [
            StoreFailure::NoConnection,
            StoreFailure::Io(io::ErrorKind::ConnectionRefused),
            StoreFailure::UnknownIssuer,
            StoreFailure::Rejected("WRONGPASS".to_owned()),
            StoreFailure::Rejected("XYZ".to_owned()),
        ] {
            assert!(failure.to_string().len() > 30, "{failure}");
        }
    }
}
