//! Invalid requests and callbacks.

use authress_jws::SigningKey;
use authress_login_protocol::authorization::proof_of_work::search;
use serde_json::{Value, json};

use super::harness::{LOCAL, TestSandbox};

async fn assert_rejected(change: impl FnOnce(&mut Value), status: u16, code: &str) {
    let sandbox = TestSandbox::local();
    let mut body = sandbox.authentication_body(Some("sc_shop"), 1);
    change(&mut body);
    sandbox.page_request("POST", "/api/authentication", Some(body)).await.assert_error(status, code);
}

#[tokio::test]
async fn each_invalid_field_of_an_authentication_request_has_its_error() {
    for url in
        ["http://localhost:5174/", "https://evil.test/", "javascript:alert(1)", "http://u@localhost:5173/", "/cart"]
    {
        assert_rejected(|body| body["redirectUrl"] = json!(url), 400, "InvalidRedirectUrl").await;
    }
    assert_rejected(|body| body["redirectUrl"] = Value::Null, 400, "InvalidRequest").await;
    assert_rejected(|body| body["applicationId"] = json!("app_unknown"), 400, "InvalidApplication").await;
    assert_rejected(|body| body["applicationId"] = json!("app_other"), 400, "InvalidRedirectUrl").await;
    assert_rejected(|body| body["codeChallengeMethod"] = json!("plain"), 400, "InvalidCodeChallenge").await;
    assert_rejected(|body| body["codeChallengeMethod"] = Value::Null, 400, "InvalidCodeChallenge").await;
    assert_rejected(|body| body["codeChallenge"] = json!("short"), 400, "InvalidCodeChallenge").await;
    assert_rejected(|body| body["responseLocation"] = json!("fragment"), 400, "InvalidResponseLocation").await;
    assert_rejected(|body| body["flowType"] = json!("password"), 400, "InvalidFlowType").await;
    assert_rejected(|body| body["connectionId"] = json!("con_unknown"), 400, "InvalidConnection").await;
    assert_rejected(|body| body["tenantLookupIdentifier"] = json!("acme"), 404, "TenantNotFound").await;
    assert_rejected(|body| body["redirectUrl"] = json!(17), 400, "InvalidRequest").await;
}

#[tokio::test]
async fn an_invalid_anti_abuse_hash_is_rejected() {
    assert_rejected(|body| body["antiAbuseHash"] = Value::Null, 400, "InvalidRequest").await;
    assert_rejected(|body| body["antiAbuseHash"] = json!("v2;1;1;abc"), 400, "InvalidAntiAbuseHash").await;
    assert_rejected(|body| body["connectionId"] = json!("con_acorn"), 400, "InvalidAntiAbuseHash").await;
    assert_rejected(|body| body["audiences"] = json!([]), 400, "InvalidAntiAbuseHash").await;
    let old = search("sc_shop|app_demo", 1_000, 1);
    assert_rejected(|body| body["antiAbuseHash"] = json!(old), 400, "AntiAbuseHashExpired").await;
}

#[tokio::test]
async fn a_hash_is_used_once_per_challenge() {
    let sandbox = TestSandbox::local();
    let body = sandbox.authentication_body(Some("sc_shop"), 1);
    assert_eq!(sandbox.page_request("POST", "/api/authentication", Some(body.clone())).await.status, 200);
    let again = sandbox.page_request("POST", "/api/authentication", Some(body.clone())).await;
    again.assert_error(400, "AntiAbuseHashReused");
    let mut other_tab = sandbox.authentication_body(Some("sc_shop"), 2);
    other_tab["antiAbuseHash"] = body["antiAbuseHash"].clone();
    assert_eq!(sandbox.page_request("POST", "/api/authentication", Some(other_tab)).await.status, 200);
}

#[tokio::test]
async fn a_request_without_origin_or_media_type_is_rejected() {
    let sandbox = TestSandbox::local();
    let body = sandbox.authentication_body(Some("sc_shop"), 1);
    let response = sandbox.send("POST", "/api/authentication", &[], Some(body)).await;
    response.assert_error(400, "OriginRequired");
    sandbox.page_request("POST", "/api/authentication", None).await.assert_error(415, "UnsupportedMediaType");
}

#[tokio::test]
async fn an_invalid_code_of_a_verifier_ends_on_an_error_page() {
    let sandbox = TestSandbox::local();
    let pending = sandbox.start("sc_shop", 1).await;
    let key = &sandbox.verifier_key;
    let signed_with = |name: &str, value: Value| {
        let mut claims = sandbox.verifier_claims("user_1");
        claims[name] = value;
        key.sign_jwt("oauth-authz-req+jwt", &claims)
    };
    let past = sandbox.now_ms() / 1000 - 1;
    let codes = [
        (signed_with("aud", json!("acc_other.accounts.authress.io")), "VerifierAudienceMismatch"),
        (signed_with("iss", json!("http://127.0.0.1:8888/v1/clients/sc_other")), "VerifierIssuerMismatch"),
        (signed_with("client_id", json!("sc_other")), "VerifierClientMismatch"),
        (signed_with("exp", json!(past)), "VerifierTokenExpired"),
        (signed_with("sub", json!("")), "VerifierUserIdInvalid"),
        (key.sign_jwt("at+jwt", &sandbox.verifier_claims("user_1")), "VerifierTokenInvalid"),
        (foreign_key("other-kid", &sandbox), "VerifierTokenInvalid"),
        (foreign_key(key.kid(), &sandbox), "VerifierTokenInvalid"),
        ("garbage".to_owned(), "VerifierTokenInvalid"),
    ];
    for (code, error) in codes {
        let response = sandbox.callback_with_code(&pending, &code).await;
        assert_eq!((response.status, response.header("location")), (400, None), "{error}");
        assert!(response.text.contains(error), "{error}: {}", response.text);
        assert!(response.text.contains("data-testid=\"back-to-application\""));
        assert!(response.header("content-security-policy").unwrap().contains("default-src 'none'"));
    }
    // The pending login survived all of it.
    assert_eq!(sandbox.verifier_login(&pending, "user_1").await.status, 302);
}

fn foreign_key(kid: &str, sandbox: &TestSandbox) -> String {
    SigningKey::generate(kid).unwrap().sign_jwt("oauth-authz-req+jwt", &sandbox.verifier_claims("user_1"))
}

#[tokio::test]
async fn a_state_works_once() {
    let sandbox = TestSandbox::local();
    let pending = sandbox.start("sc_shop", 1).await;
    assert_eq!(sandbox.verifier_login(&pending, "user_1").await.status, 302);
    let again = sandbox.verifier_login(&pending, "user_1").await;
    assert_eq!((again.status, again.header("location")), (400, None));
    assert!(again.text.contains("AuthenticationRequestUsed"));
}

#[tokio::test]
async fn an_unknown_or_repeated_state_is_not_redirected() {
    let sandbox = TestSandbox::local();
    for query in ["", "state=unknown&code=x", "state=a&state=b"] {
        let response = sandbox.navigate(&format!("{LOCAL}/login?{query}")).await;
        assert_eq!((response.status, response.header("location")), (400, None), "{query}");
    }
}

#[tokio::test]
async fn an_expired_request_is_reported_to_the_application() {
    let mut sandbox = TestSandbox::local();
    let pending = sandbox.start("con_acorn", 1).await;
    sandbox.advance(300).await;
    let response = sandbox.choose_person(&pending.authentication_url, "user=ada", None).await;
    assert_eq!(response.param("errorCode").as_deref(), Some("AuthenticationRequestExpired"));
    assert_eq!(response.param("nonce"), Some(pending.id));
    assert!(response.param("access_token").is_none());
}

#[tokio::test]
async fn a_cancelled_login_is_reported_to_the_application() {
    let sandbox = TestSandbox::local();
    let pending = sandbox.start("con_acorn", 1).await;
    let response = sandbox.choose_person(&pending.authentication_url, "cancel=1", None).await;
    assert_eq!(response.param("error").as_deref(), Some("access_denied"));
    assert_eq!(response.param("errorCode").as_deref(), Some("UserCancelled"));
    assert_eq!((response.param("nonce"), response.param("iss").as_deref()), (Some(pending.id), Some(LOCAL)));
}

#[tokio::test]
async fn the_code_of_a_provider_works_for_its_own_request_only() {
    let sandbox = TestSandbox::local();
    let (one, two) = (sandbox.start("con_acorn", 1).await, sandbox.start("con_acorn", 2).await);
    let posted = sandbox.post_person(&one.authentication_url, "user=ada").await;
    let stolen = posted.location().as_str().replace(&one.id, &two.id);
    let response = sandbox.navigate(&stolen).await;
    assert_eq!(response.status, 400);
    assert!(response.text.contains("ProviderCodeInvalid"));
}

#[tokio::test]
async fn a_provider_page_needs_a_request_for_its_connection() {
    let sandbox = TestSandbox::local();
    let pending = sandbox.start("con_acorn", 1).await;
    for path in [format!("con_birch?state={}", pending.id), "con_acorn?state=unknown".to_owned(), "con_x".to_owned()] {
        assert_eq!(sandbox.navigate(&format!("{LOCAL}/sandbox/provider/{path}")).await.status, 404, "{path}");
    }
    assert_eq!(sandbox.post_person(&pending.authentication_url, "user=").await.status, 400);
}
