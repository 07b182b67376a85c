//! `document.cookie`: reading it, and the assignments that write and clear cookies.

use crate::{decimal::decimal, page::Page, text, web_url};

/// Holds the access token for a shop's own server and for later page loads.
pub const AUTHORIZATION: &str = "authorization";
/// Brings the id token from Authress in cookie mode.
pub const USER: &str = "user";
/// Brings the authorization code when the query says `code=cookie`.
pub const AUTH_CODE: &str = "auth-code";
/// An older cookie that is only cleared.
const AUTH_USER_ID: &str = "AuthUserId";

/// The cookies that script may read.
#[derive(Clone, Debug, Default)]
pub struct Cookies(String);

impl Cookies {
    /// Takes `document.cookie`.
    pub fn new(document_cookie: impl Into<String>) -> Self {
        Self(document_cookie.into())
    }

    /// Every non-empty value of a name: several paths and domains may each hold one.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        text::split(&self.0, b';')
            .filter_map(|pair| text::split_once(pair.trim_ascii(), b'='))
            .filter(move |(key, value)| *key == name && !value.is_empty())
            .map(|(_, value)| value)
    }

    /// The first non-empty value of a name, as it stands.
    pub fn first<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }
}

/// Undoes `encodeURIComponent`. Values that were never encoded, such as tokens, stay as they are, as do
/// those that are not well encoded.
pub fn decode_value(value: &str) -> String {
    web_url::decode(value).unwrap_or_else(|| value.to_owned())
}

/// The assignment that stores an access token for `max_age_seconds` (or the browser session).
///
/// Host-only and `SameSite=Strict` as the published client has it, plus `Secure` under https. A
/// value with characters that cookies cannot hold is refused.
pub fn store_authorization(page: &Page, access_token: &str, max_age_seconds: Option<i64>) -> Option<String> {
    let allowed = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b';' | b',' | b'"' | b'\\' | b'%');
    if !access_token.bytes().all(allowed) {
        return None;
    }
    let mut cookie = text::concat(&[AUTHORIZATION, "=", access_token, "; Path=/; SameSite=Strict"]);
    if let Some(seconds) = max_age_seconds {
        cookie.push_str("; Max-Age=");
        cookie.push_str(&decimal(seconds.max(0)));
    }
    if page.is_https() {
        cookie.push_str("; Secure");
    }
    Some(cookie)
}

/// The assignments that clear one cookie wherever it could have been set from here: for the host
/// alone and each domain above it, for `/` and each folder of the current path. The first is for the
/// place where [`store_authorization`] writes.
pub fn clear(page: &Page, name: &str) -> Vec<String> {
    let mut domains = vec![""];
    let mut rest = page.domain();
    while let Some(domain) = rest {
        let Some((_, parent)) = text::split_once(domain, b'.') else { break };
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
            let parts = [name, "=; Path=", path, "; Max-Age=0; SameSite=Strict", attribute, domain];
            assignments.push(text::concat(&parts));
        }
    }
    assignments
}

/// The assignments that clear everything a session leaves in cookies that script can reach.
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
        assert_eq!(decode_value("%ff"), "%ff", "no text: as it stands");
    }

    #[test]
    fn the_token_cookie_is_secure_under_https_and_takes_no_attributes_from_its_value() {
        let secure = Page::new("https://app.shop.test/").unwrap();
        let local = Page::new("http://localhost:5173/").unwrap();
        assert_eq!(
            store_authorization(&secure, "a.b.c", Some(60)).unwrap(),
            "authorization=a.b.c; Path=/; SameSite=Strict; Max-Age=60; Secure"
        );
        assert_eq!(store_authorization(&local, "a.b.c", None).unwrap(), "authorization=a.b.c; Path=/; SameSite=Strict");
        for token in ["a; Domain=evil.test", "a b", "a\nb", "é"] {
            assert_eq!(store_authorization(&secure, token, None), None);
        }
    }

    #[test]
    fn clearing_covers_the_host_itself_and_each_parent() {
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
