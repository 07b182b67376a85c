//! Several tabs, logins and applications at once.

use super::{assert_signed_in, assert_signed_out};
use crate::support::{Browser, Choice, DAY_MS, Fault, MINUTE_MS, Site, Tab, World, login, pass_ms, run};
use authress_login_protocol::{error::ErrorCode, jwt::UnverifiedClaims, session::record::STORAGE_KEY};

const SITES: [Site; 3] = [Site::Same, Site::Cross, Site::Localhost];
const ADA: Choice = Choice::Person("ada");

#[test]
fn logins_in_two_tabs_do_not_replace_each_other() {
    for site in SITES {
        run(async move {
            let browser = Browser::new(&World::new(site, 1));
            let (one, two) = (Tab::open(&browser), Tab::open(&browser));
            one.begin(login(Choice::Anonymous)).value().await.unwrap();
            two.begin(login(ADA)).value().await.unwrap();
            let (callback_one, callback_two) = (one.callback_url(Choice::Anonymous).await, two.callback_url(ADA).await);
            two.load(&callback_two);
            pass_ms(1_000).await;
            assert!(two.events().contains(&"Login signed-in".to_owned()), "{site:?}");
            one.load(&callback_one);
            pass_ms(1_000).await;
            assert!(one.events().contains(&"Login signed-in".to_owned()), "{site:?}");
            let user = one.user().unwrap();
            assert_signed_in(&one, &user).await;
            assert_signed_in(&two, &user).await;
        });
    }
}

#[test]
fn a_callback_that_is_opened_twice_is_handled_once() {
    for site in SITES {
        run(async move {
            let world = World::new(site, 2);
            let browser = Browser::new(&world);
            let tab = Tab::open(&browser);
            tab.begin(login(Choice::Anonymous)).value().await.unwrap();
            let callback = tab.callback_url(Choice::Anonymous).await;
            tab.load(&callback);
            let copy = Tab::open_at(&browser, &callback);
            pass_ms(1_000).await;
            let user = tab.user().unwrap();
            let late = Tab::open_at(&browser, &callback);
            pass_ms(1_000).await;
            for tab in [&tab, &copy, &late] {
                assert_signed_in(tab, &user).await;
                let href = tab.page().href.borrow().clone();
                assert!(!href.contains("code=") && !href.contains("token="), "{site:?}");
            }
            assert!(world.count("POST", "/tokens", 200) <= 1);
            assert_eq!(world.count("POST", "/tokens", 400), 0);
        });
    }
}

#[test]
fn a_tab_that_sees_no_cookies_for_an_instant_gets_the_renewed_session() {
    for site in SITES {
        run(async move {
            let browser = Browser::new(&World::new(site, 9));
            let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
            let user = tab.sign_in().await;
            pass_ms(1_000).await;
            other.events();

            browser.hides_cookies.set(true);
            let origin = tab.page().origin();
            let record = browser.load(&origin, STORAGE_KEY).unwrap();
            let renewed = record.replacen("\"expiry\":", "\"expiry\":1", 1);
            browser.store(&tab.page(), STORAGE_KEY, Some(&renewed));
            let token = other.token(60_000);
            pass_ms(200).await;
            assert_eq!((other.events(), other.snapshot()), (vec![], user.clone()), "{site:?}");
            browser.hides_cookies.set(false);
            pass_ms(200).await;
            assert_eq!(other.events(), ["token-renewed"], "{site:?}");
            assert_eq!(token.value().await.unwrap().unwrap().subject(), Some(&*user));
            assert_eq!(browser.world.count("PATCH", "/api/session", 200), 0, "{site:?}");
        });
    }
}

#[test]
fn a_session_whose_token_cookie_is_gone_ends_where_it_cannot_be_renewed() {
    for site in [Site::Cross, Site::Localhost] {
        run(async move {
            let browser = Browser::new(&World::new(site, 9));
            let tab = Tab::open(&browser);
            tab.sign_in().await;
            tab.events();
            browser.hides_cookies.set(true);
            tab.set_visible(true);
            pass_ms(2_000).await;
            assert_eq!((tab.snapshot().as_str(), tab.events()), ("signed-out", vec!["signed-out".to_owned()]));
            assert_eq!(tab.token(0).value().await.unwrap_err().code, ErrorCode::TokenTimeout);
        });
    }
}

#[test]
fn all_tabs_get_the_result_of_a_link() {
    for site in SITES {
        run(async move {
            let browser = Browser::new(&World::new(site, 3));
            let elsewhere = Tab::open(&Browser::new(&browser.world));
            elsewhere.sign_in_as(Choice::Person("grace")).await;
            let tab = Tab::open(&browser);
            let user = tab.sign_in().await;
            let other = Tab::open(&browser);
            pass_ms(100).await;
            for (choice, event) in [
                (Choice::Cancel, "Link cancelled"),
                (Choice::Person("grace"), "Link already-owned"),
                (ADA, "Link linked"),
            ] {
                other.events();
                tab.begin_link().value().await.unwrap();
                tab.follow_redirects(choice).await;
                assert!(tab.exists().value().await.unwrap());
                pass_ms(100).await;
                assert!(tab.events().contains(&event.to_owned()), "{site:?} {event}");
                assert!(other.events().contains(&event.to_owned()), "{site:?} {event}");
                assert_signed_in(&tab, &user).await;
                assert_signed_in(&other, &user).await;
            }
        });
    }
}

#[test]
fn a_login_that_is_begun_and_not_completed_changes_nothing() {
    for site in SITES {
        run(async move {
            let browser = Browser::new(&World::new(site, 4));
            let tab = Tab::open(&browser);
            let user = tab.sign_in().await;
            tab.begin(login(ADA)).value().await.unwrap();
            tab.reload();
            assert!(tab.exists().value().await.unwrap());
            assert_signed_in(&tab, &user).await;
            tab.begin(login(ADA)).value().await.unwrap();
            tab.follow_redirects(Choice::Cancel).await;
            assert!(tab.exists().value().await.unwrap());
            assert_signed_in(&tab, &user).await;
        });
    }
}

/// From the login to two seconds before a renewal is due.
const BEFORE_RENEWAL_MS: u64 = DAY_MS - 5 * MINUTE_MS - 10_000 - 2_000;

#[test]
fn a_tab_that_is_frozen_during_a_renewal_does_not_undo_the_login_of_another_tab() {
    run(async {
        let world = World::new(Site::Same, 5);
        let browser = Browser::new(&world);
        let tab = Tab::open(&browser);
        tab.sign_in().await;
        let other = Tab::open(&browser);
        other.set_visible(false);
        pass_ms(BEFORE_RENEWAL_MS).await;
        world.fail("PATCH", "/api/session", Fault::DelayResponse(2_000), 1);
        pass_ms(2_500).await;
        assert_eq!(world.count("PATCH", "/api/session", 200), 1, "the renewal is in progress");
        tab.set_frozen(true);
        pass_ms(5_000).await;
        let ada = other.sign_in_as(ADA).await;
        assert_signed_in(&other, &ada).await;
        tab.set_frozen(false);
        pass_ms(MINUTE_MS).await;
        assert_signed_in(&other, &ada).await;
        assert_signed_in(&tab, &ada).await;
    });
}

#[test]
fn a_renewal_whose_response_arrives_after_another_tabs_login_leaves_all_tabs_with_one_user() {
    run(async {
        let world = World::new(Site::Same, 6);
        let browser = Browser::new(&world);
        let tab = Tab::open(&browser);
        tab.sign_in().await;
        let other = Tab::open(&browser);
        other.set_visible(false);
        pass_ms(BEFORE_RENEWAL_MS).await;
        other.begin(login(ADA)).value().await.unwrap();
        world.fail("PATCH", "/api/session", Fault::DelayResponse(10_000), 1);
        pass_ms(2_500).await;
        assert_eq!(world.count("PATCH", "/api/session", 200), 1, "the renewal is in progress");
        other.follow_redirects(ADA).await;
        pass_ms(MINUTE_MS).await;
        // The response sets the cookies of the session from before, so that session counts.
        let user = tab.user().unwrap();
        assert_signed_in(&tab, &user).await;
        assert_signed_in(&other, &user).await;
    });
}

#[test]
fn a_token_of_another_application_is_not_returned() {
    run(async {
        let world = World::new(Site::Same, 6);
        let browser = Browser::new(&world);
        let admin = Tab::open_application(&browser, "https://admin.shop.test/", "app_admin");
        admin.begin(login(ADA)).value().await.unwrap();
        admin.follow_redirects(ADA).await;
        pass_ms(1_000).await;
        let token = admin.token(0).value().await.unwrap().unwrap();
        assert_eq!(token.client_id(), Some("app_admin"));
        let tab = Tab::open(&browser);
        tab.sign_in().await;
        admin.begin(login(ADA)).value().await.unwrap();
        admin.follow_redirects(ADA).await;
        pass_ms(1_000).await;
        for tab in [&tab, &Tab::open(&browser)] {
            for timeout_ms in [0, 2_000] {
                // The cookie that both applications share now has the other one's token: there is no session here.
                let refused = tab.token(timeout_ms).value().await.unwrap_err();
                assert_eq!(refused.code, ErrorCode::TokenTimeout);
                assert_eq!(tab.user(), None, "identity and token say the same");
            }
        }
    });
}

#[test]
fn deleting_site_data_ends_the_session() {
    for site in SITES {
        run(async move {
            let browser = Browser::new(&World::new(site, 7));
            let tab = Tab::open(&browser);
            tab.sign_in().await;
            browser.clear_site_data();
            pass_ms(100).await;
            assert_signed_out(&tab).await;
            assert!(!tab.exists().value().await.unwrap());
            assert_eq!(tab.snapshot(), "signed-out", "{site:?}");
        });
    }
}

#[test]
fn a_token_for_a_request_is_found_while_another_tab_replaces_the_session() {
    for turns in 0..40 {
        run(async move {
            let world = World::new(Site::Localhost, 8);
            let elsewhere = Browser::new(&world);
            let signed_in = Tab::open(&elsewhere);
            let ada = signed_in.sign_in_as(ADA).await;
            let browser = Browser::new(&world);
            let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
            let user = tab.sign_in().await;
            pass_ms(100).await;
            let token = tab.call(|client| async move { client.token_for("http://localhost:5173/api", "").await });
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            // The other tab writes the token an instant before the record.
            let url = "http://localhost:5173/".parse().unwrap();
            let cookies = elsewhere.script_cookies(&url);
            let ours = cookies.split("; ").find(|cookie| cookie.starts_with("authorization=")).unwrap();
            browser.assign_cookie(&url, &format!("{ours}; Path=/"));
            pass_ms(20).await;
            browser.store(&other.page(), STORAGE_KEY, elsewhere.load(Site::Localhost.shop(), STORAGE_KEY).as_deref());
            match token.value().await {
                Ok(token) => {
                    let token = UnverifiedClaims::decode(token.expect("a token").expose()).unwrap();
                    assert_eq!(token.subject(), Some(&*user), "after {turns} turns");
                }
                // The request was meant for the user from before, and the page knows the other one now.
                Err(error) => {
                    assert_eq!((error.code, tab.snapshot()), (ErrorCode::UserChanged, ada), "after {turns} turns");
                }
            }
        });
    }
}
