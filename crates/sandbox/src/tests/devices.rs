//! Second factors and provider credentials.

use authress_login_protocol::base64url;
use serde_json::{Value, json};

use super::harness::{HTTPS_PAGE, LOCAL_PAGE, TestSandbox};
use crate::endpoints::devices::totp::code_for;
use crate::model::device::MAX_DEVICES;

const DEVICES: &str = "/api/session/devices";
const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

fn totp(sandbox: &TestSandbox, name: &str) -> Value {
    let code = code_for(SECRET, sandbox.now_ms() / 1000);
    json!({ "name": name, "type": "TOTP", "code": code, "totpData": { "secret": SECRET, "verificationCode": code } })
}

fn web_authn(user_id: &str, origin: &str, credential_id: &str) -> Value {
    let challenge = base64url::encode(user_id.as_bytes());
    let client = json!({ "type": "webauthn.create", "challenge": challenge, "origin": origin, "crossOrigin": false });
    json!({ "name": "Key", "type": "WebAuthN", "code": {
        "authenticatorAttachment": "cross-platform", "credentialId": credential_id, "type": "public-key",
        "userId": user_id, "attestation": "o2NmbXQ=", "client": base64url::encode(client.to_string().as_bytes()),
    } })
}

#[tokio::test]
async fn devices_are_registered_listed_and_removed() {
    let sandbox = TestSandbox::local();
    let token = sandbox.provider_token("con_acorn", "ada", 1).await;
    let user_id = sandbox.subject(&token);
    assert_eq!(sandbox.user_request(&token, "GET", DEVICES, None).await.json(), json!({ "devices": [] }));
    let phone = sandbox.user_request(&token, "POST", DEVICES, Some(totp(&sandbox, "Phone"))).await.json();
    assert_eq!((&phone["name"], &phone["type"]), (&json!("Phone"), &json!("TOTP")));
    assert!(phone["created"].as_str().unwrap().ends_with('Z') && !phone.to_string().contains(SECRET));
    let key = sandbox.user_request(&token, "POST", DEVICES, Some(web_authn(&user_id, LOCAL_PAGE, "AAEC"))).await.json();
    assert_eq!(key["type"], json!("WebAuthN"));
    let twice = sandbox.user_request(&token, "POST", DEVICES, Some(web_authn(&user_id, LOCAL_PAGE, "AAEC"))).await;
    twice.assert_error(409, "DeviceAlreadyRegistered");
    assert_eq!(sandbox.user_request(&token, "GET", DEVICES, None).await.json(), json!({ "devices": [phone, key] }));

    let path = format!("{DEVICES}/{}", phone["deviceId"].as_str().unwrap());
    let other = sandbox.provider_token("con_acorn", "grace", 2).await;
    sandbox.user_request(&other, "DELETE", &path, None).await.assert_error(404, "DeviceNotFound");
    assert_eq!(sandbox.user_request(&token, "DELETE", &path, None).await.status, 204);
    sandbox.user_request(&token, "DELETE", &path, None).await.assert_error(404, "DeviceNotFound");
    assert_eq!(sandbox.user_request(&token, "GET", DEVICES, None).await.json(), json!({ "devices": [key] }));
}

#[tokio::test]
async fn a_one_time_code_is_checked_by_the_sandboxs_clock() {
    let mut sandbox = TestSandbox::local();
    let token = sandbox.provider_token("con_acorn", "ada", 1).await;
    let early = totp(&sandbox, "Phone");
    sandbox.advance(3600).await;
    let post = async |body| sandbox.user_request(&token, "POST", DEVICES, Some(body)).await;
    post(early).await.assert_error(400, "InvalidVerificationCode");
    let mut without_code = totp(&sandbox, "Phone");
    without_code["code"] = Value::Null;
    post(without_code).await.assert_error(400, "InvalidVerificationCode");
    let mut without_secret = totp(&sandbox, "Phone");
    without_secret.as_object_mut().unwrap().remove("totpData");
    post(without_secret).await.assert_error(400, "InvalidTotpSecret");
    assert_eq!(post(totp(&sandbox, "Phone")).await.status, 200);
}

#[tokio::test]
async fn a_credential_of_another_user_or_page_is_rejected() {
    let sandbox = TestSandbox::local();
    let token = sandbox.provider_token("con_acorn", "ada", 1).await;
    let user_id = sandbox.subject(&token);
    let post = async |body| sandbox.user_request(&token, "POST", DEVICES, Some(body)).await;
    let mut number = web_authn(&user_id, LOCAL_PAGE, "AAEC");
    number["code"] = json!("123456");
    for body in [web_authn("user_2", LOCAL_PAGE, "AAEC"), web_authn(&user_id, "https://evil.test", "AAEC"), number] {
        post(body).await.assert_error(400, "InvalidWebAuthnRegistration");
    }
    post(json!({ "name": "x", "type": "Pager", "code": "1" })).await.assert_error(400, "InvalidRequest");
    let mut long = web_authn(&user_id, LOCAL_PAGE, "AAEC");
    long["name"] = json!("x".repeat(65));
    post(long).await.assert_error(400, "InvalidDeviceName");
}

#[tokio::test]
async fn an_account_has_a_limited_number_of_devices() {
    let sandbox = TestSandbox::local();
    let token = sandbox.provider_token("con_acorn", "ada", 1).await;
    for _ in 0..MAX_DEVICES {
        assert_eq!(sandbox.user_request(&token, "POST", DEVICES, Some(totp(&sandbox, "Phone"))).await.status, 200);
    }
    let response = sandbox.user_request(&token, "POST", DEVICES, Some(totp(&sandbox, "Phone"))).await;
    response.assert_error(409, "TooManyDevices");
}

#[tokio::test]
async fn devices_and_credentials_need_an_authenticated_user() {
    let sandbox = TestSandbox::local();
    let body = || Some(totp(&sandbox, "Phone"));
    sandbox.page_request("GET", DEVICES, None).await.assert_error(401, "Unauthorized");
    sandbox.page_request("POST", DEVICES, body()).await.assert_error(401, "Unauthorized");
    sandbox.page_request("DELETE", "/api/session/devices/x", None).await.assert_error(401, "Unauthorized");
    sandbox.page_request("GET", "/api/session/credentials", None).await.assert_error(401, "Unauthorized");
    sandbox.user_request("null", "GET", DEVICES, None).await.assert_error(401, "Unauthorized");
}

#[tokio::test]
async fn the_providers_credentials_belong_to_the_identity_of_the_session() {
    const CREDENTIALS: &str = "/api/session/credentials";
    let sandbox = TestSandbox::local();
    let of = async |token: &str| {
        let response = sandbox.user_request(token, "GET", CREDENTIALS, None).await.json();
        response["accessToken"].as_str().unwrap().to_owned()
    };
    let ada = sandbox.provider_token("con_acorn", "ada", 1).await;
    let grace = sandbox.provider_token("con_acorn", "grace", 2).await;
    assert!(!of(&ada).await.contains('.') && of(&ada).await == of(&ada).await);
    assert_ne!(of(&ada).await, of(&grace).await);
    let anonymous = sandbox.anonymous_token("user_1", 3).await;
    let response = sandbox.user_request(&anonymous, "GET", CREDENTIALS, None).await;
    response.assert_error(404, "ConnectionCredentialsNotFound");
    // After the link the old token still is the anonymous one's, the new one is the provider's.
    let authorization = format!("Bearer {anonymous}");
    let pending = sandbox.start_with(sandbox.link_body("con_birch", 4), &[("authorization", &authorization)], 4).await;
    let linked =
        sandbox.choose_person(&pending.authentication_url, "user=ada", None).await.param("access_token").unwrap();
    of(&linked).await;
    assert_eq!(sandbox.user_request(&anonymous, "GET", CREDENTIALS, None).await.status, 404);
}

#[tokio::test]
async fn the_session_cookie_authenticates_a_page_of_an_application() {
    let sandbox = TestSandbox::same_site();
    let pending = sandbox.start("con_acorn", 1).await;
    let response = sandbox.choose_person(&pending.authentication_url, "user=ada", None).await;
    let cookie = format!("authress-session={}", response.cookie_value("authress-session"));
    for path in [DEVICES, "/api/session/credentials"] {
        let call =
            async |origin| sandbox.send("GET", path, &[("cookie", &cookie), ("origin", origin)], None).await.status;
        assert_eq!((call(HTTPS_PAGE).await, call("https://evil.shop.test").await), (200, 401), "{path}");
    }
}
