//! The address to which the browser returned: reading its parameters, and cleaning it.

use crate::{
    secret::Secret,
    text,
    web_url::{self, Query},
};

/// What a return leaves in the address. `state` is not among them: it belongs to the application.
const RETURN_PARAMETERS: [&str; 9] =
    ["iss", "nonce", "code", "expires_in", "access_token", "id_token", "error", "errorCode", "error_description"];
/// What the login of an extension leaves; its `state` is the client's own.
const EXTENSION_PARAMETERS: [&str; 6] = ["iss", "nonce", "code", "state", "expires_in", "access_token"];
/// What must never stay in an address, whoever put it there.
const TOKEN_PARAMETERS: [&str; 2] = ["access_token", "id_token"];

/// The parameters of a return. Where one is doubled the first counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReturnParameters {
    /// The authentication request id.
    pub nonce: Option<String>,
    /// The issuer, RFC 9207.
    pub issuer: Option<String>,
    /// The authorization code, or the word `cookie`.
    pub code: Option<Secret>,
    /// An access token, on localhost only.
    pub access_token: Option<Secret>,
    /// An id token, on localhost only.
    pub id_token: Option<Secret>,
    /// Seconds until the access token ends.
    pub expires_in: Option<i64>,
    /// The OAuth error, RFC 6749 section 4.1.2.1.
    pub error: Option<String>,
    /// Authress's code for the error.
    pub error_code: Option<String>,
}

impl ReturnParameters {
    /// Reads the query of `location.href`.
    pub fn parse(href: &str) -> Self {
        let query = Query::of(href);
        Self {
            nonce: query.get("nonce"),
            issuer: query.get("iss"),
            code: query.get("code").map(Secret::new),
            access_token: query.get("access_token").map(Secret::new),
            id_token: query.get("id_token").map(Secret::new),
            expires_in: query.get("expires_in").and_then(|seconds| seconds.parse().ok()),
            error: query.get("error"),
            error_code: query.get("errorCode"),
        }
    }
}

/// Whether the address is one that a login returned to.
pub fn is_return(href: &str) -> bool {
    Query::of(href).get("nonce").is_some()
}

/// The address without the parameters of a return, or `None` if it has none.
pub fn without_return_parameters(href: &str) -> Option<String> {
    without(href, &RETURN_PARAMETERS)
}

/// The address without what an extension's login leaves in it, or `None` if it has none.
pub fn without_extension_parameters(href: &str) -> Option<String> {
    without(href, &EXTENSION_PARAMETERS)
}

/// The address without tokens, or `None` if it has none.
pub fn without_tokens(href: &str) -> Option<String> {
    without(href, &TOKEN_PARAMETERS)
}

/// Removes parameters and keeps the rest byte for byte: an application's own query may be spelled
/// in ways that a parse and print would change.
fn without(href: &str, names: &[&str]) -> Option<String> {
    let (base, query, fragment) = web_url::split(href);
    let query = query?;
    let mut kept = String::new();
    let mut is_changed = false;
    for pair in text::split(query, b'&') {
        let parameter = Query::parse(pair);
        if names.iter().any(|name| parameter.has(name)) {
            is_changed = true;
        } else {
            kept.push(if kept.is_empty() { '?' } else { '&' });
            kept.push_str(pair);
        }
    }
    if !is_changed {
        return None;
    }
    let mut cleaned = base.to_owned();
    cleaned.push_str(&kept);
    if let Some(fragment) = fragment {
        cleaned.push('#');
        cleaned.push_str(fragment);
    }
    Some(cleaned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_parameters_of_a_return_are_removed() {
        for (given, cleaned) in [
            ("https://a.test/p?nonce=1&code=2", Some("https://a.test/p")),
            (
                "https://a.test/p?x=%c3&nonce=1&bare&(f)!*'=a+b%20c#h?nonce=2",
                Some("https://a.test/p?x=%c3&bare&(f)!*'=a+b%20c#h?nonce=2"),
            ),
            ("https://a.test/?n%6Fnce=1&y", Some("https://a.test/?y")),
            ("https://a.test/?state=1&flow=2", None),
            ("https://a.test/#?nonce=1", None),
            ("https://a.test/?", None),
            ("https://a.test/", None),
        ] {
            assert_eq!(without_return_parameters(given).as_deref(), cleaned, "{given}");
        }
    }

    #[test]
    fn the_first_of_a_doubled_parameter_counts() {
        let parameters =
            ReturnParameters::parse("https://a.test/?nonce=1&nonce=2&expires_in=60&expires_in=x&code=&code=3");
        assert_eq!(parameters.nonce.as_deref(), Some("1"));
        assert_eq!((parameters.expires_in, parameters.code), (Some(60), None));
    }

    #[test]
    fn codes_and_tokens_do_not_print() {
        let parameters = ReturnParameters::parse("https://a.test/?code=hush1&access_token=hush2&id_token=hush3");
        assert!(!format!("{parameters:?}").contains("hush"));
    }

    proptest! {
        #[test]
        fn a_cleaned_address_holds_no_return_parameter(query in "[a-z_%=&+#0-9]{0,40}|nonce=[a-z&=]{0,9}code=1|(&|nonce=1|code=2|x=%ff)*") {
            let href = format!("https://a.test/?{query}");
            if let Some(cleaned) = without_return_parameters(&href) {
                prop_assert_eq!(ReturnParameters::parse(&cleaned), ReturnParameters::default());
                prop_assert_eq!(without_return_parameters(&cleaned), None);
            }
        }
    }
}
