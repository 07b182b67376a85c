//! The redirect rule: where a signed statement may be sent.
//!
//! Anyone who receives the statement can log in as the new user, so it goes to the `/login` of a configured Authress
//! domain and nowhere else. The rule compares text and does not normalise: `/./login`, `/%6cogin` and `\login` do not
//! match, even where a URL parser would call them equal. The response URL is built from the configuration; only the
//! query of the request's `redirect_uri` is kept.

use url::form_urlencoded;

use super::authress_domain::{AuthressDomain, LOGIN_PATH};
use super::login_request::decode_component;
use super::refusal::RefusalCode;

/// A `redirect_uri` that passed the rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LoginUrl<'a> {
    login_url: &'a str,
    /// Without the question mark; may be empty.
    query: &'a str,
}

impl<'a> LoginUrl<'a> {
    /// Applies the rule. `redirect_uri` is the decoded parameter.
    ///
    /// It allows `{origin}/login`, optionally with a query. The origin can be in any case, with or without the scheme's
    /// default port. The query is kept unchanged, because Authress may need it. It must consist of the characters of
    /// RFC 3986 section 3.4 and must not contain `code`, `iss` or `state`, which would make the response ambiguous.
    pub(crate) fn parse(domain: &'a AuthressDomain, redirect_uri: &'a str) -> Result<Self, RefusalCode> {
        let (scheme, rest) = redirect_uri.split_once("://").ok_or(RefusalCode::RedirectUriNotAllowed)?;
        let (authority, rest) = rest.split_at(rest.find('/').ok_or(RefusalCode::RedirectUriNotAllowed)?);
        if !domain.has_scheme(scheme) || !domain.has_authority(authority) {
            return Err(RefusalCode::RedirectUriNotAllowed);
        }
        let query = match rest.strip_prefix(LOGIN_PATH).ok_or(RefusalCode::RedirectUriNotAllowed)? {
            "" => "",
            rest => rest.strip_prefix('?').ok_or(RefusalCode::RedirectUriNotAllowed)?,
        };
        if !query.bytes().all(is_query_character) || query.split('&').any(is_reserved_pair) {
            return Err(RefusalCode::RedirectUriQueryNotAllowed);
        }
        Ok(Self { login_url: domain.login_url(), query })
    }

    /// Returns the response URL: the query of the `redirect_uri`, then `code`, `iss` and `state`. The code is a JWT,
    /// whose characters need no encoding; `encoded_issuer` is already encoded.
    pub(crate) fn response_url(&self, code: &str, encoded_issuer: &str, state: &str) -> String {
        let fixed = self.login_url.len() + self.query.len() + code.len() + encoded_issuer.len();
        // A state consists mostly of letters and digits, which are not encoded; others make the string grow.
        let mut location = String::with_capacity(fixed + state.len() + "?&code=&iss=&state=".len());
        location.push_str(self.login_url);
        location.push('?');
        location.push_str(self.query);
        if !self.query.is_empty() && !self.query.ends_with('&') {
            location.push('&');
        }
        for (name, value) in [("code=", code), ("&iss=", encoded_issuer), ("&state=", "")] {
            location.push_str(name);
            location.push_str(value);
        }
        location.extend(form_urlencoded::byte_serialize(state.as_bytes()));
        location
    }
}

/// Returns whether the byte may be in the `query` of RFC 3986 section 3.4. `#`, `\`, quotation marks and brackets may
/// not.
fn is_query_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:@/?".contains(&byte)
}

fn is_reserved_pair(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    match (decode_component(name), decode_component(value)) {
        (Ok(name), Ok(_)) => ["code", "iss", "state"].contains(&&*name),
        (Err(_), _) | (_, Err(_)) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response_url(redirect_uri: &str) -> Result<String, RefusalCode> {
        let domain = "https://login.example.com".parse().unwrap();
        LoginUrl::parse(&domain, redirect_uri).map(|url| url.response_url("C", "https%3A%2F%2Fi", "s/1 &"))
    }

    const RESPONSE: &str = "code=C&iss=https%3A%2F%2Fi&state=s%2F1+%26";

    #[test]
    fn the_login_url_gets_code_iss_and_state_in_this_order() {
        let expected = format!("https://login.example.com/login?{RESPONSE}");
        for redirect_uri in [
            "https://login.example.com/login",
            "https://login.example.com/login?",
            "https://login.example.com:443/login",
            "HTTPS://LOGIN.EXAMPLE.COM/login",
        ] {
            assert_eq!(response_url(redirect_uri).as_ref(), Ok(&expected), "{redirect_uri}");
        }
    }

    #[test]
    fn an_existing_query_is_kept_unchanged_before_them() {
        for query in ["a=1", "a=%c3%A4&b", "next=https://other.example/?x", "state2=x&xcode=y", "%2573tate=1"] {
            assert_eq!(
                response_url(&format!("https://login.example.com/login?{query}")),
                Ok(format!("https://login.example.com/login?{query}&{RESPONSE}"))
            );
        }
    }

    #[test]
    fn a_query_that_would_make_the_response_ambiguous_or_malformed_is_refused() {
        for query in
            ["code=x", "a&iss", "%73tate=1", "a=%", "a=%zz", "a=%ff", "a=%0a", "a#b", "a\\b", "a\"b", "a<b", "ä"]
        {
            assert_eq!(
                response_url(&format!("https://login.example.com/login?{query}")),
                Err(RefusalCode::RedirectUriQueryNotAllowed),
                "{query}"
            );
        }
    }
}
