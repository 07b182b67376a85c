//! The redirect rule: where a signed statement may be sent.
//!
//! Anyone who receives the statement can log in as the new user, so it goes to the `/login` of a configured Authress
//! domain and nowhere else. The rule compares text and does not normalise: `/./login`, `/%6cogin` and `\login` do not
//! match, even where a URL parser would call them equal. The response URL is built from the configuration; only the
//! query of the request's `redirect_uri` is kept.

use std::borrow::Cow;

use authress_access_key::{AuthressDomain, LOGIN_PATH};
use url::form_urlencoded;

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
    /// default port. The query is kept unchanged. It must consist of the characters of RFC 3986 section 3.4, and each of
    /// its parameters must be `allowed` and occur once: any other could mean something to Authress that an attacker
    /// wants.
    pub(crate) fn parse(
        domain: &'a AuthressDomain,
        redirect_uri: &'a str,
        allowed: &QueryParameters,
    ) -> Result<Self, RefusalCode> {
        let (scheme, rest) = redirect_uri.split_once("://").ok_or(RefusalCode::RedirectUriNotAllowed)?;
        let (authority, rest) = rest.split_at(rest.find('/').ok_or(RefusalCode::RedirectUriNotAllowed)?);
        if !domain.has_scheme(scheme) || !domain.has_authority(authority) {
            return Err(RefusalCode::RedirectUriNotAllowed);
        }
        let query = match rest.strip_prefix(LOGIN_PATH).ok_or(RefusalCode::RedirectUriNotAllowed)? {
            "" => "",
            rest => rest.strip_prefix('?').ok_or(RefusalCode::RedirectUriNotAllowed)?,
        };
        if !query.bytes().all(is_query_character) || !allowed.allow(query) {
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

/// The parameters that the query of a `redirect_uri` may have. Default: none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryParameters(Vec<String>);

impl QueryParameters {
    /// The parameters of an authorization response (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207). A second one would
    /// make the response ambiguous.
    pub const RESERVED: [&str; 6] = ["code", "iss", "state", "error", "error_description", "error_uri"];

    /// Allows these names.
    ///
    /// # Errors
    /// The first name that is [reserved](Self::RESERVED) or has other characters than ASCII letters, digits, `_`, `-`
    /// and `.`.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let is_plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
        let check = |name: &str| {
            let is_allowed = !name.is_empty() && is_plain(name) && !Self::RESERVED.contains(&name);
            if is_allowed { Ok(name.to_owned()) } else { Err(name.to_owned()) }
        };
        names.into_iter().map(check).collect::<Result<_, _>>().map(Self)
    }

    /// Whether each parameter of a query is well-formed, one of these, and there once.
    fn allow(&self, query: &str) -> bool {
        let mut seen: Vec<Cow<'_, str>> = vec![];
        query.split('&').filter(|pair| !pair.is_empty()).all(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Ok(name), Ok(_)) = (decode_component(name), decode_component(value)) else { return false };
            let is_allowed = self.0.iter().any(|allowed| *allowed == name) && !seen.contains(&name);
            seen.push(name);
            is_allowed
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response_url(redirect_uri: &str) -> Result<String, RefusalCode> {
        let domain = "https://login.example.com".parse().unwrap();
        let allowed = QueryParameters::new(["a", "b", "next", "state2", "xcode"]).unwrap();
        LoginUrl::parse(&domain, redirect_uri, &allowed).map(|url| url.response_url("C", "https%3A%2F%2Fi", "s/1 &"))
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
        for query in ["a=1", "a=%c3%A4&b", "next=https://other.example/?x", "state2=x&xcode=y", "%61=1&", "&&b"] {
            let separator = if query.ends_with('&') { "" } else { "&" };
            assert_eq!(
                response_url(&format!("https://login.example.com/login?{query}")),
                Ok(format!("https://login.example.com/login?{query}{separator}{RESPONSE}"))
            );
        }
    }

    #[test]
    fn a_query_with_a_parameter_that_is_not_allowed_or_malformed_is_refused() {
        for query in [
            "code=x",
            "a&iss",
            "%73tate=1",
            "%53tate=1",
            "STATE",
            "error=x",
            "error%5Fdescription",
            "c",
            "a&c=1",
            "a=1&a=2",
            "a=1&%61=2",
            "%2561=1",
            "a%00",
            "+a",
            "=1",
            "a=%",
            "a=%zz",
            "a=%ff",
            "a=%0a",
            "a#b",
            "a\\b",
            "a\"b",
            "a<b",
            "ä",
        ] {
            assert_eq!(
                response_url(&format!("https://login.example.com/login?{query}")),
                Err(RefusalCode::RedirectUriQueryNotAllowed),
                "{query}"
            );
        }
    }
    #[test]
    fn by_default_the_query_is_empty() {
        let domain = "https://login.example.com".parse().unwrap();
        let query = |query: &str| {
            let redirect_uri = format!("https://login.example.com/login{query}");
            LoginUrl::parse(&domain, &redirect_uri, &QueryParameters::default()).is_ok()
        };
        assert!(query("") && query("?") && query("?&"));
        assert!(!query("?a") && !query("?a=1"));
    }

    #[test]
    fn parameters_of_a_response_cannot_be_allowed() {
        for name in QueryParameters::RESERVED.into_iter().chain(["", "a b", "a%62", "ä", "a&b"]) {
            assert_eq!(QueryParameters::new(["ok", name]), Err(name.to_owned()));
        }
    }
}
