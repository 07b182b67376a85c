//! The page the client runs on: what its address permits.

use crate::{
    error::{Error, ErrorCode},
    settings::Settings,
    web_url::WebUrl,
};

/// The address of the current page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    url: WebUrl,
}

impl Page {
    /// Takes `location.href`.
    pub fn new(href: &str) -> Result<Self, Error> {
        WebUrl::parse(href)
            .map(|url| Self { url })
            .ok_or_else(|| Error::with_detail(ErrorCode::InternalError, "location.href is no URL."))
    }

    /// The address as text.
    pub fn href(&self) -> &str {
        self.url.as_str()
    }

    /// Whether the host is exactly `localhost` or `127.0.0.1`: there tokens come in the query, no
    /// cookies are sent and no session is asked for, since browsers share cookies across ports.
    pub fn is_localhost(&self) -> bool {
        matches!(self.url.host(), "localhost" | "127.0.0.1")
    }

    /// Whether the page is served over https.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether the Authress host is a sibling of this page, so that the session cookie reaches it:
    /// https, and hosts that share their last two labels, ports included.
    ///
    /// Public suffixes are not known here, as in the published client: two shops below `co.uk`
    /// count as siblings. Authress's own answer overrides this.
    pub fn allows_credentials(&self, settings: &Settings) -> bool {
        if self.is_localhost() || !self.is_https() {
            return false;
        }
        let (page, authress) = (self.url.authority(), settings.host().authority());
        page == authress || last_two_labels(page).is_some_and(|shared| last_two_labels(authress) == Some(shared))
    }

    /// Whether `url` is on this page's host, whatever the port.
    pub fn has_hostname_of(&self, url: &WebUrl) -> bool {
        self.url.host() == url.host()
    }

    /// The origin of the page, where it has one.
    pub fn origin(&self) -> Option<String> {
        self.url.origin()
    }

    /// The host name, if it is a name and no address.
    pub fn domain(&self) -> Option<&str> {
        self.url.domain()
    }

    /// The path, beginning with `/`.
    pub fn path(&self) -> &str {
        self.url.path()
    }

    /// Resolves where to return to. Without one it is this page.
    ///
    /// A URL that runs script (`javascript:`, `data:`) is refused: it would end in
    /// `location.assign`.
    pub fn resolve(&self, redirect_url: Option<&str>) -> Result<WebUrl, Error> {
        let Some(redirect_url) = redirect_url else { return Ok(self.url.clone()) };
        let resolved = self.url.join(redirect_url).ok_or(ErrorCode::InvalidRedirectUrl)?;
        match resolved.scheme() {
            "javascript" | "data" | "blob" | "file" | "about" | "vbscript" => Err(ErrorCode::InvalidRedirectUrl.into()),
            _ => Ok(resolved),
        }
    }
}

fn last_two_labels(host: &str) -> Option<&str> {
    let mut dots = host.bytes().enumerate().rev().filter(|(_, byte)| *byte == b'.').map(|(index, _)| index);
    dots.next()?;
    host.get(dots.next().map_or(0, |dot| dot + 1)..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(page: &str, authress: &str) -> bool {
        Page::new(page).unwrap().allows_credentials(&Settings::new(authress, None).unwrap())
    }

    #[test]
    fn siblings_share_two_labels_over_https() {
        assert!(allows("https://app.shop.test/cart", "https://login.shop.test"));
        assert!(allows("https://shop.test", "https://login.shop.test"));
        assert!(allows("https://app.shop.test:8443/", "https://login.shop.test:8443"));
        assert!(allows("https://foo.co.uk", "https://bar.co.uk"));
    }

    #[test]
    fn others_do_not() {
        assert!(!allows("http://app.shop.test", "https://login.shop.test"));
        assert!(!allows("https://app.other.test", "https://login.shop.test"));
        assert!(!allows("https://app.shop.test:8443", "https://login.shop.test"));
        assert!(!allows("https://localhost", "https://localhost"));
        assert!(!allows("https://127.0.0.1", "https://127.0.0.1"));
    }

    #[test]
    fn a_return_address_is_resolved_and_script_refused() {
        let page = Page::new("https://app.shop.test/cart?x=1#top").unwrap();
        assert_eq!(page.resolve(None).unwrap().as_str(), "https://app.shop.test/cart?x=1#top");
        assert_eq!(page.resolve(Some("/done")).unwrap().as_str(), "https://app.shop.test/done");
        assert_eq!(page.resolve(Some("https://other.test/")).unwrap().as_str(), "https://other.test/");
        for script in
            ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "java\nscript:alert(1)", "https://"]
        {
            assert_eq!(page.resolve(Some(script)).unwrap_err().code, ErrorCode::InvalidRedirectUrl, "{script}");
        }
    }
}
