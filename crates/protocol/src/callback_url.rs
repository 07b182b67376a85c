//! The callback URL: its parameters, and the address of the page without them.
//!
//! What the parameters mean is decided in [`crate::callback::decision`]. Addresses are edited as text, since an
//! application's own query may be spelled in ways that parsing and printing would change.

use crate::{
    secret::Secret,
    settings::Settings,
    web_url::{self, Query},
};

/// The parameters that a callback adds to the redirect URL. `state` is not one of them: it belongs to the application.
pub const CALLBACK_PARAMETERS: [&str; 10] = [
    "iss",
    NONCE,
    "code",
    "expires_in",
    "access_token",
    "id_token",
    "session_token",
    "error",
    "errorCode",
    "error_description",
];
/// The parameter with the id of the authentication request. An address without it is no callback URL.
pub const NONCE: &str = "nonce";
/// The parameters that the callback of an extension adds. Its `state` is the client's own.
const EXTENSION_PARAMETERS: [&str; 6] = ["iss", "nonce", "code", "state", "expires_in", "access_token"];
/// The parameters that are removed from every address, even if the page or an attacker put them there.
pub const TOKEN_PARAMETERS: [&str; 3] = ["access_token", "id_token", "session_token"];
/// These and the authorization code.
const SECRET_PARAMETERS: [&str; 4] = ["access_token", "id_token", "session_token", "code"];
/// The shortest authorization code, in characters: 128 bits (RFC 6749 section 10.10) in base64. A page's own `code`,
/// for example of a coupon, is shorter.
const MIN_CODE_LENGTH: usize = 22;

/// The parameters of a callback. The first value of a name that is not empty counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallbackParameters {
    /// The id of the authentication request.
    pub nonce: Option<String>,
    /// The issuer (RFC 9207 section 2).
    pub issuer: Option<String>,
    /// The authorization code, or the word `cookie`: then the code is in a cookie.
    pub code: Option<Secret>,
    /// The access token, on localhost only.
    pub access_token: Option<Secret>,
    /// The id token, on localhost only.
    pub id_token: Option<Secret>,
    /// The lifetime of the access token, in seconds.
    pub expires_in: Option<i64>,
    /// The OAuth error (RFC 6749 section 4.1.2.1).
    pub error: Option<String>,
    /// Authress's own code for the error.
    pub error_code: Option<String>,
    /// The text about the error (RFC 6749 section 4.1.2.1).
    pub error_description: Option<String>,
}

impl CallbackParameters {
    /// Reads the query of `location.href`.
    pub fn parse(href: &str) -> Self {
        let query = Query::of(href);
        Self {
            nonce: query.get(NONCE),
            issuer: query.get("iss"),
            code: query.get("code").map(Secret::new),
            access_token: query.get("access_token").map(Secret::new),
            id_token: query.get("id_token").map(Secret::new),
            expires_in: query.get("expires_in").and_then(|seconds| seconds.parse().ok()),
            error: query.get("error"),
            error_code: query.get("errorCode"),
            error_description: query.get("error_description"),
        }
    }
}

/// Returns the ids of authentication requests in an address. A callback has one; two are refused.
pub fn nonces(href: &str) -> Vec<String> {
    Query::of(href).all(NONCE)
}

/// Whether the client has to handle an address: it names an authentication request, has a token, or has a code beside
/// an issuer. The code of an extension's callback, which has a `state`, is left to the extension's client.
///
/// `pkg/src/fast-session.js` has the same rule; `tests/vectors/callback-url.json` compares both.
pub fn is_callback(href: &str) -> bool {
    let query = Query::of(href);
    let has_code = || ["code", "iss"].iter().all(|name| query.get(name).is_some()) && !query.has("state");
    query.get(NONCE).is_some() || has_token(&query) || has_code()
}

fn has_token(query: &Query) -> bool {
    TOKEN_PARAMETERS.iter().any(|name| query.has(name))
}

/// Returns the address without callback parameters, `None` if it has none.
pub fn without_callback_parameters(href: &str) -> Option<String> {
    without(href, &CALLBACK_PARAMETERS)
}

/// Returns the address without the callback parameters of an extension, `None` if it has none.
pub fn without_extension_parameters(href: &str) -> Option<String> {
    without(href, &EXTENSION_PARAMETERS)
}

/// Returns the address without tokens, `None` if it has none.
pub fn without_tokens(href: &str) -> Option<String> {
    without(href, &TOKEN_PARAMETERS)
}

/// Whether a callback parameter occurs twice. RFC 6749 section 3.1 allows each once. One of the two comes from the page
/// or from an attacker, and nothing tells which.
pub fn has_duplicate_parameter(href: &str) -> bool {
    has_duplicate(href, &CALLBACK_PARAMETERS)
}

/// Does the same as [`has_duplicate_parameter`] for the callback of an extension.
pub fn has_duplicate_extension_parameter(href: &str) -> bool {
    has_duplicate(href, &EXTENSION_PARAMETERS)
}

fn has_duplicate(href: &str, names: &[&str]) -> bool {
    let query = Query::of(href);
    names.iter().any(|name| query.all(name).len() > 1)
}

/// Returns the address without the callback of a login that this browser has not pending: an earlier one, or one of
/// another browser. `None` if it has none.
///
/// - If `iss` is the Authress host of `settings`, beside a `nonce`, or beside a code or token and no `state`, all
///   callback parameters are removed.
/// - Without `iss` nothing shows whose callback it is. Only secrets are removed: tokens, and beside a `nonce` a `code`
///   that is long enough for an authorization code.
/// - Of all other addresses only tokens are removed.
///
/// All else is the page's own: a coupon `code`, an `error`, a `nonce`, the callback of another authorization server,
/// and the callback of an extension, whose client needs it.
pub fn without_stray_callback(settings: &Settings, href: &str) -> Option<String> {
    let query = Query::of(href);
    let code_length = query.get("code").map_or(0, |code| code.len());
    let has_nonce = query.get(NONCE).is_some();
    let has_secret = || (code_length > 0 || has_token(&query)) && !query.has("state");
    let issuers = query.all("iss");
    if issuers.iter().any(|issuer| settings.is_own_callback_issuer(issuer)) && (has_nonce || has_secret()) {
        without_callback_parameters(href)
    } else if issuers.is_empty() && has_nonce && code_length >= MIN_CODE_LENGTH {
        without(href, &SECRET_PARAMETERS)
    } else {
        without_tokens(href)
    }
}

/// Returns the address of a page as it is shown again after its login: with the page's own parameters, including those
/// with the name of a callback parameter, and without an earlier callback.
pub fn own_page_url(settings: &Settings, href: &str) -> String {
    without_stray_callback(settings, href).unwrap_or_else(|| href.to_owned())
}

/// Returns the address to show after the callback at `href` of a login that began at `page_url`: `page_url` byte for
/// byte, followed by the parameters that the server added. `None` if the callback is at another page.
///
/// A server keeps the query of the redirect URL (RFC 6749 section 3.1.2), respells it, or drops it.
pub fn restore_page_url(href: &str, page_url: &str) -> Option<String> {
    with_query_of(page_url, without_callback_parameters(href).as_deref().unwrap_or(href))
}

/// Does the same as [`restore_page_url`] after the callback of an extension.
pub fn restore_extension_page_url(href: &str, page_url: &str) -> Option<String> {
    with_query_of(page_url, without_extension_parameters(href).as_deref().unwrap_or(href))
}

fn with_query_of(page_url: &str, cleaned: &str) -> Option<String> {
    let (base, query, fragment) = web_url::split(cleaned);
    let (own_base, own_query, own_fragment) = web_url::split(page_url);
    if base != own_base {
        return None;
    }
    let is_own = |pair: &str| own_query.unwrap_or_default().split('&').any(|own| is_same_pair(own, pair));
    let added = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty() && !is_own(pair));
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

/// Whether two pairs are the same parameter, even if the server encoded one of them differently.
fn is_same_pair(one: &str, other: &str) -> bool {
    let decoded = |pair: &str| web_url::decode(&pair.replace('+', " "));
    one == other || decoded(one).is_some_and(|one| decoded(other) == Some(one))
}

/// Removes parameters by their decoded names and keeps the rest byte for byte.
fn without(href: &str, names: &[&str]) -> Option<String> {
    let (base, query, fragment) = web_url::split(href);
    let query = query?;
    let mut kept = String::new();
    let mut is_changed = false;
    for pair in query.split('&') {
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
    fn only_callback_parameters_are_removed() {
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
            assert_eq!(without_callback_parameters(given).as_deref(), cleaned, "{given}");
        }
    }

    #[test]
    fn the_first_value_that_is_not_empty_counts() {
        let parameters = CallbackParameters::parse("https://a.test/?nonce=1&nonce=2&expires_in=&expires_in=60&code=");
        assert_eq!(parameters.nonce.as_deref(), Some("1"));
        assert_eq!((parameters.expires_in, parameters.code), (Some(60), None));
    }

    #[test]
    fn codes_and_tokens_do_not_print() {
        let parameters = CallbackParameters::parse("https://a.test/?code=hush1&access_token=hush2&id_token=hush3");
        assert!(!format!("{parameters:?}").contains("hush"));
    }

    #[test]
    fn a_duplicate_callback_parameter_is_found_by_its_decoded_name() {
        for (query, is_duplicate) in [
            ("nonce=1&code=2", false),
            ("code=1&nonce=2&code=3", true),
            ("c%6Fde=1&nonce=2&code=3", true),
            ("code&code=1", true),
            ("utm=1&utm=2&nonce=1", false),
        ] {
            assert_eq!(has_duplicate_parameter(&format!("https://a.test/?{query}")), is_duplicate, "{query}");
        }
    }

    #[test]
    fn the_page_url_keeps_parameters_with_the_name_of_a_callback_parameter() {
        let settings = Settings::new("https://login.a.test", None).unwrap();
        for (given, own) in [
            ("?utm=x&code=SUMMER20&error=sold-out&iss=me&nonce=n1&expires_in=9#f", None),
            ("?code=SUMMER20&access_token=a&id_token=b&session_token=c", Some("?code=SUMMER20")),
            ("?x=1&nonce=R&iss=https%3A%2F%2Flogin.a.test&code=used", Some("?x=1")),
        ] {
            let own = own.unwrap_or(given);
            assert_eq!(own_page_url(&settings, &format!("https://a.test/{given}")), format!("https://a.test/{own}"));
        }
    }

    #[test]
    fn the_pages_query_is_restored_whatever_the_server_did_to_it() {
        let own = "https://a.test/p?utm=a%20b&code=SUMMER20&bare&(f)!*'=%c3#top";
        let callback = "nonce=1&iss=x&code=2";
        for kept in ["utm=a%20b&bare&(f)!*'=%c3", "utm=a+b&bare&(f)!*'=%c3", "utm=a+b&", ""] {
            for fragment in ["", "#top", "#_=_"] {
                let href = format!("https://a.test/p?{kept}&{callback}{fragment}");
                assert_eq!(restore_page_url(&href, own).as_deref(), Some(own), "{href}");
            }
        }
        let added = format!("https://a.test/p?{callback}&flow=7");
        assert_eq!(restore_page_url(&added, "https://a.test/p").as_deref(), Some("https://a.test/p?flow=7"));
        assert_eq!(restore_page_url(&added, "https://a.test/p?x#y").as_deref(), Some("https://a.test/p?x&flow=7#y"));
        assert_eq!(restore_page_url(&added, "https://a.test/other"), None);
        assert_eq!(
            restore_page_url("https://a.test/p?nonce=1#_=_", "https://a.test/p").as_deref(),
            Some("https://a.test/p#_=_")
        );
    }

    proptest! {
        #[test]
        fn the_page_url_is_restored_after_a_server_appended_parameters(query in "([a-z_]{1,5}(=[a-zA-Z%+]{0,4})?|code=1|n%6Fnce=2)(&([a-z]{1,5}|iss=me|error=x)){0,3}") {
            let own = format!("https://a.test/p?{query}#f");
            let sent = without_callback_parameters(&own).unwrap_or_else(|| own.clone());
            prop_assert_eq!(CallbackParameters::parse(&sent), CallbackParameters::default());
            let (base, kept, _) = web_url::split(&sent);
            let callback = format!("{base}?{}&nonce=R&iss=i&code=c", kept.unwrap_or_default());
            prop_assert!(!has_duplicate_parameter(&callback));
            prop_assert_eq!(restore_page_url(&callback, &own), Some(own));
        }

        #[test]
        fn a_cleaned_address_has_no_callback_parameters(query in "[a-z_%=&+#0-9]{0,40}|nonce=[a-z&=]{0,9}code=1|(&|nonce=1|code=2|x=%ff)*") {
            let href = format!("https://a.test/?{query}");
            if let Some(cleaned) = without_callback_parameters(&href) {
                prop_assert_eq!(CallbackParameters::parse(&cleaned), CallbackParameters::default());
                prop_assert_eq!(without_callback_parameters(&cleaned), None);
            }
        }
    }
}
