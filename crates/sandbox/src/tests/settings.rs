//! The hosted settings page.

use super::harness::{HTTPS, TestSandbox};

const SETTINGS: &str = "/settings?client_id=app_demo&start_page=Profile&redirect_uri=https%3A%2F%2Fapp.shop.test%2Fme";

#[tokio::test]
async fn the_page_shows_the_user_and_a_link_to_the_application() {
    let sandbox = TestSandbox::same_site();
    let pending = sandbox.start("con_acorn", 1).await;
    let response = sandbox.choose_person(&pending.authentication_url, "user=ada", None).await;
    let cookie = format!("authress-session={}", response.cookie_value("authress-session"));
    let page = sandbox.send("GET", SETTINGS, &[("cookie", &cookie)], None).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Your profile") && page.text.contains("Ada Lovelace"));
    assert!(page.text.contains(r#"href="https://app.shop.test/me""#));
    let mfa = SETTINGS.replace("=Profile", "=MFA");
    assert!(sandbox.send("GET", &mfa, &[("cookie", &cookie)], None).await.text.contains("Your devices"));
}

#[tokio::test]
async fn without_a_session_it_shows_no_user_but_the_link() {
    let page = TestSandbox::same_site().navigate(&format!("{HTTPS}{SETTINGS}")).await;
    assert!(page.status == 200 && page.text.contains("signed-out") && page.text.contains("back-to-application"));
    assert!(!page.text.contains("profile-name"));
}

#[tokio::test]
async fn it_links_to_the_applications_urls_only() {
    let sandbox = TestSandbox::same_site();
    for uri in ["https%3A%2F%2Fevil.test", "javascript%3Aalert(1)"] {
        let page = sandbox.navigate(&format!("{HTTPS}/settings?client_id=app_demo&redirect_uri={uri}")).await;
        assert_eq!(page.status, 400);
        assert!(page.text.contains("back-refused") && !page.text.contains("back-to-application"));
    }
    assert_eq!(sandbox.navigate(&format!("{HTTPS}/settings")).await.status, 200);
}
