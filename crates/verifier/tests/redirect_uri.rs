//! Attempts to have a signed user id sent to another URL.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::time::{Duration, Instant};

use authress_verifier::{ClockReading, Decision, ENTROPY_BYTES, LoginRequest, Verifier, decide};
use base64ct::{Base64UrlUnpadded, Encoding};
use proptest::prelude::*;
use support::{DOMAIN, LOGIN_URL, assert_refused, get, key, query, verifier};
use url::Url;

const ATTACKS: &[&str] = &[
    // other hosts
    "https://attacker.example/login",
    "https://login.example.com.attacker.example/login",
    "https://attacker.example/login.example.com/login",
    "https://attackerlogin.example.com/login",
    "https://login-example.com/login",
    "https://example.com/login",
    "https://a.login.example.com/login",
    "https://xn--lgin-5qa.example.com/login",
    "https://login.example.co/login",
    "https://login.example.comm/login",
    // user names, and similar forms
    "https://login.example.com@attacker.example/login",
    "https://login.example.com:443@attacker.example/login",
    "https://user@login.example.com/login",
    "https://user:password@login.example.com/login",
    "https://@login.example.com/login",
    "https://:@login.example.com/login",
    "https://login.example.com%40attacker.example/login",
    // backslashes and missing or additional slashes
    "https://login.example.com\\@attacker.example/login",
    "https://attacker.example\\login.example.com/login",
    "https:\\\\login.example.com\\login",
    "https://login.example.com\\login",
    "https:/\\login.example.com/login",
    "https:login.example.com/login",
    "https:/login.example.com/login",
    "https:///login.example.com/login",
    "https:////login.example.com/login",
    "//login.example.com/login",
    "//attacker.example/login",
    "/login",
    "login",
    "?a",
    // schemes
    "http://login.example.com/login",
    "http://login.example.com:443/login",
    "javascript:alert(1)//https://login.example.com/login",
    "javascript://login.example.com/login",
    "data:text/html,https://login.example.com/login",
    "ftp://login.example.com/login",
    "ws://login.example.com/login",
    "file://login.example.com/login",
    "blob:https://login.example.com/login",
    "view-source:https://login.example.com/login",
    "intent://login.example.com/login",
    "httpss://login.example.com/login",
    " https://login.example.com/login",
    // ports
    "https://login.example.com:8443/login",
    "https://login.example.com:80/login",
    "https://login.example.com:/login",
    "https://login.example.com:0443/login",
    "https://login.example.com:443:443/login",
    "https://login.example.com:65979/login",
    // other spellings of the host
    "https://login.example.com./login",
    "https://login.example.com.:443/login",
    "https://login%2eexample.com/login",
    "https://login.example%00.com/login",
    "https://l\u{43e}gin.example.com/login",
    "https://login\u{3002}example.com/login",
    "https://login.example.com\u{200b}/login",
    "https://login.ex\u{ad}ample.com/login",
    "https://[login.example.com]/login",
    // paths
    "https://login.example.com",
    "https://login.example.com/",
    "https://login.example.com?/login",
    "https://login.example.com/login/",
    "https://login.example.com/login/x",
    "https://login.example.com/loginx",
    "https://login.example.com/Login",
    "https://login.example.com//login",
    "https://login.example.com/./login",
    "https://login.example.com/a/../login",
    "https://login.example.com/login/..",
    "https://login.example.com/login/../logout",
    "https://login.example.com/%6cogin",
    "https://login.example.com/login%2f",
    "https://login.example.com/login%3fa",
    "https://login.example.com/%2e/login",
    "https://login.example.com/login;a=b",
    "https://login.example.com/logout?redirect_uri=https://attacker.example",
    "https://login.example.com/api/login",
    // fragments
    "https://login.example.com/login#",
    "https://login.example.com/login#a",
    "https://login.example.com/login?#a",
    "https://login.example.com/login?a#b",
    "https://login.example.com#/login",
    "https://attacker.example#@login.example.com/login",
    "https://attacker.example?@login.example.com/login",
    // encoded once more, lists, line breaks
    "https%3A%2F%2Flogin.example.com%2Flogin",
    "https://login.example.com/login,https://attacker.example/",
    "https://login.example.com/login https://attacker.example/",
    "https://login.example.com/login\r\nLocation: https://attacker.example/",
    "https://login.example.com/login?\r\nLocation: https://attacker.example/",
    "https://login.example.com\t/login",
    "ht\ntps://login.example.com/login",
    "https://login.example.com/login\0",
    "null",
    "about:blank",
];

fn at(since_1970_s: u64) -> ClockReading {
    ClockReading { since_1970: Duration::from_secs(since_1970_s), monotonic: Instant::now() }
}

#[tokio::test]
async fn every_known_trick_is_refused() {
    for attack in ATTACKS {
        let response = get(&query(&[("redirect_uri", attack)])).await;
        let refused = response.status();
        assert!(refused.is_client_error(), "{refused} for {attack:?}");
        assert_eq!(support::location(&response), None, "{attack:?}");
    }
}

#[tokio::test]
async fn every_known_trick_is_refused_when_encoded_twice() {
    for attack in ATTACKS {
        let encoded: String = attack.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let response = get(&query(&[("redirect_uri", &encoded)])).await;
        assert_refused(response, 400, "RedirectUriNotAllowed", Some("redirect_uri")).await;
    }
}

#[tokio::test]
async fn other_spellings_of_a_loopback_address_are_refused() {
    let verifier = Verifier::new("http://127.0.0.1:8888".parse().unwrap(), key().text.parse().unwrap());
    assert!(response_url(&verifier, "http://127.0.0.1:8888/login").is_some());
    for other in [
        "http://localhost:8888/login",
        "http://2130706433:8888/login",
        "http://0x7f.0.0.1:8888/login",
        "http://127.1:8888/login",
        "http://0177.0.0.1:8888/login",
        "http://[::ffff:127.0.0.1]:8888/login",
        "http://127.0.0.1/login",
        "http://127.0.0.1:8889/login",
        "https://127.0.0.1:8888/login",
    ] {
        assert_eq!(response_url(&verifier, other), None, "{other}");
    }
}

#[tokio::test]
async fn every_known_trick_is_refused_by_a_verifier_of_several_hosts() {
    let verifier = verifier_of_several_hosts();
    for attack in ATTACKS {
        assert_eq!(response_url(&verifier, attack), None, "{attack:?}");
    }
    for mixed in [
        "https://acc-1.login.authress.io.login.example.com/login",
        "https://login.example.com,acc-1.login.authress.io/login",
        "https://acc-1.login.authress.io@attacker.example/login",
        "https://acc-1.login.authress.io:8888/login",
        "http://acc-1.login.authress.io/login",
        "https://127.0.0.1:8888/login",
        "https://acc-2.login.authress.io/login",
        "https://acc-1.api.authress.io/login",
    ] {
        assert_eq!(response_url(&verifier, mixed), None, "{mixed}");
    }
    for own in [LOGIN_URL, "https://ACC-1.login.authress.io:443/login", "http://127.0.0.1:8888/login?a=b"] {
        assert!(response_url(&verifier, own).is_some(), "{own}");
    }
}

/// The hosts of [`verifier_of_several_hosts`].
const HOSTS: [&str; 3] = [DOMAIN, "https://acc-1.login.authress.io", "http://127.0.0.1:8888"];

fn verifier_of_several_hosts() -> Verifier {
    verifier(&key()).with_other_domains(HOSTS[1..].iter().map(|host| host.parse().unwrap()))
}

/// The address that is answered to a `redirect_uri`, if it is not refused.
fn response_url(verifier: &Verifier, redirect_uri: &str) -> Option<String> {
    let request = LoginRequest::parse(&query(&[("redirect_uri", redirect_uri)])).ok()?;
    match decide(&request, verifier, &[7; ENTROPY_BYTES], at(1_700_000_000)) {
        Decision::Redirect { location } => Some(location),
        Decision::Refuse(_) => None,
    }
}

/// Pieces of URLs in any order, among them the ones of the right address.
fn redirect_uris() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "https",
        "http",
        "://",
        ":",
        "/",
        "//",
        "\\",
        "@",
        "login.example.com",
        "LOGIN.example.com",
        "attacker.example",
        "/login",
        "login",
        ".",
        "..",
        "%2f",
        "%2e",
        "%40",
        "%5c",
        "%00",
        ":443",
        ":80",
        "?",
        "#",
        "&",
        "=",
        ";",
        "user",
        "code=x",
        "a=b",
        "\t",
        "\n",
        " ",
        "\u{3002}",
        "é",
    ];
    prop_oneof![
        any::<String>(),
        proptest::collection::vec(proptest::sample::select(PIECES), 0..10).prop_map(|pieces| pieces.concat()),
        // One change in the right URL.
        (0..=LOGIN_URL.len(), 0..3_usize, proptest::collection::vec(proptest::sample::select(PIECES), 0..3)).prop_map(
            |(position, removed, pieces)| {
                let end = (position + removed).min(LOGIN_URL.len());
                format!("{}{}{}", &LOGIN_URL[..position], pieces.concat(), &LOGIN_URL[end..])
            }
        ),
        "https://login\\.example\\.com/login\\?\\PC{0,40}",
        // One change in the URL of another host.
        (0..HOSTS.len(), 0..40_usize, 0..2_usize, proptest::sample::select(PIECES)).prop_map(
            |(host, position, removed, piece)| {
                let url = format!("{}/login", HOSTS[host]);
                let start = position.min(url.len());
                format!("{}{piece}{}", &url[..start], &url[(start + removed).min(url.len())..])
            }
        ),
        proptest::sample::select(&HOSTS[..]).prop_map(|host| format!("{host}/login?a=b")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// The redirect rule compares text; this test checks its result with a URL parser.
    #[test]
    fn every_response_redirects_to_the_configured_login_url(redirect_uri in redirect_uris()) {
        let verifier = verifier(&key());
        if let Some(location) = response_url(&verifier, &redirect_uri) {
            let url = Url::parse(&location).unwrap();
            prop_assert_eq!(url.origin().ascii_serialization(), DOMAIN);
            prop_assert_eq!(url.path(), "/login");
            prop_assert_eq!((url.username(), url.password(), url.fragment()), ("", None, None));
            prop_assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
            for name in ["code", "iss", "state"] {
                prop_assert_eq!(url.query_pairs().filter(|(other, _)| other == name).count(), 1);
            }
            // The parser agrees that the requested URL is the one of the response.
            let requested = Url::parse(&redirect_uri).unwrap();
            prop_assert_eq!((requested.origin(), requested.path()), (url.origin(), url.path()));
        }
    }

    #[test]
    fn host_and_issuer_of_every_response_are_those_of_the_requested_host(redirect_uri in redirect_uris()) {
        let verifier = verifier_of_several_hosts();
        if let Some(location) = response_url(&verifier, &redirect_uri) {
            let (requested, url) = (Url::parse(&redirect_uri).unwrap(), Url::parse(&location).unwrap());
            let origin = url.origin().ascii_serialization();
            prop_assert!(HOSTS.contains(&origin.as_str()), "{}", origin);
            prop_assert_eq!((requested.origin(), requested.path()), (url.origin(), "/login"));
            let parameter = |name: &str| url.query_pairs().find(|(other, _)| other == name).unwrap().1.into_owned();
            let issuer = format!("{origin}/v1/clients/sc_shop");
            prop_assert_eq!(parameter("iss"), issuer.as_str());
            let claims = parameter("code").split('.').nth(1).unwrap().to_owned();
            let claims: serde_json::Value =
                serde_json::from_slice(&Base64UrlUnpadded::decode_vec(&claims).unwrap()).unwrap();
            prop_assert_eq!(&claims["iss"], &issuer);
            prop_assert_eq!(&claims["aud"], "acc-1.accounts.authress.io");
        }
    }

    #[test]
    fn no_query_panics_or_redirects_to_another_url(query in "[ -~]{0,200}|\\PC{0,60}") {
        if let Ok(request) = LoginRequest::parse(&query) {
            let decision = decide(&request, &verifier(&key()), &[0; ENTROPY_BYTES], at(0));
            if let Decision::Redirect { location } = decision {
                prop_assert_eq!(location.split('?').next(), Some(LOGIN_URL));
            }
        }
    }
}
