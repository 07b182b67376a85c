//! The address to which the browser returned: reading its parameters, and cleaning it.

use crate::{
    secret::Secret,
    settings::Settings,
    text,
    web_url::{self, Query},
};

/// The parameters of a callback. `state` is not among them: it belongs to the application.
const CALLBACK_PARAMETERS: [&str; 10] = [
    "iss",
    "nonce",
    "code",
    "expires_in",
    "access_token",
    "id_token",
    "session_token",
    "error",
    "errorCode",
    "error_description",
];
/// What the login of an extension leaves; its `state` is the client's own.
const EXTENSION_PARAMETERS: [&str; 6] = ["iss", "nonce", "code", "state", "expires_in", "access_token"];
/// What must never stay in an address, whoever put it there.
const TOKEN_PARAMETERS: [&str; 3] = ["access_token", "id_token", "session_token"];

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

/// The authentication request of an address that a login may have returned to.
pub fn nonce(href: &str) -> Option<String> {
    Query::of(href).get("nonce")
}

/// The address without the parameters of a return, or `None` if it has none.
pub fn without_return_parameters(href: &str) -> Option<String> {
    without(href, &CALLBACK_PARAMETERS)
}

/// Whether a parameter of a callback stands in the address twice. RFC 6749 section 3.1 allows each once; the second one
/// is of the page or of an attacker, and nothing tells which.
pub fn has_doubled_parameter(href: &str) -> bool {
    let query = Query::of(href);
    CALLBACK_PARAMETERS.iter().any(|name| query.count(name) > 1)
}

/// The address of a page as its login will show it again: with the page's own parameters, even those that have the name
/// of a callback parameter, and without what an earlier callback of `settings` has left.
pub fn own_address(settings: &Settings, href: &str) -> String {
    let ReturnParameters { nonce, issuer, .. } = ReturnParameters::parse(href);
    let is_callback = nonce.is_some() && issuer.is_some_and(|issuer| settings.is_issuer(&issuer));
    let leftovers = if is_callback { without_return_parameters(href) } else { without_tokens(href) };
    leftovers.unwrap_or_else(|| href.to_owned())
}

/// The address to show after the callback at `href` of a login that began at `own`: `own`, followed by what else the
/// server has added. `None` if the callback is at another page.
///
/// A server appends to the query of the redirect URL (RFC 6749 section 3.1.2), or drops it; the page gets its own back
/// byte for byte.
pub fn restored(href: &str, own: &str) -> Option<String> {
    with_own_query(without_return_parameters(href).as_deref().unwrap_or(href), own)
}

/// The same after the callback of an extension's login.
pub fn restored_to_extension(href: &str, own: &str) -> Option<String> {
    with_own_query(without_extension_parameters(href).as_deref().unwrap_or(href), own)
}

fn with_own_query(cleaned: &str, own: &str) -> Option<String> {
    let (base, query, fragment) = web_url::split(cleaned);
    let (own_base, own_query, own_fragment) = web_url::split(own);
    if base != own_base {
        return None;
    }
    let is_own = |pair: &str| text::split(own_query.unwrap_or_default(), b'&').any(|own| is_same_pair(own, pair));
    let added = text::split(query.unwrap_or_default(), b'&').filter(|pair| !pair.is_empty() && !is_own(pair));
    let mut restored = own_base.to_owned();
    let mut separator = '?';
    for pair in own_query.into_iter().chain(added) {
        restored.push(separator);
        restored.push_str(pair);
        separator = '&';
    }
    if let Some(fragment) = own_fragment.or(fragment) {
        restored.push('#');
        restored.push_str(fragment);
    }
    Some(restored)
}

/// Whether two parameters are the same to a server, which may write them in another way than they came.
fn is_same_pair(one: &str, other: &str) -> bool {
    let decoded = |pair: &str| web_url::decode(&pair.replace('+', " "));
    one == other || decoded(one).is_some_and(|one| decoded(other) == Some(one))
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

    #[test]
    fn a_doubled_callback_parameter_is_seen_by_its_decoded_name() {
        for (query, is_doubled) in [
            ("nonce=1&code=2", false),
            ("code=1&nonce=2&code=3", true),
            ("c%6Fde=1&nonce=2&code=3", true),
            ("code&code=1", true),
            ("utm=1&utm=2&nonce=1", false),
        ] {
            assert_eq!(has_doubled_parameter(&format!("https://a.test/?{query}")), is_doubled, "{query}");
        }
    }

    #[test]
    fn the_own_address_keeps_parameters_that_have_a_callback_parameters_name() {
        let settings = Settings::new("https://login.a.test", None).unwrap();
        for (given, own) in [
            ("?utm=x&code=SUMMER20&error=sold-out&iss=me&nonce=n1&expires_in=9#f", None),
            ("?code=SUMMER20&access_token=a&id_token=b&session_token=c", Some("?code=SUMMER20")),
            ("?x=1&nonce=R&iss=https%3A%2F%2Flogin.a.test&code=used", Some("?x=1")),
        ] {
            let own = own.unwrap_or(given);
            assert_eq!(own_address(&settings, &format!("https://a.test/{given}")), format!("https://a.test/{own}"));
        }
    }

    #[test]
    fn the_pages_own_query_comes_back_whatever_the_server_does_to_it() {
        let own = "https://a.test/p?utm=a%20b&code=SUMMER20&bare&(f)!*'=%c3#top";
        let callback = "nonce=1&iss=x&code=2";
        for kept in ["utm=a%20b&bare&(f)!*'=%c3", "utm=a+b&bare&(f)!*'=%c3", "utm=a+b&", ""] {
            for fragment in ["", "#top", "#_=_"] {
                let href = format!("https://a.test/p?{kept}&{callback}{fragment}");
                assert_eq!(restored(&href, own).as_deref(), Some(own), "{href}");
            }
        }
        let added = format!("https://a.test/p?{callback}&flow=7");
        assert_eq!(restored(&added, "https://a.test/p").as_deref(), Some("https://a.test/p?flow=7"));
        assert_eq!(restored(&added, "https://a.test/p?x#y").as_deref(), Some("https://a.test/p?x&flow=7#y"));
        assert_eq!(restored(&added, "https://a.test/other"), None);
        assert_eq!(
            restored("https://a.test/p?nonce=1#_=_", "https://a.test/p").as_deref(),
            Some("https://a.test/p#_=_")
        );
    }

    proptest! {
        #[test]
        fn an_appending_server_changes_nothing_of_the_page(query in "([a-z_]{1,5}(=[a-zA-Z%+]{0,4})?|code=1|n%6Fnce=2)(&([a-z]{1,5}|iss=me|error=x)){0,3}") {
            let own = format!("https://a.test/p?{query}#f");
            let sent = without_return_parameters(&own).unwrap_or_else(|| own.clone());
            prop_assert_eq!(ReturnParameters::parse(&sent), ReturnParameters::default());
            let (base, kept, _) = web_url::split(&sent);
            let back = format!("{base}?{}&nonce=R&iss=i&code=c", kept.unwrap_or_default());
            prop_assert!(!has_doubled_parameter(&back));
            prop_assert_eq!(restored(&back, &own), Some(own));
        }

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
