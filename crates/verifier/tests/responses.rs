//! The response to a valid request.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::collections::HashSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use authress_jws::verify;
use authress_verifier::{ClockReading, Decision, ENTROPY_BYTES, LoginRequest, Verifier, decide, standalone};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use support::{CLIENT_ID, DOMAIN, LOGIN_URL, body, get, key, location, query, send, verifier};
use tower::ServiceExt;
use url::Url;

fn code_of(location: &str) -> String {
    let url = Url::parse(location).unwrap();
    url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
}

#[tokio::test]
async fn the_response_redirects_to_authress_with_a_signed_user_id() {
    let key = key();
    let now = || i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let request = Request::get(format!("/v1/login?{}", query(&[]))).body(Body::empty()).unwrap();
    let before = now();
    let response = standalone(verifier(&key)).oneshot(request).await.unwrap();
    let after = now();
    assert_eq!(response.status(), StatusCode::FOUND);

    let verified = verify(&code_of(location(&response).unwrap()), &key.published, Some("oauth-authz-req+jwt")).unwrap();
    let issued = verified.claim_i64("iat").unwrap();
    assert!((before..=after).contains(&issued));
    assert_eq!(verified.claim_i64("exp"), Some(issued + 60));
    assert_eq!(verified.claim_i64("max_age"), Some(60));
    assert_eq!(verified.claim_str("iss"), Some("https://login.example.com/v1/clients/sc_shop"));
    assert_eq!(verified.claim_str("aud"), Some("acc-1.accounts.authress.io"));
    assert_eq!(verified.claim_str("client_id"), Some(CLIENT_ID));
    assert_eq!(verified.claim_str("scope"), Some("openid"));
    assert!(verified.claim_str("sub").is_some_and(|sub| sub.starts_with("user_") && sub.len() == 31));
}

#[test]
fn equal_inputs_give_the_same_response_with_both_signature_implementations() {
    // The key of RFC 8037 appendix A.1; the signature was made by OpenSSL.
    let key = "sc_shop.k1.acc-1.MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";
    let verifier = Verifier::new(DOMAIN.parse().unwrap(), key.parse().unwrap());
    let request = LoginRequest::parse(&query(&[])).unwrap();
    let now = ClockReading { since_1970: Duration::from_secs(1_700_000_000), monotonic: Instant::now() };
    let Decision::Redirect { location } = decide(&request, &verifier, &[7; ENTROPY_BYTES], now) else {
        panic!("refused")
    };
    let signature = "uvE0R-8691l_BjIJ4CNsjcij8EX1xh7eJ3v6KbWQez23MCh1UcXbmOzH7BPhmNRqm181vus5WEGYicCwcRMeAw";
    assert_eq!(code_of(&location).rsplit('.').next(), Some(signature));
}

#[tokio::test]
async fn code_iss_and_state_follow_the_existing_query_in_this_order() {
    let redirect_uri = format!("{LOGIN_URL}?a=%20b&b=https://other.example/");
    let response = get(&query(&[("redirect_uri", &redirect_uri), ("state", "a/b+c=d&e")])).await;
    let location = location(&response).unwrap();
    assert!(location.starts_with(&format!("{redirect_uri}&code=eyJ")), "{location}");
    let url = Url::parse(location).unwrap();
    let names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["a", "b", "code", "iss", "state"]);
    assert_eq!(url.query_pairs().last().unwrap().1, "a/b+c=d&e");
}

#[tokio::test]
async fn the_user_id_is_new_for_each_request_and_does_not_depend_on_the_request() {
    let key = key();
    let mut ids = HashSet::new();
    for _ in 0..50 {
        let request =
            Request::get(format!("/v1/login?{}&sub=user_mine&user_id=user_mine&userId=user_mine", query(&[])));
        let response = standalone(verifier(&key)).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let verified = verify(&code_of(location(&response).unwrap()), &key.published, None).unwrap();
        ids.insert(verified.claim_str("sub").unwrap().to_owned());
        ids.insert(verified.claim_str("jti").unwrap().to_owned());
    }
    assert_eq!(ids.len(), 100);
    assert!(!ids.contains("user_mine"));
}

#[tokio::test]
async fn the_longest_state_gives_a_url_that_servers_accept() {
    let redirect_uri = format!("{LOGIN_URL}?a={}", "x".repeat(990));
    let response = get(&query(&[("state", &"%".repeat(512)), ("redirect_uri", &redirect_uri)])).await;
    assert!(location(&response).unwrap().len() < 8 * 1024);
}

#[tokio::test]
async fn head_uses_up_no_state_and_signs_nothing() {
    let app = standalone(verifier(&key()));
    let path = format!("/v1/login?{}", query(&[]));
    let send = async |method| {
        let request = Request::builder().method(method).uri(&path).body(Body::empty()).unwrap();
        app.clone().oneshot(request).await.unwrap()
    };
    let head_response = send(Method::HEAD).await;
    assert_eq!((head_response.status(), location(&head_response)), (StatusCode::METHOD_NOT_ALLOWED, None));
    assert_eq!(head_response.headers()[header::ALLOW], "GET");
    assert_eq!(send(Method::GET).await.status(), StatusCode::FOUND, "the state is not used up");
    // RFC 9110 section 9.1: the health check supports HEAD.
    assert_eq!(standalone_head("/healthz").await, StatusCode::OK);
}

async fn standalone_head(path: &str) -> StatusCode {
    let response = send(Method::HEAD, path).await;
    let status = response.status();
    assert!(body(response).await.is_empty());
    status
}

#[tokio::test]
async fn every_response_has_the_protective_headers_once() {
    let good = format!("/v1/login?{}", query(&[]));
    for (method, path) in [
        (Method::GET, good.as_str()),
        (Method::HEAD, &good),
        (Method::POST, &good),
        (Method::GET, "/v1/login"),
        (Method::GET, "/healthz"),
        (Method::POST, "/healthz"),
        (Method::GET, "/elsewhere"),
    ] {
        let response = send(method.clone(), path).await;
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-robots-tag", "noindex"),
            ("x-content-type-options", "nosniff"),
        ] {
            let values: Vec<_> = response.headers().get_all(name).iter().collect();
            assert_eq!(values, [value], "{name} of {method} {path}");
        }
    }
}

#[tokio::test]
async fn the_health_check_responds_with_ok() {
    let response = send(Method::GET, "/healthz").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(body(response).await, b"ok\n");
}
