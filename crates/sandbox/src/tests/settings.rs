use super::harness::{HTTPS, Stage};

const SETTINGS: &str = "/settings?client_id=app_demo&start_page=Profile&redirect_uri=https%3A%2F%2Fapp.shop.test%2Fme";

#[tokio::test]
async fn the_page_names_the_user_and_leads_back() {
    let stage = Stage::same_site();
    let pending = stage.start("con_acorn", 1).await;
    let reply = stage.choose(&pending.authentication_url, "user=ada", None).await;
    let cookie = format!("authress-session={}", reply.cookie_value("authress-session"));
    let page = stage.send("GET", SETTINGS, &[("cookie", &cookie)], None).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Your profile") && page.text.contains("Ada Lovelace"));
    assert!(page.text.contains(r#"href="https://app.shop.test/me""#));
    let mfa = SETTINGS.replace("=Profile", "=MFA");
    assert!(stage.send("GET", &mfa, &[("cookie", &cookie)], None).await.text.contains("Your devices"));
}

#[tokio::test]
async fn without_a_session_it_shows_nobody_and_still_leads_back() {
    let page = Stage::same_site().navigate(&format!("{HTTPS}{SETTINGS}")).await;
    assert!(page.status == 200 && page.text.contains("signed-out") && page.text.contains("back-to-application"));
    assert!(!page.text.contains("profile-name"));
}

#[tokio::test]
async fn it_leads_back_to_the_applications_places_only() {
    let stage = Stage::same_site();
    for uri in ["https%3A%2F%2Fevil.test", "javascript%3Aalert(1)"] {
        let page = stage.navigate(&format!("{HTTPS}/settings?client_id=app_demo&redirect_uri={uri}")).await;
        assert_eq!(page.status, 400);
        assert!(page.text.contains("back-refused") && !page.text.contains("back-to-application"));
    }
    assert_eq!(stage.navigate(&format!("{HTTPS}/settings")).await.status, 200);
}
