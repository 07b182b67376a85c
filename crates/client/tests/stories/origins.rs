//! Where a session comes from: begun by a login of this browser, or found in its cookies; and what follows for a link.

use super::{assert_signed_in, planted::plant};
use crate::support::{Browser, Choice, DAY_MS, Site, Tab, World, login, pass_ms, run};
use authress_login_protocol::{
    callback::login_result::{LoginStatus, Purpose},
    error::ErrorCode,
    session::{origin::SessionOrigin, record::STORAGE_KEY},
};
use serde_json::json;
use std::rc::Rc;

const SITES: [Site; 3] = [Site::Same, Site::Cross, Site::Localhost];
const ADA: Choice = Choice::Person("ada");
const SHOP: &str = "https://app.shop.test/";
const AUTHORIZATION_REQUEST: &str = "POST /api/authentication";
const RENEWAL: &str = "PATCH /api/session";

fn origin(tab: &Tab) -> SessionOrigin {
    tab.client().session().expect("a session").origin
}

/// Asserts that a link is refused before a request is sent.
async fn assert_not_linked(tab: &Tab) {
    let world = &tab.browser.world;
    let sent = world.sent(AUTHORIZATION_REQUEST).len();
    let refused = tab.begin_link().value().await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::SessionNotBegunHere);
    assert_eq!((world.sent(AUTHORIZATION_REQUEST).len(), tab.destination()), (sent, None));
}

/// Links Ada's identity. Returns the status.
async fn link(tab: &Tab) -> LoginStatus {
    tab.begin_link().value().await.unwrap();
    tab.follow_redirects(ADA).await;
    let result = tab.call(|client| async move { client.login_result(Purpose::Link).await });
    result.value().await.unwrap().expect("a result").status
}

/// Opens the shop in a browser that has a session at Authress and nothing stored for the shop.
async fn found(world: &Rc<World>, choice: Choice) -> (Tab, String) {
    let browser = Browser::new(world);
    let user = Tab::open(&browser).sign_in_as(choice).await;
    browser.lose_page_data();
    let tab = Tab::open(&browser);
    assert!(tab.exists().value().await.unwrap());
    assert_signed_in(&tab, &user).await;
    (tab, user)
}

#[test]
fn a_session_is_begun_and_stays_so_when_it_is_renewed_and_linked() {
    for site in SITES {
        for renewal in ["tokens", "cookies"] {
            run(async move {
                let world = World::with(site, 1, |config| config["dialect"] = json!({ "renewal": renewal }));
                let browser = Browser::new(&world);
                let tab = Tab::open(&browser);
                let user = tab.sign_in().await;
                assert_eq!(origin(&tab), SessionOrigin::Begun);
                if site == Site::Same {
                    pass_ms(2 * DAY_MS).await;
                    assert!(world.sent(RENEWAL).len() > 1);
                }
                assert_eq!(origin(&tab), SessionOrigin::Begun, "{renewal}");
                assert_eq!(link(&tab).await, LoginStatus::Linked, "{site:?} {renewal}");
                assert_signed_in(&tab, &user).await;
                assert_eq!(origin(&tab), SessionOrigin::Begun);
                let record = browser.load(site.shop(), STORAGE_KEY).unwrap();
                assert!(!record.contains("sessionOrigin"), "the record is one of the published client");
            });
        }
    }
}

#[test]
fn a_planted_session_is_found_and_never_linked() {
    for (renewal, lean) in [("tokens", "idToken"), ("cookies", "lean")] {
        run(async move {
            let dialect = json!({ "renewal": renewal, "identityCookie": lean });
            let world = World::with(Site::Same, 2, |config| config["dialect"] = dialect);
            let attacker = Browser::new(&world);
            let attackers_user = Tab::open(&attacker).sign_in().await;
            let browser = Browser::new(&world);
            plant(&attacker, &browser);
            let tab = Tab::open(&browser);
            assert!(tab.exists().value().await.unwrap());
            assert_signed_in(&tab, &attackers_user).await;
            assert_eq!(origin(&tab), SessionOrigin::Found);
            assert!(tab.client().session().unwrap().is_anonymous, "its cart can be used, and it is anonymous");
            assert_not_linked(&tab).await;
            pass_ms(DAY_MS).await;
            assert_not_linked(&tab).await;
            tab.reload();
            assert_not_linked(&tab).await;
            let customer = tab.sign_in_as(ADA).await;
            assert_ne!(customer, attackers_user);
            assert_eq!(origin(&tab), SessionOrigin::Begun, "{renewal}");
        });
    }
}

#[test]
fn cookies_that_another_host_has_set_are_no_session() {
    run(async {
        let world = World::new(Site::Same, 3);
        let attacker = Tab::open(&Browser::new(&world));
        attacker.begin(login(Choice::Anonymous)).value().await.unwrap();
        // The redirect has set its cookies, which its page has not read.
        attacker.callback_url(Choice::Anonymous).await;
        let url = SHOP.parse().unwrap();
        let browser = Browser::new(&world);
        for cookie in attacker.browser.script_cookies(&url).split("; ") {
            browser.assign_cookie(&url, &format!("{cookie}; Domain=shop.test; Path=/"));
        }
        let tab = Tab::open(&browser);
        assert!(!tab.exists().value().await.unwrap());
        assert_eq!((tab.user(), tab.snapshot().as_str()), (None, "signed-out"));
        assert_eq!(world.sent(RENEWAL).len(), 1, "Authress knows of none");
    });
}

#[test]
fn a_forged_identity_cookie_does_not_hide_that_a_planted_session_is_anonymous() {
    run(async {
        let world = World::with(Site::Same, 4, |config| config["dialect"] = json!({ "enableAccessToToken": false }));
        let attacker = Browser::new(&world);
        let attackers_user = Tab::open(&attacker).sign_in().await;
        let browser = Browser::new(&world);
        plant(&attacker, &browser);
        let claims = json!({ "sub": attackers_user, "azp": "con_acorn", "iss": Site::Same.login(), "name": "You" });
        let payload = authress_login_protocol::base64url::encode(claims.to_string().as_bytes());
        browser.assign_cookie(&SHOP.parse().unwrap(), &format!("user=e30.{payload}.; Domain=shop.test; Path=/"));
        let tab = Tab::open(&browser);
        assert!(tab.exists().value().await.unwrap());
        assert!(tab.client().session().unwrap().is_anonymous, "Authress has replaced the cookie");
        assert_not_linked(&tab).await;
    });
}

#[test]
fn a_browser_that_deletes_the_pages_data_keeps_the_anonymous_user_and_links_nothing() {
    run(async {
        let world = World::new(Site::Same, 5);
        let (tab, _) = found(&world, Choice::Anonymous).await;
        assert_eq!(origin(&tab), SessionOrigin::Found);
        assert_not_linked(&tab).await;
        let customer = tab.sign_in_as(ADA).await;
        assert_eq!(origin(&tab), SessionOrigin::Begun);
        assert_signed_in(&tab, &customer).await;
        let cookies = tab.browser.script_cookies(&SHOP.parse().unwrap());
        assert_eq!(cookies.matches("authorization=").count(), 1, "the shop's server sees one user");
    });
}

#[test]
fn a_customers_session_that_was_found_is_linked() {
    run(async {
        let world = World::new(Site::Same, 6);
        let (tab, user) = found(&world, Choice::Person("grace")).await;
        assert_eq!(origin(&tab), SessionOrigin::Found);
        assert_eq!(link(&tab).await, LoginStatus::Linked);
        assert_signed_in(&tab, &user).await;
        assert_eq!(origin(&tab), SessionOrigin::Found, "a link does not begin a session");
    });
}

#[test]
fn a_found_session_whose_token_no_script_can_read_is_not_linked() {
    run(async {
        let dialect = json!({ "enableAccessToToken": false, "renewal": "cookies" });
        let world = World::with(Site::Same, 7, |config| config["dialect"] = dialect);
        let browser = Browser::new(&world);
        Tab::open(&browser).sign_in_as(ADA).await;
        browser.lose_page_data();
        let tab = Tab::open(&browser);
        assert!(tab.exists().value().await.unwrap());
        assert_not_linked(&tab).await;
    });
}

#[test]
fn a_callback_begins_the_session_that_another_tab_has_found_before() {
    run(async {
        let world = World::with(Site::Same, 8, |config| config["dialect"] = json!({ "renewal": "cookies" }));
        let browser = Browser::new(&world);
        let tab = Tab::open(&browser);
        tab.begin(login(Choice::Anonymous)).value().await.unwrap();
        let callback = tab.callback_url(Choice::Anonymous).await;
        let other = Tab::open(&browser);
        other.call(|client| async move { client.replace_rejected_token(None).await }).value().await;
        assert_eq!(origin(&other), SessionOrigin::Found);
        tab.load(&callback);
        assert!(tab.exists().value().await.unwrap());
        assert_eq!(origin(&tab), SessionOrigin::Begun);
        pass_ms(100).await;
        assert_eq!(origin(&other), SessionOrigin::Begun);
        assert_eq!(other.events().last().map(String::as_str), Some("Login signed-in"));
        assert_eq!(link(&tab).await, LoginStatus::Linked);
    });
}

#[test]
fn a_callback_beside_a_user_cookie_of_another_host_begins_no_session() {
    run(async {
        let world = World::new(Site::Same, 9);
        let attacker = Tab::open(&Browser::new(&world));
        attacker.begin(login(Choice::Anonymous)).value().await.unwrap();
        attacker.callback_url(Choice::Anonymous).await;
        let url = "https://app.shop.test/cart".parse().unwrap();
        let browser = Browser::new(&world);
        let tab = Tab::open_at(&browser, "https://app.shop.test/cart");
        tab.begin(login(Choice::Anonymous)).value().await.unwrap();
        let callback = tab.callback_url(Choice::Anonymous).await;
        // Browsers list it first.
        for cookie in attacker.browser.script_cookies(&url).split("; ") {
            browser.assign_cookie(&url, &format!("{cookie}; Domain=shop.test; Path=/cart"));
        }
        tab.load(&callback);
        assert!(tab.exists().value().await.unwrap());
        assert_eq!(origin(&tab), SessionOrigin::Found);
        assert_not_linked(&tab).await;
    });
}
