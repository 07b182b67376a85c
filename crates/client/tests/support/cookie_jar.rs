//! A browser's cookies: RFC 6265 sections 5.3 and 5.4, as far as logins need them.

use url::Url;

#[derive(Clone, Debug)]
struct Cookie {
    name: String,
    value: String,
    /// Without a leading dot.
    domain: String,
    host_only: bool,
    path: String,
    http_only: bool,
    secure: bool,
    strict: bool,
    /// By the device's clock in milliseconds since 1970. A session cookie has none.
    expires_ms: Option<i64>,
    created: u64,
}

#[derive(Debug, Default)]
pub(crate) struct CookieJar {
    cookies: Vec<Cookie>,
    created: u64,
}

/// What sets or reads a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Script,
    /// A request or its response, and whether the request is same-site.
    Request {
        same_site: bool,
    },
}

impl CookieJar {
    /// Sets a cookie from `Set-Cookie` or from an assignment to `document.cookie`.
    pub(crate) fn set(&mut self, url: &Url, text: &str, access: Access, now_ms: i64) {
        let mut parts = text.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let host = url.host_str().unwrap();
        self.created += 1;
        let mut cookie = Cookie {
            name: name.to_owned(),
            value: value.to_owned(),
            domain: host.to_owned(),
            host_only: true,
            path: "/".to_owned(),
            http_only: false,
            secure: false,
            strict: false,
            expires_ms: None,
            created: self.created,
        };
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            match key.to_ascii_lowercase().as_str() {
                "domain" => {
                    cookie.domain = value.trim_start_matches('.').to_owned();
                    cookie.host_only = false;
                }
                "path" => cookie.path = value.to_owned(),
                "max-age" => cookie.expires_ms = Some(now_ms + value.parse::<i64>().unwrap() * 1000),
                "secure" => cookie.secure = true,
                "httponly" => cookie.http_only = true,
                "samesite" => cookie.strict = value.eq_ignore_ascii_case("strict"),
                other => panic!("the cookie attribute {other} is not supported"),
            }
        }
        let is_public_suffix = !cookie.host_only && !cookie.domain.contains('.');
        let is_insecure = cookie.secure && url.scheme() != "https";
        if is_public_suffix || is_insecure || !matches_domain(host, &cookie.domain) {
            return;
        }
        if access == Access::Script && cookie.http_only {
            return;
        }
        let same = |other: &Cookie| {
            (&other.name, &other.domain, other.host_only, &other.path)
                == (&cookie.name, &cookie.domain, cookie.host_only, &cookie.path)
        };
        if let Some(index) = self.cookies.iter().position(same) {
            let old = &self.cookies[index];
            if (access == Access::Script && old.http_only) || (old.secure && url.scheme() != "https") {
                return;
            }
            cookie.created = old.created;
            self.cookies.remove(index);
        }
        if cookie.expires_ms.is_none_or(|at| at > now_ms) {
            self.cookies.push(cookie);
        }
    }

    /// Returns the `Cookie` header or `document.cookie` for `url`.
    pub(crate) fn get(&mut self, url: &Url, access: Access, now_ms: i64) -> String {
        self.cookies.retain(|cookie| cookie.expires_ms.is_none_or(|at| at > now_ms));
        let host = url.host_str().unwrap();
        let applies = |cookie: &&Cookie| {
            let at_host = if cookie.host_only { host == cookie.domain } else { matches_domain(host, &cookie.domain) };
            let seen = match access {
                Access::Script => !cookie.http_only,
                Access::Request { same_site } => same_site || !cookie.strict,
            };
            at_host && seen && matches_path(url.path(), &cookie.path) && (!cookie.secure || url.scheme() == "https")
        };
        let mut found: Vec<&Cookie> = self.cookies.iter().filter(applies).collect();
        found.sort_by_key(|cookie| (std::cmp::Reverse(cookie.path.len()), cookie.created));
        found.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect::<Vec<_>>().join("; ")
    }

    /// Removes all cookies.
    pub(crate) fn clear(&mut self) {
        self.cookies.clear();
    }
}

fn matches_domain(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

fn matches_path(path: &str, prefix: &str) -> bool {
    path == prefix || path.strip_prefix(prefix).is_some_and(|rest| prefix.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: Access = Access::Request { same_site: true };

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn script_neither_reads_nor_replaces_http_only_cookies() {
        let (mut jar, page) = (CookieJar::default(), url("https://app.shop.test/"));
        jar.set(&page, "s=1; Path=/; HttpOnly; Secure", REQUEST, 0);
        jar.set(&page, "s=2; Path=/", Access::Script, 0);
        assert_eq!((jar.get(&page, Access::Script, 0).as_str(), jar.get(&page, REQUEST, 0).as_str()), ("", "s=1"));
    }

    #[test]
    fn a_domain_cookie_and_a_host_only_cookie_exist_side_by_side() {
        let (mut jar, page) = (CookieJar::default(), url("https://app.shop.test/a/b"));
        jar.set(&page, "t=host; Path=/", Access::Script, 0);
        jar.set(&page, "t=domain; Path=/; Domain=shop.test; Max-Age=5", Access::Script, 0);
        jar.set(&page, "t=deep; Path=/a", Access::Script, 0);
        assert_eq!(jar.get(&page, Access::Script, 0), "t=deep; t=host; t=domain");
        assert_eq!(jar.get(&url("https://login.shop.test/"), Access::Script, 0), "t=domain");
        jar.set(&page, "t=; Path=/; Max-Age=0", Access::Script, 0);
        assert_eq!(jar.get(&url("https://app.shop.test/ab"), Access::Script, 4_999), "t=domain");
        assert_eq!(jar.get(&url("https://app.shop.test/ab"), Access::Script, 5_000), "");
    }

    #[test]
    fn strict_cookies_are_not_sent_cross_site() {
        let (mut jar, page) = (CookieJar::default(), url("https://login.shop.test/"));
        jar.set(&page, "s=1; Path=/; SameSite=Strict", REQUEST, 0);
        assert_eq!(jar.get(&page, Access::Request { same_site: false }, 0), "");
    }
}
