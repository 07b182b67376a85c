//! The cookies the sandbox sets and reads.

use crate::session::SESSION_LIFETIME_S;
use crate::site::PublicUrl;
use crate::tokens::TokenSet;

/// The name of the session cookie.
pub(crate) const SESSION_COOKIE: &str = "authress-session";

/// The `Set-Cookie` values of a login or an extended session. With `domain` the page's own
/// cookies come along, readable by its scripts; without, only the session cookie of this host.
pub(crate) fn login_cookies(
    public_url: &PublicUrl,
    domain: Option<&str>,
    session_id: &str,
    tokens: Option<&TokenSet>,
) -> Vec<String> {
    let mut cookies = vec![session_cookie(public_url, domain, session_id, SESSION_LIFETIME_S)];
    if let (Some(domain), Some(tokens)) = (domain, tokens) {
        cookies.push(page_cookie("authorization", &tokens.access_token, domain, tokens.expires_in));
        cookies.push(page_cookie("user", &tokens.id_token, domain, tokens.expires_in));
    }
    cookies
}

/// The cookie that carries the code when the query says `code=cookie`.
pub(crate) fn auth_code_cookie(code: &str, domain: &str, lifetime_s: u64) -> String {
    page_cookie("auth-code", code, domain, lifetime_s)
}

/// The `Set-Cookie` values that remove every cookie of [`login_cookies`], in each place it may be.
pub(crate) fn logout_cookies(public_url: &PublicUrl, domains: &[String]) -> Vec<String> {
    let mut cookies = vec![session_cookie(public_url, None, "", 0)];
    for domain in domains {
        cookies.push(session_cookie(public_url, Some(domain), "", 0));
        cookies.extend(["authorization", "user", "auth-code"].map(|name| page_cookie(name, "", domain, 0)));
    }
    cookies
}

/// The values of all cookies `name` in a `Cookie` header; there may be one per domain and path.
pub(crate) fn values(header: &str, name: &str) -> Vec<String> {
    let pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value.to_owned()).collect()
}

/// `Secure` is left out only where the sandbox itself speaks plain http on loopback.
fn session_cookie(public_url: &PublicUrl, domain: Option<&str>, value: &str, max_age_s: u64) -> String {
    let secure = if public_url.is_https() { "; Secure" } else { "" };
    let domain = domain.map(|domain| format!("; Domain={domain}")).unwrap_or_default();
    format!("{SESSION_COOKIE}={value}; Path=/{domain}; Max-Age={max_age_s}; HttpOnly{secure}; SameSite=Strict")
}

fn page_cookie(name: &str, value: &str, domain: &str, max_age_s: u64) -> String {
    format!("{name}={value}; Path=/; Domain={domain}; Max-Age={max_age_s}; Secure; SameSite=Strict")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        let url = PublicUrl::parse("https://login.shop.test").unwrap();
        assert_eq!(
            login_cookies(&url, Some("shop.test"), "s1", None),
            ["authress-session=s1; Path=/; Domain=shop.test; Max-Age=7776000; HttpOnly; Secure; SameSite=Strict"]
        );
    }

    #[test]
    fn all_values_of_a_name_are_read() {
        let header = "a=1; authress-session=x;authress-session=y; xauthress-session=z; authress-session=";
        assert_eq!(values(header, SESSION_COOKIE), ["x", "y"]);
    }
}
