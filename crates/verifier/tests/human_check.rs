//! Human checks against the whole service. Servers on loopback implement the siteverify protocol of Turnstile and
//! hCaptcha; the proof of work is real.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use authress_verifier::{Config, Service};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use support::proof_of_work;
use support::siteverify::SiteVerify;
use support::{DOMAIN, assert_refused, body, key, location, query};
use tower::ServiceExt;

fn app(variables: &[(&str, &str)]) -> Router {
    let key = key();
    let environment =
        [("AUTHRESS_API_URL", DOMAIN), ("AUTHRESS_ACCESS_KEY", &key.text)].into_iter().chain(variables.iter().copied());
    let environment = environment.map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Service::new(Config::from_sources(environment, None, Instant::now()).unwrap()).unwrap().1
}

const PROOF_OF_WORK: (&str, &str) = ("HUMAN_CHECK_KIND", "proof-of-work");
/// Two rounds instead of a thousand, for fast tests.
const CHEAP: (&str, &str) = ("HUMAN_CHECK_COST", "2");
const PAGE: (&str, &str) = ("accept", "text/html");

async fn send(app: &Router, method: Method, query: &str, lines: &[(&str, &str)], body: String) -> Response {
    let mut request = Request::builder().method(method).uri(format!("/v1/login?{query}"));
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    let peer: SocketAddr = "192.0.2.1:4711".parse().unwrap();
    let request = request.extension(ConnectInfo(peer)).body(Body::from(body)).unwrap();
    app.clone().oneshot(request).await.unwrap()
}

async fn open(app: &Router, query: &str) -> Response {
    send(app, Method::GET, query, &[PAGE], String::new()).await
}

async fn submit(app: &Router, query: &str, solution: &str) -> Response {
    let lines = [("content-type", "application/json"), ("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")];
    send(app, Method::POST, query, &lines, json!({ "answer": solution }).to_string()).await
}

async fn page_in(response: Response) -> String {
    assert_eq!(response.status(), StatusCode::OK);
    String::from_utf8(body(response).await).unwrap()
}

async fn settings(response: Response) -> Value {
    proof_of_work::settings(&page_in(response).await)
}

async fn solve(response: Response) -> String {
    proof_of_work::solve(&page_in(response).await)
}

async fn location_in(response: Response) -> String {
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let body: Value = serde_json::from_slice(&body(response).await).unwrap();
    body["location"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_shopper_passes_with_a_solution_for_this_login() {
    let app = app(&[PROOF_OF_WORK, CHEAP]);
    let page = open(&app, &query(&[])).await;
    assert_eq!(location(&page), None);
    for (name, value) in [("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("vary", "accept")] {
        assert_eq!(page.headers()[name], value);
    }
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("default-src 'none'; script-src 'sha256-") && policy.contains("frame-ancestors 'none'"));
    let solved = solve(page).await;
    let location = location_in(submit(&app, &query(&[]), &solved).await).await;
    assert!(location.starts_with("https://login.example.com/login?code=eyJ"), "{location}");
    assert!(location.ends_with("&state=S"), "{location}");
}

#[tokio::test]
async fn human_check_failed() {
    let app = app(&[PROOF_OF_WORK, CHEAP]);
    let solved = solve(open(&app, &query(&[])).await).await;
    for (query, text) in [
        (query(&[("state", "T")]), solved.as_str()),
        (query(&[("redirect_uri", "HTTPS://login.example.com/login")]), &solved),
        (query(&[]), ""),
        (query(&[]), "nonsense"),
    ] {
        assert_refused(submit(&app, &query, text).await, 403, "HumanCheckFailed", None).await;
    }
    // Requests that another site's form can send, and a body without a solution.
    let good = json!({ "answer": solved }).to_string();
    for (lines, text) in [
        (&[("content-type", "text/plain")][..], good.clone()),
        (&[], good),
        (&[("content-type", "application/json")], "{}".to_owned()),
    ] {
        let refused = send(&app, Method::POST, &query(&[]), lines, text).await;
        assert_refused(refused, 403, "HumanCheckFailed", None).await;
    }
    location_in(submit(&app, &query(&[]), &solved).await).await;
    // The used state is refused before the used challenge.
    assert_refused(submit(&app, &query(&[]), &solved).await, 409, "StateAlreadyUsed", None).await;
}

#[tokio::test]
async fn a_replayed_solution_is_refused_even_without_a_memory_of_used_states() {
    let app = app(&[PROOF_OF_WORK, CHEAP, ("STATE_REMEMBERED_S", "0")]);
    let solved = solve(open(&app, &query(&[])).await).await;
    location_in(submit(&app, &query(&[]), &solved).await).await;
    assert_refused(submit(&app, &query(&[]), &solved).await, 403, "HumanCheckFailed", None).await;
}

#[tokio::test]
async fn two_challenges_of_one_login_give_one_user_id() {
    let app = app(&[PROOF_OF_WORK, CHEAP]);
    let first = solve(open(&app, &query(&[])).await).await;
    let second = solve(open(&app, &query(&[])).await).await;
    location_in(submit(&app, &query(&[]), &first).await).await;
    assert_refused(submit(&app, &query(&[]), &second).await, 409, "StateAlreadyUsed", None).await;
}

#[tokio::test]
async fn human_check_required() {
    let app = app(&[PROOF_OF_WORK]);
    let refused = send(&app, Method::GET, &query(&[]), &[("accept", "*/*")], String::new()).await;
    assert_refused(refused, 403, "HumanCheckRequired", None).await;
}

#[tokio::test]
async fn a_login_in_the_background_is_not_a_way_around_the_human_check() {
    let site = [("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "empty"), ("sec-fetch-site", "same-site")];
    let allowed = ("NAVIGATION_ALLOW_BACKGROUND", "true");
    let without_html = [&[("accept", "*/*")][..], &site].concat();
    let with_html = [&[PAGE][..], &site].concat();
    let always = app(&[PROOF_OF_WORK, CHEAP, allowed]);
    let refused = send(&always, Method::GET, &query(&[]), &without_html, String::new()).await;
    assert_refused(refused, 403, "HumanCheckRequired", None).await;
    let page = send(&always, Method::GET, &query(&[]), &with_html, String::new()).await;
    assert_eq!(location(&page), None);
    settings(page).await;
    // The client navigates to the same URL, and its state is unused.
    let solved = solve(open(&always, &query(&[])).await).await;
    location_in(submit(&always, &query(&[]), &solved).await).await;

    let when = [("HUMAN_CHECK_WHEN", "suspicious"), ("HUMAN_CHECK_FREE_BURST", "1")];
    let suspicious = app(&[&[PROOF_OF_WORK, CHEAP, allowed][..], &when].concat());
    let free = query(&[("state", "free")]);
    let answered = send(&suspicious, Method::GET, &free, &without_html, String::new()).await;
    assert!(location(&answered).is_some());
    let refused = send(&suspicious, Method::GET, &query(&[]), &without_html, String::new()).await;
    assert_refused(refused, 403, "HumanCheckRequired", None).await;
}

#[tokio::test]
async fn all_rules_apply_to_the_page_and_to_the_solution() {
    let app = app(&[PROOF_OF_WORK, CHEAP, ("RATE_LIMIT_CLIENT_BURST", "2"), ("RATE_LIMIT_CLIENT_PER_MINUTE", "1")]);
    let foreign = query(&[("client_id", "sc_other")]);
    let json = [("content-type", "application/json")];
    let refused = send(&app, Method::GET, &foreign, &[("accept", "text/html")], String::new()).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_refused(submit(&app, &foreign, "x").await, 400, "ForeignClient", Some("client_id")).await;
    let cross_site = [json[0], ("sec-fetch-site", "cross-site")];
    let refused = send(&app, Method::POST, &query(&[]), &cross_site, "{}".to_owned()).await;
    assert_refused(refused, 403, "NotANavigation", None).await;
    let long = [json[0], ("content-length", "16385")];
    let refused = send(&app, Method::POST, &query(&[]), &long, " ".repeat(16_385)).await;
    assert_refused(refused, 413, "BodyTooLarge", None).await;
    // Chunked, without an announced length.
    let refused = send(&app, Method::POST, &query(&[]), &json, " ".repeat(16_385)).await;
    assert_refused(refused, 413, "BodyTooLarge", None).await;
    // A client that does not accept HTML, and a solution that the page did not send.
    let refused = send(&app, Method::GET, &query(&[]), &[], String::new()).await;
    assert_refused(refused, 403, "HumanCheckRequired", None).await;
    let refused = send(&app, Method::POST, &query(&[]), &[("content-type", "text/plain")], "{}".to_owned()).await;
    assert_refused(refused, 403, "HumanCheckFailed", None).await;
    // Only the chunked body has taken a token.
    assert_eq!(open(&app, &query(&[])).await.status(), StatusCode::OK);
    assert_eq!(open(&app, &query(&[])).await.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn only_a_passed_check_takes_a_token_of_the_global_limit() {
    let global = [("RATE_LIMIT_GLOBAL_BURST", "1"), ("RATE_LIMIT_GLOBAL_PER_MINUTE", "1")];
    let app = app(&[&[PROOF_OF_WORK, CHEAP][..], &global].concat());
    for _ in 0..5 {
        assert_eq!(open(&app, &query(&[])).await.status(), StatusCode::OK);
        assert_refused(submit(&app, &query(&[]), "nonsense").await, 403, "HumanCheckFailed", None).await;
    }
    let solved = solve(open(&app, &query(&[])).await).await;
    location_in(submit(&app, &query(&[]), &solved).await).await;
    let late = query(&[("state", "late")]);
    let solved = solve(open(&app, &late).await).await;
    assert_refused(submit(&app, &late, &solved).await, 429, "GlobalRateLimited", None).await;
}

#[tokio::test]
async fn a_used_state_gets_no_page() {
    let app = app(&[PROOF_OF_WORK, CHEAP]);
    let solved = solve(open(&app, &query(&[])).await).await;
    location_in(submit(&app, &query(&[]), &solved).await).await;
    let refused = send(&app, Method::GET, &query(&[]), &[("accept", "text/html, */*;q=0.1")], String::new()).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_free_login_is_given_back_while_the_shop_is_busy() {
    let settings =
        [("HUMAN_CHECK_WHEN", "suspicious"), ("HUMAN_CHECK_FREE_BURST", "1"), ("RATE_LIMIT_GLOBAL_BURST", "1")];
    let app = app(&[&[PROOF_OF_WORK, CHEAP, ("RATE_LIMIT_GLOBAL_PER_MINUTE", "60")][..], &settings].concat());
    let other: SocketAddr = "198.51.100.1:4711".parse().unwrap();
    let request = Request::get(format!("/v1/login?{}", query(&[("state", "other")]))).extension(ConnectInfo(other));
    assert!(location(&app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()).is_some());
    let login = query(&[("state", "a")]);
    assert_eq!(open(&app, &login).await.status(), StatusCode::TOO_MANY_REQUESTS);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert!(location(&open(&app, &login).await).is_some(), "without a check");
}

#[tokio::test]
async fn the_allow_header_of_a_login_names_post_where_a_check_is_configured() {
    for (app, allow) in [(app(&[PROOF_OF_WORK]), "GET, POST"), (app(&[]), "GET")] {
        for method in [Method::PUT, Method::HEAD] {
            let refused = send(&app, method, &query(&[]), &[PAGE], String::new()).await;
            assert_eq!((refused.status().as_u16(), refused.headers()[header::ALLOW].to_str().unwrap()), (405, allow));
        }
    }
}

#[tokio::test]
async fn without_a_human_check_post_is_not_allowed() {
    assert_refused(submit(&app(&[]), &query(&[]), "x").await, 405, "MethodNotAllowed", None).await;
}

#[tokio::test]
async fn with_suspicious_only_clients_without_free_logins_need_the_check() {
    let suspicious = ("HUMAN_CHECK_WHEN", "suspicious");
    let app = app(&[PROOF_OF_WORK, CHEAP, suspicious, ("HUMAN_CHECK_FREE_BURST", "2")]);
    for state in ["a", "b"] {
        assert!(location(&open(&app, &query(&[("state", state)])).await).is_some());
    }
    let third = query(&[("state", "c")]);
    let solved = solve(open(&app, &third).await).await;
    location_in(submit(&app, &third, &solved).await).await;
}

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

#[cfg(unix)]
#[test]
fn instances_with_different_secrets_log_it_once() {
    use support::program::{exchange, login_request, start_with, status_of};
    let key = key();
    let [one, other] =
        ["1", "2"].map(|digit| start_with(&key, &[PROOF_OF_WORK, CHEAP, ("HUMAN_CHECK_SECRET", &digit.repeat(32))]));
    let page = exchange(&one.address, &login_request("S", &["Accept: text/html"]));
    let body = json!({ "answer": proof_of_work::solve(&page) }).to_string();
    let head = format!("POST /v1/login?{} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n", query(&[]));
    let request = format!("{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    for _ in 0..2 {
        assert_eq!(status_of(&exchange(&other.address, &request)), 403);
    }
    assert_eq!(status_of(&exchange(&one.address, &request)), 200);
    let log = other.stop();
    assert_eq!(log.matches("human_check.secret_file").count(), 1, "{log}");
    assert!(!one.stop().contains("human_check.secret_file"));
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
async fn the_content_type_of_a_solution_may_have_parameters() {
    let app = app(&[PROOF_OF_WORK, CHEAP]);
    for (number, value) in ["application/json; charset=utf-8", "Application/JSON;charset=UTF-8"].iter().enumerate() {
        let query = query(&[("state", &number.to_string())]);
        let solved = solve(open(&app, &query).await).await;
        let body = json!({ "answer": solved }).to_string();
        location_in(send(&app, Method::POST, &query, &[("content-type", value)], body).await).await;
    }
    for value in ["application/jsonp", "text/plain; application/json", "application/x-www-form-urlencoded"] {
        let refused = send(&app, Method::POST, &query(&[]), &[("content-type", value)], "{}".to_owned()).await;
        assert_refused(refused, 403, "HumanCheckFailed", None).await;
    }
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
