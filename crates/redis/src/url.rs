//! The address of the shared store.

use std::fmt;
use std::time::Duration;

use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{ConnectionAddr, IntoConnectionInfo, TlsCertificates};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The address of Redis. It is never printed, because it may contain a password.
#[derive(Clone)]
pub struct StoreUrl(redis::Client);

impl StoreUrl {
    /// Parses `redis://user:password@host:port/db`, `rediss://…` for TLS, or `redis+unix:///path`. User name and
    /// password must be percent-encoded.
    ///
    /// # Errors
    /// [`InvalidStoreUrl`], which holds nothing of the text.
    pub fn parse(text: &str) -> Result<Self, InvalidStoreUrl> {
        Self::read(text.trim(), None)
    }

    /// [`StoreUrl::parse`] with the certificate authorities in `pem` as the only trusted ones. Without them, those of
    /// the system are trusted.
    ///
    /// # Errors
    /// [`InvalidStoreUrl`].
    pub fn parse_with_ca(text: &str, pem: &[u8]) -> Result<Self, InvalidStoreUrl> {
        Self::read(text.trim(), Some(pem))
    }

    fn read(text: &str, ca: Option<&[u8]>) -> Result<Self, InvalidStoreUrl> {
        if names_several_servers(text) {
            return Err(InvalidStoreUrl::SeveralServers);
        }
        if has_unencoded_password(text) {
            return Err(InvalidStoreUrl::NotPercentEncoded);
        }
        let info = text.into_connection_info().map_err(|error| reason(text, &error))?;
        let info = info.set_tcp_settings(tcp_settings());
        let client = match (info.addr(), ca) {
            // Without a check of the certificate, an attacker between both sides can pose as Redis.
            (ConnectionAddr::TcpTls { insecure: true, .. }, _) => return Err(InvalidStoreUrl::Fragment),
            (ConnectionAddr::TcpTls { .. }, None) => redis::Client::open(info).map_err(|_| InvalidStoreUrl::Form)?,
            (ConnectionAddr::TcpTls { .. }, Some(pem)) => {
                if !has_certificate(pem) {
                    return Err(InvalidStoreUrl::CaFile);
                }
                let certificates = TlsCertificates { client_tls: None, root_cert: Some(pem.to_vec()) };
                redis::Client::build_with_tls(info, certificates).map_err(|_| InvalidStoreUrl::CaFile)?
            }
            (_, Some(_)) => return Err(InvalidStoreUrl::CaWithoutTls),
            (_, None) => redis::Client::open(info).map_err(|_| InvalidStoreUrl::Form)?,
        };
        if matches!(client.get_connection_info().addr(), ConnectionAddr::TcpTls { .. }) {
            install_crypto_provider();
        }
        Ok(Self(client))
    }

    /// Returns a client that has not connected yet.
    pub fn client(&self) -> &redis::Client {
        &self.0
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Why a text is not the address of a shared store. It holds nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidStoreUrl {
    /// The text is not a URL with a known scheme and a host or the path of a socket.
    Form,
    /// The URL is one of Redis Sentinel or of Redis Cluster, or names several hosts.
    SeveralServers,
    /// The user name or the password contains a `/`, `?` or `#`.
    NotPercentEncoded,
    /// The path is not a database number.
    Database,
    /// The URL has a fragment. `#insecure` would disable the check of the certificate.
    Fragment,
    /// The file of the certificate authority contains no PEM certificate.
    CaFile,
    /// A certificate authority is configured, but the URL does not begin with `rediss://`.
    CaWithoutTls,
}

impl fmt::Display for InvalidStoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => {
                "must be a URL such as redis://127.0.0.1:6379/0, rediss://:password@redis.example:6379/0 (TLS) or \
                 redis+unix:///run/redis.sock"
            }
            Self::SeveralServers => {
                "must name one Redis. URLs of Sentinel and Cluster are not supported: use a host name that always leads \
                 to the primary"
            }
            Self::NotPercentEncoded => {
                "must have its user name and password percent-encoded: / is %2F, ? is %3F, # is %23, @ is %40"
            }
            Self::Database => "must have a database number such as /0, or nothing, after host and port",
            Self::Fragment => "must not have a fragment. For a certificate of a private authority, set REDIS_CA_FILE",
            Self::CaFile => "cannot be verified with REDIS_CA_FILE, because that file contains no PEM certificate",
            Self::CaWithoutTls => "must begin with rediss:// (TLS), because REDIS_CA_FILE is set",
        })
    }
}

impl std::error::Error for InvalidStoreUrl {}

fn reason(text: &str, error: &redis::RedisError) -> InvalidStoreUrl {
    if error.to_string().contains("database number") {
        InvalidStoreUrl::Database
    } else if redis::parse_redis_url(text).is_some_and(|url| url.fragment().is_some()) {
        InvalidStoreUrl::Fragment
    } else {
        InvalidStoreUrl::Form
    }
}

/// Returns whether the scheme is one that other clients use for Sentinel or Cluster, or hosts are separated by commas.
fn names_several_servers(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let scheme = scheme.to_ascii_lowercase();
    let hosts = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let hosts = hosts.rsplit('@').next().unwrap_or_default();
    let is_of_redis = scheme.contains("redis") && !scheme.ends_with("unix");
    is_of_redis && (scheme.contains("sentinel") || scheme.contains("cluster") || hosts.contains(','))
}

/// Returns whether the `@` that ends user name and password comes after the end of the authority (RFC 3986 section
/// 3.2).
fn has_unencoded_password(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    !scheme.ends_with("unix") && rest.get(authority_end..).is_some_and(|behind| behind.contains('@'))
}

fn has_certificate(pem: &[u8]) -> bool {
    CertificateDer::pem_slice_iter(pem).next().is_some_and(|certificate| certificate.is_ok())
}

/// Keepalive closes an idle connection to an unreachable host after about 30 seconds. A connection in use is closed
/// with the first missing response.
fn tcp_settings() -> TcpSettings {
    let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(15)).with_interval(Duration::from_secs(5));
    let settings = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(Duration::from_secs(15));
    settings
}

/// Installs a default crypto provider for rustls, unless the program has one. Without a default, rustls panics at the
/// first handshake if several providers are compiled in.
fn install_crypto_provider() {
    if CryptoProvider::get_default().is_none() {
        // It fails if another thread was faster; then that provider is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> Option<InvalidStoreUrl> {
        StoreUrl::parse(text).err()
    }

    #[test]
    fn urls_of_every_scheme_are_parsed() {
        for text in [
            "redis://127.0.0.1:6379/0",
            "redis://redis.example",
            " rediss://user:pa%2Fss@redis.example:6380/1\n",
            "redis://:p@ss@redis.example",
            "redis+unix:///run/redis.sock",
            "redis+unix:///run/with@sign?db=1",
            "redis://[::1]:6379",
        ] {
            assert_eq!(error(text), None, "{text}");
        }
    }

    #[test]
    fn errors_name_the_reason_and_do_not_show_the_password() {
        for (text, reason) in [
            ("hunter2", InvalidStoreUrl::Form),
            ("https://redis.example", InvalidStoreUrl::Form),
            ("redis://", InvalidStoreUrl::Form),
            ("redis://redis.example:port", InvalidStoreUrl::Form),
            ("redis://:hunter2#a@redis.example", InvalidStoreUrl::NotPercentEncoded),
            ("redis://:hunter2/a@redis.example:6379/0", InvalidStoreUrl::NotPercentEncoded),
            ("rediss://user:hunter2?a@redis.example", InvalidStoreUrl::NotPercentEncoded),
            ("redis://user:12/34@redis.example", InvalidStoreUrl::NotPercentEncoded),
            ("redis://:12#hunter2@redis.example", InvalidStoreUrl::NotPercentEncoded),
            ("redis://redis.example/hunter2", InvalidStoreUrl::Database),
            ("rediss://redis.example#insecure", InvalidStoreUrl::Fragment),
            ("rediss://redis.example#hunter2", InvalidStoreUrl::Fragment),
        ] {
            let error = StoreUrl::parse(text).unwrap_err();
            assert_eq!(error, reason, "{text}");
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
        assert_eq!(format!("{:?}", StoreUrl::parse("redis://:hunter2@x").unwrap()), "[redacted]");
    }

    #[test]
    fn urls_of_sentinel_and_cluster_are_refused_with_advice() {
        for text in [
            "redis-sentinel://:hunter2@sentinel.example:26379/mymaster",
            "redis+sentinel://sentinel.example:26379/mymaster/0",
            "rediss+sentinel://sentinel.example",
            "redis-cluster://node.example:7000",
            "redis+cluster://node.example:7000",
            "redis://:hunter2@one.example:7000,two.example:7000/0",
        ] {
            let error = StoreUrl::parse(text).unwrap_err();
            assert_eq!(error, InvalidStoreUrl::SeveralServers, "{text}");
            assert!(error.to_string().contains("leads to the primary"));
        }
        assert_eq!(error("redis://:hun,ter2@redis-cluster.example"), None, "a password and a host name");
    }

    #[test]
    fn a_certificate_authority_needs_tls_and_a_certificate() {
        let reason = |text, pem: &str| StoreUrl::parse_with_ca(text, pem.as_bytes()).err();
        assert_eq!(reason("redis://redis.example", ""), Some(InvalidStoreUrl::CaWithoutTls));
        assert_eq!(reason("rediss://redis.example", ""), Some(InvalidStoreUrl::CaFile));
        assert_eq!(reason("rediss://redis.example", "no certificate"), Some(InvalidStoreUrl::CaFile));
    }
}
