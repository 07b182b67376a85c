//! Whatever the query is: no panic, and no answer leaves the configured login URL.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use authress_verifier::{Decision, ENTROPY_BYTES, LoginRequest, Verifier, decide};
use libfuzzer_sys::fuzz_target;

/// The key of RFC 8037 appendix A.1.
const KEY: &str = "sc_shop.k1.acc-1.MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";

static VERIFIER: LazyLock<Verifier> =
    LazyLock::new(|| Verifier::new("https://login.example.com".parse().unwrap(), KEY.parse().unwrap()));

fuzz_target!(|query: &str| {
    for query in [query.to_owned(), format!("state=s&client_id=sc_shop&redirect_uri={query}")] {
        let Ok(request) = LoginRequest::parse(&query) else { continue };
        if let Decision::Redirect { location } = decide(&request, &VERIFIER, &[0; ENTROPY_BYTES], Duration::ZERO) {
            assert_eq!(location.split('?').next(), Some("https://login.example.com/login"));
            assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }
});
