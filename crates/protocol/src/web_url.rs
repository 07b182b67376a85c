//! Absolute URLs as browsers parse them (WHATWG URL Standard), their queries, and path segments.
//!
//! `platform` parses and normalises; this module splits the normalised text into its components.

use crate::platform;
pub(crate) use platform::{Query, decode, query_of};
use url::form_urlencoded::byte_serialize;

/// An absolute URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebUrl {
    /// The normalised text. The other fields are byte positions in it.
    href: String,
    scheme_end: usize,
    host_start: usize,
    host_end: usize,
    /// The authority ends here too.
    path_start: usize,
    path_end: usize,
}

impl WebUrl {
    /// Parses an absolute URL.
    pub fn parse(text: &str) -> Option<Self> {
        platform::href(text, None).and_then(Self::from_normalised)
    }

    /// Parses a URL relative to this one.
    pub fn join(&self, text: &str) -> Option<Self> {
        platform::href(text, Some(&self.href)).and_then(Self::from_normalised)
    }

    /// Splits a normalised URL. The parser has encoded every delimiter that is not one, so searching for them is
    /// enough.
    fn from_normalised(href: String) -> Option<Self> {
        let (scheme, rest) = href.split_once(':')?;
        let scheme_end = scheme.len();
        let after_scheme = href.len() - rest.len();
        let (host_start, host_end, path_start) = match rest.strip_prefix("//") {
            Some(rest) => {
                let authority = until(rest, b"/?#");
                let host = authority.split_once('@').map_or(authority, |(_, host)| host);
                let start = after_scheme + 2;
                let path_start = start + authority.len();
                let host_start = path_start - host.len();
                // The colons of an IPv6 address are in brackets.
                let from = if host.starts_with('[') { until(host, b"]").len() } else { 0 };
                let name = until(host.get(from..)?, b":");
                (host_start, host_start + from + name.len(), path_start)
            }
            None => (after_scheme, after_scheme, after_scheme),
        };
        let path_end = path_start + until(href.get(path_start..)?, b"?#").len();
        Some(Self { href, scheme_end, host_start, host_end, path_start, path_end })
    }

    /// Returns the whole URL.
    pub fn as_str(&self) -> &str {
        &self.href
    }

    /// Returns the scheme in lower case, without the colon.
    pub fn scheme(&self) -> &str {
        self.part(0, self.scheme_end)
    }

    /// Whether the scheme is `https` or `http`.
    pub fn is_http(&self) -> bool {
        matches!(self.scheme(), "https" | "http")
    }

    /// Returns the host: a name or an IP address. Empty if the URL has none.
    pub fn host(&self) -> &str {
        self.part(self.host_start, self.host_end)
    }

    /// Returns the host if it is a name and no IP address. It may end in a dot.
    pub fn domain(&self) -> Option<&str> {
        // A host whose last label is a number is an IPv4 address: https://url.spec.whatwg.org/#ends-in-a-number-checker
        let host = self.host();
        let last_label = without_trailing_dot(host).bytes().rev().take_while(|byte| *byte != b'.');
        let is_address = host.starts_with('[') || last_label.clone().all(|byte| byte.is_ascii_digit());
        (!is_address).then_some(host)
    }

    /// Returns the host with its port, unless the port is the default of the scheme.
    pub fn authority(&self) -> &str {
        self.part(self.host_start, self.path_start)
    }

    /// Returns the origin: scheme, host and port without a trailing slash. `None` for schemes other than http(s).
    pub fn origin(&self) -> Option<String> {
        (self.is_http() && !self.host().is_empty()).then(|| [self.scheme(), "://", self.authority()].concat())
    }

    /// Returns the path, which begins with `/`.
    pub fn path(&self) -> &str {
        self.part(self.path_start, self.path_end)
    }

    /// Whether the URL has a user name or password.
    pub fn has_credentials(&self) -> bool {
        self.part(0, self.host_start).ends_with('@')
    }

    fn part(&self, start: usize, end: usize) -> &str {
        self.href.get(start..end).unwrap_or_default()
    }
}

impl From<WebUrl> for String {
    fn from(url: WebUrl) -> Self {
        url.href
    }
}

impl Query {
    /// Returns the query of an address.
    pub(crate) fn of(href: &str) -> Self {
        let (_, query, _) = split(href);
        Self::parse(query.unwrap_or_default())
    }

    /// Returns the first value of a parameter that is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.all(name).into_iter().find(|value| !value.is_empty())
    }

    /// Whether there is a parameter with this name, even an empty one.
    pub(crate) fn has(&self, name: &str) -> bool {
        !self.all(name).is_empty()
    }
}

/// Returns a host name without the dot that may end it (RFC 1034 section 3.1).
pub(crate) fn without_trailing_dot(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

/// Splits an address into what precedes the query, the query, and the fragment, without their delimiters.
pub(crate) fn split(href: &str) -> (&str, Option<&str>, Option<&str>) {
    let (rest, fragment) = match href.split_once('#') {
        Some((rest, fragment)) => (rest, Some(fragment)),
        None => (href, None),
    };
    match rest.split_once('?') {
        Some((base, query)) => (base, Some(query), fragment),
        None => (rest, None, fragment),
    }
}

/// Whether text is a valid path segment (RFC 3986 section 3.3) without percent-encoding.
pub(crate) fn is_path_segment(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte);
    !matches!(text, "" | "." | "..") && text.bytes().all(is_plain)
}

/// Encodes text as one path segment.
pub(crate) fn path_segment(text: &str) -> String {
    // A space is %20 in a path, where a plus sign is itself.
    byte_serialize(text.as_bytes()).map(|part| if part == "+" { "%20" } else { part }).collect()
}

/// Returns what precedes the first delimiter, or all of the text.
// By bytes: the standard library's search for one of several characters adds to the module.
fn until<'a>(text: &'a str, delimiters: &[u8]) -> &'a str {
    let end = text.bytes().position(|byte| delimiters.contains(&byte)).unwrap_or(text.len());
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_url_has_its_components() {
        let url = WebUrl::parse("HTTPS://Login.Shop.test:8443/a/b?x=1#y").unwrap();
        assert_eq!(url.as_str(), "https://login.shop.test:8443/a/b?x=1#y");
        assert_eq!((url.scheme(), url.host(), url.path()), ("https", "login.shop.test", "/a/b"));
        assert_eq!(url.authority(), "login.shop.test:8443");
        assert_eq!(url.origin().unwrap(), "https://login.shop.test:8443");
        assert_eq!(WebUrl::parse("http://shop.test:80").unwrap().origin().unwrap(), "http://shop.test");
    }

    #[test]
    fn only_http_urls_have_origins() {
        for text in ["data:text/plain,x", "file:///x", "javascript:1", "app://shop/", "blob:https://shop.test/1"] {
            assert_eq!(WebUrl::parse(text).unwrap().origin(), None, "{text}");
        }
    }

    #[test]
    fn an_ip_address_is_no_domain() {
        for (host, is_name) in [
            ("shop.test", true),
            ("shop.test.", true),
            ("127.0.0.1", false),
            ("127.0.0.1.", false),
            ("0x7f.1", false),
            ("[::1]", false),
            ("1.test", true),
            ("localhost.", true),
        ] {
            let url = WebUrl::parse(&["http://", host].concat()).unwrap();
            assert_eq!(url.domain().is_some(), is_name, "{host}");
        }
    }

    #[test]
    fn credentials_are_found() {
        for (text, has) in [("https://a@h", true), ("https://:p@h", true), ("https://@h", false), ("https://h", false)]
        {
            assert_eq!(WebUrl::parse(text).unwrap().has_credentials(), has, "{text}");
        }
    }

    #[test]
    fn queries_and_path_segments_are_read_and_written() {
        assert_eq!(query_of(&[("a", "x y"), ("b", "&")]), "a=x+y&b=%26");
        assert_eq!(Query::of("https://h/?a=&a=1&b=x+%26#?b=3").get("b").unwrap(), "x &");
        assert_eq!(Query::of("https://h/?a=&a").get("a"), None);
        assert_eq!(Query::of("https://h/#?a=1").get("a"), None);
        assert_eq!(path_segment("a/b c+d"), "a%2Fb%20c%2Bd");
        for (text, is_segment) in
            [("a-b_1.2~:@", true), ("a/b", false), ("a%2Fb", false), ("..", false), ("", false), ("é", false)]
        {
            assert_eq!(is_path_segment(text), is_segment, "{text}");
        }
    }

    proptest! {
        #[test]
        fn components_are_those_of_the_parser(
            text in r#"(https?|ws|app|file|data|blob|javascript):[/\\]{0,3}([a-z.:@/?#0-9%\[\] -]{0,24}|[a-z]{1,3}(:[a-z]{0,2})?@?[a-z0-9.]{1,6}(:[0-9]{1,3})?[/?#@:a-z]{0,8})"#
        ) {
            let (ours, theirs) = (WebUrl::parse(&text), url::Url::parse(&text).ok());
            prop_assert_eq!(ours.as_ref().map(WebUrl::as_str), theirs.as_ref().map(url::Url::as_str));
            if let (Some(ours), Some(theirs)) = (ours, theirs) {
                let port = theirs.port().map_or_else(String::new, |port| format!(":{port}"));
                let has_password = theirs.password().is_some_and(|password| !password.is_empty());
                prop_assert_eq!(ours.scheme(), theirs.scheme());
                prop_assert_eq!(ours.host(), theirs.host_str().unwrap_or_default());
                prop_assert_eq!(ours.authority(), format!("{}{port}", theirs.host_str().unwrap_or_default()));
                prop_assert_eq!(ours.path(), theirs.path());
                prop_assert_eq!(ours.has_credentials(), !theirs.username().is_empty() || has_password);
            }
        }
    }
}
