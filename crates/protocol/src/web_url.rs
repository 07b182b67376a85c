//! Absolute URLs as browsers read them, by the WHATWG URL Standard.
//!
//! Two parsers of that standard serve: natively the crate `url`, in a browser the browser's own. The
//! crate's would be a third of what a shopper downloads, and the browser's also knows international
//! domain names. `tests/browser/web_url.rs` holds one against the other.

use url::form_urlencoded;

/// An absolute URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebUrl {
    href: String,
    scheme: String,
    host: String,
    port: String,
    path: String,
    has_credentials: bool,
}

impl WebUrl {
    /// Reads an absolute URL.
    pub fn parse(text: &str) -> Option<Self> {
        parser::parse(text, None)
    }

    /// Reads a URL that may be relative to this one.
    pub fn join(&self, text: &str) -> Option<Self> {
        parser::parse(text, Some(&self.href))
    }

    /// The whole URL.
    pub fn as_str(&self) -> &str {
        &self.href
    }

    /// The scheme in lower case, without a colon.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Whether it is of the schemes that a browser can be sent to.
    pub fn is_web(&self) -> bool {
        matches!(&*self.scheme, "https" | "http")
    }

    /// The host: a name, or an address as text. Empty where a URL has none.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host if it is a name and no address.
    pub fn domain(&self) -> Option<&str> {
        // By the standard a host whose last label is a number is an IPv4 address.
        let last_label = self.host.rsplit('.').next().unwrap_or_default();
        let is_address = self.host.starts_with('[') || last_label.bytes().all(|byte| byte.is_ascii_digit());
        (!is_address).then_some(&*self.host)
    }

    /// The host with its port, where that is not the scheme's own.
    pub fn authority(&self) -> String {
        if self.port.is_empty() { self.host.clone() } else { [&*self.host, ":", &self.port].concat() }
    }

    /// Scheme, host and port without a trailing slash; `None` where there are no such origins
    /// (`data:`, `file:` and the like).
    pub fn origin(&self) -> Option<String> {
        (self.is_web() && !self.host.is_empty()).then(|| [&*self.scheme, "://", &self.authority()].concat())
    }

    /// The path, beginning with `/`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it names a user or password.
    pub fn has_credentials(&self) -> bool {
        self.has_credentials
    }
}

impl From<WebUrl> for String {
    fn from(url: WebUrl) -> Self {
        url.href
    }
}

/// Writes pairs as a query, `application/x-www-form-urlencoded`.
pub(crate) fn query_of(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The value of the first parameter `name` in the query of `href`; an empty one is none.
pub(crate) fn parameter(href: &str, name: &str) -> Option<String> {
    let (_, query, _) = split(href);
    let value = form_urlencoded::parse(query?.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value);
    value.filter(|value| !value.is_empty()).map(String::from)
}

/// What stands before the query, the query, and the fragment, each without its mark.
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

/// A segment of a path, with everything encoded that would end it.
pub(crate) fn path_segment(text: &str) -> String {
    // A space is %20 in a path, where "+" stands for itself.
    form_urlencoded::byte_serialize(text.as_bytes()).map(|part| if part == "+" { "%20" } else { part }).collect()
}

#[cfg(not(target_arch = "wasm32"))]
mod parser {
    use super::WebUrl;
    use url::Url;

    pub(super) fn parse(text: &str, base: Option<&str>) -> Option<WebUrl> {
        let base = base.map(Url::parse).transpose().ok()?;
        let url = Url::options().base_url(base.as_ref()).parse(text).ok()?;
        Some(WebUrl {
            scheme: url.scheme().to_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port().map(|port| port.to_string()).unwrap_or_default(),
            path: url.path().to_owned(),
            has_credentials: !url.username().is_empty() || url.password().is_some_and(|password| !password.is_empty()),
            href: url.into(),
        })
    }
}

#[cfg(target_arch = "wasm32")]
mod parser {
    use super::WebUrl;
    use web_sys::Url;

    pub(super) fn parse(text: &str, base: Option<&str>) -> Option<WebUrl> {
        let url = match base {
            Some(base) => Url::new_with_base(text, base),
            None => Url::new(text),
        };
        let url = url.ok()?;
        let mut scheme = url.protocol();
        scheme.pop(); // The colon.
        Some(WebUrl {
            href: url.href(),
            scheme,
            host: url.hostname(),
            port: url.port(),
            path: url.pathname(),
            has_credentials: !url.username().is_empty() || !url.password().is_empty(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for (host, is_name) in
            [("shop.test", true), ("127.0.0.1", false), ("0x7f.1", false), ("[::1]", false), ("1.test", true)]
        {
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
        assert_eq!(parameter("https://h/?a=&a=1&b=x+%26#?b=3", "b").unwrap(), "x &");
        assert_eq!(parameter("https://h/?a=&a=1", "a"), None);
        assert_eq!(parameter("https://h/#?a=1", "a"), None);
        assert_eq!(path_segment("a/b c+d"), "a%2Fb%20c%2Bd");
    }
}
