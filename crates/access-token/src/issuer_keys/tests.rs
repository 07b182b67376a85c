//! Against issuers on loopback.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use authress_jws::{JwkSet, SigningKey};
use axum::Router;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::get;

use super::*;

/// An issuer on a free loopback port that counts its requests; ends with the test.
async fn issuer(status: StatusCode, body: String) -> (String, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = requests.clone();
    let router = Router::new()
        .route(
            "/keys",
            get(move || {
                counter.fetch_add(1, Ordering::SeqCst);
                std::future::ready((status, body))
            }),
        )
        .route("/slow", get(std::future::pending::<()>))
        .route("/moved", get(|| std::future::ready(Redirect::temporary("/keys"))));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (origin, requests)
}

fn key_set() -> JwkSet {
    JwkSet { keys: vec![SigningKey::generate("k1").unwrap().public_jwk()] }
}

fn key_set_text() -> String {
    serde_json::to_string(&key_set()).unwrap()
}

#[tokio::test]
async fn keys_are_fetched_once_and_then_cached() {
    let (origin, requests) = issuer(StatusCode::OK, key_set_text()).await;
    let keys = IssuerKeys::new(format!("{origin}/keys")).unwrap();
    for _ in 0..3 {
        assert!(keys.for_kid("k1").await.unwrap().contains("k1"));
    }
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

/// An issuer that responds when the semaphore has a permit.
async fn gated_issuer() -> (String, Arc<AtomicUsize>, Arc<tokio::sync::Semaphore>) {
    let (requests, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(tokio::sync::Semaphore::new(0)));
    let (counter, closed) = (Arc::clone(&requests), Arc::clone(&gate));
    let body = key_set_text();
    let router = Router::new().route(
        "/keys",
        get(async move || {
            counter.fetch_add(1, Ordering::SeqCst);
            let _open = closed.acquire().await;
            body
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, requests, gate)
}

#[tokio::test]
async fn cancelled_callers_cause_one_request_and_the_next_caller_gets_its_keys() {
    let (url, requests, gate) = gated_issuer().await;
    let keys = IssuerKeys::new(url).unwrap();
    for number in 0..20 {
        let kid = format!("invented-{number}");
        let asking = tokio::time::timeout(Duration::from_millis(10), keys.for_kid(&kid));
        assert!(asking.await.is_err(), "the issuer does not respond");
    }
    gate.add_permits(1);
    assert!(keys.for_kid("k1").await.unwrap().contains("k1"));
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_new_key_is_found_after_a_failed_request_without_waiting_for_half_a_minute() {
    let responses = Arc::new(Mutex::new(vec![StatusCode::OK, StatusCode::BAD_GATEWAY]));
    let both = JwkSet { keys: ["k1", "k2"].map(|kid| SigningKey::generate(kid).unwrap().public_jwk()).to_vec() };
    let (first, then) = (key_set_text(), serde_json::to_string(&both).unwrap());
    let left = Arc::clone(&responses);
    let handler = move || {
        let mut left = left.lock().unwrap();
        let has_both = left.len() < 2;
        let status = if left.is_empty() { StatusCode::OK } else { left.remove(0) };
        std::future::ready((status, if has_both { then.clone() } else { first.clone() }))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/keys", get(handler))).await });

    let keys = IssuerKeys::new(url).unwrap();
    let an_interval_passes = || keys.0.cache().let_the_interval_pass();
    assert!(keys.for_kid("k1").await.unwrap().contains("k1"));
    an_interval_passes();
    assert_eq!(keys.for_kid("k2").await.unwrap_err(), KeysUnavailable, "the key may exist");
    assert!(keys.for_kid("k1").await.is_ok());
    an_interval_passes();
    assert!(keys.for_kid("k2").await.unwrap().contains("k2"));
    assert!(responses.lock().unwrap().is_empty());
}

#[tokio::test]
async fn unknown_kids_in_a_row_cause_one_request() {
    let (origin, requests) = issuer(StatusCode::OK, key_set_text()).await;
    let keys = IssuerKeys::new(format!("{origin}/keys")).unwrap();
    for number in 0..20 {
        assert!(!keys.for_kid(&format!("unknown-{}", number % 7)).await.unwrap().contains("unknown-1"));
    }
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

/// Cached keys of an issuer that never responds.
async fn keys_of_an_unresponsive_issuer(fetched_before: Duration) -> IssuerKeys {
    let (origin, _) = issuer(StatusCode::OK, String::new()).await;
    let keys = IssuerKeys::new(format!("{origin}/slow")).unwrap();
    let at = Instant::now().checked_sub(fetched_before).unwrap();
    *keys.0.cache() = Cache::with_keys(key_set().into(), at);
    keys
}

#[tokio::test]
async fn invented_kids_do_not_delay_callers_whose_key_is_cached() {
    let keys = keys_of_an_unresponsive_issuer(Duration::ZERO).await;
    let start = Instant::now();
    let known = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(keys.for_kid("k1").await.unwrap().contains("k1"));
        start.elapsed()
    };
    let (unknown, time) = tokio::join!(keys.for_kid("invented"), known);
    assert_eq!(unknown.unwrap_err(), KeysUnavailable);
    assert!(time < TIMEOUT - Duration::from_secs(1), "{time:?}");
}

#[tokio::test]
async fn one_caller_waits_for_an_unresponsive_issuer() {
    let keys = keys_of_an_unresponsive_issuer(FRESH_FOR + Duration::from_secs(1)).await;
    let start = Instant::now();
    let request = async |kid| {
        assert_eq!(keys.for_kid(kid).await.is_ok(), kid == "k1", "{kid}");
        start.elapsed()
    };
    let (first, second, third, fourth) =
        tokio::join!(request("k1"), request("k1"), request("invented"), request("invented too"));
    assert!(first >= TIMEOUT && second < TIMEOUT, "{first:?} {second:?}");
    assert!(third.max(fourth) < TIMEOUT + Duration::from_secs(2), "one after the other: {third:?} {fourth:?}");
}

#[tokio::test]
async fn error_responses_oversized_bodies_other_content_and_redirects_are_rejected() {
    let huge = format!(r#"{{"keys":[],"padding":"{}"}}"#, "x".repeat(MAX_BYTES));
    for (status, body, path) in [
        (StatusCode::INTERNAL_SERVER_ERROR, key_set_text(), "/keys"),
        (StatusCode::OK, huge, "/keys"),
        (StatusCode::OK, "<html>".to_owned(), "/keys"),
        (StatusCode::OK, key_set_text(), "/moved"),
        (StatusCode::OK, key_set_text(), "/slow"),
    ] {
        let (origin, _) = issuer(status, body).await;
        let keys = IssuerKeys::new(format!("{origin}{path}")).unwrap();
        assert_eq!(keys.for_kid("k1").await.unwrap_err(), KeysUnavailable, "{path}");
    }
}
