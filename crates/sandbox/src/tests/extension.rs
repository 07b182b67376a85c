use authress_login_protocol::authorization::pkce::challenge_s256;
use authress_login_protocol::authorization::proof_of_work::search;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::Serializer;

use super::harness::{EXTENSION_PAGE, LOCAL, LOCAL_PAGE, Reply, Stage, code_verifier, state_in};

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

/// Logs in by the sandbox's own page and gives the redirect to the extension.
async fn log_in(stage: &Stage, changes: &[(&str, &str)]) -> Reply {
    let picker = stage.navigate(&authorize_url(changes)).await;
    assert_eq!(picker.status, 200);
    assert!(picker.text.contains("connection-con_acorn") && picker.text.contains("connection-con_birch"));
    let provider = format!("{LOCAL}/sandbox/provider/con_acorn?state={}", state_in(&picker.text));
    stage.choose(&provider, "user=ada", None).await
}

fn token_body(code: &str) -> Value {
    json!({
        "code_verifier": code_verifier(1), "code": code, "grant_type": "authorization_code", "client_id": "ext_demo",
        "redirect_uri": REDIRECT_URI,
    })
}

async fn exchange(stage: &Stage, body: Value) -> Reply {
    stage.send("POST", TOKENS, &[("origin", EXTENSION_PAGE)], Some(body)).await
}

#[tokio::test]
async fn an_extension_logs_in_by_plain_oauth() {
    let stage = Stage::local();
    let back = log_in(&stage, &[]).await;
    assert!(back.location().as_str().starts_with("https://partner.test/callback?tab=1&"));
    assert_eq!((back.param("state").as_deref(), back.param("iss").as_deref()), (Some("own state"), Some(LOCAL)));
    assert_eq!((back.param("nonce"), back.set_cookie("authress-session")), (None, None));
    let reply = exchange(&stage, token_body(&back.param("code").unwrap())).await;
    assert_eq!((reply.status, &reply.json()["token_type"]), (200, &json!("Bearer")));
    assert_eq!(reply.json()["expires_in"], json!(86_400));
    // Readable by the extension's page, but never with the platform's cookies.
    assert_eq!(reply.header("access-control-allow-origin"), Some(EXTENSION_PAGE));
    assert_eq!(reply.header("access-control-allow-credentials"), None);
    let token = reply.json()["access_token"].as_str().unwrap().to_owned();
    let access = stage.verified(&token, "at+jwt");
    assert_eq!((access.claim_str("client_id"), access.claim_str("azp")), (Some("ext_demo"), Some("con_acorn")));
    assert_eq!(access.claim_str("sub"), Some(&*stage.subject(&stage.provider_token("con_acorn", "ada", 2).await)));
    stage.verified(reply.json()["id_token"].as_str().unwrap(), "JWT");
    for path in ["/api/session/profile", "/api/session/credentials", "/api/session/devices"] {
        stage.user_calls(&token, "GET", path, None).await.assert_refused(403, "ExtensionTokenRefused");
    }
}

#[tokio::test]
async fn without_a_state_of_its_own_the_extension_gets_none() {
    let stage = Stage::local();
    let back = log_in(&stage, &[("state", "")]).await;
    assert_eq!(back.param("state"), None);
    assert!(back.param("code").is_some());
}

#[tokio::test]
async fn a_code_works_once_and_only_for_who_asked() {
    let mut stage = Stage::local();
    let code = log_in(&stage, &[]).await.param("code").unwrap();
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
        let reply = exchange(&stage, body).await;
        assert_eq!((reply.status, &reply.json()["error"]), (400, &json!(error)), "{field}");
        assert!(reply.json()["error_description"].is_string());
    }
    assert_eq!(exchange(&stage, token_body(&code)).await.status, 200);
    assert_eq!(exchange(&stage, token_body(&code)).await.json()["error"], json!("invalid_grant"));
    let late = log_in(&stage, &[]).await.param("code").unwrap();
    stage.advance(301).await;
    assert_eq!(exchange(&stage, token_body(&late)).await.json()["error"], json!("invalid_grant"));
    assert_eq!(exchange(&stage, json!([])).await.json()["error"], json!("invalid_request"));
}

#[tokio::test]
async fn a_form_is_taken_too() {
    let stage = Stage::local();
    let code = log_in(&stage, &[]).await.param("code").unwrap();
    let body = token_body(&code);
    let pairs = body.as_object().unwrap().iter().map(|(name, value)| (name, value.as_str().unwrap()));
    let form = Serializer::new(String::new()).extend_pairs(pairs).finish();
    let request = Request::post(TOKENS).header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(stage.answer(request.body(Body::from(form)).unwrap()).await.status, 200);
}

#[tokio::test]
async fn requests_that_cannot_be_trusted_lead_nowhere() {
    let stage = Stage::local();
    let cases = [
        ("client_id", "app_demo", "InvalidExtension"),
        ("client_id", "ext_unknown", "InvalidExtension"),
        ("redirect_uri", "https://evil.test/", "InvalidRedirectUrl"),
        ("redirect_uri", "", "InvalidRedirectUrl"),
    ];
    for (name, value, code) in cases {
        let reply = stage.navigate(&authorize_url(&[(name, value)])).await;
        assert_eq!((reply.status, reply.header("location")), (400, None), "{name}={value}");
        assert!(reply.text.contains(code), "{name}={value}");
    }
    let twice = format!("{}&client_id=ext_other", authorize_url(&[]));
    assert_eq!(stage.navigate(&twice).await.status, 400);
    assert!(stage.navigate(&format!("{LOCAL}/?utm=1")).await.text.contains("Start a login from an application"));
}

#[tokio::test]
async fn mistakes_of_the_extension_are_told_to_it() {
    let stage = Stage::local();
    let cases = [
        ("code_challenge", "undefined", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
    ];
    for (name, value, error) in cases {
        let reply = stage.navigate(&authorize_url(&[(name, value)])).await;
        assert_eq!(reply.param("error").as_deref(), Some(error), "{name}={value}");
        assert_eq!(reply.param("state").as_deref(), Some("own state"));
    }
    let picker = stage.navigate(&authorize_url(&[])).await;
    let provider = format!("{LOCAL}/sandbox/provider/con_acorn?state={}", state_in(&picker.text));
    let cancelled = stage.choose(&provider, "cancel=1", None).await;
    assert_eq!(cancelled.param("error").as_deref(), Some("access_denied"));
    assert_eq!((cancelled.param("state").as_deref(), cancelled.param("nonce")), (Some("own state"), None));
}

#[tokio::test]
async fn the_platforms_own_login_page_steers_the_login() {
    let stage = Stage::with_login_page("http://localhost:5173/login?theme=dark");
    let sent = stage.navigate(&authorize_url(&[])).await;
    assert!(sent.location().as_str().starts_with("http://localhost:5173/login?theme=dark&state="));
    assert_eq!(sent.param("flow").as_deref(), Some("oauthLogin"));
    let id = sent.param("state").unwrap();
    let path = format!("/api/authentication/{id}");
    let body = |fields: Value, hashed: &str| {
        let mut body = fields;
        body["antiAbuseHash"] = json!(search(&format!("{hashed}|{id}"), stage.now_ms(), 1));
        Some(body)
    };
    let acorn = body(json!({ "connectionId": "con_acorn" }), "con_acorn");
    let patch = async |body| stage.page_calls("PATCH", &path, body).await;
    let stranger = stage.send("PATCH", &path, &[("origin", EXTENSION_PAGE)], acorn.clone()).await;
    stranger.assert_refused(403, "OriginNotAllowed");
    patch(body(json!({}), "")).await.assert_refused(400, "InvalidConnection");
    patch(body(json!({ "connectionId": "con_acorn" }), "con_birch")).await.assert_refused(400, "InvalidAntiAbuseHash");
    patch(body(json!({ "connectionId": "con_none" }), "con_none")).await.assert_refused(400, "InvalidConnection");
    let tenant = json!({ "tenantLookupIdentifier": "shop", "hint": "ada@shop.test", "connectionId": "con_acorn" });
    patch(body(tenant.clone(), "con_acorn|shop")).await.assert_refused(400, "InvalidAntiAbuseHash");
    patch(body(tenant, "con_acorn|ada@shop.test")).await.assert_refused(404, "TenantNotFound");
    let reply = patch(acorn.clone()).await;
    let url = reply.json()["authenticationUrl"].as_str().unwrap().to_owned();
    patch(acorn.clone()).await.assert_refused(400, "AntiAbuseHashReused");
    let back = stage.choose(&url, "user=ada", None).await;
    assert_eq!(back.param("state").as_deref(), Some("own state"));
    assert_eq!(exchange(&stage, token_body(&back.param("code").unwrap())).await.status, 200);
    patch(acorn).await.assert_refused(404, "InvalidAuthenticationRequest");
}

#[tokio::test]
async fn the_applications_token_endpoint_knows_no_extension() {
    let stage = Stage::local();
    let picker = stage.navigate(&authorize_url(&[])).await;
    let id = state_in(&picker.text);
    let provider = format!("{LOCAL}/sandbox/provider/con_acorn?state={id}");
    let code = stage.choose(&provider, "user=ada", None).await.param("code").unwrap();
    let path = format!("/api/authentication/{id}/tokens");
    stage.page_calls("POST", &path, Some(token_body(&code))).await.assert_invalid_request("none was issued");
}

#[tokio::test]
async fn the_browsers_session_with_the_platform_stays() {
    let stage = Stage::local();
    let pending = stage.start("con_birch", 2).await;
    let reply = stage.choose(&pending.authentication_url, "user=grace", None).await;
    let cookie = format!("authress-session={}", reply.cookie_value("authress-session"));
    let picker = stage.navigate(&authorize_url(&[])).await;
    let provider = format!("{LOCAL}/sandbox/provider/con_acorn?state={}", state_in(&picker.text));
    let back = stage.choose(&provider, "user=ada", Some(&cookie)).await;
    assert_eq!(back.location().host_str(), Url::parse(EXTENSION_PAGE).unwrap().host_str());
    let headers = [("cookie", cookie.as_str()), ("origin", LOCAL_PAGE)];
    assert_eq!(stage.send("PATCH", "/api/session", &headers, Some(json!({}))).await.status, 200);
}
