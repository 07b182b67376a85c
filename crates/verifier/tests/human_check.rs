//! Human checks against the whole service, with a real proof of work. `human_check_providers.rs` has the checks of hosted
//! providers.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::json;
use support::human_check::{CHEAP, PAGE, PROOF_OF_WORK, app, location_in, open, send, settings, solve, submit};
use support::proof_of_work;
use support::{assert_refused, key, location, query};
use tower::ServiceExt;

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
