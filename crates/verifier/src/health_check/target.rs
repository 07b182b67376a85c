//! Which address a health check asks.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::Url;

use crate::config::Listeners;
use crate::service::HEALTH_PATH;

/// What a health check asks: a path, at the first of some addresses that accepts a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthTarget {
    /// Pairs of host and port. There is at least one.
    pub(super) authorities: Vec<String>,
    /// The path, with the query if there is one.
    pub(super) path: String,
}

impl HealthTarget {
    /// Returns the liveness check of the verifier with these listeners on this machine. It prefers the internal
    /// listener, whose connections clients cannot occupy.
    ///
    /// # Errors
    /// [`NoFixedPort`].
    pub fn local(listeners: Listeners) -> Result<Self, NoFixedPort> {
        let listen = listeners.internal.unwrap_or(listeners.logins);
        if listen.port() == 0 {
            return Err(NoFixedPort);
        }
        let here: &[IpAddr] = match listen.ip() {
            // It also listens on IPv4. The loopback interface of a container may have no IPv6 address.
            IpAddr::V6(ip) if ip.is_unspecified() => {
                &[IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)]
            }
            IpAddr::V4(ip) if ip.is_unspecified() => &[IpAddr::V4(Ipv4Addr::LOCALHOST)],
            ip => &[ip],
        };
        let authorities = here.iter().map(|ip| SocketAddr::new(*ip, listen.port()).to_string()).collect();
        Ok(Self { authorities, path: HEALTH_PATH.to_owned() })
    }

    /// Parses the URL of a health check.
    ///
    /// # Errors
    /// [`InvalidHealthUrl`], which holds nothing of the text.
    pub fn parse(text: &str) -> Result<Self, InvalidHealthUrl> {
        let url = Url::parse(text).map_err(|_| InvalidHealthUrl)?;
        let is_plain = url.scheme() == "http" && url.username().is_empty() && url.password().is_none();
        let (Some(host), Some(port), true) = (url.host_str(), url.port_or_known_default(), is_plain) else {
            return Err(InvalidHealthUrl);
        };
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(Self { authorities: vec![format!("{host}:{port}")], path: format!("{}{query}", url.path()) })
    }
}

/// The URL of a health check is not an `http` URL of host, port and path. The verifier speaks no TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidHealthUrl;

impl fmt::Display for InvalidHealthUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "InvalidHealthUrl: --url must be an http URL without a user name, such as http://127.0.0.1:9090/readyz",
        )
    }
}

impl std::error::Error for InvalidHealthUrl {}

/// The listener takes any free port, so its address is not known from the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoFixedPort;

impl fmt::Display for NoFixedPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "NoFixedPort: the verifier listens on any free port, because that of METRICS_LISTEN or LISTEN is 0. Set a \
             port, or use --url",
        )
    }
}

impl std::error::Error for NoFixedPort {}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(logins: &str, internal: Option<&str>) -> Result<Vec<String>, NoFixedPort> {
        let parse = |text: &str| text.parse().unwrap();
        let target = HealthTarget::local(Listeners { logins: parse(logins), internal: internal.map(parse) })?;
        assert_eq!(target.path, "/healthz");
        Ok(target.authorities)
    }

    #[test]
    fn the_internal_listener_is_preferred_and_an_unspecified_address_is_this_machine() {
        let only = |text: &str| Ok(vec![text.to_owned()]);
        assert_eq!(local("127.0.0.1:9000", None), only("127.0.0.1:9000"));
        assert_eq!(local("0.0.0.0:9000", None), only("127.0.0.1:9000"));
        assert_eq!(local("[::]:9000", None), Ok(vec!["[::1]:9000".to_owned(), "127.0.0.1:9000".to_owned()]));
        assert_eq!(local("[2001:db8::1]:9000", None), only("[2001:db8::1]:9000"));
        assert_eq!(local("0.0.0.0:0", Some("10.0.0.1:9090")), only("10.0.0.1:9090"));
        assert_eq!(local("127.0.0.1:0", None), Err(NoFixedPort));
        assert_eq!(local("127.0.0.1:9000", Some("127.0.0.1:0")), Err(NoFixedPort));
    }

    #[test]
    fn a_url_is_plain_http() {
        let target = HealthTarget::parse("http://verifier/readyz?a").unwrap();
        assert_eq!((&*target.authorities[0], &*target.path), ("verifier:80", "/readyz?a"));
        let target = HealthTarget::parse("http://[::1]:9090").unwrap();
        assert_eq!((&*target.authorities[0], &*target.path), ("[::1]:9090", "/"));
        for text in ["127.0.0.1:9000", "https://verifier/healthz", "http://user:hunter2@verifier/", "", "http://"] {
            let error = HealthTarget::parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }
}
