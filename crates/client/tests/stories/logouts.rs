//! After a logout no user is signed in, whatever was in progress.

use super::{assert_signed_in, assert_signed_out};
use crate::support::{Browser, Choice, DAY_MS, Fault, MINUTE_MS, Site, Tab, World, login, pass_ms, run};
use authress_login_protocol::authorization::request::AuthenticateOptions;

const RENEWAL: &str = "/api/session";
const UNTIL_RENEWAL_MS: u64 = DAY_MS - 5 * MINUTE_MS - 10_000;

#[test]
fn a_logout_ends_the_session_in_all_tabs_and_at_authress() {
    for site in [Site::Same, Site::Cross, Site::Localhost] {
        run(async move {
            let browser = Browser::new(&World::new(site, 1));
            let tab = Tab::open(&browser);
            let user = tab.sign_in().await;
            let other = Tab::open(&browser);
            pass_ms(100).await;
            assert_signed_in(&other, &user).await;
            other.events();
            tab.logout().value().await.unwrap();
            pass_ms(100).await;
            assert_signed_out(&tab).await;
            assert_signed_out(&other).await;
            assert_eq!(other.events(), ["signed-out"], "{site:?}");
            if site != Site::Same {
                tab.follow_redirects(Choice::Anonymous).await;
            }
            assert!(!tab.exists().value().await.unwrap(), "{site:?}");
        });
    }
}

#[test]
fn a_logout_whose_request_fails_uses_the_logout_page() {
    run(async {
        let world = World::new(Site::Same, 2);
        let tab = Tab::open(&Browser::new(&world));
        tab.sign_in().await;
        world.fail("DELETE", RENEWAL, Fault::Status(500), 5);
        tab.logout().value().await.unwrap();
        assert_signed_out(&tab).await;
        tab.follow_redirects(Choice::Anonymous).await;
        assert!(!tab.exists().value().await.unwrap());
    });
}

#[test]
fn a_renewal_whose_response_arrives_after_the_logout_stores_nothing() {
    run(async {
        let world = World::new(Site::Same, 3);
        let tab = Tab::open(&Browser::new(&world));
        tab.sign_in().await;
        world.fail("PATCH", RENEWAL, Fault::DelayResponse(2_000), 1);
        pass_ms(UNTIL_RENEWAL_MS + 500).await;
        tab.logout().value().await.unwrap();
        assert_signed_out(&tab).await;
        tab.events();
        pass_ms(5_000).await;
        assert_eq!(tab.events(), [""; 0]);
        assert_signed_out(&tab).await;
        tab.reload();
        assert!(!tab.exists().value().await.unwrap());
    });
}

#[test]
fn a_renewal_whose_response_arrives_after_a_logout_in_another_tab_stores_nothing() {
    run(async {
        let world = World::new(Site::Same, 4);
        let browser = Browser::new(&world);
        let tab = Tab::open(&browser);
        tab.sign_in().await;
        let other = Tab::open(&browser);
        other.set_visible(false);
        world.fail("PATCH", RENEWAL, Fault::DelayResponse(2_000), 1);
        pass_ms(UNTIL_RENEWAL_MS + 500).await;
        other.logout().value().await.unwrap();
        pass_ms(5_000).await;
        assert_signed_out(&tab).await;
        assert_signed_out(&other).await;
    });
}

#[test]
fn a_renewal_whose_response_arrives_before_the_message_of_another_tabs_logout_stores_nothing() {
    run(async {
        let world = World::new(Site::Same, 5);
        let browser = Browser::new(&world);
        let tab = Tab::open(&browser);
        tab.sign_in().await;
        tab.page().event_delay_ms.set(50);
        let other = Tab::open(&browser);
        other.set_visible(false);
        world.fail("PATCH", RENEWAL, Fault::DelayResponse(2_000), 1);
        pass_ms(UNTIL_RENEWAL_MS - 5_000).await;
        while world.sent("PATCH /api/session").is_empty() {
            pass_ms(1).await;
        }
        pass_ms(2_030).await;
        let logout = other.logout();
        pass_ms(5_000).await;
        logout.value().await.unwrap();
        assert_signed_out(&other).await;
        assert_signed_out(&tab).await;
    });
}

#[test]
fn a_code_exchange_whose_response_arrives_after_the_logout_stores_nothing() {
    run(async {
        for site in [Site::Same, Site::Cross] {
            let world = World::new(site, 6);
            let tab = Tab::open(&Browser::new(&world));
            let options = AuthenticateOptions { flow_type: Some("code".to_owned()), ..login(Choice::Anonymous) };
            tab.begin(options).value().await.unwrap();
            world.fail("POST", "/tokens", Fault::DelayResponse(2_000), 1);
            tab.follow_redirects(Choice::Anonymous).await;
            pass_ms(500).await;
            assert_eq!(world.count("POST", "/tokens", 200), 1, "{site:?}");
            tab.logout().value().await.unwrap();
            pass_ms(5_000).await;
            assert_signed_out(&tab).await;
        }
    });
}

#[test]
fn a_session_that_recovers_a_lost_exchange_is_not_stored_after_a_logout() {
    run(async {
        let world = World::new(Site::Same, 7);
        let tab = Tab::open(&Browser::new(&world));
        let options = AuthenticateOptions { flow_type: Some("code".to_owned()), ..login(Choice::Anonymous) };
        tab.begin(options).value().await.unwrap();
        world.fail("POST", "/tokens", Fault::DropResponse, 1);
        world.fail("PATCH", RENEWAL, Fault::DelayResponse(2_000), 1);
        tab.follow_redirects(Choice::Anonymous).await;
        pass_ms(500).await;
        assert_eq!((world.count("POST", "/tokens", 400), world.count("PATCH", RENEWAL, 200)), (1, 1));
        tab.logout().value().await.unwrap();
        pass_ms(5_000).await;
        assert_signed_out(&tab).await;
    });
}

#[test]
fn a_login_after_the_logout_creates_a_session() {
    run(async {
        let world = World::new(Site::Same, 8);
        let tab = Tab::open(&Browser::new(&world));
        let first = tab.sign_in().await;
        tab.logout().value().await.unwrap();
        let second = tab.sign_in().await;
        assert_ne!(first, second);
        assert_signed_in(&tab, &second).await;
    });
}

#[test]
fn a_tab_finds_no_session_while_another_one_logs_out() {
    run(async {
        let world = World::new(Site::Same, 9);
        let browser = Browser::new(&world);
        let tab = Tab::open(&browser);
        tab.sign_in().await;
        let other = Tab::open(&browser);
        world.fail("DELETE", RENEWAL, Fault::DelayRequest(1_000), 1);
        let logout = tab.logout();
        pass_ms(100).await;
        assert!(!other.exists().value().await.unwrap());
        logout.value().await.unwrap();
        assert_signed_out(&tab).await;
        assert_signed_out(&other).await;
    });
}
