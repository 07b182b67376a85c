//! Why the shared store failed, as a code that is stable and a sentence that says what to do. Never what the server
//! wrote: that may repeat a password or a key.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Why the shared store cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreFailure {
    /// A request was sent and no response came in time.
    NoResponse,
    /// No connection was made in time.
    NoConnection,
    /// The host name has no address.
    NameNotResolved,
    /// The connection failed.
    Io(io::ErrorKind),
    /// The certificate of the server is not trusted: none of its issuers is known.
    UnknownIssuer,
    /// The certificate of the server is for another host name.
    WrongHostName,
    /// The certificate of the server is not valid now.
    CertificateExpired,
    /// The TLS handshake failed otherwise.
    Tls,
    /// The response is not of Redis's protocol.
    NotRedis,
    /// The number of the database in the URL is too high.
    NoSuchDatabase,
    /// Redis answered with this error code.
    Rejected(String),
}

impl StoreFailure {
    /// The stable name: Redis's own error code if it gave one.
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
            Self::Rejected(code) => code,
        }
    }
}

impl fmt::Display for StoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoResponse => f.write_str("Redis did not respond within redis.timeout_ms"),
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
                "the certificate of Redis is of an authority that is not trusted. \
                 Put the authority's certificate into a file and name that in REDIS_CA_FILE",
            ),
            Self::WrongHostName => f.write_str(
                "the certificate of Redis is not for the host in the URL. Use a host name that is in the certificate",
            ),
            Self::CertificateExpired => f.write_str(
                "the certificate of Redis has expired or is not valid yet. Renew it, or correct this machine's clock",
            ),
            Self::Tls => f.write_str(
                "the TLS handshake with Redis failed. Check that the port is its TLS port (without TLS the URL \
                 begins with redis://), and that it asks for no client certificate",
            ),
            Self::NotRedis => f.write_str(
                "the server's response is not of Redis's protocol. Check host and port; \
                 if it is the TLS port, the URL must begin with rediss://",
            ),
            Self::NoSuchDatabase => {
                f.write_str("Redis has no database of the number in the URL. Use a lower one, or raise its databases")
            }
            Self::Rejected(code) => f.write_str(advice(code)),
        }
    }
}

impl Error for StoreFailure {}

/// What to do about an error code of Redis.
fn advice(code: &str) -> &'static str {
    match code {
        "WRONGPASS" => {
            "Redis rejects the user name or the password in the URL. Correct it; or it has no password at all"
        }
        "NOAUTH" => "Redis wants a password. Put it into the URL",
        "NOPERM" => {
            "the user in the URL may not run a command, or not on keys with this prefix. Allow it: docs/verifier.md \
             has the ACL"
        }
        "READONLY" => "this Redis is a replica, which cannot be written to. Use the address of the primary",
        "OOM" => "Redis is full. Raise its maxmemory, or set maxmemory-policy to volatile-ttl",
        "MISCONF" => "Redis cannot save its data and takes no more. Look into its log, or switch saving off",
        "NOREPLICAS" => "Redis has fewer replicas than its min-replicas-to-write. Repair them",
        "LOADING" => "Redis has been started and still loads its data. Wait",
        "MASTERDOWN" => "this Redis is a replica without its primary. Use the address of the primary",
        "BUSY" => "Redis runs a script that does not end. Stop that with SCRIPT KILL",
        "MOVED" | "ASK" | "CROSSSLOT" | "TRYAGAIN" | "CLUSTERDOWN" => {
            "this Redis is a node of a cluster that does not have the keys. \
             Use a Redis that is not a cluster, or the address of the node that has them"
        }
        _ => "Redis answered with an error. Its log may say more",
    }
}

impl From<RedisError> for StoreFailure {
    fn from(error: RedisError) -> Self {
        match error.kind() {
            // The library does not hand on the code; all it can be is this.
            ErrorKind::AuthenticationFailed => Self::Rejected("WRONGPASS".to_owned()),
            ErrorKind::Server(ServerErrorKind::ResponseError)
                if error.detail().is_some_and(|detail| detail.contains("DB index")) =>
            {
                Self::NoSuchDatabase
            }
            // Within a script Redis 7 has no code for it.
            ErrorKind::Server(ServerErrorKind::ResponseError)
                if error.detail().is_some_and(|detail| detail.starts_with("The user executing the script can't")) =>
            {
                Self::Rejected("NOPERM".to_owned())
            }
            ErrorKind::Server(_) | ErrorKind::Extension => Self::Rejected(plain(error.code().unwrap_or_default())),
            ErrorKind::Io => of_connection(&error),
            _ => Self::NotRedis,
        }
    }
}

/// Codes are words in capitals. Anything else may be a text with something secret in it.
fn plain(code: &str) -> String {
    let is_plain = !code.is_empty() && code.len() <= 24 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_plain { code.to_owned() } else { "ERR".to_owned() }
}

fn of_connection(error: &RedisError) -> StoreFailure {
    // The library keeps its cause as an `Arc`, which hides what is in it from `downcast_ref`.
    let cause = error.source().and_then(|cause| cause.downcast_ref::<Arc<dyn Error + Send + Sync>>());
    let Some(cause) = cause.and_then(|cause| cause.downcast_ref::<io::Error>()) else {
        return StoreFailure::Io(io::ErrorKind::Other);
    };
    if let Some(tls) = cause.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return of_tls(tls);
    }
    let is_named = format!("{:?}", cause.kind()) != "Uncategorized";
    // What the resolver says has neither a kind nor a number of the operating system.
    if cause.raw_os_error().is_none() && !is_named {
        return StoreFailure::NameNotResolved;
    }
    match cause.kind() {
        io::ErrorKind::TimedOut => StoreFailure::NoConnection,
        kind => StoreFailure::Io(kind),
    }
}

fn of_tls(error: &rustls::Error) -> StoreFailure {
    use rustls::CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet,
        NotValidYetContext, UnknownIssuer,
    };
    match error {
        // The signature is wrong where an authority was made anew under its old name.
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
    fn a_code_is_kept_and_a_text_of_the_server_is_not() {
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
