//! The page on which the client runs, and what its address permits: cookies, tokens, redirect URLs.

use crate::{
    error::{Error, ErrorCode},
    settings::Settings,
    web_url::{WebUrl, without_trailing_dot},
};

/// The address of the current page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    url: WebUrl,
}

impl Page {
    /// Parses `location.href`.
    pub fn new(href: &str) -> Result<Self, Error> {
        WebUrl::parse(href)
            .map(|url| Self { url })
            .ok_or_else(|| Error::with_detail(ErrorCode::InternalError, "The address of the page is not a URL."))
    }

    /// Returns the address as text.
    pub fn href(&self) -> &str {
        self.url.as_str()
    }

    /// Whether the host is `localhost` or `127.0.0.1`. There a callback has tokens in its query, and requests carry no
    /// cookies: browsers share cookies across ports.
    pub fn is_localhost(&self) -> bool {
        matches!(self.url.host(), "localhost" | "127.0.0.1")
    }

    /// Whether the page is served over https.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether the session cookie reaches the Authress host from this page: the page is served over https, and both
    /// hosts share their last two labels and the port. An IP address is same-site only with itself. A name with a
    /// trailing dot is another site than the name without, as in browsers.
    ///
    /// As in the published client, public suffixes are not considered: two shops under `co.uk` count as same-site.
    /// Authress's response (`enableCredentials`) overrides this.
    pub fn allows_credentials(&self, settings: &Settings) -> bool {
        if self.is_localhost() || !self.is_https() {
            return false;
        }
        let (page, authress) = (&self.url, settings.host());
        page.authority() == authress.authority()
            || site(page).is_some_and(|site_of_page| site(authress) == Some(site_of_page))
    }

    /// Whether a login that begins on this page can be completed at `redirect_url`: it has the same origin, whose
    /// storage has the code verifier, or Authress's cookies reach it.
    pub fn can_complete_login_at(&self, redirect_url: &str, settings: &Settings) -> bool {
        let target = Self::new(redirect_url);
        target.is_ok_and(|target| target.origin() == self.origin() || target.allows_credentials(settings))
    }

    /// Whether a request to `url` may carry the access token: `url` has the page's own origin or one of the settings'
    /// token origins. A page served over https never sends the token over http.
    pub fn may_send_token_to(&self, url: &str, settings: &Settings) -> bool {
        let Some(url) = WebUrl::parse(url) else { return false };
        let Some(origin) = url.origin() else { return false };
        let is_downgrade = self.is_https() && url.scheme() != "https";
        !is_downgrade && (self.origin().as_ref() == Some(&origin) || settings.token_origins().contains(&origin))
    }

    /// Whether `url` has the host name of this page, on any port.
    pub fn has_hostname_of(&self, url: &WebUrl) -> bool {
        self.url.host() == url.host()
    }

    /// Returns the origin of the page, `None` for schemes other than http(s).
    pub fn origin(&self) -> Option<String> {
        self.url.origin()
    }

    /// Returns the host if it is a name and no IP address.
    pub fn domain(&self) -> Option<&str> {
        self.url.domain()
    }

    /// Returns the path, which begins with `/`.
    pub fn path(&self) -> &str {
        self.url.path()
    }

    /// Resolves a redirect URL relative to this page. Default: this page.
    ///
    /// Fails with [`ErrorCode::InvalidRedirectUrl`] for a URL that runs script (`javascript:`, `data:`), since the
    /// browser navigates to it, and for one to which no server can redirect (`file:`, `about:`, `blob:`), which the
    /// page's own address may be.
    pub fn resolve(&self, redirect_url: Option<&str>) -> Result<WebUrl, Error> {
        let resolved = match redirect_url {
            Some(redirect_url) => self.url.join(redirect_url).ok_or(ErrorCode::InvalidRedirectUrl)?,
            None => self.url.clone(),
        };
        match resolved.scheme() {
            "javascript" | "data" | "blob" | "file" | "about" | "vbscript" => Err(ErrorCode::InvalidRedirectUrl.into()),
            _ => Ok(resolved),
        }
    }
}

/// Returns the last two labels of a name with the port. `None` for an IP address or a single label.
fn site(url: &WebUrl) -> Option<&str> {
    let labels = without_trailing_dot(url.domain()?);
    let mut dots = labels.bytes().enumerate().rev().filter(|(_, byte)| *byte == b'.').map(|(index, _)| index);
    dots.next()?;
    url.authority().get(dots.next().map_or(0, |dot| dot + 1)..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(page: &str, authress: &str) -> bool {
        Page::new(page).unwrap().allows_credentials(&Settings::new(authress, None).unwrap())
    }

    #[test]
    fn hosts_that_share_two_labels_over_https_are_same_site() {
        assert!(allows("https://app.shop.test/cart", "https://login.shop.test"));
        assert!(allows("https://shop.test", "https://login.shop.test"));
        assert!(allows("https://app.shop.test:8443/", "https://login.shop.test:8443"));
        assert!(allows("https://foo.co.uk", "https://bar.co.uk"));
    }

    #[test]
    fn other_hosts_are_cross_site() {
        assert!(!allows("http://app.shop.test", "https://login.shop.test"));
        assert!(!allows("https://app.other.test", "https://login.shop.test"));
        assert!(!allows("https://app.shop.test:8443", "https://login.shop.test"));
        assert!(!allows("https://localhost", "https://localhost"));
        assert!(!allows("https://127.0.0.1", "https://127.0.0.1"));
    }

    #[test]
    fn an_ip_address_is_same_site_only_with_itself() {
        assert!(allows("https://192.168.1.10/", "https://192.168.1.10"));
        assert!(allows("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443"));
        for (page, authress) in [
            ("https://192.168.1.10/", "https://10.9.1.10"),
            ("https://192.168.1.10/", "https://192.168.1.11"),
            ("https://192.168.1.10./", "https://10.9.1.10."),
            ("https://192.168.1.10/", "https://login.1.10.test"),
            ("https://192.168.1.10:8443/", "https://192.168.1.10"),
            ("https://[2001:db8::1]/", "https://[2001:db8::2]"),
            ("https://[::192.168.1.10]/", "https://[::10.9.1.10]"),
        ] {
            assert!(!allows(page, authress), "{page} {authress}");
        }
    }

    #[test]
    fn a_trailing_dot_begins_no_label() {
        assert!(allows("https://www.shop.test./", "https://login.shop.test."));
        assert!(allows("https://www.shop.test.:8443/", "https://login.shop.test.:8443"));
        for (page, authress) in [
            ("https://www.shop.test./", "https://login.elsewhere.test."),
            ("https://www.shop.test./", "https://login.shop.test"),
            ("https://www.shop.test/", "https://login.shop.test."),
            ("https://shop./", "https://login."),
            ("https://shop/", "https://login"),
        ] {
            assert!(!allows(page, authress), "{page} {authress}");
        }
    }

    #[test]
    fn a_page_to_which_no_server_can_redirect_is_no_redirect_url() {
        for page in [
            "file:///C:/shop/index.html",
            "about:srcdoc",
            "about:blank",
            "blob:https://shop.test/1",
            "data:text/html,x",
        ] {
            let page = Page::new(page).unwrap();
            for given in [None, Some("/done"), Some("?x"), Some("")] {
                let refused = page.resolve(given).unwrap_err().code;
                assert_eq!(refused, ErrorCode::InvalidRedirectUrl, "{} {given:?}", page.href());
            }
            assert_eq!(page.resolve(Some("https://shop.test/")).unwrap().as_str(), "https://shop.test/");
        }
        // Hybrid applications have schemes of their own.
        let hybrid = Page::new("capacitor://localhost/cart").unwrap();
        assert_eq!(hybrid.resolve(None).unwrap().as_str(), "capacitor://localhost/cart");
    }

    #[test]
    fn a_login_is_completed_where_its_code_verifier_or_authresss_cookies_are() {
        let settings = Settings::new("https://login.shop.test", None).unwrap();
        let completes = |page: &str, at: &str| Page::new(page).unwrap().can_complete_login_at(at, &settings);
        for (page, at) in [
            ("https://www.other.test/cart", "https://www.other.test/done?x"),
            ("https://app.shop.test/", "https://www.shop.test/"),
            ("https://www.other.test/", "https://app.shop.test/"),
            ("capacitor://localhost/cart", "capacitor://localhost/done"),
        ] {
            assert!(completes(page, at), "{page} {at}");
        }
        for (page, at) in [
            ("https://www.other.test/", "https://other.test/"),
            ("https://app.shop.test/", "https://www.other.test/"),
            ("http://localhost:3000/", "http://localhost:4000/"),
            ("http://www.other.test/", "https://www.other.test/"),
            ("https://app.shop.test/", "myapp://done"),
        ] {
            assert!(!completes(page, at), "{page} {at}");
        }
    }

    #[test]
    fn a_redirect_url_is_resolved_and_script_refused() {
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

    #[test]
    fn the_token_is_sent_to_the_pages_own_origin_and_to_token_origins() {
        let page = Page::new("https://www.shop.test/cart").unwrap();
        let settings = Settings::new("login.shop.test", None).unwrap();
        let settings = settings.with_token_origins("https://api.shop.test/ http://www.shop.test").unwrap();
        for allowed in ["https://www.shop.test/api", "https://api.shop.test/v1?x", "https://www.shop.test:443/"] {
            assert!(page.may_send_token_to(allowed, &settings), "{allowed}");
        }
        for refused in [
            "https://shop.test/",
            "https://api.shop.test:8443/",
            "https://api.shop.test.evil.test/",
            "https://api.shop.test@evil.test/",
            "http://www.shop.test/",
            "http://api.shop.test/",
            "data:text/plain,x",
            "/relative",
        ] {
            assert!(!page.may_send_token_to(refused, &settings), "{refused}");
        }
    }
}
