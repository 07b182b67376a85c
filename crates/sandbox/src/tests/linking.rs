use serde_json::json;

use super::harness::{LOCAL_PAGE, Reply, Stage};

async fn link(stage: &Stage, token: &str, connection_id: &str, person: &str, seed: u32) -> Reply {
    let authorization = format!("Bearer {token}");
    let body = stage.link_body(connection_id, seed);
    let pending = stage.start_with(body, &[("authorization", &authorization)], seed).await;
    stage.choose(&pending.authentication_url, &format!("user={person}"), None).await
}

async fn log_in(stage: &Stage, connection_id: &str, person: &str, seed: u32) -> String {
    let pending = stage.start(connection_id, seed).await;
    let reply = stage.choose(&pending.authentication_url, &format!("user={person}"), None).await;
    reply.param("access_token").unwrap()
}

#[tokio::test]
async fn an_anonymous_shopper_becomes_a_customer_with_the_same_user_id() {
    let stage = Stage::local();
    let anonymous = stage.anonymous_token("user_1", 1).await;
    let linked = link(&stage, &anonymous, "con_acorn", "ada", 2).await;
    let access = stage.verified(&linked.param("access_token").unwrap(), "at+jwt");
    assert_eq!((access.claim_str("sub"), access.claim_str("azp")), (Some("user_1"), Some("con_acorn")));
    assert!(stage.verified(&linked.param("id_token").unwrap(), "JWT").claim_str("name").is_some());
    let later = log_in(&stage, "con_acorn", "ada", 3).await;
    assert_eq!(stage.subject(&later), "user_1");
}

#[tokio::test]
async fn linking_the_same_identity_twice_changes_nothing() {
    let stage = Stage::local();
    let anonymous = stage.anonymous_token("user_1", 1).await;
    for seed in [2, 3] {
        let linked = link(&stage, &anonymous, "con_acorn", "ada", seed).await;
        assert_eq!(stage.subject(&linked.param("access_token").unwrap()), "user_1");
    }
}

#[tokio::test]
async fn an_identity_with_a_user_id_of_its_own_is_refused() {
    let stage = Stage::local();
    let owner = stage.subject(&log_in(&stage, "con_acorn", "ada", 1).await);
    let anonymous = stage.anonymous_token("user_1", 2).await;
    let refused = link(&stage, &anonymous, "con_acorn", "ada", 3).await;
    assert_eq!(refused.param("error").as_deref(), Some("access_denied"));
    assert_eq!(refused.param("errorCode").as_deref(), Some("IdentityAlreadyOwned"));
    assert!(refused.param("nonce").is_some() && refused.param("access_token").is_none());
    assert!(refused.set_cookie("authress-session").is_none());
    assert_eq!(stage.subject(&log_in(&stage, "con_acorn", "ada", 4).await), owner);
}

#[tokio::test]
async fn the_same_person_at_another_provider_is_another_identity() {
    let stage = Stage::local();
    log_in(&stage, "con_acorn", "ada", 1).await;
    let anonymous = stage.anonymous_token("user_1", 2).await;
    let linked = link(&stage, &anonymous, "con_birch", "ada", 3).await;
    assert_eq!(stage.subject(&linked.param("access_token").unwrap()), "user_1");
}

#[tokio::test]
async fn linking_needs_a_valid_token_or_the_session_of_an_application_page() {
    let stage = Stage::local();
    let anonymous = stage.anonymous_token("user_1", 1).await;
    let post = |headers: Vec<(&'static str, String)>, seed| {
        let body = stage.link_body("con_acorn", seed);
        let stage = &stage;
        async move {
            let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            stage.send("POST", "/api/authentication", &headers, Some(body)).await
        }
    };
    let origin = ("origin", LOCAL_PAGE.to_owned());
    post(vec![origin.clone()], 2).await.assert_refused(401, "Unauthorized");
    let undefined = ("authorization", "Bearer undefined".to_owned());
    post(vec![origin.clone(), undefined], 3).await.assert_refused(401, "Unauthorized");
    let tampered = ("authorization", format!("Bearer {}A", anonymous));
    post(vec![origin, tampered], 4).await.assert_refused(401, "Unauthorized");
}

#[tokio::test]
async fn only_providers_can_be_linked() {
    let stage = Stage::local();
    let authorization = format!("Bearer {}", stage.anonymous_token("user_1", 1).await);
    let headers = [("origin", LOCAL_PAGE), ("authorization", authorization.as_str())];
    let mut without = stage.link_body("con_acorn", 2);
    without.as_object_mut().unwrap().remove("connectionId");
    for body in [stage.link_body("sc_other", 3), without] {
        stage.send("POST", "/api/authentication", &headers, Some(body)).await.assert_refused(400, "InvalidConnection");
    }
}

#[tokio::test]
async fn an_expired_token_links_nothing() {
    let mut stage = Stage::local();
    let authorization = format!("Bearer {}", stage.anonymous_token("user_1", 1).await);
    stage.advance(24 * 60 * 60 + 1).await;
    let headers = [("origin", LOCAL_PAGE), ("authorization", authorization.as_str())];
    let body = stage.link_body("con_acorn", 2);
    stage.send("POST", "/api/authentication", &headers, Some(body)).await.assert_refused(401, "Unauthorized");
}

#[tokio::test]
async fn in_cookie_mode_the_session_cookie_authenticates_the_link() {
    let stage = Stage::same_site();
    let pending = stage.start("sc_shop", 1).await;
    let anonymous = stage.vouch(&pending, "user_1").await;
    let cookie = format!("authress-session={}", anonymous.cookie_value("authress-session"));
    let pending = stage.start_with(stage.link_body("con_acorn", 2), &[("cookie", &cookie)], 2).await;
    let linked = stage.choose(&pending.authentication_url, "user=ada", Some(&cookie)).await;
    assert_eq!(stage.subject(&linked.cookie_value("authorization")), "user_1");
    let foreign = [("cookie", cookie.as_str()), ("origin", "https://evil.shop.test")];
    let body = stage.link_body("con_birch", 3);
    stage.send("POST", "/api/authentication", &foreign, Some(body)).await.assert_refused(401, "Unauthorized");
    // The session of before the link ended with the new one.
    let old = [("cookie", cookie.as_str()), ("origin", stage.page)];
    let reply = stage.send("PATCH", "/api/session", &old, Some(json!({}))).await;
    reply.assert_refused(404, "SessionNotFound");
}

#[tokio::test]
async fn the_profile_lists_identities_and_the_last_one_stays() {
    let stage = Stage::local();
    let anonymous = stage.anonymous_token("user_1", 1).await;
    let token = link(&stage, &anonymous, "con_acorn", "ada", 2).await.param("access_token").unwrap();
    let authorization = format!("Bearer {token}");
    let headers = [("origin", LOCAL_PAGE), ("authorization", authorization.as_str())];
    let profile = stage.send("GET", "/api/session/profile", &headers, None).await.json();
    assert_eq!(profile["userId"], json!("user_1"));
    assert_eq!(profile["name"], json!("Ada Lovelace"));
    assert_eq!(
        profile["linkedIdentities"],
        json!([
            { "connection": { "connectionId": "sc_shop", "userId": "user_1" } },
            { "connection": { "connectionId": "con_acorn", "userId": "ada" } },
        ])
    );
    let unlink = |id: &'static str| stage.send("DELETE", id, &headers, None);
    unlink("/api/session/identities/con_acorn").await.assert_refused(409, "LastIdentity");
    unlink("/api/session/identities/con_birch").await.assert_refused(404, "IdentityNotFound");
    link(&stage, &token, "con_birch", "ada", 3).await;
    assert_eq!(unlink("/api/session/identities/con_acorn").await.status, 204);
    assert_ne!(stage.subject(&log_in(&stage, "con_acorn", "ada", 4).await), "user_1");
}
