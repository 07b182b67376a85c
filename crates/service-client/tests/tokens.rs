//! The service client's tokens, verified with the public key that Authress's SDK publishes for the same private key.

// Lints treat helper functions as code outside tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use authress_jws::{Jwk, JwkSet, verify};
use authress_service_client::{
    AccessKey, DEFAULT_LIFETIME, MIN_LIFETIME, RENEWAL_MARGIN, Secret, ServiceClientTokens, TOKEN_TYPE,
};
use serde_json::{Value, json};
use support::{ACCESS_KEY, PUBLIC_KEY_X};
use tokio::sync::Barrier;

const NOW: u64 = 1_800_000_000;
const CLIENT_ID: &str = "sc_aAKceYi7VJDCU8vB7HcTo3Q";

fn access_key() -> AccessKey {
    ACCESS_KEY.parse().unwrap()
}

/// A clock that the test sets, in seconds.
fn clock() -> (Arc<AtomicU64>, impl Fn() -> Duration + Send + Sync + 'static) {
    let seconds = Arc::new(AtomicU64::new(NOW));
    let read = Arc::clone(&seconds);
    (seconds, move || Duration::from_secs(read.load(Ordering::SeqCst)))
}

fn tokens(domain: Option<&str>) -> ServiceClientTokens {
    let domain = domain.map(|text| text.parse().unwrap());
    ServiceClientTokens::new(access_key(), domain.as_ref()).with_clock(clock().1)
}

/// Verifies the signature and the header, and returns the claims.
fn claims(token: &Secret) -> Value {
    let jwk: Jwk =
        serde_json::from_value(json!({"kty": "OKP", "crv": "Ed25519", "kid": "pogP", "x": PUBLIC_KEY_X})).unwrap();
    let verified = verify(token.expose(), &JwkSet { keys: vec![jwk] }, Some(TOKEN_TYPE)).unwrap();
    Value::Object(verified.claims)
}

#[test]
fn a_token_is_signed_by_the_access_key_and_has_the_documented_claims() {
    assert_eq!(
        claims(&tokens(Some("https://login.example.com")).token()),
        json!({
            "aud": "ignore-account-id.accounts.authress.io",
            "iss": format!("https://login.example.com/v1/clients/{CLIENT_ID}"),
            "sub": CLIENT_ID,
            "client_id": CLIENT_ID,
            "iat": NOW,
            "exp": NOW + 24 * 60 * 60,
            "scope": "openid",
        })
    );
}

#[test]
fn without_a_custom_domain_the_issuer_is_the_api_host_of_the_account() {
    let api = "https://ignore-account-id.api.authress.io";
    for domain in [
        None,
        Some("https://ignore-account-id.api.authress.io"),
        Some("https://ignore-account-id.api-eu-west.authress.io"),
        Some("https://ignore-account-id.login.authress.io"),
    ] {
        let tokens = tokens(domain);
        assert_eq!(claims(&tokens.token())["iss"], format!("{api}/v1/clients/{CLIENT_ID}"), "{domain:?}");
        assert_eq!(tokens.api_origin(), api);
    }
    let local = tokens(Some("http://127.0.0.1:8888"));
    assert_eq!(local.api_origin(), "http://127.0.0.1:8888");
    assert_eq!(local.issuer(), format!("http://127.0.0.1:8888/v1/clients/{CLIENT_ID}"));
}

#[test]
fn a_token_is_kept_until_an_hour_before_its_end() {
    let (seconds, clock) = clock();
    let tokens = ServiceClientTokens::new(access_key(), None).with_clock(clock);
    let first = tokens.token();
    let renewal = NOW + (DEFAULT_LIFETIME - RENEWAL_MARGIN).as_secs();
    seconds.store(renewal - 1, Ordering::SeqCst);
    assert_eq!(tokens.token(), first);
    seconds.store(renewal, Ordering::SeqCst);
    let second = tokens.token();
    assert_eq!(claims(&second)["iat"], renewal);
    assert_eq!(tokens.token(), second);
}

#[test]
fn the_margin_of_a_short_lifetime_is_a_quarter_of_it() {
    let (seconds, clock) = clock();
    let tokens = ServiceClientTokens::new(access_key(), None).with_clock(clock).with_lifetime(MIN_LIFETIME).unwrap();
    let first = tokens.token();
    assert_eq!(claims(&first)["exp"], NOW + 60);
    seconds.store(NOW + 44, Ordering::SeqCst);
    assert_eq!(tokens.token(), first);
    seconds.store(NOW + 45, Ordering::SeqCst);
    assert_ne!(tokens.token(), first);
}

#[test]
fn a_lifetime_out_of_range_is_an_error() {
    let with = |lifetime| tokens(None).with_lifetime(lifetime).map(|_| ());
    for lifetime in [MIN_LIFETIME, DEFAULT_LIFETIME] {
        assert!(with(lifetime).is_ok());
    }
    for lifetime in [Duration::ZERO, Duration::from_secs(59), DEFAULT_LIFETIME + Duration::from_secs(1)] {
        assert!(with(lifetime).unwrap_err().to_string().contains("1 minute"));
    }
}

#[test]
fn a_clock_that_was_set_back_does_not_leave_a_token_of_the_future() {
    let (seconds, clock) = clock();
    let tokens = ServiceClientTokens::new(access_key(), None).with_clock(clock);
    let _of_the_future = tokens.token();
    seconds.store(NOW - 3600, Ordering::SeqCst);
    assert_eq!(claims(&tokens.token())["iat"], NOW - 3600);
}

#[test]
fn a_rejected_token_is_replaced_once_for_all_who_report_it() {
    let (seconds, clock) = clock();
    let tokens = ServiceClientTokens::new(access_key(), None).with_clock(clock);
    let rejected = tokens.token();
    seconds.store(NOW + 10, Ordering::SeqCst);
    let replaced = tokens.replace(&rejected);
    assert_eq!(claims(&replaced)["iat"], NOW + 10);
    seconds.store(NOW + 20, Ordering::SeqCst);
    assert_eq!(tokens.replace(&rejected), replaced);
    assert_eq!(tokens.token(), replaced);
    assert_ne!(tokens.replace(&replaced), replaced);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_concurrent_callers_cause_one_signature() {
    // Each reading of this clock is another second, so that two signatures would be two different tokens.
    let readings = AtomicU64::new(NOW);
    let clock = move || Duration::from_secs(readings.fetch_add(1, Ordering::SeqCst));
    let tokens = Arc::new(ServiceClientTokens::new(access_key(), None).with_clock(clock));
    let start = Arc::new(Barrier::new(100));
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let (tokens, start) = (Arc::clone(&tokens), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait().await;
                tokens.token().expose().to_owned()
            })
        })
        .collect();
    let mut distinct = BTreeSet::new();
    for caller in callers {
        distinct.insert(caller.await.unwrap());
    }
    assert_eq!(distinct.len(), 1);
}

#[test]
fn nothing_prints_the_token_or_the_key() {
    let tokens = tokens(None);
    let token = tokens.token();
    let printed = format!("{tokens:?} {token:?}");
    assert!(printed.contains("/v1/clients/") && printed.contains("[redacted]"), "{printed}");
    assert!(!printed.contains(token.expose()) && !printed.contains("MC4CAQ"), "{printed}");
}
