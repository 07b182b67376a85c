//! Human checks of hosted providers against the whole service. Servers on loopback implement the siteverify protocol of
//! Turnstile and hCaptcha.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::time::Duration;

use axum::Router;
use axum::http::header;
use serde_json::{Value, json};
use support::human_check::{app, location_in, open, settings, submit};
use support::siteverify::SiteVerify;
use support::{assert_refused, key, query};

fn turnstile(url: &str) -> Router {
    app(&[
        ("HUMAN_CHECK_KIND", "turnstile"),
        ("HUMAN_CHECK_SITE_KEY", "site-key"),
        ("HUMAN_CHECK_SECRET", "the-secret"),
        ("HUMAN_CHECK_HOSTNAME", "verifier.shop.example"),
        ("HUMAN_CHECK_TIMEOUT_MS", "400"),
        ("HUMAN_CHECK_VERIFY_URL", url),
    ])
}

fn hcaptcha(url: &str, when_down: &str) -> Router {
    app(&[
        ("HUMAN_CHECK_KIND", "hcaptcha"),
        ("HUMAN_CHECK_SITE_KEY", "site-key"),
        ("HUMAN_CHECK_SECRET", "the-secret"),
        ("HUMAN_CHECK_HOSTNAME", "verifier.shop.example"),
        ("HUMAN_CHECK_TIMEOUT_MS", "400"),
        ("HUMAN_CHECK_WHEN_DOWN", when_down),
        ("HUMAN_CHECK_VERIFY_URL", url),
    ])
}

#[tokio::test]
async fn turnstile_follows_its_protocol_and_its_response_is_bound_to_the_login() {
    let provider = SiteVerify::start().await;
    let app = turnstile(&provider.url);
    let widget = settings(open(&app, &query(&[])).await).await;
    assert_eq!((&widget["sitekey"], &widget["action"]), (&json!("site-key"), &json!("login")));
    let cdata = widget["cData"].as_str().unwrap();
    let good = json!({ "success": true, "hostname": "verifier.shop.example", "action": "login", "cdata": cdata });

    for (name, value) in [
        ("success", json!(false)),
        ("hostname", json!("attacker.example")),
        ("hostname", Value::Null),
        ("action", json!("newsletter")),
        ("cdata", json!("of another login")),
        ("cdata", Value::Null),
    ] {
        let mut wrong = good.clone();
        wrong[name] = value;
        provider.respond_with(200, &wrong.to_string());
        assert_refused(submit(&app, &query(&[]), "token").await, 403, "HumanCheckFailed", None).await;
    }
    provider.respond_with(200, &good.to_string());
    location_in(submit(&app, &query(&[]), "token").await).await;
    let form = provider.last_form();
    let value = |name: &str| form.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    assert_eq!(value("secret"), Some("the-secret"));
    assert_eq!(value("response"), Some("token"));
    assert_eq!(value("remoteip"), Some("192.0.2.1"));
    assert_eq!(value("idempotency_key").map(str::len), Some(36));
}

#[tokio::test]
async fn a_failed_request_is_retried_with_the_same_idempotency_key() {
    let provider = SiteVerify::start().await;
    let app = turnstile(&provider.url);
    let widget = settings(open(&app, &query(&[])).await).await;
    let good = json!({
        "success": true, "hostname": "verifier.shop.example", "action": "login", "cdata": widget["cData"]
    });
    provider.respond_once_then((502, "{}"), (200, &good.to_string()));
    location_in(submit(&app, &query(&[]), "token").await).await;
    let keys: Vec<String> = provider
        .forms()
        .into_iter()
        .filter_map(|form| form.into_iter().find(|(name, _)| name == "idempotency_key").map(|(_, value)| value))
        .collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1]);
}

#[tokio::test]
async fn hcaptcha_follows_its_protocol() {
    let provider = SiteVerify::start().await;
    let app = hcaptcha(&provider.url, "refuse");
    let page = open(&app, &query(&[])).await;
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.contains("frame-src https://hcaptcha.com https://*.hcaptcha.com"), "{policy}");
    provider.respond_with(200, &json!({ "success": true, "hostname": "attacker.example" }).to_string());
    assert_refused(submit(&app, &query(&[]), "token").await, 403, "HumanCheckFailed", None).await;
    provider.respond_with(200, &json!({ "success": true, "hostname": "verifier.shop.example" }).to_string());
    location_in(submit(&app, &query(&[]), "token").await).await;
    let form = provider.last_form();
    assert!(form.contains(&("sitekey".to_owned(), "site-key".to_owned())), "{form:?}");
    assert!(form.contains(&("response".to_owned(), "token".to_owned())), "{form:?}");
}

#[tokio::test]
async fn hcaptcha_may_omit_the_host_and_turnstile_must_not() {
    let provider = SiteVerify::start().await;
    let app = hcaptcha(&provider.url, "refuse");
    let no_host = [json!({ "success": true }), json!({ "success": true, "hostname": null })];
    for (number, verdict) in
        [&no_host[..], &[json!({ "success": true, "hostname": "not-provided" })]].concat().iter().enumerate()
    {
        provider.respond_with(200, &verdict.to_string());
        location_in(submit(&app, &query(&[("state", &number.to_string())]), "token").await).await;
    }
    let app = turnstile(&provider.url);
    let widget = settings(open(&app, &query(&[])).await).await;
    for mut verdict in no_host {
        verdict["action"] = json!("login");
        verdict["cdata"] = widget["cData"].clone();
        provider.respond_with(200, &verdict.to_string());
        assert_refused(submit(&app, &query(&[]), "token").await, 403, "HumanCheckFailed", None).await;
    }
}

#[tokio::test]
async fn the_published_test_keys_of_providers_work_as_documented() {
    let provider = SiteVerify::start().await;
    for (kind, secret, verdict) in [
        (
            "turnstile",
            "1x0000000000000000000000000000000AA",
            json!({ "success": true, "error-codes": [], "hostname": "example.com", "action": "", "cdata": "" }),
        ),
        (
            "hcaptcha",
            "0x0000000000000000000000000000000000000000",
            json!({ "success": true, "hostname": "dummy-key-pass" }),
        ),
    ] {
        let app = |secret| {
            app(&[
                ("HUMAN_CHECK_KIND", kind),
                ("HUMAN_CHECK_SITE_KEY", "site-key"),
                ("HUMAN_CHECK_SECRET", secret),
                ("HUMAN_CHECK_HOSTNAME", "verifier.shop.example"),
                ("HUMAN_CHECK_VERIFY_URL", &provider.url),
            ])
        };
        provider.respond_with(200, &verdict.to_string());
        location_in(submit(&app(secret), &query(&[]), "token").await).await;
        assert_refused(submit(&app("a real one"), &query(&[]), "token").await, 403, "HumanCheckFailed", None).await;
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_mismatch_of_a_successful_response_is_logged_once() {
    let provider = SiteVerify::start().await;
    provider.respond_with(200, r#"{"success":true,"hostname":"secret.attacker.example"}"#);
    let url = provider.url.clone();
    let log = tokio::task::spawn_blocking(move || {
        let verifier = support::program::start_with(
            &key(),
            &[
                ("HUMAN_CHECK_KIND", "hcaptcha"),
                ("HUMAN_CHECK_SITE_KEY", "site-key"),
                ("HUMAN_CHECK_SECRET", "the-secret"),
                ("HUMAN_CHECK_HOSTNAME", "verifier.shop.example"),
                ("HUMAN_CHECK_VERIFY_URL", &url),
            ],
        );
        let body = r#"{"answer":"token"}"#;
        for _ in 0..3 {
            let head = format!("POST /v1/login?{} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n", query(&[]));
            let lines = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            let response = support::program::exchange(&verifier.address, &(head + &lines));
            assert_eq!(support::program::status_of(&response), 403, "{response}");
        }
        verifier.stop()
    });
    let log = log.await.unwrap();
    assert_eq!(log.matches("WARN").count(), 1, "{log}");
    assert!(log.contains("HUMAN_CHECK_HOSTNAME") && log.contains("difference=Hostname"), "{log}");
    assert!(!log.contains("attacker") && !log.contains("the-secret"), "{log}");
}

#[tokio::test]
async fn error_codes_may_be_null() {
    let provider = SiteVerify::start().await;
    let app = hcaptcha(&provider.url, "refuse");
    provider.respond_with(200, r#"{"success":false,"error-codes":null}"#);
    assert_refused(submit(&app, &query(&[]), "token").await, 403, "HumanCheckFailed", None).await;
    provider.respond_with(200, r#"{"success":true,"error-codes":null,"hostname":"VERIFIER.shop.example"}"#);
    location_in(submit(&app, &query(&[]), "token").await).await;
}

#[tokio::test]
async fn by_default_an_unavailable_or_failing_provider_refuses_every_login() {
    let provider = SiteVerify::start().await;
    let app = hcaptcha(&provider.url, "refuse");
    let good = json!({ "success": true, "hostname": "verifier.shop.example" }).to_string();
    let long = format!("{{\"success\":true,\"hostname\":\"verifier.shop.example\",\"x\":\"{}\"}}", "x".repeat(20_000));
    let secret = json!({ "success": false, "error-codes": ["invalid-input-secret"] }).to_string();
    for (status, text) in [(500, &good), (302, &good), (200, &long), (200, &"<html>".to_owned()), (200, &secret)] {
        provider.respond_with(status, text);
        assert_refused(submit(&app, &query(&[]), "token").await, 503, "Unavailable", None).await;
    }
    provider.do_not_respond();
    let start = std::time::Instant::now();
    assert_refused(submit(&app, &query(&[]), "token").await, 503, "Unavailable", None).await;
    assert!(
        start.elapsed() < Duration::from_secs(50),
        "the timeout applies; the provider would respond after a minute"
    );
    let unreachable = hcaptcha("http://127.0.0.1:1/", "refuse");
    assert_refused(submit(&unreachable, &query(&[]), "token").await, 503, "Unavailable", None).await;
    // The state is not used up.
    provider.respond_with(200, &good);
    location_in(submit(&app, &query(&[]), "token").await).await;
}

#[tokio::test]
async fn with_pass_logins_pass_without_the_provider_but_not_against_its_response() {
    let app = hcaptcha("http://127.0.0.1:1/", "pass");
    location_in(submit(&app, &query(&[]), "token").await).await;
    let provider = SiteVerify::start().await;
    let app = hcaptcha(&provider.url, "pass");
    provider.respond_with(200, &json!({ "success": false, "error-codes": ["timeout-or-duplicate"] }).to_string());
    assert_refused(submit(&app, &query(&[]), "token").await, 403, "HumanCheckFailed", None).await;
    assert_refused(submit(&app, &query(&[]), "").await, 403, "HumanCheckFailed", None).await;
}
