//! Properties of the servers and of the login protocol that hold for any input. Each function asserts one of them for any bytes, and is the body
//! of the fuzz target of its name. The tests run all of them with the seeds of `fuzz/seeds`, with mutations of these and
//! with random bytes.
//!
//! The targets are here and not in `fuzz`, because `fuzz` needs `cargo fuzz` and is not part of the workspace.

// These functions are tests.
#![allow(clippy::expect_used, clippy::panic)]

use std::net::IpAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use authress_jws::SigningKey;
use authress_verifier::{
    AccessKey, ClockReading, Decision, ENTROPY_BYTES, ForwardingHeader, LoginRequest, NetworkPrefix, QueryParameters,
    TrustedProxies, Verifier, decide,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64ct::{Base64, Encoding};
use url::form_urlencoded;

mod browser;
mod callback;
mod human_check;
mod stored_record;
mod tokens;

pub use callback::callback;
pub use human_check::human_check;
pub use stored_record::stored_record;
pub use tokens::{access_token, claim_ticket, jwt};

/// A property: panics if it does not hold for the input.
pub type Property = fn(&[u8]);

/// All properties by the names of their fuzz targets.
pub const PROPERTIES: &[(&str, Property)] = &[
    ("access_key", access_key),
    ("access_token", access_token),
    ("callback", callback),
    ("claim_ticket", claim_ticket),
    ("client_address", client_address),
    ("human_check", human_check),
    ("jwt", jwt),
    ("login_request", login_request),
    ("stored_record", stored_record),
];

/// The key of RFC 8037 appendix A.1.
pub(crate) const PRIVATE_KEY: &str = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";

pub(crate) fn signing_key() -> SigningKey {
    let der = Base64::decode_vec(PRIVATE_KEY).expect("base64");
    SigningKey::from_pkcs8_der("k1", &der).expect("a key")
}

/// For any query, a redirect goes to the login URL of a configured host with the issuer of that host, has no characters
/// that are invalid in a header, and has each parameter once.
pub fn login_request(data: &[u8]) {
    static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
        let key = format!("sc_shop.k1.acc-1.{PRIVATE_KEY}");
        let [first, second] = HOSTS.map(|host| host.parse().expect("a domain"));
        let allowed = QueryParameters::new(["a", "next"]).expect("names");
        let verifier = Verifier::new(first, key.parse().expect("a key")).with_other_domains([second]);
        verifier.with_redirect_uri_parameters(allowed)
    });
    const HOSTS: [&str; 2] = ["https://login.example.com", "https://acc-1.login.authress.io"];
    let Ok(query) = std::str::from_utf8(data) else { return };
    for query in [
        query.to_owned(),
        format!("state=s&client_id=sc_shop&redirect_uri={query}"),
        format!("state=s&redirect_uri={}{query}", HOSTS[1]),
    ] {
        let Ok(request) = LoginRequest::parse(&query) else { continue };
        let now = ClockReading { since_1970: Duration::ZERO, monotonic: Instant::now() };
        if let Decision::Redirect { location } = decide(&request, &VERIFIER, &[0; ENTROPY_BYTES], now) {
            let host = HOSTS.into_iter().find(|host| location.starts_with(&format!("{host}/login?")));
            let host = host.expect("a configured host");
            assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
            let query = location.split_once('?').map_or("", |(_, query)| query);
            let issuer = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "iss");
            assert_eq!(issuer.map(|(_, value)| value.into_owned()), Some(format!("{host}/v1/clients/sc_shop")));
            let names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
            assert_eq!(names.filter(|name| QueryParameters::RESERVED.contains(&&**name)).count(), 3, "{location}");
        }
    }
}

/// For any access key, neither `Debug` nor an error shows its secret.
pub fn access_key(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match text.parse::<AccessKey>() {
        Ok(key) => assert!(!format!("{key:?}").contains(secret_of(text))),
        Err(error) => {
            let secret = secret_of(text);
            assert!(secret.len() < 24 || !format!("{error} {error:?}").contains(secret));
        }
    }
}

fn secret_of(access_key: &str) -> &str {
    access_key.trim().rsplit('.').next().unwrap_or_default()
}

/// For any forwarding header of a client, the entries that trusted proxies have appended determine the address.
pub fn client_address(data: &[u8]) {
    let peer: IpAddr = [198, 51, 100, 1].into();
    let own: IpAddr = [203, 0, 113, 9].into();
    for (name, header, entry) in [
        ("x-forwarded-for", ForwardingHeader::XForwardedFor, &b"203.0.113.9"[..]),
        ("forwarded", ForwardingHeader::Forwarded, b"for=203.0.113.9"),
        ("forwarded", ForwardingHeader::Forwarded, b"for=\"203.0.113.9:80\";host=\"a,\\\"b\""),
    ] {
        let name = HeaderName::from_static(name);
        let lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
        for hops in 0..3_u8 {
            let own_entries = vec![entry; hops.max(1).into()].join(&b", "[..]);
            // Some proxies add to the line that is there, others add a line.
            let joined = [lines.last().copied().unwrap_or_default(), &own_entries].join(&b", "[..]);
            let before = lines.get(..lines.len() - 1).unwrap_or_default();
            for all in [[before, &[&joined]].concat(), [&lines[..], &[&own_entries]].concat()] {
                let mut headers = HeaderMap::new();
                for line in all {
                    let Ok(value) = HeaderValue::from_bytes(line) else { return };
                    headers.append(&name, value);
                }
                let address = TrustedProxies { hops, header }.client_ip_from(peer, &headers);
                assert_eq!(address, if hops == 0 { peer } else { own });
                // With more trusted proxies than entries the result still is an address.
                let address = TrustedProxies { hops: hops + 3, header }.client_ip_from(peer, &headers);
                assert!(!NetworkPrefix::from(address).to_string().is_empty());
            }
        }
    }
}
