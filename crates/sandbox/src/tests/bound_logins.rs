//! Logins that belong to one browser, statements that are used once, and links that wait for their code's exchange.

use serde_json::{Value, json};

use super::harness::{CROSS_SITE_PAGE, HTTPS, Pending, TestResponse, TestSandbox};

fn strict_topologies() -> [TestSandbox; 3] {
    [
        TestSandbox::local_in(json!("strict")),
        TestSandbox::same_site_in(json!("strict")),
        TestSandbox::new(HTTPS, CROSS_SITE_PAGE, strict()),
    ]
}

/// A statement of the verifier for this user.
fn statement(sandbox: &TestSandbox, user_id: &str) -> String {
    sandbox.verifier_key.sign_jwt("oauth-authz-req+jwt", &sandbox.verifier_claims(user_id))
}

/// The access token of an anonymous login, from wherever the topology has it.
async fn anonymous(sandbox: &TestSandbox, user_id: &str, seed: u32) -> String {
    let pending = sandbox.start("sc_shop", seed).await;
    let response = sandbox.verifier_login(&pending, user_id).await;
    token_of(sandbox, &pending, &response).await
}

async fn token_of(sandbox: &TestSandbox, pending: &Pending, response: &TestResponse) -> String {
    if let Some(token) = response.param("access_token") {
        return token;
    }
    if response.set_cookie("authorization").is_some() {
        return response.cookie_value("authorization");
    }
    let code = response.param("code").filter(|code| code != "cookie");
    let code = code.unwrap_or_else(|| response.cookie_value("auth-code"));
    let exchanged = sandbox.exchange(pending, sandbox.exchange_body(pending, &code)).await;
    exchanged.json()["access_token"].as_str().unwrap().to_owned()
}

async fn start_link(sandbox: &TestSandbox, token: &str, seed: u32) -> Pending {
    let authorization = format!("Bearer {token}");
    let body = sandbox.link_body("con_acorn", seed);
    sandbox.start_with(body, &[("authorization", &authorization)], seed).await
}

async fn identities_of(sandbox: &TestSandbox, token: &str) -> usize {
    let profile = sandbox.user_request(token, "GET", "/api/session/profile", None).await.json();
    profile["linkedIdentities"].as_array().unwrap().len()
}

fn is_refused(response: &TestResponse) -> bool {
    response.status == 400
        && response.text.contains("LoginOfAnotherBrowser")
        && response.set_cookie("authress-session").is_none()
        && !response.text.contains("back-to-application")
}

#[tokio::test]
async fn a_callback_in_another_browser_is_refused_and_the_login_stays_pending() {
    for sandbox in strict_topologies() {
        let pending = sandbox.start("sc_shop", 1).await;
        sandbox.open(&pending.authentication_url).await;
        let kept = sandbox.is_another_browser();
        let response = sandbox.callback_with_code(&pending, &statement(&sandbox, "user_1")).await;
        assert!(is_refused(&response), "{}: {}", sandbox.page, response.text);
        sandbox.is_browser_with(kept);
        assert_eq!(sandbox.verifier_login(&pending, "user_1").await.status, 302, "{}", sandbox.page);
    }
}

#[tokio::test]
async fn only_the_browser_that_began_a_link_completes_it() {
    for sandbox in strict_topologies() {
        let attacker = anonymous(&sandbox, "user_attacker", 1).await;
        let link = start_link(&sandbox, &attacker, 2).await;
        let _ = sandbox.is_another_browser();
        // From an e-mail, and from a page of the attacker.
        for referrer in [None, Some("https://evil.test/")] {
            let path = &link.authentication_url[sandbox.public_url.len()..];
            let headers: Vec<_> = referrer.map(|referrer| ("referer", referrer)).into_iter().collect();
            let opened = sandbox.send("GET", path, &headers, None).await;
            assert!(is_refused(&opened) || path.starts_with("/sandbox/provider/"), "{}: {}", sandbox.page, opened.text);
        }
        let provider = format!("{}/sandbox/provider/con_acorn?state={}", sandbox.public_url, link.id);
        let response = sandbox.choose_person(&provider, "user=ada", None).await;
        assert!(is_refused(&response), "{}: {}", sandbox.page, response.text);
        assert_eq!(identities_of(&sandbox, &attacker).await, 1, "{}", sandbox.page);
    }
}

#[tokio::test]
async fn a_page_of_another_site_binds_a_login_at_the_first_visit_from_its_origin() {
    for sandbox in [TestSandbox::local_in(json!("strict")), TestSandbox::new(HTTPS, CROSS_SITE_PAGE, strict())] {
        let pending = sandbox.start("con_acorn", 1).await;
        assert_eq!(pending.authentication_url, format!("{}/login?state={}", sandbox.public_url, pending.id));
        let provider = sandbox.open(&pending.authentication_url).await;
        assert!(provider.contains("/sandbox/provider/con_acorn?state="), "{provider}");
        // Back, and again.
        assert_eq!(sandbox.open(&pending.authentication_url).await, provider);
        assert_eq!(sandbox.choose_person(&provider, "user=ada", None).await.status, 302);
    }
}

fn strict() -> Value {
    json!({ "dialect": "strict" })
}

#[tokio::test]
async fn a_login_begins_at_a_page_of_the_application() {
    let sandbox = TestSandbox::same_site_in(json!("strict"));
    let body = sandbox.authentication_body(Some("con_acorn"), 1);
    let response = sandbox.send("POST", "/api/authentication", &[("origin", "https://evil.test")], Some(body)).await;
    response.assert_error(403, "OriginNotAllowed");
}

#[tokio::test]
async fn logins_of_two_tabs_do_not_disturb_each_other() {
    for sandbox in strict_topologies() {
        let (one, other) = (sandbox.start("con_acorn", 1).await, sandbox.start("con_acorn", 2).await);
        for pending in [one, other] {
            let response = sandbox.choose_person(&pending.authentication_url, "user=ada", None).await;
            assert_eq!(response.status, 302, "{}", sandbox.page);
        }
    }
}

#[tokio::test]
async fn the_default_dialect_binds_nothing() {
    let sandbox = TestSandbox::local();
    let attacker = anonymous(&sandbox, "user_attacker", 1).await;
    let link = start_link(&sandbox, &attacker, 2).await;
    let _ = sandbox.is_another_browser();
    assert_eq!(sandbox.choose_person(&link.authentication_url, "user=ada", None).await.status, 302);
    assert_eq!(identities_of(&sandbox, &attacker).await, 2);
}

#[tokio::test]
async fn a_statement_is_for_one_login_in_a_strict_dialect() {
    for (dialect, is_accepted_again) in [("default", true), ("strict", false)] {
        let sandbox = TestSandbox::local_in(json!(dialect));
        let (first, second) = (sandbox.start("sc_shop", 1).await, sandbox.start("sc_shop", 2).await);
        for pending in [&first, &second] {
            sandbox.open(&pending.authentication_url).await;
        }
        let code = statement(&sandbox, "user_1");
        assert_eq!(sandbox.callback_with_code(&first, &code).await.status, 302);
        let again = sandbox.callback_with_code(&second, &code).await;
        assert_eq!(again.status == 302, is_accepted_again, "{}", again.text);
        assert_eq!(again.text.contains("VerifierStatementUsed"), !is_accepted_again);
        // The login itself is still possible, with a statement of its own.
        if !is_accepted_again {
            assert_eq!(sandbox.verifier_login(&second, "user_2").await.status, 302);
        }
    }
}

#[tokio::test]
async fn a_link_may_wait_for_its_code() {
    for base in ["default", "strict"] {
        let dialect = json!({ "dialect": { "base": base, "attachesLinksAfterExchange": true } });
        for (public_url, page) in [
            ("http://127.0.0.1:8888", "http://localhost:5173"),
            (HTTPS, "https://app.shop.test"),
            (HTTPS, CROSS_SITE_PAGE),
        ] {
            let sandbox = TestSandbox::new(public_url, page, dialect.clone());
            let anonymous = anonymous(&sandbox, "user_1", 1).await;
            let link = start_link(&sandbox, &anonymous, 2).await;
            let response = sandbox.choose_person(&link.authentication_url, "user=ada", None).await;
            assert!(response.param("code").is_some() && response.param("access_token").is_none(), "{base} {page}");
            assert!(response.set_cookie("authress-session").is_none(), "{base} {page}");
            assert_eq!(identities_of(&sandbox, &anonymous).await, 1, "{base} {page}");
            let linked = token_of(&sandbox, &link, &response).await;
            assert_eq!(sandbox.subject(&linked), "user_1");
            assert_eq!(identities_of(&sandbox, &linked).await, 2, "{base} {page}");
        }
    }
}

#[tokio::test]
async fn a_link_that_waits_fails_if_the_identity_got_an_owner_meanwhile() {
    let sandbox = TestSandbox::local_in(json!({ "attachesLinksAfterExchange": true }));
    let anonymous = anonymous(&sandbox, "user_1", 1).await;
    let link = start_link(&sandbox, &anonymous, 2).await;
    let response = sandbox.choose_person(&link.authentication_url, "user=ada", None).await;
    sandbox.provider_token("con_acorn", "ada", 3).await;
    let code = response.param("code").unwrap();
    let exchanged = sandbox.exchange(&link, sandbox.exchange_body(&link, &code)).await;
    exchanged.assert_invalid_request("belongs to another user");
    assert_eq!(identities_of(&sandbox, &anonymous).await, 1);
}
