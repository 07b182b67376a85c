use authress_jws::SigningKey;
use authress_login_protocol::authorization::proof_of_work::search;
use serde_json::{Value, json};

use super::harness::{LOCAL, Stage};

async fn refused(change: impl FnOnce(&mut Value), status: u16, code: &str) {
    let stage = Stage::local();
    let mut body = stage.login_body(Some("sc_shop"), 1);
    change(&mut body);
    stage.page_calls("POST", "/api/authentication", Some(body)).await.assert_refused(status, code);
}

#[tokio::test]
async fn a_login_request_is_refused_field_by_field() {
    for url in
        ["http://localhost:5174/", "https://evil.test/", "javascript:alert(1)", "http://u@localhost:5173/", "/cart"]
    {
        refused(|body| body["redirectUrl"] = json!(url), 400, "InvalidRedirectUrl").await;
    }
    refused(|body| body["redirectUrl"] = Value::Null, 400, "InvalidRequest").await;
    refused(|body| body["applicationId"] = json!("app_unknown"), 400, "InvalidApplication").await;
    refused(|body| body["applicationId"] = json!("app_other"), 400, "InvalidRedirectUrl").await;
    refused(|body| body["codeChallengeMethod"] = json!("plain"), 400, "InvalidCodeChallenge").await;
    refused(|body| body["codeChallengeMethod"] = Value::Null, 400, "InvalidCodeChallenge").await;
    refused(|body| body["codeChallenge"] = json!("short"), 400, "InvalidCodeChallenge").await;
    refused(|body| body["responseLocation"] = json!("fragment"), 400, "InvalidResponseLocation").await;
    refused(|body| body["flowType"] = json!("password"), 400, "InvalidFlowType").await;
    refused(|body| body["connectionId"] = json!("con_unknown"), 400, "InvalidConnection").await;
    refused(|body| body["tenantLookupIdentifier"] = json!("acme"), 404, "TenantNotFound").await;
    refused(|body| body["redirectUrl"] = json!(17), 400, "InvalidRequest").await;
}

#[tokio::test]
async fn a_bad_hash_is_refused() {
    refused(|body| body["antiAbuseHash"] = Value::Null, 400, "InvalidRequest").await;
    refused(|body| body["antiAbuseHash"] = json!("v2;1;1;abc"), 400, "InvalidAntiAbuseHash").await;
    refused(|body| body["connectionId"] = json!("con_acorn"), 400, "InvalidAntiAbuseHash").await;
    refused(|body| body["audiences"] = json!([]), 400, "InvalidAntiAbuseHash").await;
    let old = search("sc_shop|app_demo", 1_000, 1);
    refused(|body| body["antiAbuseHash"] = json!(old), 400, "AntiAbuseHashExpired").await;
}

#[tokio::test]
async fn a_hash_is_used_once_per_challenge() {
    let stage = Stage::local();
    let body = stage.login_body(Some("sc_shop"), 1);
    assert_eq!(stage.page_calls("POST", "/api/authentication", Some(body.clone())).await.status, 200);
    let again = stage.page_calls("POST", "/api/authentication", Some(body.clone())).await;
    again.assert_refused(400, "AntiAbuseHashReused");
    let mut other_tab = stage.login_body(Some("sc_shop"), 2);
    other_tab["antiAbuseHash"] = body["antiAbuseHash"].clone();
    assert_eq!(stage.page_calls("POST", "/api/authentication", Some(other_tab)).await.status, 200);
}

#[tokio::test]
async fn a_request_without_origin_or_media_type_is_refused() {
    let stage = Stage::local();
    let body = stage.login_body(Some("sc_shop"), 1);
    let reply = stage.send("POST", "/api/authentication", &[], Some(body)).await;
    reply.assert_refused(400, "OriginRequired");
    stage.page_calls("POST", "/api/authentication", None).await.assert_refused(415, "UnsupportedMediaType");
}

#[tokio::test]
async fn a_verifiers_answer_that_does_not_hold_ends_on_a_page() {
    let stage = Stage::local();
    let pending = stage.start("sc_shop", 1).await;
    let key = &stage.verifier_key;
    let signed_with = |name: &str, value: Value| {
        let mut claims = stage.answer_claims("user_1");
        claims[name] = value;
        key.sign_jwt("oauth-authz-req+jwt", &claims)
    };
    let past = stage.now_ms() / 1000 - 1;
    let answers = [
        (signed_with("aud", json!("acc_other.accounts.authress.io")), "VerifierAudienceMismatch"),
        (signed_with("iss", json!("http://127.0.0.1:8888/v1/clients/sc_other")), "VerifierIssuerMismatch"),
        (signed_with("client_id", json!("sc_other")), "VerifierClientMismatch"),
        (signed_with("exp", json!(past)), "VerifierTokenExpired"),
        (signed_with("sub", json!("")), "VerifierUserIdInvalid"),
        (key.sign_jwt("at+jwt", &stage.answer_claims("user_1")), "VerifierTokenInvalid"),
        (foreign_key("other-kid", &stage), "VerifierTokenInvalid"),
        (foreign_key(key.kid(), &stage), "VerifierTokenInvalid"),
        ("garbage".to_owned(), "VerifierTokenInvalid"),
    ];
    for (code, refusal) in answers {
        let reply = stage.return_with(&pending, &code).await;
        assert_eq!((reply.status, reply.header("location")), (400, None), "{refusal}");
        assert!(reply.text.contains(refusal), "{refusal}: {}", reply.text);
        assert!(reply.text.contains("data-testid=\"back-to-application\""));
        assert!(reply.header("content-security-policy").unwrap().contains("default-src 'none'"));
    }
    // The pending login survived all of it.
    assert_eq!(stage.vouch(&pending, "user_1").await.status, 302);
}

fn foreign_key(kid: &str, stage: &Stage) -> String {
    SigningKey::generate(kid).unwrap().sign_jwt("oauth-authz-req+jwt", &stage.answer_claims("user_1"))
}

#[tokio::test]
async fn a_state_works_once() {
    let stage = Stage::local();
    let pending = stage.start("sc_shop", 1).await;
    assert_eq!(stage.vouch(&pending, "user_1").await.status, 302);
    let again = stage.vouch(&pending, "user_1").await;
    assert_eq!((again.status, again.header("location")), (400, None));
    assert!(again.text.contains("AuthenticationRequestUsed"));
}

#[tokio::test]
async fn an_unknown_or_repeated_state_goes_nowhere() {
    let stage = Stage::local();
    for query in ["", "state=unknown&code=x", "state=a&state=b"] {
        let reply = stage.navigate(&format!("{LOCAL}/login?{query}")).await;
        assert_eq!((reply.status, reply.header("location")), (400, None), "{query}");
    }
}

#[tokio::test]
async fn an_expired_request_is_told_to_the_application() {
    let mut stage = Stage::local();
    let pending = stage.start("con_acorn", 1).await;
    stage.advance(300).await;
    let reply = stage.choose(&pending.authentication_url, "user=ada", None).await;
    assert_eq!(reply.param("errorCode").as_deref(), Some("AuthenticationRequestExpired"));
    assert_eq!(reply.param("nonce"), Some(pending.id));
    assert!(reply.param("access_token").is_none());
}

#[tokio::test]
async fn a_cancelled_login_is_told_to_the_application() {
    let stage = Stage::local();
    let pending = stage.start("con_acorn", 1).await;
    let reply = stage.choose(&pending.authentication_url, "cancel=1", None).await;
    assert_eq!(reply.param("error").as_deref(), Some("access_denied"));
    assert_eq!(reply.param("errorCode").as_deref(), Some("UserCancelled"));
    assert_eq!((reply.param("nonce"), reply.param("iss").as_deref()), (Some(pending.id), Some(LOCAL)));
}

#[tokio::test]
async fn a_providers_code_belongs_to_its_login() {
    let stage = Stage::local();
    let (one, two) = (stage.start("con_acorn", 1).await, stage.start("con_acorn", 2).await);
    let posted = stage.post_choice(&one.authentication_url, "user=ada").await;
    let stolen = posted.location().as_str().replace(&one.id, &two.id);
    let reply = stage.navigate(&stolen).await;
    assert_eq!(reply.status, 400);
    assert!(reply.text.contains("ProviderCodeInvalid"));
}

#[tokio::test]
async fn a_provider_page_belongs_to_its_request() {
    let stage = Stage::local();
    let pending = stage.start("con_acorn", 1).await;
    for path in [format!("con_birch?state={}", pending.id), "con_acorn?state=unknown".to_owned(), "con_x".to_owned()] {
        assert_eq!(stage.navigate(&format!("{LOCAL}/sandbox/provider/{path}")).await.status, 404, "{path}");
    }
    assert_eq!(stage.post_choice(&pending.authentication_url, "user=").await.status, 400);
}
