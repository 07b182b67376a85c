//! The address to which the browser returned: reading its parameters, and cleaning it.

use crate::{secret::Secret, web_url};
use url::form_urlencoded;

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
        let mut parameters = Self::default();
        let (_, query, _) = web_url::split(href);
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let text = |slot: &mut Option<String>| {
                if !value.is_empty() {
                    slot.get_or_insert_with(|| value.clone().into_owned());
                }
            };
            let secret = |slot: &mut Option<Secret>| {
                if !value.is_empty() {
                    slot.get_or_insert_with(|| Secret::new(value.clone()));
                }
            };
            match &*name {
                "nonce" => text(&mut parameters.nonce),
                "iss" => text(&mut parameters.issuer),
                "error" => text(&mut parameters.error),
                "errorCode" => text(&mut parameters.error_code),
                "code" => secret(&mut parameters.code),
                "access_token" => secret(&mut parameters.access_token),
                "id_token" => secret(&mut parameters.id_token),
                "expires_in" => parameters.expires_in = parameters.expires_in.or(value.parse().ok()),
                _ => {}
            }
        }
        parameters
    }
}

/// Whether the address is one that a login returned to.
pub fn is_return(href: &str) -> bool {
    web_url::parameter(href, "nonce").is_some()
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
    let is_kept = |pair: &&str| {
        let name = form_urlencoded::parse(pair.as_bytes()).next().map(|(name, _)| name);
        !name.is_some_and(|name| names.contains(&&*name))
    };
    let kept: Vec<&str> = query.split('&').filter(is_kept).collect();
    if kept.len() == query.split('&').count() {
        return None;
    }
    let mut cleaned = base.to_owned();
    if !kept.is_empty() {
        cleaned.push('?');
        cleaned.push_str(&kept.join("&"));
    }
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
        let parameters = ReturnParameters::parse("https://a.test/?nonce=1&nonce=2&expires_in=x&expires_in=60&code=");
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
