//! What differs between dialects, as a page sees it.

use authress_login_protocol::authorization::proof_of_work::{search, values};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::harness::{HTTPS_PAGE, LOCAL, LOCAL_PAGE, Pending, TestResponse, TestSandbox};

/// The session cookie of a person of a provider, as a header, and the response with it.
async fn log_in(sandbox: &TestSandbox, connection_id: &str, person: &str, seed: u32) -> (String, TestResponse) {
    let pending = sandbox.start(connection_id, seed).await;
    let response = sandbox.choose_person(&pending.authentication_url, &format!("user={person}"), None).await;
    (format!("authress-session={}", response.cookie_value("authress-session")), response)
}

async fn renew(sandbox: &TestSandbox, cookie: &str) -> TestResponse {
    let headers = [("cookie", cookie), ("origin", sandbox.page)];
    sandbox.send("PATCH", "/api/session", &headers, Some(json!({}))).await
}

/// Begins a link for the user of an access token.
async fn post_link(sandbox: &TestSandbox, token: &str, connection_id: &str, seed: u32) -> TestResponse {
    let body = sandbox.link_body(connection_id, seed);
    sandbox.user_request(token, "POST", "/api/authentication", Some(body)).await
}

/// Links a person whose identity has another owner, up to the response to the callback.
async fn refused_link(sandbox: &TestSandbox) -> TestResponse {
    log_in(sandbox, "con_acorn", "ada", 1).await;
    let anonymous = sandbox.anonymous_token("user_1", 2).await;
    let started = post_link(sandbox, &anonymous, "con_acorn", 3).await.json();
    let response = sandbox.choose_person(started["authenticationUrl"].as_str().unwrap(), "user=ada", None).await;
    // Whatever the response says, nothing was linked.
    let profile = sandbox.user_request(&anonymous, "GET", "/api/session/profile", None).await.json();
    assert_eq!(profile["linkedIdentities"].as_array().unwrap().len(), 1);
    response
}

/// The names of the parameters of a redirect.
fn parameters(response: &TestResponse) -> Vec<String> {
    response.location().query_pairs().map(|(name, _)| name.into_owned()).collect()
}

#[tokio::test]
async fn an_identity_is_lean_or_json_in_cookies_and_a_jwt_in_the_query() {
    let sandbox = TestSandbox::same_site_in(json!("strict"));
    let (_, small) = log_in(&sandbox, "con_acorn", "ada", 1).await;
    assert!(small.cookie_value("user").starts_with(".ey"));
    let (cookie, large) = log_in(&sandbox, "con_birch", "ada", 2).await;
    let user = large.set_cookie("user").unwrap();
    assert!(user.starts_with("user=%7B%22iss%22%3A%22https%3A%2F%2Flogin.shop.test%22"), "{user}");
    assert!(user.len() < 4096, "{}", user.len());
    let renewed = renew(&sandbox, &cookie).await;
    assert!(renewed.cookie_value("user").starts_with("%7B"));
    assert!(sandbox.subject(&renewed.cookie_value("authorization")).starts_with("slack|T"));

    let local = TestSandbox::local_in(json!("strict"));
    let (_, response) = log_in(&local, "con_birch", "ada", 3).await;
    let id = local.verified(&response.param("id_token").unwrap(), "JWT");
    assert_eq!((id.claim_str("azp"), &id.claims["aud"]), (Some("con_birch"), &json!(["app_demo"])));
}

#[tokio::test]
async fn a_renewal_may_respond_with_cookies_only() {
    let sandbox = TestSandbox::same_site_in(json!({ "renewal": "cookies" }));
    let (cookie, _) = log_in(&sandbox, "con_acorn", "ada", 1).await;
    let renewed = renew(&sandbox, &cookie).await;
    assert_eq!((renewed.status, renewed.text.as_str()), (200, "{}"));
    assert!(!sandbox.subject(&renewed.cookie_value("authorization")).is_empty());
}

#[tokio::test]
async fn a_renewal_without_a_session_has_the_status_of_the_dialect() {
    for status in [400, 401, 403, 404, 409] {
        let sandbox = TestSandbox::same_site_in(json!({ "base": "strict", "noSession": status }));
        renew(&sandbox, "authress-session=unknown").await.assert_error(status, "SessionNotFound");
    }
    renew(&TestSandbox::same_site(), "authress-session=unknown").await.assert_error(404, "SessionNotFound");
}

#[tokio::test]
async fn a_cancelled_login_has_no_code_in_a_strict_dialect() {
    let sandbox = TestSandbox::local_in(json!("strict"));
    let pending = sandbox.start("con_acorn", 1).await;
    let response = sandbox.choose_person(&pending.authentication_url, "cancel=1", None).await;
    assert_eq!(parameters(&response), ["nonce", "iss", "error", "error_description"]);
    assert_eq!(response.param("error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn a_refused_link_ends_as_the_dialect_says() {
    let without_code = json!({ "callbackErrors": "withoutCode" });
    let response = refused_link(&TestSandbox::local_in(without_code)).await;
    assert_eq!(parameters(&response), ["nonce", "iss", "error", "error_description"]);

    let response = refused_link(&TestSandbox::local_in(json!("strict"))).await;
    assert_eq!(parameters(&response), ["nonce", "iss"]);
    assert!(response.set_cookie("authress-session").is_none());

    let response = refused_link(&TestSandbox::local_in(json!({ "refusedLink": "noCallback" }))).await;
    assert_eq!((response.status, response.header("location")), (400, None));
    assert!(response.text.contains("IdentityAlreadyOwned") && !response.text.contains("back-to-application"));
}

#[tokio::test]
async fn a_connection_links_only_if_its_configuration_says_so() {
    let fields = |dialect: Value| {
        json!({ "dialect": dialect, "connections": [
            { "connectionId": "con_open", "name": "Open", "linking": "EXPLICIT" },
            { "connectionId": "con_shut", "name": "Shut" },
        ] })
    };
    for (dialect, connection_id, linked) in [
        (json!("default"), "con_shut", true),
        (json!("strict"), "con_open", true),
        (json!("strict"), "con_shut", false),
        (json!({ "linksByDefault": false }), "con_shut", false),
    ] {
        let sandbox = TestSandbox::new(LOCAL, LOCAL_PAGE, fields(dialect));
        let anonymous = sandbox.anonymous_token("user_1", 1).await;
        let started = post_link(&sandbox, &anonymous, connection_id, 2).await.json();
        let url = started["authenticationUrl"].as_str().unwrap().to_owned();
        let response = sandbox.choose_person(&url, "user=ada", None).await;
        assert_eq!(response.param("access_token").is_some(), linked, "{connection_id}");
        // The identity is free: it logs in to a user of its own.
        let (_, later) = log_in(&sandbox, connection_id, "ada", 3).await;
        assert_eq!(sandbox.subject(&later.param("access_token").unwrap()) == "user_1", linked, "{connection_id}");
    }
    let known_at_once = json!({ "base": "strict", "refusedLink": "noCallback" });
    let sandbox = TestSandbox::new(LOCAL, LOCAL_PAGE, fields(known_at_once));
    let anonymous = sandbox.anonymous_token("user_1", 1).await;
    post_link(&sandbox, &anonymous, "con_shut", 2).await.assert_error(422, "ConnectionLinkingDisabled");
    assert_eq!(post_link(&sandbox, &anonymous, "con_open", 3).await.status, 200);
}

#[tokio::test]
async fn invalid_input_is_422_with_known_codes_in_a_strict_dialect() {
    let sandbox = TestSandbox::local_in(json!("strict"));
    let token = sandbox.anonymous_token("user_1", 1).await;
    let register = |body| sandbox.user_request(&token, "POST", "/api/session/devices", Some(body));
    let totp = |secret: &str, code: &str| json!({ "type": "TOTP", "code": code, "totpData": { "secret": secret } });
    register(totp("no base32", "123456")).await.assert_error(422, "InvalidRequest");
    register(totp("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "wrong")).await.assert_error(422, "DeviceProcessingFailed");
    register(json!({ "type": "WebAuthN", "code": {} })).await.assert_error(422, "InvalidDevice");
    register(json!({ "type": 1 })).await.assert_error(422, "InvalidRequest");
    let start = |body| sandbox.page_request("POST", "/api/authentication", Some(body));
    start(json!({})).await.assert_error(422, "InvalidRequest");
    let mut body = sandbox.authentication_body(Some("sc_shop"), 2);
    body["redirectUrl"] = json!("https://evil.test/");
    start(body).await.assert_error(422, "InvalidRedirectUrl");
    let body = sandbox.authentication_body(Some("sc_shop"), 3);
    sandbox.send("POST", "/api/authentication", &[], Some(body)).await.assert_error(400, "OriginRequired");
}

#[tokio::test]
async fn access_tokens_of_every_audience_and_lifetime_authenticate_the_user() {
    for audience in ["account", "absent", "issuer"] {
        let switches = json!({ "accessTokenAudience": audience, "tokenLifetimeSeconds": 60 });
        let mut sandbox = TestSandbox::local_in(switches);
        let token = sandbox.anonymous_token("user_1", 1).await;
        assert_eq!(sandbox.user_request(&token, "GET", "/api/session/profile", None).await.status, 200, "{audience}");
        sandbox.advance(61).await;
        let late = sandbox.user_request(&token, "GET", "/api/session/profile", None).await;
        late.assert_error(401, "Unauthorized");
    }
}

#[tokio::test]
async fn a_session_lasts_30_days_in_a_strict_dialect() {
    let mut sandbox = TestSandbox::same_site_in(json!("strict"));
    let (cookie, response) = log_in(&sandbox, "con_acorn", "ada", 1).await;
    assert!(response.set_cookie("authress-session").unwrap().ends_with("Max-Age=2592000"));
    sandbox.advance(29 * 24 * 60 * 60).await;
    assert_eq!(renew(&sandbox, &cookie).await.status, 200);
    sandbox.advance(31 * 24 * 60 * 60).await;
    renew(&sandbox, &cookie).await.assert_error(400, "SessionNotFound");
}

#[tokio::test]
async fn a_token_of_five_seconds_is_renewed_by_its_session() {
    let mut sandbox = TestSandbox::same_site_in(json!({ "tokenLifetimeSeconds": 5 }));
    let (cookie, response) = log_in(&sandbox, "con_acorn", "ada", 1).await;
    for name in ["authorization", "user"] {
        assert!(response.set_cookie(name).unwrap().contains("Max-Age=5"), "{name}");
    }
    sandbox.advance(60).await;
    let renewed = renew(&sandbox, &cookie).await;
    assert_eq!(renewed.json()["expires_in"], json!(5));
}

#[tokio::test]
async fn new_users_of_providers_have_ids_like_real_ones() {
    let sandbox = TestSandbox::local_in(json!("strict"));
    let mut ids = vec![];
    for (seed, connection_id) in [(1, "con_acorn"), (2, "con_acorn"), (3, "con_birch")] {
        let (_, response) = log_in(&sandbox, connection_id, "Mae+J", seed).await;
        ids.push(sandbox.subject(&response.param("access_token").unwrap()));
    }
    assert!(ids[0].starts_with("google-oauth2|1") && ids[2].starts_with("slack|T"), "{ids:?}");
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_verifier_may_not_hear_of_its_client_id_and_its_user_ids_are_checked() {
    let sandbox = TestSandbox::local_in(json!("strict"));
    let pending = sandbox.start("sc_shop", 1).await;
    let verifier_url = sandbox.open(&pending.authentication_url).await;
    assert!(verifier_url.contains("/v1/login?state=") && !verifier_url.contains("client_id"), "{verifier_url}");
    let refused = sandbox.verifier_login(&pending, "user(1)").await;
    assert!(refused.status == 400 && refused.text.contains("VerifierUserIdInvalid"));
    assert_eq!(sandbox.verifier_login(&pending, "user_1").await.status, 302);
}

#[tokio::test]
async fn pages_on_localhost_may_get_the_session_in_the_query() {
    let sandbox = TestSandbox::local_in(json!("strict"));
    let (cookie, response) = log_in(&sandbox, "con_acorn", "ada", 1).await;
    assert_eq!(response.param("session_token").as_deref(), cookie.strip_prefix("authress-session="));
    let (_, response) = log_in(&TestSandbox::local(), "con_acorn", "ada", 1).await;
    assert_eq!(response.param("session_token"), None);
    let (_, response) = log_in(&TestSandbox::same_site_in(json!("strict")), "con_acorn", "ada", 1).await;
    assert_eq!(response.param("session_token"), None);
}

#[tokio::test]
async fn the_issuer_may_be_another_host_of_the_account() {
    for (switch, issuer) in [("below", "https://tenant.login.shop.test"), ("above", "https://shop.test")] {
        let sandbox = TestSandbox::same_site_in(json!({ "issuer": switch }));
        let (cookie, response) = log_in(&sandbox, "con_acorn", "ada", 1).await;
        assert_eq!(response.param("iss").as_deref(), Some(issuer));
        let token = response.cookie_value("authorization");
        assert_eq!(sandbox.verified(&token, "at+jwt").claim_str("iss"), Some(issuer));
        assert_eq!(sandbox.user_request(&token, "GET", "/api/session/profile", None).await.status, 200);
        assert_eq!(renew(&sandbox, &cookie).await.status, 200);
        let discovery = sandbox.send("GET", "/.well-known/openid-configuration", &[], None).await.json();
        assert_eq!(discovery["issuer"], json!(issuer));
        assert!(discovery["jwks_uri"].as_str().unwrap().starts_with("https://login.shop.test/"));
        // The verifier still speaks for its client by the public host.
        let pending = sandbox.start("sc_shop", 2).await;
        assert_eq!(sandbox.verifier_login(&pending, "user_1").await.status, 302);
    }
}

#[tokio::test]
async fn the_access_token_may_be_out_of_reach_of_scripts() {
    let sandbox = TestSandbox::same_site_in(json!({ "enableAccessToToken": false }));
    let (cookie, response) = log_in(&sandbox, "con_acorn", "ada", 1).await;
    for response in [response, renew(&sandbox, &cookie).await] {
        assert!(response.set_cookie("authorization").unwrap().contains("; HttpOnly;"));
        assert!(!response.set_cookie("user").unwrap().contains("HttpOnly"));
    }
    let (_, local) =
        log_in(&TestSandbox::local_in(json!({ "enableAccessToToken": false })), "con_acorn", "ada", 1).await;
    assert!(local.param("access_token").is_some());
}

#[tokio::test]
async fn logins_may_have_a_limit() {
    let mut sandbox = TestSandbox::local_in(json!({ "loginLimit": 2 }));
    let post =
        |seed| sandbox.page_request("POST", "/api/authentication", Some(sandbox.authentication_body(None, seed)));
    let statuses = [post(1).await.status, post(2).await.status];
    assert_eq!(statuses, [200, 200]);
    let refused = post(3).await;
    refused.assert_error(429, "TooManyRequests");
    assert_eq!(refused.header("access-control-allow-origin"), Some(LOCAL_PAGE));
    renew(&sandbox, "authress-session=unknown").await.assert_error(404, "SessionNotFound");
    sandbox.advance(60).await;
    let body = sandbox.authentication_body(None, 4);
    assert_eq!(sandbox.page_request("POST", "/api/authentication", Some(body)).await.status, 200);
}

#[tokio::test]
async fn an_expired_request_is_named_so() {
    let mut sandbox = TestSandbox::local_in(json!("strict"));
    let pending = sandbox.start("con_acorn", 1).await;
    let provider = sandbox.open(&pending.authentication_url).await;
    sandbox.advance(300).await;
    let response = sandbox.choose_person(&provider, "user=ada", None).await;
    assert_eq!(response.param("error").as_deref(), Some("Expired"));
}

#[tokio::test]
async fn an_identity_of_a_service_client_can_be_linked() {
    let mut sandbox = TestSandbox::local_in(json!("strict"));
    let (_, response) = log_in(&sandbox, "con_acorn", "ada", 1).await;
    let token = response.param("access_token").unwrap();
    let body = sandbox.link_body("sc_shop", 2);
    let authorization = format!("Bearer {token}");
    let pending = sandbox.start_with(body, &[("authorization", &authorization)], 2).await;
    let linked = sandbox.verifier_login(&pending, "code-sent-to-ada").await;
    let access = sandbox.verified(&linked.param("access_token").unwrap(), "at+jwt");
    let owner = sandbox.subject(&token);
    assert_eq!((access.claim_str("sub"), access.claim_str("azp")), (Some(owner.as_str()), Some("sc_shop")));
    // Two statements of one second for one user are the same statement.
    sandbox.advance(1).await;
    let pending = sandbox.start("sc_shop", 3).await;
    let later = sandbox.verifier_login(&pending, "code-sent-to-ada").await;
    assert_eq!(sandbox.subject(&later.param("access_token").unwrap()), owner);
}

#[tokio::test]
async fn audiences_must_be_those_of_the_application() {
    let applications = json!([
        { "applicationId": "app_demo", "redirectUrls": [LOCAL_PAGE], "audiences": ["api.one", "api.two"] },
    ]);
    let fields = |dialect: &str| json!({ "dialect": dialect, "applications": applications });
    let post = async |dialect: &str, audiences: &[&str]| {
        let sandbox = TestSandbox::new(LOCAL, LOCAL_PAGE, fields(dialect));
        let mut body = sandbox.authentication_body(Some("sc_shop"), 1);
        let audiences: Vec<String> = audiences.iter().map(|audience| (*audience).to_owned()).collect();
        let hashed = values::authenticate(Some("sc_shop"), None, None, "app_demo", Some(&audiences));
        body["antiAbuseHash"] = json!(search(&hashed, sandbox.now_ms(), 1));
        body["audiences"] = json!(audiences);
        sandbox.page_request("POST", "/api/authentication", Some(body)).await
    };
    assert_eq!(post("strict", &["api.two"]).await.status, 200);
    post("strict", &["api.two", "api.three"]).await.assert_error(422, "InvalidAudience");
    assert_eq!(post("default", &["api.three"]).await.status, 200);
}

#[tokio::test]
async fn an_invite_is_for_one_login() {
    let fields = json!({ "dialect": "strict", "invites": [
        { "inviteId": "inv_once" }, { "inviteId": "inv_short", "expiresInSeconds": 60 },
    ] });
    let mut sandbox = TestSandbox::new(LOCAL, LOCAL_PAGE, fields);
    let body = |sandbox: &TestSandbox, id: &str, seed| sandbox.invited_body(Some("con_acorn"), id, seed);
    // An abandoned login leaves the invite unused.
    sandbox.start_with(body(&sandbox, "inv_once", 1), &[], 1).await;
    let pending = sandbox.start_with(body(&sandbox, "inv_once", 2), &[], 2).await;
    assert_eq!(sandbox.choose_person(&pending.authentication_url, "user=ada", None).await.status, 302);
    sandbox.advance(61).await;
    for (id, status, code) in
        [("inv_once", 409, "InviteUsed"), ("inv_short", 410, "InviteExpired"), ("inv_other", 404, "InviteNotFound")]
    {
        let body = body(&sandbox, id, 3);
        sandbox.page_request("POST", "/api/authentication", Some(body)).await.assert_error(status, code);
    }
    let lenient = TestSandbox::local();
    lenient.start_with(body(&lenient, "inv_other", 1), &[], 1).await;
}

#[tokio::test]
async fn a_tenant_stands_for_its_connection() {
    let tenants = json!([{ "tenantLookupIdentifier": "acme", "connectionId": "con_birch" }]);
    let sandbox = TestSandbox::new(LOCAL, LOCAL_PAGE, json!({ "dialect": "strict", "tenants": tenants }));
    let body = |tenant: &str, seed| {
        let mut body = sandbox.authentication_body(None, seed);
        let hashed = values::authenticate(None, Some(tenant), None, "app_demo", None);
        body["antiAbuseHash"] = json!(search(&hashed, sandbox.now_ms(), seed));
        body["tenantLookupIdentifier"] = json!(tenant);
        body
    };
    let pending = sandbox.start_with(body("acme", 1), &[], 1).await;
    assert!(sandbox.open(&pending.authentication_url).await.contains("/sandbox/provider/con_birch"));
    let unknown = sandbox.page_request("POST", "/api/authentication", Some(body("other", 2))).await;
    unknown.assert_error(422, "InvalidTenantIdentifier");
}

#[tokio::test]
async fn the_query_of_the_redirect_url_is_extended_as_it_is_or_dropped() {
    for (dialect, expected) in
        [(json!("strict"), "?nonce=mine&code=SUMMER&nonce="), (json!({ "dropsRedirectQuery": true }), "?nonce=")]
    {
        let sandbox = TestSandbox::same_site_in(dialect);
        let mut body = sandbox.authentication_body(Some("sc_shop"), 1);
        body["redirectUrl"] = json!(format!("{HTTPS_PAGE}/cart?nonce=mine&code=SUMMER"));
        let pending = sandbox.start_with(body, &[], 1).await;
        let response = sandbox.verifier_login(&pending, "user_1").await;
        let location = response.header("location").unwrap();
        assert!(location.starts_with(&format!("{HTTPS_PAGE}/cart{expected}{}", pending.id)), "{location}");
    }
}

/// What a browser sends for a request of this mode, from a page of the same site.
fn metadata(mode: &'static str) -> [(&'static str, &'static str); 3] {
    let destination = if mode == "navigate" { "document" } else { "empty" };
    [("sec-fetch-mode", mode), ("sec-fetch-dest", destination), ("sec-fetch-site", "same-site")]
}

/// The path of `/login` with a statement of the verifier.
fn login_path(sandbox: &TestSandbox, pending: &Pending) -> String {
    let code = sandbox.verifier_key.sign_jwt("oauth-authz-req+jwt", &sandbox.verifier_claims("user_1"));
    let iss = format!("{}/v1/clients/sc_shop", sandbox.public_url);
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("code", code.as_str()), ("iss", &iss), ("state", &pending.id)])
        .finish();
    format!("/login?{query}")
}

/// Begins a login that brings a code in a cookie, as the page of the same site does for the background.
async fn start_in_background(sandbox: &TestSandbox, seed: u32) -> Pending {
    let mut body = sandbox.authentication_body(Some("sc_shop"), seed);
    body["flowType"] = json!("code");
    sandbox.start_with(body, &metadata("cors"), seed).await
}

#[tokio::test]
async fn a_login_in_the_background_brings_the_code_in_its_cookie() {
    for dialect in [json!("default"), json!({ "base": "strict", "refusesBackgroundLogins": false })] {
        let sandbox = TestSandbox::same_site_in(dialect);
        let pending = start_in_background(&sandbox, 1).await;
        let response = sandbox.send("GET", &login_path(&sandbox, &pending), &metadata("no-cors"), None).await;
        assert_eq!((response.status, response.param("code").as_deref()), (302, Some("cookie")), "{}", response.text);
        // Fetch section "cross-origin resource policy check": it would keep the browser from following the redirect.
        assert_eq!(response.header("cross-origin-resource-policy"), None);
        let code = response.cookie_value("auth-code");
        let exchanged = sandbox.exchange(&pending, sandbox.exchange_body(&pending, &code)).await;
        assert_eq!(sandbox.subject(exchanged.json()["access_token"].as_str().unwrap()), "user_1");
    }
}

#[tokio::test]
async fn a_login_in_the_background_may_be_refused_and_stays_pending() {
    let sandbox = TestSandbox::same_site_in(json!("strict"));
    let pending = start_in_background(&sandbox, 1).await;
    let path = login_path(&sandbox, &pending);
    for mode in ["no-cors", "cors", "same-origin", ""] {
        let refused = sandbox.send("GET", &path, &metadata(mode), None).await;
        assert_eq!((refused.status, refused.header("location")), (400, None), "{mode}");
        assert!(refused.text.contains("NavigationRequired"), "{}", refused.text);
        assert_eq!(refused.set_cookie("auth-code"), None);
    }
    let provider = sandbox.start("con_acorn", 2).await.authentication_url;
    let provider = provider.strip_prefix(sandbox.public_url).unwrap();
    for path in ["/?client_id=ext_demo", provider] {
        let refused = sandbox.send("GET", path, &metadata("no-cors"), None).await;
        assert!(refused.status == 400 && refused.text.contains("NavigationRequired"), "{path}");
    }
    // The login is not used up: navigations complete it, with or without Fetch Metadata.
    assert_eq!(sandbox.send("GET", provider, &[], None).await.status, 200);
    assert_eq!(sandbox.send("GET", &path, &metadata("navigate"), None).await.status, 302);
}
