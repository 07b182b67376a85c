use serde_json::json;

use super::harness::{HTTPS_PAGE, LOCAL, Stage};

#[tokio::test]
async fn on_localhost_the_tokens_come_back_in_the_query() {
    let stage = Stage::local();
    let pending = stage.start("sc_shop", 1).await;
    assert_eq!(
        pending.authentication_url,
        format!(
            "http://127.0.0.1:9000/v1/login?client_id=sc_shop&state={}&redirect_uri=http%3A%2F%2F127.0.0.1%3A8888%2Flogin",
            pending.id
        )
    );
    let reply = stage.vouch(&pending, "user_1").await;
    assert_eq!(reply.status, 302);
    assert!(reply.header("location").unwrap().starts_with("http://localhost:5173/cart?nonce="));
    assert_eq!(reply.param("nonce"), Some(pending.id));
    assert_eq!(reply.param("iss").as_deref(), Some(LOCAL));
    assert_eq!(reply.param("expires_in").as_deref(), Some("86400"));
    let access = stage.verified(&reply.param("access_token").unwrap(), "at+jwt");
    assert_eq!(access.claim_str("sub"), Some("user_1"));
    assert_eq!(access.claim_str("azp"), Some("sc_shop"));
    assert_eq!(access.claim_str("client_id"), Some("app_demo"));
    let id = stage.verified(&reply.param("id_token").unwrap(), "JWT");
    assert_eq!((id.claim_str("iss"), id.claim_str("sub")), (Some(LOCAL), Some("user_1")));
    assert!(reply.set_cookie("authress-session").unwrap().contains("HttpOnly; SameSite=Strict"));
}

#[tokio::test]
async fn a_page_of_the_same_https_site_gets_cookies() {
    let stage = Stage::same_site();
    let reply = stage.page_calls("POST", "/api/authentication", Some(stage.login_body(Some("sc_shop"), 1))).await;
    assert_eq!(reply.json()["enableCredentials"], json!(true));
    let pending = stage.start("sc_shop", 2).await;
    let reply = stage.vouch(&pending, "user_1").await;
    let expected = format!("{HTTPS_PAGE}/cart?nonce={}&iss=https%3A%2F%2Flogin.shop.test", pending.id);
    assert_eq!(reply.header("location"), Some(expected.as_str()));
    let session = reply.set_cookie("authress-session").unwrap();
    assert!(session.ends_with("; HttpOnly; SameSite=Strict; Secure; Path=/; Domain=shop.test; Max-Age=7776000"));
    let authorization = reply.set_cookie("authorization").unwrap();
    assert!(authorization.contains("Domain=shop.test") && !authorization.contains("HttpOnly"));
    assert_eq!(stage.subject(&reply.cookie_value("authorization")), "user_1");
    assert_eq!(stage.verified(&reply.cookie_value("user"), "JWT").claim_str("sub"), Some("user_1"));
}

#[tokio::test]
async fn a_page_of_another_site_gets_a_code_and_no_credentials() {
    let stage = Stage::cross_site();
    let reply = stage.page_calls("POST", "/api/authentication", Some(stage.login_body(Some("sc_shop"), 1))).await;
    assert_eq!(reply.json()["enableCredentials"], json!(false));
    let pending = stage.start("sc_shop", 2).await;
    let reply = stage.vouch(&pending, "user_1").await;
    assert!(reply.param("code").is_some() && reply.param("access_token").is_none());
    assert!(reply.set_cookie("authorization").is_none());
    let code = reply.param("code").unwrap();
    let exchanged = stage.exchange(&pending, stage.exchange_body(&pending, &code)).await;
    assert_eq!(stage.subject(exchanged.json()["access_token"].as_str().unwrap()), "user_1");
}

#[tokio::test]
async fn a_code_for_a_page_of_the_same_site_travels_in_a_cookie() {
    let stage = Stage::same_site();
    let mut body = stage.login_body(Some("sc_shop"), 1);
    body["flowType"] = json!("code");
    let pending = stage.start_with(body, &[], 1).await;
    let reply = stage.vouch(&pending, "user_1").await;
    assert_eq!(reply.param("code").as_deref(), Some("cookie"));
    let code = reply.cookie_value("auth-code");
    let exchanged = stage.exchange(&pending, stage.exchange_body(&pending, &code)).await;
    assert_eq!(exchanged.status, 200);
    assert!(exchanged.set_cookie("authorization").is_some());
}

#[tokio::test]
async fn a_response_location_of_none_only_starts_the_session() {
    let stage = Stage::same_site();
    let mut body = stage.login_body(Some("sc_shop"), 1);
    body["responseLocation"] = json!("none");
    let pending = stage.start_with(body, &[], 1).await;
    let reply = stage.vouch(&pending, "user_1").await;
    assert!(reply.param("code").is_none() && reply.set_cookie("authorization").is_none());
    assert!(reply.set_cookie("authress-session").is_some());
}

#[tokio::test]
async fn audiences_and_scopes_reach_the_access_token() {
    let stage = Stage::local();
    let mut body = stage.login_body(Some("sc_shop"), 1);
    let hashed = "sc_shop|app_demo|api.one,api.two";
    body["antiAbuseHash"] =
        json!(authress_login_protocol::authorization::proof_of_work::search(hashed, stage.now_ms(), 1));
    body["audiences"] = json!(["api.one", "api.two"]);
    body["requestedScopes"] = json!(["openid", "cart"]);
    let pending = stage.start_with(body, &[], 1).await;
    let reply = stage.vouch(&pending, "user_1").await;
    let access = stage.verified(&reply.param("access_token").unwrap(), "at+jwt");
    assert_eq!(access.claims["aud"], json!(["api.one", "api.two"]));
    assert_eq!(access.claim_str("scope"), Some("openid cart"));
}

#[tokio::test]
async fn a_provider_login_makes_a_user_once() {
    let stage = Stage::local();
    let mut subjects = vec![];
    for (seed, person) in [(1, "user=ada"), (2, "user=ada"), (3, "user=Mae+J")] {
        let pending = stage.start("con_acorn", seed).await;
        let page = stage.navigate(&pending.authentication_url).await;
        assert!(page.text.contains("data-testid=\"user-ada\"") && page.text.contains("Acorn ID"));
        let reply = stage.choose(&pending.authentication_url, person, None).await;
        subjects.push(stage.subject(&reply.param("access_token").unwrap()));
        let id = stage.verified(&reply.param("id_token").unwrap(), "JWT");
        assert!(id.claim_str("email").is_some() && id.claim_str("picture").is_some());
    }
    assert_eq!(subjects[0], subjects[1]);
    assert_ne!(subjects[0], subjects[2]);
}

#[tokio::test]
async fn a_login_without_a_connection_shows_the_providers() {
    let stage = Stage::local();
    let pending = stage.start_with(stage.login_body(None, 1), &[], 1).await;
    let page = stage.navigate(&pending.authentication_url).await;
    assert!(page.text.contains("connection-con_acorn") && page.text.contains("connection-con_birch"));
    let provider = format!("{LOCAL}/sandbox/provider/con_birch?state={}", pending.id);
    let reply = stage.choose(&provider, "user=ada", None).await;
    let access = stage.verified(&reply.param("access_token").unwrap(), "at+jwt");
    assert_eq!(access.claim_str("azp"), Some("con_birch"));
}

#[tokio::test]
async fn a_pending_request_can_be_sent_to_another_connection() {
    let stage = Stage::local();
    let pending = stage.start_with(stage.login_body(None, 1), &[], 1).await;
    let hash = |values: String| {
        json!(authress_login_protocol::authorization::proof_of_work::search(&values, stage.now_ms(), 1))
    };
    let path = format!("/api/authentication/{}", pending.id);
    let wrong = json!({ "connectionId": "con_birch", "antiAbuseHash": hash("con_birch|other".to_owned()) });
    stage.page_calls("PATCH", &path, Some(wrong)).await.assert_refused(400, "InvalidAntiAbuseHash");
    let body = json!({ "connectionId": "con_birch", "antiAbuseHash": hash(format!("con_birch|{}", pending.id)) });
    let reply = stage.page_calls("PATCH", &path, Some(body)).await;
    let url = reply.json()["authenticationUrl"].as_str().unwrap().to_owned();
    assert!(url.contains("/sandbox/provider/con_birch?state="));
    assert_eq!(stage.choose(&url, "user=ada", None).await.status, 302);
}
