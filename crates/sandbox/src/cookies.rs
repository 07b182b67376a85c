//! The cookies the sandbox sets and reads.

use cookie::{Cookie, CookieBuilder, SameSite};

use crate::dialect::Dialect;
use crate::site::PublicUrl;
use crate::tokens::TokenSet;

/// The name of the session cookie.
pub(crate) const SESSION_COOKIE: &str = "authress-session";

/// The `Set-Cookie` values of a login or a renewed session. With `domain` the tokens are in cookies of that domain,
/// which the page's scripts can read, unless the dialect hides the access token; without, there is only the session cookie of this host.
pub(crate) fn login_cookies(
    public_url: &PublicUrl,
    dialect: &Dialect,
    domain: Option<&str>,
    session_id: &str,
    tokens: Option<&TokenSet>,
) -> Vec<String> {
    let mut cookies = vec![session_cookie(public_url, domain, session_id, dialect.session_lifetime_seconds)];
    if let (Some(domain), Some(tokens)) = (domain, tokens) {
        let hidden = !dialect.enable_access_to_token;
        let authorization = page_cookie("authorization", &tokens.access_token, domain, tokens.expires_in);
        cookies.push(authorization.http_only(hidden).to_string());
        cookies.push(page_cookie("user", &tokens.identity, domain, tokens.expires_in).to_string());
    }
    cookies
}

/// The cookie with the code, for a redirect with `code=cookie`.
pub(crate) fn auth_code_cookie(code: &str, domain: &str, lifetime_s: u64) -> String {
    page_cookie("auth-code", code, domain, lifetime_s).to_string()
}

/// The name of the cookie that binds a login to a browser: one for each request, so that two tabs do not replace each
/// other's. Over https the prefix keeps sibling hosts from setting it (RFC 6265bis section 4.1.3.2).
pub(crate) fn login_binding_name(public_url: &PublicUrl, request_id: &str) -> String {
    let prefix = if public_url.is_https() { "__Host-" } else { "" };
    format!("{prefix}authress-login-{request_id}")
}

/// The `Set-Cookie` value that binds a login to this browser. It is `Lax`: identity providers are on other sites.
pub(crate) fn login_binding_cookie(public_url: &PublicUrl, request_id: &str, secret: &str, lifetime_s: u64) -> String {
    strict_cookie(&login_binding_name(public_url, request_id), secret, lifetime_s)
        .http_only(true)
        .secure(public_url.is_https())
        .same_site(SameSite::Lax)
        .to_string()
}

/// The `Set-Cookie` values that remove every cookie of [`login_cookies`] from this host and from `domains`.
pub(crate) fn logout_cookies(public_url: &PublicUrl, domains: &[String]) -> Vec<String> {
    let mut cookies = vec![session_cookie(public_url, None, "", 0)];
    for domain in domains {
        cookies.push(session_cookie(public_url, Some(domain), "", 0));
        cookies.extend(["authorization", "user", "auth-code"].map(|name| page_cookie(name, "", domain, 0).to_string()));
    }
    cookies
}

/// The values of all cookies `name` in a `Cookie` header; a browser may send one per domain and path.
pub(crate) fn values(header: &str, name: &str) -> Vec<String> {
    let cookies = Cookie::split_parse(header).filter_map(Result::ok);
    cookies
        .filter(|cookie| cookie.name() == name && !cookie.value().is_empty())
        .map(|cookie| cookie.value().to_owned())
        .collect()
}

/// Without `Secure` only where the sandbox itself is reached by plain http on loopback.
fn session_cookie(public_url: &PublicUrl, domain: Option<&str>, value: &str, max_age_s: u64) -> String {
    let cookie = strict_cookie(SESSION_COOKIE, value, max_age_s).http_only(true);
    let cookie = if public_url.is_https() { cookie.secure(true) } else { cookie };
    let cookie = if let Some(domain) = domain { cookie.domain(domain) } else { cookie };
    cookie.to_string()
}

/// A cookie that the page's scripts can read.
fn page_cookie<'a>(name: &'a str, value: &'a str, domain: &'a str, max_age_s: u64) -> CookieBuilder<'a> {
    strict_cookie(name, value, max_age_s).secure(true).domain(domain)
}

fn strict_cookie<'a>(name: &'a str, value: &'a str, max_age_s: u64) -> CookieBuilder<'a> {
    let max_age = time::Duration::seconds(i64::try_from(max_age_s).unwrap_or(i64::MAX));
    Cookie::build((name, value)).path("/").max_age(max_age).same_site(SameSite::Strict)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        let url = PublicUrl::parse("https://login.shop.test").unwrap();
        assert_eq!(
            login_cookies(&url, &Dialect::default(), Some("shop.test"), "s1", None),
            ["authress-session=s1; HttpOnly; SameSite=Strict; Secure; Path=/; Domain=shop.test; Max-Age=7776000"]
        );
    }

    #[test]
    fn the_cookie_that_binds_a_login_belongs_to_one_host_and_comes_back_from_other_sites() {
        let cookie = |url| login_binding_cookie(&PublicUrl::parse(url).unwrap(), "R", "s", 300);
        assert_eq!(
            cookie("https://login.shop.test"),
            "__Host-authress-login-R=s; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=300"
        );
        assert_eq!(cookie("http://127.0.0.1:8888"), "authress-login-R=s; HttpOnly; SameSite=Lax; Path=/; Max-Age=300");
    }

    #[test]
    fn all_values_of_a_name_are_read() {
        let header = "a=1; authress-session=x;authress-session=y; xauthress-session=z; authress-session=";
        assert_eq!(values(header, SESSION_COOKIE), ["x", "y"]);
    }
}
