//! Origins and sites: the public URL, loopback names, and the domains of shared cookies.

use url::{Host, Url};

use crate::dialect::IssuerHost;

/// The origin under which browsers reach the sandbox.
#[derive(Debug, Clone)]
pub(crate) struct PublicUrl {
    url: Url,
    origin: String,
}

impl PublicUrl {
    /// Parses `http(s)://host[:port]`, with or without a trailing slash.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let url = parse_http_url(text)?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let origin = url.origin().ascii_serialization();
        bare.then_some(Self { url, origin })
    }

    /// Without a trailing slash.
    pub(crate) fn as_str(&self) -> &str {
        &self.origin
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    pub(crate) fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The issuer of tokens and callbacks. Where there is no such host, it is this origin.
    pub(crate) fn issuer(&self, host: IssuerHost) -> String {
        let (Some(Host::Domain(name)), port) = (self.url.host(), self.url.port()) else {
            return self.origin.clone();
        };
        let name = match (host, name.split_once('.')) {
            (IssuerHost::Public, _) => name.to_owned(),
            (IssuerHost::Below, _) => format!("tenant.{name}"),
            (IssuerHost::Above, Some((_, above))) if above.contains('.') => above.to_owned(),
            (IssuerHost::Above, _) => name.to_owned(),
        };
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{name}{port}", self.url.scheme())
    }

    /// The registered callback of every identity provider and user verifier.
    pub(crate) fn login_url(&self) -> String {
        format!("{}/login", self.origin)
    }

    /// The issuer that a service client's own JWTs must name.
    pub(crate) fn service_client_issuer(&self, client_id: &str) -> String {
        format!("{}/v1/clients/{client_id}", self.origin)
    }
}

/// An absolute http or https URL without user information and without characters that parsers
/// disagree on (white space, control characters, backslashes).
pub(crate) fn parse_http_url(text: &str) -> Option<Url> {
    let ambiguous = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    if text.contains(ambiguous) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.host().is_some();
    // `https:/host` and `https:host` parse too, but other parsers read them as relative URLs.
    let has_authority = text.get(url.scheme().len()..).is_some_and(|rest| rest.starts_with("://"));
    let anonymous = url.username().is_empty() && url.password().is_none();
    // The parsed URL does not show an empty user name.
    let authority_end = text.find("://").map_or(0, |at| at + 3);
    let authority = text.get(authority_end..).and_then(|rest| rest.split(['/', '?', '#']).next());
    let no_at_sign = authority.is_some_and(|authority| !authority.contains('@'));
    (web && has_authority && anonymous && no_at_sign).then_some(url)
}

/// Whether the login client treats a page on this host as local: the two exact names only.
pub(crate) fn is_localhost(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1"))
}

/// The parent domain under which both hosts may share cookies, by the login client's own rule:
/// https on both sides, the same port, and at least two equal trailing labels. It knows no public
/// suffixes, as the client does not.
pub(crate) fn shared_cookie_domain(page: &Url, login: &Url) -> Option<String> {
    let same_port = page.port_or_known_default() == login.port_or_known_default();
    if page.scheme() != "https" || login.scheme() != "https" || !same_port {
        return None;
    }
    let (Some(Host::Domain(page)), Some(Host::Domain(login))) = (page.host(), login.host()) else {
        return None;
    };
    let pairs = page.rsplit('.').zip(login.rsplit('.'));
    let mut shared: Vec<&str> = pairs.take_while(|(one, other)| one == other).map(|(label, _)| label).collect();
    shared.reverse();
    (shared.len() >= 2).then(|| shared.join("."))
}

/// Every domain for which this https host could have set a shared cookie: itself and its parents
/// of two or more labels.
pub(crate) fn cookie_domains(url: &Url) -> Vec<String> {
    let Some(Host::Domain(host)) = url.host().filter(|_| url.scheme() == "https") else {
        return vec![];
    };
    let labels: Vec<&str> = host.split('.').collect();
    let parents = (0..labels.len()).filter_map(|skipped| labels.get(skipped..));
    parents.filter(|rest| rest.len() >= 2).map(|rest| rest.join(".")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(page: &str, login: &str) -> Option<String> {
        shared_cookie_domain(&Url::parse(page).unwrap(), &Url::parse(login).unwrap())
    }

    #[test]
    fn siblings_under_https_share_their_parent() {
        assert_eq!(shared("https://app.shop.test/x", "https://login.shop.test").as_deref(), Some("shop.test"));
        assert_eq!(shared("https://shop.test", "https://login.shop.test").as_deref(), Some("shop.test"));
        assert_eq!(shared("https://a.b.shop.test", "https://c.b.shop.test").as_deref(), Some("b.shop.test"));
    }

    #[test]
    fn http_other_ports_other_sites_and_addresses_share_nothing() {
        assert_eq!(shared("http://app.shop.test", "https://login.shop.test"), None);
        assert_eq!(shared("https://app.shop.test:8443", "https://login.shop.test"), None);
        assert_eq!(shared("https://www.other.test", "https://login.shop.test"), None);
        assert_eq!(shared("https://10.0.0.1", "https://11.0.0.1"), None);
        assert_eq!(shared("https://localhost", "https://localhost"), None);
    }

    #[test]
    fn cookies_may_live_on_a_host_and_its_parents() {
        let domains = |url| cookie_domains(&Url::parse(url).unwrap());
        assert_eq!(domains("https://login.shop.test"), ["login.shop.test", "shop.test"]);
        assert!(domains("http://127.0.0.1:8888").is_empty());
    }

    #[test]
    fn a_public_url_is_an_origin() {
        assert_eq!(PublicUrl::parse("https://login.shop.test/").unwrap().as_str(), "https://login.shop.test");
        assert_eq!(PublicUrl::parse("http://127.0.0.1:8888").unwrap().login_url(), "http://127.0.0.1:8888/login");
        for bad in ["login.shop.test", "https://x.test/path", "https://x.test/?a", "ftp://x.test", "https://u@x.test"] {
            assert!(PublicUrl::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_issuer_may_be_below_or_above_the_public_host() {
        let issuers = |url: &str| {
            let url = PublicUrl::parse(url).unwrap();
            [IssuerHost::Public, IssuerHost::Below, IssuerHost::Above].map(|host| url.issuer(host))
        };
        assert_eq!(
            issuers("https://login.shop.test"),
            ["https://login.shop.test", "https://tenant.login.shop.test", "https://shop.test"]
        );
        let [public, below, above] = issuers("https://shop.test:8443");
        assert_eq!([&public, &above], ["https://shop.test:8443"; 2]);
        assert_eq!(below, "https://tenant.shop.test:8443");
        assert_eq!(issuers("http://127.0.0.1:8888"), ["http://127.0.0.1:8888"; 3]);
    }

    #[test]
    fn urls_that_parsers_disagree_on_are_refused() {
        let bad = [
            "https:\\\\shop.test",
            "https://shop.test\\@evil.test",
            "https://@shop.test",
            "https://a:b@shop.test",
            "https://shop.test/a b",
            "https://shop.test/\n",
            "javascript:alert(1)",
            "data:text/html,x",
            "https:shop.test",
            "https:/shop.test",
            "//shop.test",
            "",
        ];
        for text in bad {
            assert!(parse_http_url(text).is_none(), "{text:?}");
        }
        assert!(parse_http_url("https://shop.test/a?b=@#@").is_some());
    }
}
