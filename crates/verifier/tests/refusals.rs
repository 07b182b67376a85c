//! One test for each refusal code.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::path::Path;

use authress_verifier::RefusalCode;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use support::{CLIENT_ID, LOGIN_URL, assert_refused, get, key, location, query, send, verifier};
use tower::ServiceExt;

#[tokio::test]
async fn missing_parameter() {
    for parameter in ["state", "redirect_uri"] {
        assert_refused(get(&query_without(parameter)).await, 400, "MissingParameter", Some(parameter)).await;
        assert_refused(get(&query(&[(parameter, "")])).await, 400, "MissingParameter", Some(parameter)).await;
    }
    assert_refused(send(Method::GET, "/v1/login").await, 400, "MissingParameter", Some("state")).await;
}

/// The query of a valid request without one of its parameters.
fn query_without(parameter: &str) -> String {
    let query = query(&[]);
    query.split('&').filter(|pair| !pair.starts_with(parameter)).collect::<Vec<_>>().join("&")
}

#[tokio::test]
async fn a_request_without_a_client_id_is_for_the_service_client_of_the_access_key() {
    for query in
        [query_without("client_id"), query(&[("client_id", "")]), format!("{}&client_id", query_without("client_id"))]
    {
        let response = get(&query).await;
        assert!(location(&response).is_some_and(|url| url.starts_with(LOGIN_URL)), "{query}");
        assert!(location(&response).unwrap().contains("clients%2Fsc_shop&"), "{query}");
    }
}

#[tokio::test]
async fn duplicate_parameter() {
    for (extra, parameter) in [
        ("state=S", "state"),
        ("state", "state"),
        ("%73tate=S", "state"),
        ("redirect_uri=https://attacker.example/login", "redirect_uri"),
        ("client_id=sc_shop", "client_id"),
        ("client_id", "client_id"),
    ] {
        for duplicate in [format!("{}&{extra}", query(&[])), format!("{extra}&{}", query(&[]))] {
            assert_refused(get(&duplicate).await, 400, "DuplicateParameter", Some(parameter)).await;
        }
    }
}

#[tokio::test]
async fn oversized_parameter() {
    let redirect_uri = format!("{LOGIN_URL}?{}", "x".repeat(1024));
    for (parameter, value) in
        [("state", "x".repeat(513)), ("redirect_uri", redirect_uri), ("client_id", "x".repeat(65))]
    {
        let response = get(&query(&[(parameter, &value)])).await;
        assert_refused(response, 400, "OversizedParameter", Some(parameter)).await;
    }
}

#[tokio::test]
async fn invalid_character() {
    for parameter in ["state", "redirect_uri", "client_id"] {
        for value in ["a\r\nset-cookie: a=b", "a\0", "a\tb", "a b", "\u{7f}", "é", "\u{202e}"] {
            let response = get(&query(&[(parameter, value)])).await;
            assert_refused(response, 400, "InvalidCharacter", Some(parameter)).await;
        }
    }
    assert_refused(get(&format!("{}&other=%0a", query(&[]))).await, 400, "InvalidCharacter", None).await;
}

#[tokio::test]
async fn malformed_encoding() {
    for value in ["%ff", "%c3", "%", "%4", "%zz", "%C0%80"] {
        let malformed = query(&[]).replace("state=S", &format!("state={value}"));
        assert_refused(get(&malformed).await, 400, "MalformedEncoding", Some("state")).await;
        assert_refused(get(&format!("{}&{value}=x", query(&[]))).await, 400, "MalformedEncoding", None).await;
    }
}

#[tokio::test]
async fn query_too_long() {
    let response = get(&format!("{}&x={}", query(&[]), "x".repeat(4096))).await;
    assert_refused(response, 414, "QueryTooLong", None).await;
}

#[tokio::test]
async fn foreign_client() {
    for client_id in ["sc_other", "SC_SHOP", "sc_shop.", "sc_sho", "sc_shopp"] {
        let response = get(&query(&[("client_id", client_id)])).await;
        assert_refused(response, 400, "ForeignClient", Some("client_id")).await;
    }
}

#[tokio::test]
async fn redirect_uri_not_allowed() {
    let response = get(&query(&[("redirect_uri", "https://attacker.example/login")])).await;
    assert_refused(response, 400, "RedirectUriNotAllowed", Some("redirect_uri")).await;
}

#[tokio::test]
async fn redirect_uri_query_not_allowed() {
    for existing in ["code=stolen", "a=1&state=x", "iss=https://attacker.example", "%63ode=x", "a=%", "c", "a=1&a=2"] {
        let response = get(&query(&[("redirect_uri", &format!("{LOGIN_URL}?{existing}"))])).await;
        assert_refused(response, 400, "RedirectUriQueryNotAllowed", Some("redirect_uri")).await;
    }
}

#[tokio::test]
async fn method_not_allowed() {
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get"] {
        for (path, allow) in [(format!("/v1/login?{}", query(&[])), "GET"), ("/healthz".to_owned(), "GET, HEAD")] {
            let response = send(Method::from_bytes(method.as_bytes()).unwrap(), &path).await;
            assert_eq!(response.headers().get_all(header::ALLOW).iter().collect::<Vec<_>>(), [allow]);
            assert_refused(response, 405, "MethodNotAllowed", None).await;
        }
    }
}

#[tokio::test]
async fn parameters_in_a_request_body_are_ignored() {
    let request = Request::post("/v1/login").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let app = authress_verifier::standalone(verifier(&key()));
    let response = app.oneshot(request.body(Body::from(query(&[]))).unwrap()).await.unwrap();
    assert_refused(response, 405, "MethodNotAllowed", None).await;
}

#[tokio::test]
async fn not_found() {
    for path in ["/", "/v1/login/", "/v1//login", "/V1/login", "/v1/login%2f", "/v1/%6cogin", "/v1/../v1/login"] {
        let response = send(Method::GET, &format!("{path}?{}", query(&[]))).await;
        assert_refused(response, 404, "NotFound", None).await;
    }
}

#[tokio::test]
async fn error_responses_contain_nothing_of_the_request() {
    let marker = "<script>marker</script>";
    for parameter in ["state", "redirect_uri", "client_id"] {
        let mut changes = vec![("client_id", "sc_other"), (parameter, marker)];
        changes.reverse();
        let response = get(&query(&changes)).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let body = String::from_utf8(support::body(response).await).unwrap();
        assert!(!body.contains("marker"), "{body}");
    }
}

#[tokio::test]
async fn browsers_get_html_error_pages_on_every_route() {
    let app = authress_verifier::standalone(verifier(&key()));
    for (path, code) in [("/v1/login", "MissingParameter"), ("/elsewhere", "NotFound")] {
        let request = Request::get(path).header(header::ACCEPT, "text/html,*/*;q=0.8").body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(response.headers().get_all(header::VARY).iter().collect::<Vec<_>>(), ["accept"], "{path}");
        let page = String::from_utf8(support::body(response).await).unwrap();
        assert!(page.contains(code), "{page}");
    }
}

#[tokio::test]
async fn a_valid_request_is_not_refused() {
    assert!(location(&get(&query(&[("client_id", CLIENT_ID)])).await).is_some());
}

/// Returns the Rust sources of this crate and of its tests as one text.
fn sources() -> String {
    fn collect(folder: &Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, text);
            } else if path.extension().is_some_and(|end| end == "rs") {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut text = String::new();
    for folder in ["src", "tests"] {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut text);
    }
    text
}

#[test]
fn the_manual_lists_every_refusal_with_an_existing_test() {
    let manual = include_str!("../../../docs/verifier.md");
    let section = manual.split_once("\n## Refusals\n").unwrap().1.split("\n## ").next().unwrap();
    let rows: Vec<Vec<&str>> = section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches(['|', ' ']).split(" | ").collect())
        .collect();
    let codes: Vec<&str> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    assert_eq!(codes, RefusalCode::ALL.iter().map(|code| code.name()).collect::<Vec<_>>());
    let sources = sources();
    for (code, row) in RefusalCode::ALL.iter().zip(&rows) {
        let [_, status, message, _, tests] = row[..] else { panic!("five columns: {row:?}") };
        assert_eq!((status, message), (code.status().as_str(), code.message()), "{code:?}");
        for test in tests.split(", ").map(|test| test.trim_matches('`')) {
            let (before, rest) = sources.split_once(&format!("fn {test}() {{")).unwrap_or_else(|| panic!("no {test}"));
            let attribute = before.trim_end_matches("async ").trim_end().lines().last().unwrap();
            assert!(["#[test]", "#[tokio::test]"].contains(&attribute), "{attribute} {test}");
            let body = rest.split("\n}\n").next().unwrap();
            assert!(body.contains(code.name()), "{test} does not mention {code:?}");
        }
    }
}
