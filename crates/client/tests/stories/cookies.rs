//! Cookies that browsers drop, and cookies of the shop or of other applications.

use super::{assert_signed_in, assert_signed_out};
use crate::support::{Browser, Choice, Site, Tab, World, login, run};
use authress_login_protocol::{
    callback::login_result::{LoginStatus, Purpose},
    error::ErrorCode,
};

/// Too short for a token, long enough to clear cookies.
const SHORT: usize = 150;

const CROSS: &str = "https://www.other.test/";

#[test]
fn a_token_that_is_too_long_for_a_cookie_survives_page_loads() {
    for site in [Site::Cross, Site::Localhost] {
        run(async move {
            let world = World::new(site, 1);
            let browser = Browser::new(&world);
            browser.longest_cookie.set(SHORT);
            let tab = Tab::open(&browser);
            let user = tab.sign_in().await;
            assert_signed_in(&tab, &user).await;
            tab.load(&format!("{}/cart", site.shop()));
            assert!(tab.exists().value().await.unwrap());
            assert_signed_in(&tab, &user).await;
            let other = Tab::open(&browser);
            assert!(other.exists().value().await.unwrap());
            assert_signed_in(&other, &user).await;
            tab.logout().value().await.unwrap();
            assert_signed_out(&tab).await;
        });
    }
}

#[test]
fn page_and_server_never_see_different_users() {
    for site in [Site::Cross, Site::Localhost] {
        run(async move {
            let browser = Browser::new(&World::new(site, 2));
            let tab = Tab::open(&browser);
            let anonymous = tab.sign_in().await;
            browser.longest_cookie.set(SHORT);
            tab.begin(login(Choice::Person("ada"))).value().await.unwrap();
            tab.follow_redirects(Choice::Person("ada")).await;
            let result = tab.call(|client| async move { client.login_result(Purpose::Login).await });
            let result = result.value().await.unwrap().unwrap();
            assert_eq!(result.status, LoginStatus::SignedIn);
            let customer = result.user_id.unwrap();
            assert_ne!(customer, anonymous);
            assert_signed_in(&tab, &customer).await;
            let url = format!("{}/", site.shop()).parse().unwrap();
            assert!(
                !browser.request_cookies(&url, true).contains("authorization="),
                "the anonymous user's token is gone"
            );
        });
    }
}

#[test]
fn a_user_cookie_of_the_shop_does_not_prevent_a_login() {
    run(async {
        let world = World::new(Site::Cross, 3);
        let browser = Browser::new(&world);
        // {"sub":"42"}
        browser.assign_cookie(&CROSS.parse().unwrap(), "user=e30.eyJzdWIiOiI0MiJ9.; Path=/");
        let tab = Tab::open(&browser);
        assert!(!tab.exists().value().await.unwrap());
        assert_eq!(tab.user(), None);
        assert_eq!(tab.token(0).value().await.unwrap_err().code, ErrorCode::TokenTimeout);
        let user = tab.sign_in().await;
        assert_signed_in(&tab, &user).await;
    });
}

#[test]
fn a_token_cookie_of_the_shop_does_not_replace_the_session() {
    run(async {
        let browser = Browser::new(&World::new(Site::Cross, 4));
        let tab = Tab::open(&browser);
        let user = tab.sign_in().await;
        // {"uid":5}
        browser.assign_cookie(&CROSS.parse().unwrap(), "authorization=e30.eyJ1aWQiOjV9.; Path=/cart");
        tab.load("https://www.other.test/cart/x");
        assert!(tab.exists().value().await.unwrap());
        assert_signed_in(&tab, &user).await;
    });
}

#[test]
fn the_token_of_another_user_at_another_port_is_no_session() {
    run(async {
        let browser = Browser::new(&World::new(Site::Localhost, 5));
        let tab = Tab::open(&browser);
        tab.sign_in().await;
        let url = "http://localhost:5173/".parse().unwrap();
        // {"iss":"http://127.0.0.1:8888","sub":"user_b","client_id":"app_shop"}
        let claims = "eyJpc3MiOiJodHRwOi8vMTI3LjAuMC4xOjg4ODgiLCJzdWIiOiJ1c2VyX2IiLCJjbGllbnRfaWQiOiJhcHBfc2hvcCJ9";
        browser.assign_cookie(&url, &format!("authorization=e30.{claims}.; Path=/; SameSite=Strict"));
        tab.set_visible(true);
        assert!(!tab.exists().value().await.unwrap());
        assert_eq!((tab.user(), tab.snapshot().as_str()), (None, "signed-out"));
        assert_eq!(tab.token(2_000).value().await.unwrap_err().code, ErrorCode::TokenTimeout);
        let user = tab.sign_in().await;
        assert_signed_in(&tab, &user).await;
    });
}
