//! The management API, called by a shop's server and by users.

mod authentication;
mod claims;
mod dialect;
mod faults;
mod invites;
mod permissions;
mod records;
mod users;

use serde_json::{Value, json};

use super::harness::{LOCAL, LOCAL_PAGE, TestResponse, TestSandbox};

/// User ids like those of real providers and verifiers.
const USER_IDS: [&str; 5] =
    ["google-oauth2|1095", "slack|T0/U1", "Authress|a:b@c d+e", "urn:user/ada~1", "name with  spaces"];

/// The resources that the shop's service client owns.
const OWNED: [&str; 5] =
    ["carts", "Authress:Invites", "Authress:Users", "Authress:AccessRecords", "Authress:UserPermissions"];

/// A sandbox whose service client has access to the shop's resources.
fn shop(dialect: Value) -> TestSandbox {
    shop_with(dialect, &OWNED)
}

/// A sandbox whose service client owns these resources only.
fn shop_with(dialect: Value, owned: &[&str]) -> TestSandbox {
    let resources: Vec<Value> = owned.iter().map(|uri| json!({ "resourceUri": uri })).collect();
    let statements = if owned.is_empty() { json!([]) } else { json!([statement_of("Authress:Owner", resources)]) };
    let fields = json!({
        "dialect": dialect,
        "serviceClients": [{
            "clientId": "sc_shop", "authorizationUrl": "http://127.0.0.1:9000/v1/login", "accessKeyFile": "unused",
            "statements": statements,
        }],
        "roles": [{ "roleId": "ro_viewer", "permissions": [{ "action": "READ" }] }],
        "claimableCollections": ["carts"],
        "tenants": [{ "tenantLookupIdentifier": "acme", "connectionId": "con_birch" }],
    });
    TestSandbox::new(LOCAL, LOCAL_PAGE, fields)
}

fn statement_of(role: &str, resources: Vec<Value>) -> Value {
    json!({ "roles": [role], "resources": resources })
}

fn statement(role: &str, resource_uri: &str) -> Value {
    statement_of(role, vec![json!({ "resourceUri": resource_uri })])
}

/// The claims of the service client's own token.
fn client_claims(sandbox: &TestSandbox) -> Value {
    let now = sandbox.now_ms() / 1000;
    json!({
        "aud": "acc_localsandbox.accounts.authress.io", "iss": format!("{}/v1/clients/sc_shop", sandbox.public_url),
        "sub": "sc_shop", "client_id": "sc_shop", "iat": now, "exp": now + 86_400, "scope": "openid",
    })
}

/// A request with a bearer token, as a server sends it: without an origin.
async fn send_with(sandbox: &TestSandbox, token: &str, method: &str, path: &str, body: Option<Value>) -> TestResponse {
    let authorization = format!("Bearer {token}");
    sandbox.send(method, path, &[("authorization", &authorization)], body).await
}

/// A request of the service client.
async fn send(sandbox: &TestSandbox, method: &str, path: &str, body: Option<Value>) -> TestResponse {
    let token = sandbox.verifier_key.sign_jwt("at+jwt", &client_claims(sandbox));
    send_with(sandbox, &token, method, path, body).await
}

/// Whether the user has a permission.
async fn has_permission(sandbox: &TestSandbox, user_id: &str, resource: &str, permission: &str) -> bool {
    let path = permission_path(user_id, resource, permission);
    match send(sandbox, "GET", &path, None).await.status {
        200 => true,
        404 => false,
        other => panic!("{other}"),
    }
}

fn permission_path(user_id: &str, resource: &str, permission: &str) -> String {
    format!("/v1/users/{}/resources/{}/permissions/{permission}", encode(user_id), encode(resource))
}

/// A path segment, percent-encoded as `encodeURIComponent` does it.
fn encode(segment: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte);
    let encoded = |byte| if unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    segment.bytes().map(encoded).collect()
}
