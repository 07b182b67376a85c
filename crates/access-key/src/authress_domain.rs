//! A host of an Authress account.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// A host of the Authress account at which pages log in: the custom domain, for example `https://login.example.com`.
///
/// It consists of a scheme, a host and optionally a port. `http` is allowed for loopback hosts only (`localhost`,
/// `*.localhost`, `127.0.0.0/8`, `[::1]`), because signed statements and tokens are sent to this domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthressDomain {
    scheme: String,
    /// The host in lower case and, unless it is the scheme's default, the port.
    authority: String,
    default_port: Option<u16>,
    login_url: String,
}

impl AuthressDomain {
    /// Returns the origin, without a trailing slash.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// Returns the URL of Authress that receives the responses of verifiers: `{origin}/login`.
    pub fn login_url(&self) -> &str {
        &self.login_url
    }

    /// Returns the `iss` of what the service client signs for this domain. Client ids need no encoding in a path.
    pub fn issuer(&self, client_id: &str) -> String {
        format!("{}/v1/clients/{client_id}", self.origin())
    }

    /// Returns whether this is one of Authress's own hosts, and not a custom domain.
    pub fn is_of_authress(&self) -> bool {
        self.authority.ends_with(".authress.io")
    }

    /// Returns whether this is the host of Authress at which the users of this account log in. The account of an access
    /// key is the first label of its hosts.
    pub fn is_login_host_of(&self, account_id: &str) -> bool {
        self.authority.eq_ignore_ascii_case(&format!("{account_id}.login.authress.io"))
    }

    /// Returns whether `scheme` is this domain's, in any case.
    pub fn has_scheme(&self, scheme: &str) -> bool {
        scheme.eq_ignore_ascii_case(&self.scheme)
    }

    /// Returns whether `authority` is this domain's, in any case and with or without the scheme's default port. It
    /// compares text: other spellings of a host that a URL parser would call equal (percent-encoding, decimal
    /// addresses, a trailing dot) do not match.
    pub fn has_authority(&self, authority: &str) -> bool {
        authority.eq_ignore_ascii_case(&self.authority)
            || self
                .default_port
                .is_some_and(|port| authority.eq_ignore_ascii_case(&format!("{}:{port}", self.authority)))
    }
}

impl FromStr for AuthressDomain {
    type Err = AuthressDomainError;

    fn from_str(text: &str) -> Result<Self, AuthressDomainError> {
        // Characters that the URL parser would repair are more likely a mistake. International names must be given in
        // their `xn--` form, the form in which they arrive in requests.
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return Err(AuthressDomainError::NotAUrl);
        }
        let url = Url::parse(text).map_err(|_| AuthressDomainError::NotAUrl)?;
        let host = url.host().ok_or(AuthressDomainError::NotAUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&host) => {}
            _ => return Err(AuthressDomainError::NotHttps),
        }
        let has_more = url.path() != "/"
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some();
        let host = host.to_string();
        if has_more || host.ends_with('.') {
            return Err(AuthressDomainError::NotOnlyAnOrigin);
        }
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host,
        };
        Ok(Self {
            scheme: url.scheme().to_owned(),
            login_url: format!("{}://{authority}{LOGIN_PATH}", url.scheme()),
            authority,
            default_port: match url.port() {
                Some(_) => None,
                None => url.port_or_known_default(),
            },
        })
    }
}

/// Why a text is not an Authress domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthressDomainError {
    /// The text is not a URL with a host in visible ASCII: usually the `https://` is missing.
    NotAUrl,
    /// The scheme is neither `https` nor `http` on a loopback host.
    NotHttps,
    /// The URL has a path, query, fragment, user name or a trailing dot after the host.
    NotOnlyAnOrigin,
}

impl fmt::Display for AuthressDomainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAUrl => {
                "must be a URL such as https://login.example.com, with the https:// and without spaces; \
                 an international name must be in its xn-- form"
            }
            Self::NotHttps => "must begin with https:// (http:// is allowed for localhost and 127.0.0.1 only)",
            Self::NotOnlyAnOrigin => {
                "must be only scheme and host, such as https://login.example.com: no path, query, fragment, \
                 user name or trailing dot"
            }
        })
    }
}

impl std::error::Error for AuthressDomainError {}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// The path at which Authress receives the responses of identity providers and of verifiers.
pub const LOGIN_PATH: &str = "/login";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_normalised() {
        for (text, origin) in [
            ("https://login.example.com", "https://login.example.com"),
            ("https://login.example.com/", "https://login.example.com"),
            ("HTTPS://Login.Example.COM:443", "https://login.example.com"),
            ("https://login.example.com:8443", "https://login.example.com:8443"),
            ("https://login.xn--bcher-kva.example", "https://login.xn--bcher-kva.example"),
            ("http://localhost:8888", "http://localhost:8888"),
            ("http://login.localhost", "http://login.localhost"),
            ("http://127.0.0.1:8888", "http://127.0.0.1:8888"),
            ("http://[::1]:8888/", "http://[::1]:8888"),
        ] {
            assert_eq!(text.parse::<AuthressDomain>().unwrap().origin(), origin);
        }
    }

    #[test]
    fn everything_else_is_rejected_with_its_reason() {
        use AuthressDomainError::{NotAUrl, NotHttps, NotOnlyAnOrigin};
        for (text, reason) in [
            ("", NotAUrl),
            ("login.example.com", NotAUrl),
            ("https://", NotAUrl),
            ("https://bücher.example", NotAUrl),
            (" https://login.example.com", NotAUrl),
            ("https:\\\\login.example.com", NotAUrl),
            ("data:text/plain,x", NotAUrl),
            ("http://login.example.com", NotHttps),
            ("http://127.0.0.1.example.com", NotHttps),
            ("http://localhost.example.com", NotHttps),
            ("ftp://localhost", NotHttps),
            ("https://login.example.com/login", NotOnlyAnOrigin),
            ("https://login.example.com/?a", NotOnlyAnOrigin),
            ("https://login.example.com/#", NotOnlyAnOrigin),
            ("https://user@login.example.com", NotOnlyAnOrigin),
            ("https://login.example.com.", NotOnlyAnOrigin),
        ] {
            assert_eq!(text.parse::<AuthressDomain>(), Err(reason), "{text}");
        }
    }

    #[test]
    fn hosts_of_authress_belong_to_one_account() {
        let is_foreign = |host: &str| {
            let domain: AuthressDomain = format!("https://{host}").parse().unwrap();
            domain.is_of_authress() && !domain.is_login_host_of("acc-1")
        };
        for own in ["login.example.com", "acc-1.login.authress.io", "ACC-1.login.authress.io", "authress.io.example"] {
            assert!(!is_foreign(own), "{own}");
        }
        for foreign in
            ["acc-2.login.authress.io", "acc-1.api.authress.io", "acc-1.api-eu-west.authress.io", "login.authress.io"]
        {
            assert!(is_foreign(foreign), "{foreign}");
        }
    }

    #[test]
    fn login_url_and_issuer_are_on_the_origin() {
        let domain: AuthressDomain = "https://login.example.com/".parse().unwrap();
        assert_eq!(domain.login_url(), "https://login.example.com/login");
        assert_eq!(domain.issuer("sc_shop"), "https://login.example.com/v1/clients/sc_shop");
    }
}
