//! Policies against the whole service: rate limits, navigations, used states.

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
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use support::{DOMAIN, assert_refused, body, key, location, query};
use tower::ServiceExt;

fn service(variables: &[(&str, &str)]) -> (Service, Router) {
    let key = key();
    let environment =
        [("AUTHRESS_API_URL", DOMAIN), ("AUTHRESS_ACCESS_KEY", &key.text)].into_iter().chain(variables.iter().copied());
    let environment = environment.map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Service::new(Config::from_sources(environment, None, Instant::now()).unwrap()).unwrap()
}

async fn login(router: &Router, peer: &str, state: &str, lines: &[(&str, &str)]) -> Response {
    let mut request = Request::get(format!("/v1/login?{}", query(&[("state", state)])));
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    let peer: SocketAddr = format!("{peer}:4711").parse().unwrap();
    let request = request.extension(ConnectInfo(peer)).body(Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap()
}

const SMALL: [(&str, &str); 2] = [("RATE_LIMIT_CLIENT_BURST", "2"), ("RATE_LIMIT_CLIENT_PER_MINUTE", "2")];

#[tokio::test]
async fn client_rate_limited() {
    let (_, router) = service(&SMALL);
    for state in ["a", "b"] {
        assert!(location(&login(&router, "192.0.2.1", state, &[]).await).is_some());
    }
    let refused = login(&router, "192.0.2.1", "c", &[]).await;
    assert_eq!(refused.headers()[header::RETRY_AFTER], "30");
    assert_refused(refused, 429, "ClientRateLimited", None).await;
    assert!(location(&login(&router, "192.0.2.2", "d", &[]).await).is_some(), "another client is answered");
}

#[tokio::test]
async fn a_rate_limited_shopper_gets_an_html_page() {
    let (_, router) = service(&SMALL);
    let accept = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    for state in ["a", "b"] {
        login(&router, "192.0.2.1", state, &accept).await;
    }
    let refused = login(&router, "192.0.2.1", "c", &accept).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()[header::RETRY_AFTER], "30");
    assert_eq!(refused.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
    assert_eq!(refused.headers()[header::CACHE_CONTROL], "no-store");
    assert!(refused.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none'"));
    let page = String::from_utf8(body(refused).await).unwrap();
    assert!(page.contains("about 30 seconds") && page.contains("ClientRateLimited"), "{page}");
}

#[tokio::test]
async fn global_rate_limited() {
    let (_, router) = service(&[("RATE_LIMIT_GLOBAL_BURST", "2"), ("RATE_LIMIT_GLOBAL_PER_MINUTE", "1")]);
    for peer in ["192.0.2.1", "192.0.2.2"] {
        assert!(location(&login(&router, peer, peer, &[]).await).is_some());
    }
    assert_refused(login(&router, "192.0.2.3", "c", &[]).await, 429, "GlobalRateLimited", None).await;
}

#[tokio::test]
async fn network_rate_limited() {
    let limit = [("RATE_LIMIT_NETWORK_BURST", "3"), ("RATE_LIMIT_NETWORK_PER_MINUTE", "1")];
    let limit = &[&limit[..], &[("RATE_LIMIT_CLIENT_BURST", "1"), ("RATE_LIMIT_CLIENT_PER_MINUTE", "1")]].concat();
    for (network, other) in [("192.0.2.", "192.0.3.1"), ("2001:db8:1:", "[2001:db8:2::1]")] {
        let (service, router) = service(limit);
        let peer = |number: u8| match network {
            "192.0.2." => format!("192.0.2.{number}"),
            v6 => format!("[{v6}{number}::1]"),
        };
        for number in 0..3 {
            assert!(location(&login(&router, &peer(number), &number.to_string(), &[]).await).is_some());
        }
        let refused = login(&router, &peer(4), "late", &[]).await;
        assert!(refused.headers()[header::RETRY_AFTER].to_str().unwrap().parse::<u64>().unwrap() > 50);
        assert_refused(refused, 429, "NetworkRateLimited", None).await;
        assert!(location(&login(&router, other, "other", &[]).await).is_some(), "another network is answered");
        let text = service.metrics_text().await;
        assert!(text.contains("authress_verifier_decisions_total{code=\"NetworkRateLimited\"} 1"), "{text}");
    }
}

/// The peers of an attack from 40 /64 prefixes of one /48.
fn attackers() -> impl Iterator<Item = String> {
    (0..1200).map(|number| format!("[2001:db8:bad:{:x}::{number:x}]", number % 40))
}

#[tokio::test]
async fn twelve_hundred_requests_without_parameters_from_one_48_take_nothing_from_shoppers() {
    let (_, router) = service(&[]);
    for peer in attackers() {
        let request =
            Request::get("/v1/login").extension(ConnectInfo::<SocketAddr>(format!("{peer}:1").parse().unwrap()));
        let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    }
    // A thousand shoppers, the whole global burst, and one of them shares the attackers' /48.
    for number in 0..1000 {
        let peer = if number == 0 {
            "[2001:db8:bad:1::1]".to_owned()
        } else {
            format!("10.{}.{}.1", number >> 8, number & 255)
        };
        assert!(location(&login(&router, &peer, &format!("s{number}"), &[]).await).is_some(), "{number}");
    }
}

#[tokio::test]
async fn twelve_hundred_logins_from_one_48_leave_most_of_the_global_limit() {
    let (_, router) = service(&[]);
    let mut answered = 0;
    for (number, peer) in attackers().enumerate() {
        answered += u32::from(location(&login(&router, &peer, &number.to_string(), &[]).await).is_some());
    }
    // Their own burst, and what is refilled while the test runs.
    assert!((300..400).contains(&answered), "{answered}");
    for number in 0..500 {
        let peer = format!("10.{}.{}.1", number >> 8, number & 255);
        assert!(location(&login(&router, &peer, &format!("s{number}"), &[]).await).is_some(), "{number}");
    }
}

#[tokio::test]
async fn a_busy_shop_takes_no_token_of_a_refused_client() {
    let limits = [("RATE_LIMIT_CLIENT_BURST", "1"), ("RATE_LIMIT_CLIENT_PER_MINUTE", "1")];
    let global = [("RATE_LIMIT_GLOBAL_BURST", "1"), ("RATE_LIMIT_GLOBAL_PER_MINUTE", "60")];
    let (_, router) = service(&[&limits[..], &global].concat());
    assert!(location(&login(&router, "192.0.2.1", "a", &[]).await).is_some());
    assert_refused(login(&router, "198.51.100.1", "b", &[]).await, 429, "GlobalRateLimited", None).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    // Not ClientRateLimited, and the state is unused.
    assert!(location(&login(&router, "198.51.100.1", "b", &[]).await).is_some());
}

#[tokio::test]
async fn a_used_state_takes_no_token() {
    let global = [("RATE_LIMIT_GLOBAL_BURST", "2"), ("RATE_LIMIT_GLOBAL_PER_MINUTE", "1")];
    let (_, router) = service(&[&SMALL[..], &global].concat());
    assert!(location(&login(&router, "192.0.2.1", "a", &[]).await).is_some());
    for number in 0..20 {
        let peer = format!("198.51.100.{number}");
        assert_refused(login(&router, &peer, "a", &[]).await, 409, "StateAlreadyUsed", None).await;
    }
    for _ in 0..5 {
        assert_refused(login(&router, "192.0.2.1", "a", &[]).await, 409, "StateAlreadyUsed", None).await;
    }
    assert!(location(&login(&router, "192.0.2.1", "b", &[]).await).is_some());
}

#[tokio::test]
async fn an_ipv6_64_prefix_is_one_client() {
    let (_, router) = service(&SMALL);
    let mut statuses = Vec::new();
    for (number, peer) in
        ["[2001:db8::1]", "[2001:db8::2]", "[2001:db8::ffff:1]", "[2001:db8:0:1::1]"].iter().enumerate()
    {
        statuses.push(login(&router, peer, &number.to_string(), &[]).await.status().as_u16());
    }
    assert_eq!(statuses, [302, 302, 429, 302]);
}

#[tokio::test]
async fn forged_forwarding_headers_do_not_evade_the_rate_limit() {
    for hops in ["0", "1"] {
        let (_, router) = service(&[&SMALL[..], &[("CLIENT_ADDRESS_TRUSTED_HOPS", hops)]].concat());
        let mut statuses = Vec::new();
        for number in 0..3 {
            let line = format!("203.0.113.{number}, 198.51.100.7");
            let lines = [("x-forwarded-for", line.as_str()), ("forwarded", "for=192.0.2.99")];
            statuses.push(login(&router, "192.0.2.1", &number.to_string(), &lines).await.status().as_u16());
        }
        assert_eq!(statuses, [302, 302, 429], "{hops} trusted hops");
    }
}

#[tokio::test]
async fn behind_a_proxy_every_shopper_is_a_separate_client() {
    let (_, router) = service(&[&SMALL[..], &[("CLIENT_ADDRESS_TRUSTED_HOPS", "1")]].concat());
    for number in 0..5 {
        let line = format!("203.0.113.{number}");
        let response = login(&router, "192.0.2.1", &line, &[("x-forwarded-for", &line)]).await;
        assert_eq!(response.status(), StatusCode::FOUND);
    }
}

#[tokio::test]
async fn forwarding_issues_are_counted_by_reason() {
    const ONE: (&str, &str) = ("x-forwarded-for", "203.0.113.9");
    for (hops, header, lines, reason) in [
        ("0", "x-forwarded-for", &[ONE][..], "HeaderIgnored"),
        ("1", "x-forwarded-for", &[], "HeaderMissing"),
        ("1", "forwarded", &[ONE], "HeaderMissing"),
        ("2", "x-forwarded-for", &[ONE], "TooFewEntries"),
        ("1", "x-forwarded-for", &[("x-forwarded-for", "unknown")], "NoAddress"),
        ("1", "x-forwarded-for", &[ONE], ""),
    ] {
        let settings = [("CLIENT_ADDRESS_TRUSTED_HOPS", hops), ("CLIENT_ADDRESS_HEADER", header)];
        let (service, router) = service(&settings);
        for state in ["a", "b"] {
            login(&router, "192.0.2.1", state, lines).await;
        }
        let text = service.metrics_text().await;
        for name in ["HeaderIgnored", "HeaderMissing", "TooFewEntries", "NoAddress"] {
            let count = if name == reason { 2 } else { 0 };
            let line = format!("authress_verifier_client_address_doubts_total{{reason=\"{name}\"}} {count}");
            assert!(text.lines().any(|other| other == line), "{line} is not in\n{text}");
        }
    }
}

#[tokio::test]
async fn without_a_peer_address_all_requests_are_one_client() {
    let (_, router) = service(&SMALL);
    let mut statuses = Vec::new();
    for state in ["a", "b", "c"] {
        let request = Request::get(format!("/v1/login?{}", query(&[("state", state)])));
        let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        statuses.push(response.status().as_u16());
    }
    assert_eq!(statuses, [302, 302, 429]);
}

#[tokio::test]
async fn prefetches_crawlers_and_frames_are_refused_and_take_no_token() {
    let (_, router) = service(&SMALL);
    for (name, value, code) in [
        ("sec-purpose", "prefetch;prerender", "PrefetchNotAnswered"),
        ("user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1)", "CrawlerNotAnswered"),
        ("sec-fetch-dest", "iframe", "NotANavigation"),
        ("sec-fetch-mode", "cors", "NotANavigation"),
    ] {
        assert_refused(login(&router, "192.0.2.1", "a", &[(name, value)]).await, 403, code, None).await;
    }
    assert!(location(&login(&router, "192.0.2.1", "a", &[]).await).is_some(), "the state is not used up");
}

const BACKGROUND: (&str, &str) = ("NAVIGATION_ALLOW_BACKGROUND", "true");

/// What a browser sends for `fetch` with the mode `no-cors`, from a page that is `site`.
fn background(site: &str) -> [(&'static str, &str); 4] {
    [("accept", "*/*"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "empty"), ("sec-fetch-site", site)]
}

#[tokio::test]
async fn a_login_in_the_background_is_answered_if_configured() {
    let (_, router) = service(&[&SMALL[..], &[BACKGROUND]].concat());
    for (state, site) in [("a", "same-site"), ("b", "same-origin")] {
        let response = login(&router, "192.0.2.1", state, &background(site)).await;
        assert_eq!(response.status(), StatusCode::FOUND, "{site}");
        assert!(location(&response).unwrap().starts_with("https://login.example.com/login?code="), "{site}");
        // Either would keep the browser from following the redirect for a page of another host of the site.
        for name in ["cross-origin-resource-policy", "content-security-policy"] {
            assert_eq!(response.headers().get(name), None, "{name}");
        }
    }
    let refused = login(&router, "192.0.2.1", "a", &background("same-site")).await;
    assert_refused(refused, 409, "StateAlreadyUsed", None).await;
    let refused = login(&router, "192.0.2.1", "c", &background("same-site")).await;
    assert_refused(refused, 429, "ClientRateLimited", None).await;
}

#[tokio::test]
async fn a_refused_login_in_the_background_takes_no_token_and_no_state() {
    let one = [("RATE_LIMIT_CLIENT_BURST", "1"), ("RATE_LIMIT_CLIENT_PER_MINUTE", "1")];
    let prefetch = [&background("same-site")[..], &[("sec-purpose", "prefetch")]].concat();
    for (settings, lines, code) in [
        (&[][..], &background("same-site")[..], "NotANavigation"),
        (&[("NAVIGATION_ALLOW_BACKGROUND", "false")], &background("same-origin"), "NotANavigation"),
        (&[BACKGROUND], &background("cross-site"), "NotANavigation"),
        (&[BACKGROUND], &background("none"), "NotANavigation"),
        (&[BACKGROUND], &background("same-site")[..3], "NotANavigation"),
        (&[BACKGROUND], &prefetch, "PrefetchNotAnswered"),
    ] {
        let (_, router) = service(&[&one[..], settings].concat());
        for _ in 0..3 {
            assert_refused(login(&router, "192.0.2.1", "a", lines).await, 403, code, None).await;
        }
        assert!(location(&login(&router, "192.0.2.1", "a", &[]).await).is_some(), "{settings:?} {lines:?}");
    }
}

#[tokio::test]
async fn head_in_the_background_takes_no_token_and_no_state() {
    let one = [("RATE_LIMIT_CLIENT_BURST", "1"), ("RATE_LIMIT_CLIENT_PER_MINUTE", "1")];
    let (_, router) = service(&[&one[..], &[BACKGROUND]].concat());
    let mut request = Request::head(format!("/v1/login?{}", query(&[("state", "a")])));
    for (name, value) in background("same-site") {
        request = request.header(name, value);
    }
    let peer: SocketAddr = "192.0.2.1:4711".parse().unwrap();
    let request = request.extension(ConnectInfo(peer)).body(Body::empty()).unwrap();
    let refused = router.clone().oneshot(request).await.unwrap();
    assert_eq!((refused.status(), location(&refused)), (StatusCode::METHOD_NOT_ALLOWED, None));
    assert!(location(&login(&router, "192.0.2.1", "a", &background("same-site")).await).is_some());
}

/// Sends requests that cannot be answered, and asserts the status of each refusal.
async fn send_unanswerable_requests(app: &Router, peer: &str) {
    let good = query(&[("state", "x")]);
    for (method, query, lines, status) in [
        ("GET", query(&[("client_id", "sc_other")]), &[][..], 400),
        ("GET", String::new(), &[], 400),
        ("GET", query(&[("redirect_uri", "https://attacker.example/login")]), &[], 400),
        ("HEAD", good.clone(), &[], 405),
        ("OPTIONS", good.clone(), &[], 405),
        ("POST", good.clone(), &[], 405),
        ("GET", good.clone(), &[("content-length", "5000")], 413),
        ("GET", good, &[("sec-purpose", "prefetch")], 403),
    ] {
        let mut request = Request::builder().method(method).uri(format!("/v1/login?{query}"));
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        let peer: SocketAddr = format!("{peer}:4711").parse().unwrap();
        let request = request.extension(ConnectInfo(peer)).body(Body::empty()).unwrap();
        assert_eq!(app.clone().oneshot(request).await.unwrap().status().as_u16(), status, "{method} {query}");
    }
}

#[tokio::test]
async fn rate_limits_count_only_requests_that_could_be_answered() {
    let limits = [("RATE_LIMIT_GLOBAL_BURST", "2"), ("RATE_LIMIT_GLOBAL_PER_MINUTE", "1")];
    let (_, router) = service(&[&SMALL[..], &limits].concat());
    send_unanswerable_requests(&router, "192.0.2.1").await;
    for state in ["a", "b"] {
        assert!(location(&login(&router, "192.0.2.1", state, &[]).await).is_some());
    }
    assert_refused(login(&router, "192.0.2.2", "c", &[]).await, 429, "GlobalRateLimited", None).await;
}

#[tokio::test]
async fn state_already_used() {
    let (_, router) = service(&[]);
    assert!(location(&login(&router, "192.0.2.1", "a", &[]).await).is_some());
    assert_refused(login(&router, "192.0.2.1", "a", &[]).await, 409, "StateAlreadyUsed", None).await;
    assert_refused(login(&router, "192.0.2.2", "a", &[]).await, 409, "StateAlreadyUsed", None).await;
}

#[tokio::test]
async fn a_refused_request_does_not_use_up_its_state() {
    let (_, router) = service(&[]);
    let wrong = query(&[("state", "a"), ("client_id", "sc_other")]);
    let request = Request::get(format!("/v1/login?{wrong}")).body(Body::empty()).unwrap();
    assert_eq!(router.clone().oneshot(request).await.unwrap().status(), StatusCode::BAD_REQUEST);
    assert!(location(&login(&router, "192.0.2.1", "a", &[]).await).is_some());
}

#[tokio::test]
async fn metrics_count_decisions_by_code() {
    let (service, router) = service(&SMALL);
    for state in ["a", "a", "b", "c", "d"] {
        login(&router, "192.0.2.1", state, &[]).await;
    }
    let text = service.metrics_text().await;
    for line in [
        "authress_verifier_decisions_total{code=\"Answered\"} 2",
        "authress_verifier_decisions_total{code=\"StateAlreadyUsed\"} 1",
        "authress_verifier_decisions_total{code=\"ClientRateLimited\"} 2",
        "authress_verifier_login_seconds_count 5",
        "authress_verifier_logins_in_flight 0",
        "authress_verifier_shared_store_up -1",
    ] {
        assert!(text.lines().any(|other| other == line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn every_response_has_its_own_request_id() {
    let (_, router) = service(&[]);
    let first = login(&router, "192.0.2.1", "a", &[("x-request-id", "made-up")]).await;
    let second = login(&router, "192.0.2.1", "a", &[]).await;
    let (first, second) = (&first.headers()["x-request-id"], &second.headers()["x-request-id"]);
    assert!(first != second && first != "made-up");
}

#[tokio::test]
async fn the_readiness_check_fails_after_the_announcement_of_the_shutdown() {
    let (service, router) = service(&[]);
    let ready = || async {
        let request = Request::get("/readyz").body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status()
    };
    assert_eq!(ready().await, StatusCode::OK);
    service.announce_stop();
    assert_eq!(ready().await, StatusCode::SERVICE_UNAVAILABLE);
    assert!(location(&login(&router, "192.0.2.1", "a", &[]).await).is_some(), "it still answers");
}
