//! Extensions, which log in by plain OAuth.

use authress_login_protocol::authorization::pkce::challenge_s256;
use authress_login_protocol::authorization::proof_of_work::search;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::Serializer;

use super::harness::{EXTENSION_PAGE, LOCAL, LOCAL_PAGE, TestResponse, TestSandbox, code_verifier, state_in};

const REDIRECT_URI: &str = "https://partner.test/callback?tab=1";
const TOKENS: &str = "/api/authentication/oauth/tokens";

/// The address of a login with these changes; an empty value leaves the parameter out.
fn authorize_url(changes: &[(&str, &str)]) -> String {
    let challenge = challenge_s256(&code_verifier(1));
    let mut parameters = vec![
        ("client_id", "ext_demo"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("redirect_uri", REDIRECT_URI),
        ("state", "own state"),
    ];
    for (name, value) in changes {
        parameters.retain(|(kept, _)| kept != name);
        parameters.push((name, value));
    }
    let parameters = parameters.into_iter().filter(|(_, value)| !value.is_empty());
    format!("{LOCAL}/?{}", Serializer::new(String::new()).extend_pairs(parameters).finish())
}

/// Logs in with the sandbox's own provider list and returns the redirect to the extension.
pub(super) async fn log_in(sandbox: &TestSandbox, changes: &[(&str, &str)]) -> TestResponse {
    let list = sandbox.navigate(&authorize_url(changes)).await;
    assert_eq!(list.status, 200);
    assert!(list.text.contains("connection-con_acorn") && list.text.contains("connection-con_birch"));
    let provider = format!("{LOCAL}/sandbox/provider/con_acorn?state={}", state_in(&list.text));
    sandbox.choose_person(&provider, "user=ada", None).await
}

pub(super) fn token_body(code: &str) -> Value {
    json!({
        "code_verifier": code_verifier(1), "code": code, "grant_type": "authorization_code", "client_id": "ext_demo",
        "redirect_uri": REDIRECT_URI,
    })
}

pub(super) async fn exchange(sandbox: &TestSandbox, body: Value) -> TestResponse {
    sandbox.send("POST", TOKENS, &[("origin", EXTENSION_PAGE)], Some(body)).await
}

#[tokio::test]
async fn an_extension_logs_in_by_plain_oauth() {
    let sandbox = TestSandbox::local();
    let back = log_in(&sandbox, &[]).await;
    assert!(back.location().as_str().starts_with("https://partner.test/callback?tab=1&"));
    assert_eq!((back.param("state").as_deref(), back.param("iss").as_deref()), (Some("own state"), Some(LOCAL)));
    assert_eq!((back.param("nonce"), back.set_cookie("authress-session")), (None, None));
    let response = exchange(&sandbox, token_body(&back.param("code").unwrap())).await;
    assert_eq!((response.status, &response.json()["token_type"]), (200, &json!("Bearer")));
    assert_eq!(response.json()["expires_in"], json!(86_400));
    // Readable by the extension's page, but never with the platform's cookies.
    assert_eq!(response.header("access-control-allow-origin"), Some(EXTENSION_PAGE));
    assert_eq!(response.header("access-control-allow-credentials"), None);
    let token = response.json()["access_token"].as_str().unwrap().to_owned();
    let access = sandbox.verified(&token, "at+jwt");
    assert_eq!((access.claim_str("client_id"), access.claim_str("azp")), (Some("ext_demo"), Some("con_acorn")));
    assert_eq!(access.claim_str("sub"), Some(&*sandbox.subject(&sandbox.provider_token("con_acorn", "ada", 2).await)));
    sandbox.verified(response.json()["id_token"].as_str().unwrap(), "JWT");
    for path in ["/api/session/profile", "/api/session/credentials", "/api/session/devices"] {
        sandbox.user_request(&token, "GET", path, None).await.assert_error(403, "ExtensionTokenRefused");
    }
}

#[tokio::test]
async fn an_extension_that_sends_no_state_gets_none_back() {
    let sandbox = TestSandbox::local();
    let back = log_in(&sandbox, &[("state", "")]).await;
    assert_eq!(back.param("state"), None);
    assert!(back.param("code").is_some());
}

#[tokio::test]
async fn a_code_works_once_and_only_for_its_client() {
    let mut sandbox = TestSandbox::local();
    let code = log_in(&sandbox, &[]).await.param("code").unwrap();
    let wrong = [
        ("grant_type", "password", "unsupported_grant_type"),
        ("client_id", "app_demo", "invalid_client"),
        ("client_id", "ext_other", "invalid_grant"),
        ("redirect_uri", "https://partner.test/callback", "invalid_grant"),
        ("redirect_uri", "", "invalid_request"),
        ("code_verifier", "another-verifier-another-verifier-another-verifier", "invalid_grant"),
        ("code_verifier", "", "invalid_request"),
        ("code", "0123456789abcdef0123456789abcdef", "invalid_grant"),
    ];
    for (field, value, error) in wrong {
        let mut body = token_body(&code);
        body[field] = json!(value);
        let response = exchange(&sandbox, body).await;
        assert_eq!((response.status, &response.json()["error"]), (400, &json!(error)), "{field}");
        assert!(response.json()["error_description"].is_string());
    }
    assert_eq!(exchange(&sandbox, token_body(&code)).await.status, 200);
    assert_eq!(exchange(&sandbox, token_body(&code)).await.json()["error"], json!("invalid_grant"));
    let late = log_in(&sandbox, &[]).await.param("code").unwrap();
    sandbox.advance(301).await;
    assert_eq!(exchange(&sandbox, token_body(&late)).await.json()["error"], json!("invalid_grant"));
    assert_eq!(exchange(&sandbox, json!([])).await.json()["error"], json!("invalid_request"));
}

#[tokio::test]
async fn the_token_request_may_be_a_form() {
    let sandbox = TestSandbox::local();
    let code = log_in(&sandbox, &[]).await.param("code").unwrap();
    let body = token_body(&code);
    let pairs = body.as_object().unwrap().iter().map(|(name, value)| (name, value.as_str().unwrap()));
    let form = Serializer::new(String::new()).extend_pairs(pairs).finish();
    let request = Request::post(TOKENS).header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(sandbox.send_request(request.body(Body::from(form)).unwrap()).await.status, 200);
}

#[tokio::test]
async fn an_invalid_client_or_redirect_uri_is_not_redirected() {
    let sandbox = TestSandbox::local();
    let cases = [
        ("client_id", "app_demo", "InvalidExtension"),
        ("client_id", "ext_unknown", "InvalidExtension"),
        ("redirect_uri", "https://evil.test/", "InvalidRedirectUrl"),
        ("redirect_uri", "", "InvalidRedirectUrl"),
    ];
    for (name, value, code) in cases {
        let response = sandbox.navigate(&authorize_url(&[(name, value)])).await;
        assert_eq!((response.status, response.header("location")), (400, None), "{name}={value}");
        assert!(response.text.contains(code), "{name}={value}");
    }
    let twice = format!("{}&client_id=ext_other", authorize_url(&[]));
    assert_eq!(sandbox.navigate(&twice).await.status, 400);
    assert!(sandbox.navigate(&format!("{LOCAL}/?utm=1")).await.text.contains("Start a login from an application"));
}

#[tokio::test]
async fn other_errors_are_redirected_to_the_extension() {
    let sandbox = TestSandbox::local();
    let cases = [
        ("code_challenge", "undefined", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
    ];
    for (name, value, error) in cases {
        let response = sandbox.navigate(&authorize_url(&[(name, value)])).await;
        assert_eq!(response.param("error").as_deref(), Some(error), "{name}={value}");
        assert_eq!(response.param("state").as_deref(), Some("own state"));
    }
    let list = sandbox.navigate(&authorize_url(&[])).await;
    let provider = format!("{LOCAL}/sandbox/provider/con_acorn?state={}", state_in(&list.text));
    let cancelled = sandbox.choose_person(&provider, "cancel=1", None).await;
    assert_eq!(cancelled.param("error").as_deref(), Some("access_denied"));
    assert_eq!((cancelled.param("state").as_deref(), cancelled.param("nonce")), (Some("own state"), None));
}

#[tokio::test]
async fn the_platforms_own_login_page_chooses_the_connection() {
    let sandbox = TestSandbox::with_login_page("http://localhost:5173/login?theme=dark");
    let sent = sandbox.navigate(&authorize_url(&[])).await;
    assert!(sent.location().as_str().starts_with("http://localhost:5173/login?theme=dark&state="));
    assert_eq!(sent.param("flow").as_deref(), Some("oauthLogin"));
    let id = sent.param("state").unwrap();
    let path = format!("/api/authentication/{id}");
    let body = |fields: Value, hashed: &str| {
        let mut body = fields;
        body["antiAbuseHash"] = json!(search(&format!("{hashed}|{id}"), sandbox.now_ms(), 1));
        Some(body)
    };
    let acorn = body(json!({ "connectionId": "con_acorn" }), "con_acorn");
    let patch = async |body| sandbox.page_request("PATCH", &path, body).await;
    let stranger = sandbox.send("PATCH", &path, &[("origin", EXTENSION_PAGE)], acorn.clone()).await;
    stranger.assert_error(403, "OriginNotAllowed");
    patch(body(json!({}), "")).await.assert_error(400, "InvalidConnection");
    patch(body(json!({ "connectionId": "con_acorn" }), "con_birch")).await.assert_error(400, "InvalidAntiAbuseHash");
    patch(body(json!({ "connectionId": "con_none" }), "con_none")).await.assert_error(400, "InvalidConnection");
    let tenant = json!({ "tenantLookupIdentifier": "shop", "hint": "ada@shop.test", "connectionId": "con_acorn" });
    patch(body(tenant.clone(), "con_acorn|shop")).await.assert_error(400, "InvalidAntiAbuseHash");
    patch(body(tenant, "con_acorn|ada@shop.test")).await.assert_error(404, "TenantNotFound");
    let response = patch(acorn.clone()).await;
    let url = response.json()["authenticationUrl"].as_str().unwrap().to_owned();
    patch(acorn.clone()).await.assert_error(400, "AntiAbuseHashReused");
    let back = sandbox.choose_person(&url, "user=ada", None).await;
    assert_eq!(back.param("state").as_deref(), Some("own state"));
    assert_eq!(exchange(&sandbox, token_body(&back.param("code").unwrap())).await.status, 200);
    patch(acorn).await.assert_error(404, "InvalidAuthenticationRequest");
}

#[tokio::test]
async fn the_token_endpoint_of_applications_rejects_an_extensions_code() {
    let sandbox = TestSandbox::local();
    let list = sandbox.navigate(&authorize_url(&[])).await;
    let id = state_in(&list.text);
    let provider = format!("{LOCAL}/sandbox/provider/con_acorn?state={id}");
    let code = sandbox.choose_person(&provider, "user=ada", None).await.param("code").unwrap();
    let path = format!("/api/authentication/{id}/tokens");
    sandbox.page_request("POST", &path, Some(token_body(&code))).await.assert_invalid_request("none was issued");
}

#[tokio::test]
async fn an_extensions_login_leaves_the_browsers_session_as_it_is() {
    let sandbox = TestSandbox::local();
    let pending = sandbox.start("con_birch", 2).await;
    let response = sandbox.choose_person(&pending.authentication_url, "user=grace", None).await;
    let cookie = format!("authress-session={}", response.cookie_value("authress-session"));
    let list = sandbox.navigate(&authorize_url(&[])).await;
    let provider = format!("{LOCAL}/sandbox/provider/con_acorn?state={}", state_in(&list.text));
    let back = sandbox.choose_person(&provider, "user=ada", Some(&cookie)).await;
    assert_eq!(back.location().host_str(), Url::parse(EXTENSION_PAGE).unwrap().host_str());
    let headers = [("cookie", cookie.as_str()), ("origin", LOCAL_PAGE)];
    assert_eq!(sandbox.send("PATCH", "/api/session", &headers, Some(json!({}))).await.status, 200);
}
