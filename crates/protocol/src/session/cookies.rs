//! The cookies of a session: reading `document.cookie`, and the assignments that set and clear cookies.
//!
//! The names are Authress's and the published client's.

use crate::{page::Page, secret::Secret, web_url};

/// The access token, for the shop's server and for later page loads.
pub const AUTHORIZATION: &str = "authorization";
/// The id token, set by Authress where its cookies reach the page.
pub const USER: &str = "user";
/// The authorization code of a callback with `code=cookie`.
pub const AUTH_CODE: &str = "auth-code";
/// A cookie of older Authress clients. It is only cleared.
const AUTH_USER_ID: &str = "AuthUserId";

/// The cookies that script can read.
#[derive(Clone, Debug, Default)]
pub struct Cookies(String);

impl Cookies {
    /// Wraps the value of `document.cookie`.
    pub fn new(document_cookie: impl Into<String>) -> Self {
        Self(document_cookie.into())
    }

    /// Returns every non-empty value of a name: each path and domain can have one.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .split(';')
            .filter_map(|pair| pair.trim_ascii().split_once('='))
            .filter(move |(key, value)| *key == name && !value.is_empty())
            .map(|(_, value)| value)
    }

    /// Returns the first non-empty value of a name, without decoding it.
    pub fn first<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// Returns the authorization code that Authress sets in a cookie for pages of its own site.
    pub fn authorization_code(&self) -> Option<Secret> {
        self.first(AUTH_CODE).map(|value| Secret::new(decode_value(value)))
    }
}

/// Reverses `encodeURIComponent`. A value that is not validly encoded stays as it is.
pub fn decode_value(value: &str) -> String {
    web_url::decode(value).unwrap_or_else(|| value.to_owned())
}

/// Returns the assignment that sets the token cookie for `max_age_seconds`, or for the browser session.
///
/// The cookie is host-only and `SameSite=Strict` as in the published client, and `Secure` on https pages. Returns
/// `None` for a token with characters that a cookie cannot have (RFC 6265 section 4.1.1).
pub fn set_authorization(page: &Page, access_token: &str, max_age_seconds: Option<i64>) -> Option<String> {
    let allowed = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b';' | b',' | b'"' | b'\\' | b'%');
    if !access_token.bytes().all(allowed) {
        return None;
    }
    let max_age =
        max_age_seconds.map(|seconds| ["; Max-Age=", &seconds.max(0).to_string()].concat()).unwrap_or_default();
    let secure = if page.is_https() { "; Secure" } else { "" };
    // One allocation of the final length, so that no shorter copy of the token stays in memory.
    Some([AUTHORIZATION, "=", access_token, "; Path=/; SameSite=Strict", &max_age, secure].concat())
}

/// Returns the assignments that clear a cookie wherever a page here could have set it: for the host alone and each of
/// its parent domains, with the path `/` and each parent of the current path. The first one is for the domain and path
/// of [`set_authorization`].
pub fn clear(page: &Page, name: &str) -> Vec<String> {
    let mut domains = vec![""];
    let mut rest = page.domain();
    while let Some(domain) = rest {
        let Some((_, parent)) = domain.split_once('.') else { break };
        domains.push(domain);
        rest = Some(parent);
    }
    let path = page.path();
    let mut paths = vec!["/"];
    for (index, byte) in path.bytes().enumerate().skip(1) {
        if byte == b'/' {
            paths.extend(path.get(..index));
        }
    }
    if path.len() > 1 {
        paths.push(path);
    }
    let mut assignments = Vec::new();
    for domain in domains {
        let attribute = if domain.is_empty() { "" } else { "; Domain=" };
        for path in &paths {
            assignments.push([name, "=; Path=", path, "; Max-Age=0; SameSite=Strict", attribute, domain].concat());
        }
    }
    assignments
}

/// Returns the assignments that clear all cookies of a session that script can clear.
pub fn clear_session(page: &Page) -> Vec<String> {
    let mut assignments = Vec::new();
    for name in [USER, AUTHORIZATION, AUTH_CODE, AUTH_USER_ID] {
        assignments.append(&mut clear(page, name));
    }
    assignments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_read_by_exact_name() {
        let cookies = Cookies::new("authorization=a.b; user=; xuser=no; user=x=y; authorization=c");
        assert_eq!(cookies.all(AUTHORIZATION).collect::<Vec<_>>(), ["a.b", "c"]);
        assert_eq!(cookies.first(USER), Some("x=y"));
        assert_eq!(cookies.first("none"), None);
    }

    #[test]
    fn encoded_values_are_decoded() {
        assert_eq!(decode_value("a%2Bb%3D+c%26&d"), "a+b=+c&&d");
        assert_eq!(decode_value("a.b-c_d"), "a.b-c_d");
        assert_eq!(decode_value("%ff"), "%ff", "not UTF-8");
    }

    #[test]
    fn the_token_cookie_is_secure_on_https_and_its_value_adds_no_attributes() {
        let secure = Page::new("https://app.shop.test/").unwrap();
        let local = Page::new("http://localhost:5173/").unwrap();
        assert_eq!(
            set_authorization(&secure, "a.b.c", Some(60)).unwrap(),
            "authorization=a.b.c; Path=/; SameSite=Strict; Max-Age=60; Secure"
        );
        assert_eq!(set_authorization(&local, "a.b.c", None).unwrap(), "authorization=a.b.c; Path=/; SameSite=Strict");
        for token in ["a; Domain=evil.test", "a b", "a\nb", "é"] {
            assert_eq!(set_authorization(&secure, token, None), None);
        }
    }

    #[test]
    fn a_cookie_is_cleared_for_the_host_its_parent_domains_and_each_path() {
        let page = Page::new("https://app.eu.shop.test/a/b").unwrap();
        let cleared = clear(&page, USER);
        for part in ["Domain=app.eu.shop.test", "Domain=eu.shop.test", "Domain=shop.test"] {
            assert!(cleared.iter().any(|cookie| cookie.ends_with(part)), "{part}");
        }
        assert!(cleared.iter().all(|cookie| !cookie.ends_with("Domain=test")));
        for path in ["Path=/;", "Path=/a;", "Path=/a/b;"] {
            assert!(cleared.iter().any(|cookie| cookie.contains(path) && !cookie.contains("Domain")), "{path}");
        }
        assert!(clear(&Page::new("http://127.0.0.1/").unwrap(), USER).iter().all(|cookie| !cookie.contains("Domain")));
    }
}
