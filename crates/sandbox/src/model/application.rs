//! Applications: what users log in *to*, and which redirect URLs and origins they may use.

use url::{Host, Url};

use crate::site::parse_http_url;

/// An application, or an extension, and its redirect allow-list.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    pub(crate) id: String,
    allowed: Vec<Url>,
    /// The audiences that it may request.
    audiences: Vec<String>,
}

impl Application {
    /// `Err` holds the first allow-list entry that is not a plain http(s) URL.
    pub(crate) fn new(id: &str, redirect_urls: &[String]) -> Result<Self, String> {
        let parse = |text: &String| {
            let url = parse_http_url(text).filter(|url| url.query().is_none() && url.fragment().is_none());
            url.ok_or_else(|| text.clone())
        };
        let allowed = redirect_urls.iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { id: id.to_owned(), allowed, audiences: vec![] })
    }

    /// The same application with these audiences.
    pub(crate) fn with_audiences(self, audiences: &[String]) -> Self {
        Self { audiences: audiences.to_vec(), ..self }
    }

    pub(crate) fn has_audience(&self, audience: &str) -> bool {
        self.audiences.iter().any(|one| one == audience)
    }

    /// Returns the parsed URL if the application may use it as a redirect URL.
    ///
    /// An entry allows its own scheme, port and host; any sub-domain of that host if the host is
    /// a name of two or more labels; its own path and everything below it; any query and
    /// fragment. User information, white space, control characters and backslashes are not allowed.
    pub(crate) fn allows_redirect(&self, candidate: &str) -> Option<Url> {
        let url = parse_http_url(candidate)?;
        let allowed = self
            .allowed
            .iter()
            .any(|entry| same_origin_or_subdomain(entry, &url) && is_at_or_below(entry.path(), url.path()));
        allowed.then_some(url)
    }

    /// Whether pages of this application may live on `origin` (an `Origin` header).
    pub(crate) fn allows_origin(&self, origin: &str) -> bool {
        parse_http_url(origin).is_some_and(|url| self.allowed.iter().any(|entry| same_origin_or_subdomain(entry, &url)))
    }
}

fn same_origin_or_subdomain(entry: &Url, url: &Url) -> bool {
    entry.scheme() == url.scheme()
        && entry.port_or_known_default() == url.port_or_known_default()
        && match (entry.host(), url.host()) {
            (Some(Host::Domain(entry)), Some(Host::Domain(host))) => {
                let sub_domain =
                    host.strip_suffix(entry).is_some_and(|prefix| prefix.len() > 1 && prefix.ends_with('.'));
                host == entry || (sub_domain && entry.contains('.'))
            }
            (entry, host) => entry == host,
        }
}

fn is_at_or_below(entry: &str, path: &str) -> bool {
    let entry = entry.trim_end_matches('/');
    path.strip_prefix(entry).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application() -> Application {
        let urls = ["http://localhost:5173", "https://shop.test/app/", "http://127.0.0.1:8080"].map(str::to_owned);
        Application::new("app_demo", &urls).unwrap()
    }

    #[test]
    fn an_entry_allows_sub_domains_deeper_paths_queries_and_fragments() {
        let good = [
            "http://localhost:5173",
            "http://localhost:5173/cart?x=1#y",
            "https://shop.test/app",
            "https://shop.test/app/",
            "https://shop.test:443/app/cart",
            "https://eu.www.shop.test/app?next=https://evil.test",
            "http://127.0.0.1:8080/",
        ];
        for url in good {
            assert!(application().allows_redirect(url).is_some(), "{url}");
        }
    }

    #[test]
    fn all_other_urls_are_rejected() {
        let bad = [
            "https://localhost:5173",
            "http://localhost",
            "http://localhost:51730",
            "http://evil.localhost:5173",
            "http://localhost.evil.test:5173",
            "http://user@localhost:5173",
            "http://localhost:5173@evil.test",
            "https://shop.test/",
            "https://shop.test/application",
            "https://shop.test/app/../admin",
            "https://shop.test/app/%2e%2e/admin",
            "https://evilshop.test/app",
            "https://shop.test.evil.test/app",
            "https://.shop.test/app",
            "http://shop.test/app",
            "http://1.127.0.0.1:8080",
            "javascript:alert(1)",
            "/cart",
            "",
        ];
        for url in bad {
            assert!(application().allows_redirect(url).is_none(), "{url}");
        }
    }

    #[test]
    fn an_origin_needs_no_path() {
        assert!(application().allows_origin("https://eu.shop.test"));
        assert!(!application().allows_origin("http://shop.test"));
        assert!(!application().allows_origin("null"));
    }

    #[test]
    fn the_error_names_the_invalid_entry() {
        assert_eq!(Application::new("app_demo", &["shop.test".to_owned()]).unwrap_err(), "shop.test");
    }
}
