//! Absolute URLs as browsers read them, by the WHATWG URL Standard.
//!
//! [`crate::platform`] parses and normalises the text; this module takes the normal form apart.

use crate::{
    platform,
    text::{self, split_before, split_once},
};
pub(crate) use platform::{Query, decode, query_of};
use url::form_urlencoded::byte_serialize;

/// An absolute URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebUrl {
    /// In the normal form that parsers give it.
    href: String,
    scheme_end: usize,
    host_start: usize,
    host_end: usize,
    /// The authority ends where the path begins.
    path_start: usize,
    path_end: usize,
}

impl WebUrl {
    /// Reads an absolute URL.
    pub fn parse(text: &str) -> Option<Self> {
        platform::href(text, None).and_then(Self::take_apart)
    }

    /// Reads a URL that may be relative to this one.
    pub fn join(&self, text: &str) -> Option<Self> {
        platform::href(text, Some(&self.href)).and_then(Self::take_apart)
    }

    /// Takes apart what a parser has put into its normal form: nothing in it stands where it could be
    /// taken for something else.
    fn take_apart(href: String) -> Option<Self> {
        let (scheme, rest) = split_once(&href, b':')?;
        let scheme_end = scheme.len();
        let after_scheme = href.len() - rest.len();
        let (host_start, host_end, path_start) = match rest.strip_prefix("//") {
            Some(rest) => {
                let (authority, _) = split_before(rest, b"/?#");
                let host = split_once(authority, b'@').map_or(authority, |(_, host)| host);
                let start = after_scheme + 2;
                let path_start = start + authority.len();
                let host_start = path_start - host.len();
                // The colons of an IPv6 address stand in brackets.
                let (address, _) = split_before(host, b"]");
                let from = if host.starts_with('[') { address.len() } else { 0 };
                let (name, _) = split_before(host.get(from..)?, b":");
                (host_start, host_start + from + name.len(), path_start)
            }
            None => (after_scheme, after_scheme, after_scheme),
        };
        let (path, _) = split_before(href.get(path_start..)?, b"?#");
        let path_end = path_start + path.len();
        Some(Self { href, scheme_end, host_start, host_end, path_start, path_end })
    }

    /// The whole URL.
    pub fn as_str(&self) -> &str {
        &self.href
    }

    /// The scheme in lower case, without a colon.
    pub fn scheme(&self) -> &str {
        self.part(0, self.scheme_end)
    }

    /// Whether it is of the schemes that a browser can be sent to.
    pub fn is_web(&self) -> bool {
        matches!(self.scheme(), "https" | "http")
    }

    /// The host: a name, or an address as text. Empty where a URL has none.
    pub fn host(&self) -> &str {
        self.part(self.host_start, self.host_end)
    }

    /// The host if it is a name and no address. A dot at its end stays.
    pub fn domain(&self) -> Option<&str> {
        // By the standard a host whose last label is a number is an IPv4 address.
        let host = self.host();
        let last_label = without_last_dot(host).bytes().rev().take_while(|byte| *byte != b'.');
        let is_address = host.starts_with('[') || last_label.clone().all(|byte| byte.is_ascii_digit());
        (!is_address).then_some(host)
    }

    /// The host with its port, where that is not the scheme's own.
    pub fn authority(&self) -> &str {
        self.part(self.host_start, self.path_start)
    }

    /// Scheme, host and port without a trailing slash; `None` where there are no such origins
    /// (`data:`, `file:` and the like).
    pub fn origin(&self) -> Option<String> {
        (self.is_web() && !self.host().is_empty()).then(|| text::concat(&[self.scheme(), "://", self.authority()]))
    }

    /// The path, beginning with `/`.
    pub fn path(&self) -> &str {
        self.part(self.path_start, self.path_end)
    }

    /// Whether it names a user or password.
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
    /// The query of an address.
    pub(crate) fn of(href: &str) -> Self {
        let (_, query, _) = split(href);
        Self::parse(query.unwrap_or_default())
    }

    /// The value of the first parameter with this name; an empty one is none.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.first(name).filter(|value| !value.is_empty())
    }

    /// Whether there is a parameter with this name, empty or not.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }
}

/// A host name without the dot that may end it (RFC 1034 section 3.1); that dot begins no label.
pub(crate) fn without_last_dot(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

/// What stands before the query, the query, and the fragment, each without its mark.
pub(crate) fn split(href: &str) -> (&str, Option<&str>, Option<&str>) {
    let (rest, fragment) = match split_once(href, b'#') {
        Some((rest, fragment)) => (rest, Some(fragment)),
        None => (href, None),
    };
    match split_once(rest, b'?') {
        Some((base, query)) => (base, Some(query), fragment),
        None => (rest, None, fragment),
    }
}

/// Whether a text can be a segment of a path as it stands, RFC 3986 section 3.3.
pub(crate) fn is_path_segment(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte);
    !matches!(text, "" | "." | "..") && text.bytes().all(is_plain)
}

/// A segment of a path, with everything encoded that would end it.
pub(crate) fn path_segment(text: &str) -> String {
    let mut segment = String::new();
    for part in byte_serialize(text.as_bytes()) {
        // A space is %20 in a path, where "+" stands for itself.
        segment.push_str(if part == "+" { "%20" } else { part });
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_url_is_taken_apart() {
        let url = WebUrl::parse("HTTPS://Login.Shop.test:8443/a/b?x=1#y").unwrap();
        assert_eq!(url.as_str(), "https://login.shop.test:8443/a/b?x=1#y");
        assert_eq!((url.scheme(), url.host(), url.path()), ("https", "login.shop.test", "/a/b"));
        assert_eq!(url.authority(), "login.shop.test:8443");
        assert_eq!(url.origin().unwrap(), "https://login.shop.test:8443");
        assert_eq!(WebUrl::parse("http://shop.test:80").unwrap().origin().unwrap(), "http://shop.test");
    }

    #[test]
    fn only_the_web_has_origins() {
        for text in ["data:text/plain,x", "file:///x", "javascript:1", "app://shop/", "blob:https://shop.test/1"] {
            assert_eq!(WebUrl::parse(text).unwrap().origin(), None, "{text}");
        }
    }

    #[test]
    fn an_address_is_no_name() {
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
    fn a_name_or_password_shows() {
        for (text, has) in [("https://a@h", true), ("https://:p@h", true), ("https://@h", false), ("https://h", false)]
        {
            assert_eq!(WebUrl::parse(text).unwrap().has_credentials(), has, "{text}");
        }
    }

    #[test]
    fn parameters_are_read_and_written() {
        assert_eq!(query_of(&[("a", "x y"), ("b", "&")]), "a=x+y&b=%26");
        assert_eq!(Query::of("https://h/?a=&a=1&b=x+%26#?b=3").get("b").unwrap(), "x &");
        assert_eq!(Query::of("https://h/?a=&a=1").get("a"), None);
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
        fn a_url_is_taken_apart_as_its_parser_does(
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
