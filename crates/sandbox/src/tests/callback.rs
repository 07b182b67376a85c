//! Logins from the authentication request to the response at the callback.

use serde_json::json;

use super::harness::{HTTPS_PAGE, LOCAL, TestSandbox};

#[tokio::test]
async fn on_localhost_the_tokens_are_in_the_query() {
    let sandbox = TestSandbox::local();
    let pending = sandbox.start("sc_shop", 1).await;
    assert_eq!(
        pending.authentication_url,
        format!(
            "http://127.0.0.1:9000/v1/login?client_id=sc_shop&state={}&redirect_uri=http%3A%2F%2F127.0.0.1%3A8888%2Flogin",
            pending.id
        )
    );
    let response = sandbox.verifier_login(&pending, "user_1").await;
    assert_eq!(response.status, 302);
    assert!(response.header("location").unwrap().starts_with("http://localhost:5173/cart?nonce="));
    assert_eq!(response.param("nonce"), Some(pending.id));
    assert_eq!(response.param("iss").as_deref(), Some(LOCAL));
    assert_eq!(response.param("expires_in").as_deref(), Some("86400"));
    let access = sandbox.verified(&response.param("access_token").unwrap(), "at+jwt");
    assert_eq!(access.claim_str("sub"), Some("user_1"));
    assert_eq!(access.claim_str("azp"), Some("sc_shop"));
    assert_eq!(access.claim_str("client_id"), Some("app_demo"));
    let id = sandbox.verified(&response.param("id_token").unwrap(), "JWT");
    assert_eq!((id.claim_str("iss"), id.claim_str("sub")), (Some(LOCAL), Some("user_1")));
    assert!(response.set_cookie("authress-session").unwrap().contains("HttpOnly; SameSite=Strict"));
}

#[tokio::test]
async fn a_page_of_the_same_https_site_gets_cookies() {
    let sandbox = TestSandbox::same_site();
    let response = sandbox
        .page_request("POST", "/api/authentication", Some(sandbox.authentication_body(Some("sc_shop"), 1)))
        .await;
    assert_eq!(response.json()["enableCredentials"], json!(true));
    let pending = sandbox.start("sc_shop", 2).await;
    let response = sandbox.verifier_login(&pending, "user_1").await;
    let expected = format!("{HTTPS_PAGE}/cart?nonce={}&iss=https%3A%2F%2Flogin.shop.test", pending.id);
    assert_eq!(response.header("location"), Some(expected.as_str()));
    let session = response.set_cookie("authress-session").unwrap();
    assert!(session.ends_with("; HttpOnly; SameSite=Strict; Secure; Path=/; Domain=shop.test; Max-Age=7776000"));
    let authorization = response.set_cookie("authorization").unwrap();
    assert!(authorization.contains("Domain=shop.test") && !authorization.contains("HttpOnly"));
    assert_eq!(sandbox.subject(&response.cookie_value("authorization")), "user_1");
    assert_eq!(sandbox.verified(&response.cookie_value("user"), "JWT").claim_str("sub"), Some("user_1"));
}

#[tokio::test]
async fn a_page_of_another_site_gets_a_code_and_no_credentials() {
    let sandbox = TestSandbox::cross_site();
    let response = sandbox
        .page_request("POST", "/api/authentication", Some(sandbox.authentication_body(Some("sc_shop"), 1)))
        .await;
    assert_eq!(response.json()["enableCredentials"], json!(false));
    let pending = sandbox.start("sc_shop", 2).await;
    let response = sandbox.verifier_login(&pending, "user_1").await;
    assert!(response.param("code").is_some() && response.param("access_token").is_none());
    assert!(response.set_cookie("authorization").is_none());
    let code = response.param("code").unwrap();
    let exchanged = sandbox.exchange(&pending, sandbox.exchange_body(&pending, &code)).await;
    assert_eq!(sandbox.subject(exchanged.json()["access_token"].as_str().unwrap()), "user_1");
}

#[tokio::test]
async fn the_code_for_a_page_of_the_same_site_is_in_a_cookie() {
    let sandbox = TestSandbox::same_site();
    let mut body = sandbox.authentication_body(Some("sc_shop"), 1);
    body["flowType"] = json!("code");
    let pending = sandbox.start_with(body, &[], 1).await;
    let response = sandbox.verifier_login(&pending, "user_1").await;
    assert_eq!(response.param("code").as_deref(), Some("cookie"));
    let code = response.cookie_value("auth-code");
    let exchanged = sandbox.exchange(&pending, sandbox.exchange_body(&pending, &code)).await;
    assert_eq!(exchanged.status, 200);
    assert!(exchanged.set_cookie("authorization").is_some());
}

#[tokio::test]
async fn a_response_location_of_none_only_starts_the_session() {
    let sandbox = TestSandbox::same_site();
    let mut body = sandbox.authentication_body(Some("sc_shop"), 1);
    body["responseLocation"] = json!("none");
    let pending = sandbox.start_with(body, &[], 1).await;
    let response = sandbox.verifier_login(&pending, "user_1").await;
    assert!(response.param("code").is_none() && response.set_cookie("authorization").is_none());
    assert!(response.set_cookie("authress-session").is_some());
}

#[tokio::test]
async fn audiences_and_scopes_reach_the_access_token() {
    let sandbox = TestSandbox::local();
    let mut body = sandbox.authentication_body(Some("sc_shop"), 1);
    let hashed = "sc_shop|app_demo|api.one,api.two";
    body["antiAbuseHash"] =
        json!(authress_login_protocol::authorization::proof_of_work::search(hashed, sandbox.now_ms(), 1));
    body["audiences"] = json!(["api.one", "api.two"]);
    body["requestedScopes"] = json!(["openid", "cart"]);
    let pending = sandbox.start_with(body, &[], 1).await;
    let response = sandbox.verifier_login(&pending, "user_1").await;
    let access = sandbox.verified(&response.param("access_token").unwrap(), "at+jwt");
    assert_eq!(access.claims["aud"], json!(["api.one", "api.two"]));
    assert_eq!(access.claim_str("scope"), Some("openid cart"));
}

#[tokio::test]
async fn a_provider_login_makes_a_user_once() {
    let sandbox = TestSandbox::local();
    let mut subjects = vec![];
    for (seed, person) in [(1, "user=ada"), (2, "user=ada"), (3, "user=Mae+J")] {
        let pending = sandbox.start("con_acorn", seed).await;
        let page = sandbox.navigate(&pending.authentication_url).await;
        assert!(page.text.contains("data-testid=\"user-ada\"") && page.text.contains("Acorn ID"));
        let response = sandbox.choose_person(&pending.authentication_url, person, None).await;
        subjects.push(sandbox.subject(&response.param("access_token").unwrap()));
        let id = sandbox.verified(&response.param("id_token").unwrap(), "JWT");
        assert!(id.claim_str("email").is_some() && id.claim_str("picture").is_some());
    }
    assert_eq!(subjects[0], subjects[1]);
    assert_ne!(subjects[0], subjects[2]);
}

#[tokio::test]
async fn a_login_without_a_connection_shows_the_providers() {
    let sandbox = TestSandbox::local();
    let pending = sandbox.start_with(sandbox.authentication_body(None, 1), &[], 1).await;
    let page = sandbox.navigate(&pending.authentication_url).await;
    assert!(page.text.contains("connection-con_acorn") && page.text.contains("connection-con_birch"));
    let provider = format!("{LOCAL}/sandbox/provider/con_birch?state={}", pending.id);
    let response = sandbox.choose_person(&provider, "user=ada", None).await;
    let access = sandbox.verified(&response.param("access_token").unwrap(), "at+jwt");
    assert_eq!(access.claim_str("azp"), Some("con_birch"));
}

#[tokio::test]
async fn a_pending_request_can_be_sent_to_another_connection() {
    let sandbox = TestSandbox::local();
    let pending = sandbox.start_with(sandbox.authentication_body(None, 1), &[], 1).await;
    let hash = |values: String| {
        json!(authress_login_protocol::authorization::proof_of_work::search(&values, sandbox.now_ms(), 1))
    };
    let path = format!("/api/authentication/{}", pending.id);
    let wrong = json!({ "connectionId": "con_birch", "antiAbuseHash": hash("con_birch|other".to_owned()) });
    sandbox.page_request("PATCH", &path, Some(wrong)).await.assert_error(400, "InvalidAntiAbuseHash");
    let body = json!({ "connectionId": "con_birch", "antiAbuseHash": hash(format!("con_birch|{}", pending.id)) });
    let response = sandbox.page_request("PATCH", &path, Some(body)).await;
    let url = response.json()["authenticationUrl"].as_str().unwrap().to_owned();
    assert!(url.contains("/sandbox/provider/con_birch?state="));
    assert_eq!(sandbox.choose_person(&url, "user=ada", None).await.status, 302);
}
