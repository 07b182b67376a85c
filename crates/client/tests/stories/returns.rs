//! Returns that are prepared only, given up, answered late or not at all.

use super::{assert_signed_in, assert_signed_out};
use crate::support::{Browser, Choice, DAY_MS, Fault, MINUTE_MS, Site, Tab, World, login, pass_ms, run};
use authress_login_protocol::{
    authorization::{pending::KEY_PREFIX, request::AuthenticateOptions},
    callback::login_result::{LoginStatus, Purpose},
    error::ErrorCode,
    session::record::STORAGE_KEY,
};

const SITES: [Site; 3] = [Site::Same, Site::Cross, Site::Localhost];

fn by_code() -> AuthenticateOptions {
    AuthenticateOptions { flow_type: Some("code".to_owned()), ..login(Choice::Nobody) }
}

#[test]
fn a_prerendered_page_uses_nothing_up() {
    for site in SITES {
        run(async move {
            let world = World::new(site, 1);
            let browser = Browser::new(&world);
            let tab = Tab::open(&browser);
            tab.begin(login(Choice::Nobody)).value().await.unwrap();
            let back = tab.travel(Choice::Nobody).await;
            let prepared = Tab::prerender(&browser, &back);
            let exists = prepared.exists();
            let sent = world.sent("PATCH /api/session").len();
            pass_ms(MINUTE_MS).await;
            assert_eq!(world.count("POST", "/tokens", 200), 0, "{site:?}");
            assert_eq!((world.sent("PATCH /api/session").len(), &*prepared.page().href.borrow()), (sent, &back));
            assert_eq!(browser.load(site.shop(), STORAGE_KEY), None);
            assert!(browser.keys(site.shop()).iter().any(|key| key.starts_with(KEY_PREFIX)), "{site:?}");
            prepared.activate();
            assert!(exists.value().await.unwrap(), "{site:?}");
            let user = prepared.user().unwrap();
            assert_signed_in(&prepared, &user).await;
        });
    }
}

#[test]
fn what_a_prerendered_page_left_alone_another_page_takes_up() {
    for site in SITES {
        run(async move {
            let browser = Browser::new(&World::new(site, 2));
            let tab = Tab::open(&browser);
            tab.begin(login(Choice::Nobody)).value().await.unwrap();
            let back = tab.travel(Choice::Nobody).await;
            let prepared = Tab::prerender(&browser, &back);
            pass_ms(1_000).await;
            prepared.close();
            tab.load(&back);
            assert!(tab.exists().value().await.unwrap(), "{site:?}");
        });
    }
}

#[test]
fn a_prerendered_page_begins_no_login_and_no_link() {
    run(async {
        let world = World::new(Site::Same, 3);
        let browser = Browser::new(&world);
        Tab::open(&browser).sign_in().await;
        let before = world.sent("POST /api/authentication").len();
        let prepared = Tab::prerender(&browser, "https://app.shop.test/");
        let login = prepared.begin(login(Choice::Nobody));
        pass_ms(MINUTE_MS).await;
        assert_eq!((world.sent("POST /api/authentication").len(), prepared.destination()), (before, None));
        prepared.activate();
        login.value().await.unwrap();
        assert!(prepared.destination().is_some());

        let prepared = Tab::prerender(&browser, "https://app.shop.test/");
        let link = prepared.begin_link();
        pass_ms(MINUTE_MS).await;
        assert_eq!((world.sent("POST /api/authentication").len(), prepared.destination()), (before + 1, None));
        prepared.activate();
        link.value().await.unwrap();
        assert!(prepared.destination().is_some());
    });
}

#[test]
fn a_login_that_is_given_up_does_not_leave_the_page() {
    for fault in [Fault::Delay(2_000), Fault::LateAnswer(2_000), Fault::DropBefore] {
        run(async move {
            let world = World::new(Site::Same, 4);
            let browser = Browser::new(&world);
            let tab = Tab::open(&browser);
            world.fail("POST", "/api/authentication", fault, 1);
            let call = tab.begin(login(Choice::Nobody));
            pass_ms(45).await;
            call.give_up();
            pass_ms(MINUTE_MS).await;
            assert_eq!(tab.destination(), None, "{fault:?}");
            assert_eq!(browser.keys(&tab.page().origin()), [""; 0], "{fault:?}");
            tab.sign_in().await;
        });
    }
}

#[test]
fn a_lost_answer_to_an_exchange_costs_no_login_where_cookies_reach_authress() {
    run(async {
        let world = World::new(Site::Same, 5);
        let tab = Tab::open(&Browser::new(&world));
        tab.begin(by_code()).value().await.unwrap();
        world.fail("POST", "/tokens", Fault::DropAfter, 1);
        tab.follow(Choice::Nobody).await;
        let result = tab.call(|client| async move { client.login_result(Purpose::Login).await });
        assert_eq!(result.value().await.unwrap().unwrap().status, LoginStatus::SignedIn);
        let user = tab.user().unwrap();
        assert_signed_in(&tab, &user).await;
        assert_eq!((world.count("POST", "/tokens", 200), world.count("POST", "/tokens", 400)), (1, 1));
    });
}

#[test]
fn an_exchange_that_nobody_answers_is_tried_again_by_the_next_call() {
    run(async {
        let world = World::new(Site::Cross, 6);
        let tab = Tab::open(&Browser::new(&world));
        tab.begin(login(Choice::Nobody)).value().await.unwrap();
        world.fail("POST", "/tokens", Fault::DropBefore, 5);
        tab.follow(Choice::Nobody).await;
        let error = tab.exists().value().await.unwrap_err();
        assert_eq!(error.code, ErrorCode::AuthressSdkNetworkError);
        assert!(tab.exists().value().await.unwrap());
        assert!(tab.events().contains(&"Login signed-in".to_owned()));
        assert_eq!(world.count("POST", "/tokens", 200), 1);
    });
}

#[test]
fn a_login_that_is_lost_for_good_leaves_the_session_from_before() {
    run(async {
        let world = World::new(Site::Cross, 7);
        let tab = Tab::open(&Browser::new(&world));
        let user = tab.sign_in().await;
        tab.begin(login(Choice::Person("ada"))).value().await.unwrap();
        world.fail("POST", "/tokens", Fault::DropAfter, 5);
        tab.follow(Choice::Person("ada")).await;
        assert!(tab.exists().value().await.is_err());
        assert!(tab.exists().value().await.unwrap());
        let result = tab.call(|client| async move { client.login_result(Purpose::Login).await });
        assert_eq!(result.value().await.unwrap().unwrap().status, LoginStatus::Failed);
        assert_signed_in(&tab, &user).await;
    });
}

#[test]
fn a_token_that_runs_out_while_a_login_is_completed_does_not_cost_the_login() {
    run(async {
        let world = World::new(Site::Cross, 8);
        let tab = Tab::open(&Browser::new(&world));
        tab.sign_in().await;
        pass_ms(DAY_MS - 10_000 - 2_000).await;
        tab.begin(login(Choice::Person("ada"))).value().await.unwrap();
        world.fail("POST", "/tokens", Fault::LateAnswer(5_000), 1);
        tab.follow(Choice::Person("ada")).await;
        tab.set_visible(true);
        let result = tab.call(|client| async move { client.login_result(Purpose::Login).await });
        let result = result.value().await.unwrap().expect("a result");
        assert_eq!(result.status, LoginStatus::SignedIn);
        assert_signed_in(&tab, &result.user_id.unwrap()).await;
    });
}

#[test]
fn a_planted_return_signs_nobody_in() {
    for site in SITES {
        run(async move {
            let world = World::new(site, 9);
            let attacker = Tab::open(&Browser::new(&world));
            attacker.begin(login(Choice::Person("ada"))).value().await.unwrap();
            let planted = attacker.travel(Choice::Person("ada")).await;
            let browser = Browser::new(&world);
            let tab = Tab::open_at(&browser, &planted);
            assert!(!tab.exists().value().await.unwrap(), "{site:?}");
            assert_signed_out(&tab).await;
            let user = tab.sign_in().await;
            tab.load(&planted);
            assert!(tab.exists().value().await.unwrap());
            assert_signed_in(&tab, &user).await;
        });
    }
}

#[test]
fn a_page_that_is_reloaded_during_its_callback_loses_no_login_and_no_link() {
    for site in SITES {
        for wait_ms in [0, 2, 10, 20, 30, 40, 60, 200] {
            run(async move {
                let world = World::new(site, 10);
                let tab = Tab::open(&Browser::new(&world));
                tab.begin(login(Choice::Nobody)).value().await.unwrap();
                tab.follow(Choice::Nobody).await;
                pass_ms(wait_ms).await;
                tab.reload();
                let result = tab.call(|client| async move { client.login_result(Purpose::Login).await });
                let result = result.value().await.unwrap();
                if world.count("POST", "/tokens", 400) > 0 && site == Site::Cross {
                    // Authress has answered to a page that was gone, and no cookie reaches it: the page is told so.
                    assert_eq!(result.unwrap().status, LoginStatus::Failed);
                    return;
                }
                let user = tab.user().expect("a session");
                assert!(result.is_none_or(|result| result.status == LoginStatus::SignedIn), "{site:?} {wait_ms}");
                assert_signed_in(&tab, &user).await;

                tab.begin_link().value().await.unwrap();
                tab.follow(Choice::Person("ada")).await;
                pass_ms(wait_ms).await;
                tab.load(&format!("{}/?lang=de", site.shop()));
                let result = tab.call(|client| async move { client.login_result(Purpose::Link).await });
                let result = result.value().await.unwrap();
                let is_lost = world.count("POST", "/tokens", 400) > 0 && site == Site::Cross;
                let status = if is_lost { LoginStatus::Failed } else { LoginStatus::Linked };
                assert!(result.is_none_or(|result| result.status == status), "{site:?} {wait_ms}");
                assert_signed_in(&tab, &user).await;
                assert!(tab.page().tab_storage.borrow().is_empty(), "{site:?} {wait_ms}");
            });
        }
    }
}

#[test]
fn a_callback_that_was_not_finished_ends_with_the_sign_out() {
    run(async {
        let world = World::new(Site::Cross, 11);
        let browser = Browser::new(&world);
        let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
        other.sign_in().await;
        tab.begin(login(Choice::Person("ada"))).value().await.unwrap();
        world.fail("POST", "/tokens", Fault::DropBefore, 5);
        tab.follow(Choice::Person("ada")).await;
        assert!(tab.exists().value().await.is_err());
        other.logout().value().await.unwrap();
        pass_ms(100).await;
        tab.reload();
        assert!(!tab.exists().value().await.unwrap());
        assert_signed_out(&tab).await;
    });
}

#[test]
fn a_forged_callback_does_not_take_the_place_of_an_unfinished_one() {
    run(async {
        let world = World::new(Site::Cross, 15);
        let tab = Tab::open(&Browser::new(&world));
        tab.begin(login(Choice::Nobody)).value().await.unwrap();
        world.fail("POST", "/tokens", Fault::DropBefore, 5);
        tab.follow(Choice::Nobody).await;
        assert!(tab.exists().value().await.is_err());
        tab.begin(login(Choice::Person("ada"))).value().await.unwrap();
        let back = tab.travel(Choice::Person("ada")).await;
        tab.load(&format!("{back}&code=doubled"));
        let result = tab.call(|client| async move { client.login_result(Purpose::Login).await });
        assert_eq!(result.value().await.unwrap().unwrap().status, LoginStatus::Failed);
        assert!(!tab.page().href.borrow().contains("code="));
        tab.load("https://www.other.test/");
        assert!(tab.exists().value().await.unwrap(), "the first login is completed");
    });
}

#[test]
fn a_second_copy_of_the_package_sees_what_the_first_one_made_of_a_callback() {
    for site in SITES {
        run(async move {
            let world = World::new(site, 12);
            let tab = Tab::open(&Browser::new(&world));
            for _ in 0..2 {
                tab.begin(by_code()).value().await.unwrap();
                tab.follow(Choice::Nobody).await;
                let second = tab.other_client("app_shop");
                let exists = tab.call(|_| async move { second.user_session_exists(false).await });
                assert!(exists.value().await.unwrap(), "{site:?}");
                let user = tab.user().expect("a session");
                assert_signed_in(&tab, &user).await;
            }
            assert_eq!(world.count("POST", "/tokens", 400), 0, "no code is used twice");
        });
    }
}

#[test]
fn a_client_of_another_application_leaves_a_callback_alone() {
    for site in SITES {
        run(async move {
            let world = World::new(site, 13);
            let tab = Tab::open(&Browser::new(&world));
            tab.begin(by_code()).value().await.unwrap();
            let back = tab.travel(Choice::Nobody).await;
            // It comes first, on a page of the same origin.
            let admin = Tab::open_application(&tab.browser, &back, "app_admin");
            assert!(!admin.exists().value().await.unwrap_or(false), "{site:?}");
            assert_eq!(*admin.page().href.borrow(), back);
            tab.load(&back);
            let result = tab.call(|client| async move { client.login_result(Purpose::Login).await });
            assert_eq!(result.value().await.unwrap().unwrap().status, LoginStatus::SignedIn, "{site:?}");
        });
    }
}

#[test]
fn the_pages_own_query_survives_a_login() {
    const QUERY: &str = "/?utm=x%20y&code=SUMMER20&error=sold-out&iss=me&nonce=n1&expires_in=9&bare#top";
    for site in SITES {
        for drops_redirect_query in [false, true] {
            run(async move {
                let world = World::with(site, 14, |config| config["dropsRedirectQuery"] = drops_redirect_query.into());
                let href = format!("{}{QUERY}", site.shop());
                let tab = Tab::open_at(&Browser::new(&world), &href);
                for _ in 0..2 {
                    tab.begin(login(Choice::Nobody)).value().await.unwrap();
                    tab.follow(Choice::Nobody).await;
                    let result = tab.call(|client| async move { client.login_result(Purpose::Login).await });
                    let result = result.value().await.unwrap().expect("a result");
                    assert_eq!(result.status, LoginStatus::SignedIn, "{site:?}");
                    assert_eq!(*tab.page().href.borrow(), href, "{site:?}");
                }
                tab.begin_link().value().await.unwrap();
                tab.follow(Choice::Person("ada")).await;
                let result = tab.call(|client| async move { client.login_result(Purpose::Link).await });
                assert_eq!(result.value().await.unwrap().unwrap().status, LoginStatus::Linked, "{site:?}");
                assert_eq!(*tab.page().href.borrow(), href, "{site:?}");
            });
        }
    }
}
