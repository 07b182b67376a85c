//! Who may call the management API.

use serde_json::{Value, json};

use super::super::extension;
use super::super::harness::TestSandbox;
use super::{client_claims, send, send_with, shop, shop_with, statement};

#[tokio::test]
async fn a_service_client_authenticates_with_a_token_of_its_own() {
    for dialect in [json!("default"), json!("strict"), json!({ "issuer": "below" })] {
        let mut sandbox = shop(dialect);
        assert_eq!(send(&sandbox, "GET", "/v1/users", None).await.status, 200);
        let token = sandbox.verifier_key.sign_jwt("at+jwt", &client_claims(&sandbox));
        // The sandbox's clock also runs by itself.
        sandbox.advance(86_390).await;
        assert_eq!(send_with(&sandbox, &token, "GET", "/v1/users", None).await.status, 200);
        sandbox.advance(11).await;
        send_with(&sandbox, &token, "GET", "/v1/users", None).await.assert_error(401, "Unauthorized");
    }
}

#[tokio::test]
async fn other_tokens_and_session_cookies_do_not_authenticate() {
    let sandbox = shop(json!("default"));
    let pending = sandbox.start("con_acorn", 1).await;
    let response = sandbox.choose_person(&pending.authentication_url, "user=ada", None).await;
    let cookie = format!("authress-session={}", response.cookie_value("authress-session"));
    let with_cookie = [("cookie", cookie.as_str()), ("origin", sandbox.page)];
    sandbox.send("GET", "/v1/users", &with_cookie, None).await.assert_error(401, "Unauthorized");
    sandbox.send("GET", "/v1/users", &[("authorization", "Basic eDp5")], None).await.assert_error(401, "Unauthorized");
    let signed = |typ: &str, claims: &Value| sandbox.verifier_key.sign_jwt(typ, claims);
    let mut foreign = client_claims(&sandbox);
    foreign["iss"] = json!("https://login.other.test/v1/clients/sc_shop");
    let tokens = [
        String::new(),
        "undefined".to_owned(),
        response.param("id_token").unwrap(),
        signed("oauth-authz-req+jwt", &sandbox.verifier_claims("user_1")),
        signed("at+jwt", &sandbox.verifier_claims("user_1")),
        signed("JWT", &client_claims(&sandbox)),
        signed("at+jwt", &foreign),
    ];
    for token in tokens {
        send_with(&sandbox, &token, "GET", "/v1/users", None).await.assert_error(401, "Unauthorized");
    }
}

#[tokio::test]
async fn an_extensions_token_is_refused() {
    let sandbox = TestSandbox::local();
    let code = extension::log_in(&sandbox, &[]).await.param("code").unwrap();
    let tokens = extension::exchange(&sandbox, extension::token_body(&code)).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    send_with(&sandbox, token, "GET", "/v1/users", None).await.assert_error(403, "ExtensionTokenRefused");
}

#[tokio::test]
async fn a_user_whose_id_looks_like_a_service_clients_is_refused() {
    let sandbox = shop(json!("default"));
    let token = sandbox.anonymous_token("Authress:ServiceClients/sc_shop", 1).await;
    send_with(&sandbox, &token, "GET", "/v1/users", None).await.assert_error(403, "Forbidden");
}

#[tokio::test]
async fn without_statements_a_service_client_may_log_users_in_and_nothing_else() {
    let sandbox = shop_with(json!("strict"), &[]);
    let record =
        json!({ "name": "x", "users": [{ "userId": "u" }], "statements": [statement("Authress:Owner", "carts/1")] });
    sandbox.anonymous_token("user_1", 1).await;
    for (method, path, body) in [
        ("POST", "/v1/invites", Some(json!({ "statements": [] }))),
        ("POST", "/v1/invites", Some(json!({ "statements": [statement("Authress:Owner", "carts/1")] }))),
        ("POST", "/v1/claims", Some(json!({ "collectionResource": "carts", "resourceId": "1" }))),
        ("POST", "/v1/records", Some(record)),
        ("GET", "/v1/records", None),
        ("GET", "/v1/users", None),
        ("GET", "/v1/users/user_1", None),
        ("DELETE", "/v1/users/user_1", None),
        ("GET", "/v1/users/user_1/resources", None),
        ("GET", "/v1/users/user_1/resources/carts%2F1/permissions/READ", None),
    ] {
        send(&sandbox, method, path, body).await.assert_error(403, "Forbidden");
    }
}

#[tokio::test]
async fn a_service_client_without_token_generation_logs_no_user_in() {
    let clients = json!([{
        "clientId": "sc_shop", "authorizationUrl": "http://127.0.0.1:9000/v1/login", "accessKeyFile": "unused",
        "options": { "grantTokenGeneration": false, "grantUserPermissionsAccess": true },
    }]);
    let fields = json!({ "serviceClients": clients });
    let sandbox = TestSandbox::new(super::LOCAL, super::LOCAL_PAGE, fields);
    let pending = sandbox.start("sc_shop", 1).await;
    let refused = sandbox.verifier_login(&pending, "user_1").await;
    assert!(refused.status == 400 && refused.text.contains("TokenGenerationNotGranted"), "{}", refused.text);
    // Its other option stands for itself.
    let path = "/v1/users/user_1/resources/carts%2F1/permissions/READ";
    send(&sandbox, "GET", path, None).await.assert_error(404, "PermissionNotFound");
}
