//! Callbacks: prerendered, cancelled, with late or lost responses, forged, repeated.

use super::{assert_signed_in, assert_signed_out};
use crate::support::{Browser, Choice, DAY_MS, Fault, MINUTE_MS, Site, Tab, World, login, pass_ms, run};
use authress_login_protocol::{
    authorization::{pending::KEY_PREFIX, request::AuthenticateOptions},
    callback::login_result::{LoginStatus, Purpose},
    error::ErrorCode,
    session::record::STORAGE_KEY,
};
use serde_json::json;

const SITES: [Site; 3] = [Site::Same, Site::Cross, Site::Localhost];

fn by_code() -> AuthenticateOptions {
    AuthenticateOptions { flow_type: Some("code".to_owned()), ..login(Choice::Anonymous) }
}

#[test]
fn a_prerendered_page_does_not_use_up_a_callback() {
    for site in SITES {
        run(async move {
            let world = World::new(site, 1);
            let browser = Browser::new(&world);
            let tab = Tab::open(&browser);
            tab.begin(login(Choice::Anonymous)).value().await.unwrap();
            let callback = tab.callback_url(Choice::Anonymous).await;
            let prerendered = Tab::prerender(&browser, &callback);
            let exists = prerendered.exists();
            let sent = world.sent("PATCH /api/session").len();
            pass_ms(MINUTE_MS).await;
            assert_eq!(world.count("POST", "/tokens", 200), 0, "{site:?}");
            assert_eq!((world.sent("PATCH /api/session").len(), &*prerendered.page().href.borrow()), (sent, &callback));
            assert_eq!(browser.load(site.shop(), STORAGE_KEY), None);
            assert!(browser.keys(site.shop()).iter().any(|key| key.starts_with(KEY_PREFIX)), "{site:?}");
            prerendered.activate();
            assert!(exists.value().await.unwrap(), "{site:?}");
            let user = prerendered.user().unwrap();
            assert_signed_in(&prerendered, &user).await;
        });
    }
}

#[test]
fn another_page_handles_a_callback_that_was_only_prerendered() {
    for site in SITES {
        run(async move {
            let browser = Browser::new(&World::new(site, 2));
            let tab = Tab::open(&browser);
            tab.begin(login(Choice::Anonymous)).value().await.unwrap();
            let callback = tab.callback_url(Choice::Anonymous).await;
            let prerendered = Tab::prerender(&browser, &callback);
            pass_ms(1_000).await;
            prerendered.close();
            tab.load(&callback);
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
        let prerendered = Tab::prerender(&browser, "https://app.shop.test/");
        let login = prerendered.begin(login(Choice::Anonymous));
        pass_ms(MINUTE_MS).await;
        assert_eq!((world.sent("POST /api/authentication").len(), prerendered.destination()), (before, None));
        prerendered.activate();
        login.value().await.unwrap();
        assert!(prerendered.destination().is_some());

        let prerendered = Tab::prerender(&browser, "https://app.shop.test/");
        let link = prerendered.begin_link();
        pass_ms(MINUTE_MS).await;
        assert_eq!((world.sent("POST /api/authentication").len(), prerendered.destination()), (before + 1, None));
        prerendered.activate();
        link.value().await.unwrap();
        assert!(prerendered.destination().is_some());
    });
}

#[test]
fn a_cancelled_login_does_not_navigate() {
    for fault in [Fault::DelayRequest(2_000), Fault::DelayResponse(2_000), Fault::DropRequest] {
        run(async move {
            let world = World::new(Site::Same, 4);
            let browser = Browser::new(&world);
            let tab = Tab::open(&browser);
            world.fail("POST", "/api/authentication", fault, 1);
            let call = tab.begin(login(Choice::Anonymous));
            pass_ms(45).await;
            call.cancel();
            pass_ms(MINUTE_MS).await;
            assert_eq!(tab.destination(), None, "{fault:?}");
            assert_eq!(browser.keys(&tab.page().origin()), [""; 0], "{fault:?}");
            tab.sign_in().await;
        });
    }
}

#[test]
fn a_lost_response_to_a_code_exchange_is_recovered_where_cookies_reach_authress() {
    run(async {
        let world = World::new(Site::Same, 5);
        let tab = Tab::open(&Browser::new(&world));
        tab.begin(by_code()).value().await.unwrap();
        world.fail("POST", "/tokens", Fault::DropResponse, 1);
        tab.follow_redirects(Choice::Anonymous).await;
        let result = tab.call(|client| async move { client.login_result(Purpose::Login).await });
        assert_eq!(result.value().await.unwrap().unwrap().status, LoginStatus::SignedIn);
        let user = tab.user().unwrap();
        assert_signed_in(&tab, &user).await;
        assert_eq!((world.count("POST", "/tokens", 200), world.count("POST", "/tokens", 400)), (1, 1));
    });
}

#[test]
fn the_next_call_repeats_a_code_exchange_after_a_network_failure() {
    run(async {
        let world = World::new(Site::Cross, 6);
        let tab = Tab::open(&Browser::new(&world));
        tab.begin(login(Choice::Anonymous)).value().await.unwrap();
        world.fail("POST", "/tokens", Fault::DropRequest, 5);
        tab.follow_redirects(Choice::Anonymous).await;
        let error = tab.exists().value().await.unwrap_err();
        assert_eq!(error.code, ErrorCode::AuthressSdkNetworkError);
        assert!(tab.exists().value().await.unwrap());
        assert!(tab.events().contains(&"Login signed-in".to_owned()));
        assert_eq!(world.count("POST", "/tokens", 200), 1);
    });
}

#[test]
fn a_login_that_cannot_be_completed_keeps_the_session_from_before() {
    run(async {
        let world = World::new(Site::Cross, 7);
        let tab = Tab::open(&Browser::new(&world));
        let user = tab.sign_in().await;
        tab.begin(login(Choice::Person("ada"))).value().await.unwrap();
        world.fail("POST", "/tokens", Fault::DropResponse, 5);
        tab.follow_redirects(Choice::Person("ada")).await;
        assert!(tab.exists().value().await.is_err());
        assert!(tab.exists().value().await.unwrap());
        let result = tab.call(|client| async move { client.login_result(Purpose::Login).await });
        assert_eq!(result.value().await.unwrap().unwrap().status, LoginStatus::Failed);
        assert_signed_in(&tab, &user).await;
    });
}

#[test]
fn a_token_that_expires_during_a_code_exchange_does_not_discard_the_login() {
    run(async {
        let world = World::new(Site::Cross, 8);
        let tab = Tab::open(&Browser::new(&world));
        tab.sign_in().await;
        pass_ms(DAY_MS - 10_000 - 2_000).await;
        tab.begin(login(Choice::Person("ada"))).value().await.unwrap();
        world.fail("POST", "/tokens", Fault::DelayResponse(5_000), 1);
        tab.follow_redirects(Choice::Person("ada")).await;
        tab.set_visible(true);
        let result = tab.call(|client| async move { client.login_result(Purpose::Login).await });
        let result = result.value().await.unwrap().expect("a result");
        assert_eq!(result.status, LoginStatus::SignedIn);
        assert_signed_in(&tab, &result.user_id.unwrap()).await;
    });
}

#[test]
fn a_callback_url_of_an_attacker_signs_no_user_in() {
    for site in SITES {
        run(async move {
            let world = World::new(site, 9);
            let attacker = Tab::open(&Browser::new(&world));
            attacker.begin(login(Choice::Person("ada"))).value().await.unwrap();
            let forged = attacker.callback_url(Choice::Person("ada")).await;
            let browser = Browser::new(&world);
            let tab = Tab::open_at(&browser, &forged);
            assert!(!tab.exists().value().await.unwrap(), "{site:?}");
            assert_signed_out(&tab).await;
            let user = tab.sign_in().await;
            tab.load(&forged);
            assert!(tab.exists().value().await.unwrap());
            assert_signed_in(&tab, &user).await;
        });
    }
}

#[test]
fn a_page_that_is_reloaded_during_its_callback_loses_neither_login_nor_link() {
    for site in SITES {
        for wait_ms in [0, 2, 10, 20, 30, 40, 60, 200] {
            run(async move {
                let world = World::new(site, 10);
                let tab = Tab::open(&Browser::new(&world));
                tab.begin(login(Choice::Anonymous)).value().await.unwrap();
                tab.follow_redirects(Choice::Anonymous).await;
                pass_ms(wait_ms).await;
                tab.reload();
                let result = tab.call(|client| async move { client.login_result(Purpose::Login).await });
                let result = result.value().await.unwrap();
                if world.count("POST", "/tokens", 400) > 0 && site == Site::Cross {
                    // Authress has responded to a page that had ended, and no cookie reaches it: the login has failed.
                    assert_eq!(result.unwrap().status, LoginStatus::Failed);
                    return;
                }
                let user = tab.user().expect("a session");
                assert!(result.is_none_or(|result| result.status == LoginStatus::SignedIn), "{site:?} {wait_ms}");
                assert_signed_in(&tab, &user).await;

                tab.begin_link().value().await.unwrap();
                tab.follow_redirects(Choice::Person("ada")).await;
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
fn a_logout_in_another_tab_discards_an_unfinished_callback() {
    run(async {
        let world = World::new(Site::Cross, 11);
        let browser = Browser::new(&world);
        let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
        other.sign_in().await;
        tab.begin(login(Choice::Person("ada"))).value().await.unwrap();
        world.fail("POST", "/tokens", Fault::DropRequest, 5);
        tab.follow_redirects(Choice::Person("ada")).await;
        assert!(tab.exists().value().await.is_err());
        other.logout().value().await.unwrap();
        pass_ms(100).await;
        tab.reload();
        assert!(!tab.exists().value().await.unwrap());
        assert_signed_out(&tab).await;
    });
}

#[test]
fn a_forged_callback_does_not_replace_an_unfinished_one() {
    run(async {
        let world = World::new(Site::Cross, 15);
        let tab = Tab::open(&Browser::new(&world));
        tab.begin(login(Choice::Anonymous)).value().await.unwrap();
        world.fail("POST", "/tokens", Fault::DropRequest, 5);
        tab.follow_redirects(Choice::Anonymous).await;
        assert!(tab.exists().value().await.is_err());
        tab.begin(login(Choice::Person("ada"))).value().await.unwrap();
        let callback = tab.callback_url(Choice::Person("ada")).await;
        tab.load(&format!("{callback}&code=doubled"));
        let result = tab.call(|client| async move { client.login_result(Purpose::Login).await });
        assert_eq!(result.value().await.unwrap().unwrap().status, LoginStatus::Failed);
        assert!(!tab.page().href.borrow().contains("code="));
        tab.load("https://www.other.test/");
        assert!(tab.exists().value().await.unwrap(), "the first login is completed");
    });
}

#[test]
fn a_callback_with_an_injected_parameter_uses_nothing_and_the_genuine_one_completes_the_login() {
    for site in SITES {
        for injected in ["%6Eonce=planted", "nonce=", "c%6fde=planted", "error=access_denied", "iss=me"] {
            for is_first in [true, false] {
                run(async move {
                    let world = World::new(site, 16);
                    let tab = Tab::open(&Browser::new(&world));
                    tab.begin(by_code()).value().await.unwrap();
                    let genuine = tab.callback_url(Choice::Anonymous).await;
                    let (page, query) = genuine.split_once('?').unwrap();
                    // All parameters are there once already, except for the error.
                    let injected = if injected.starts_with("error") { "error=a&error=b" } else { injected };
                    let pairs = if is_first { [injected, query] } else { [query, injected] };
                    tab.load(&format!("{page}?{}", pairs.join("&")));
                    let result = tab.call(|client| async move { client.login_result(Purpose::Login).await });
                    let result = result.value().await.unwrap().expect("a result");
                    let refused = (LoginStatus::Failed, Some(ErrorCode::InvalidCallback));
                    assert_eq!((result.status, result.error_code), refused, "{site:?} {injected}");
                    assert_eq!(*tab.page().href.borrow(), page, "{site:?} {injected}");
                    assert_eq!(world.count("POST", "/tokens", 200), 0, "{site:?} {injected}");
                    tab.load(&genuine);
                    let result = tab.call(|client| async move { client.login_result(Purpose::Login).await });
                    let result = result.value().await.unwrap().expect("a result");
                    assert_eq!(result.status, LoginStatus::SignedIn, "{site:?} {injected}");
                });
            }
        }
    }
}

#[test]
fn parameters_in_the_address_do_not_reach_the_callback_however_they_are_encoded() {
    const PLANTED: &str =
        "n%6Fnce=planted&%63ode=planted&%69%73%73=me&err%6fr=access_denied&error%43ode=IdentityAlreadyOwned";
    for site in SITES {
        run(async move {
            let href = format!("{}/?{PLANTED}&access%5Ftoken=T#top", site.shop());
            let tab = Tab::open_at(&Browser::new(&World::new(site, 17)), &href);
            tab.exists().value().await.unwrap();
            let cleaned = format!("{}/?{PLANTED}#top", site.shop());
            assert_eq!(*tab.page().href.borrow(), cleaned, "{site:?}");
            tab.begin(login(Choice::Anonymous)).value().await.unwrap();
            let callback = tab.callback_url(Choice::Anonymous).await;
            assert!(!callback.contains("planted") && !callback.contains("access_denied"), "{site:?} {callback}");
            tab.load(&callback);
            let result = tab.call(|client| async move { client.login_result(Purpose::Login).await });
            assert_eq!(result.value().await.unwrap().expect("a result").status, LoginStatus::SignedIn, "{site:?}");
            assert_eq!(*tab.page().href.borrow(), cleaned, "{site:?}: the page's own query");
        });
    }
}

#[test]
fn a_second_copy_of_the_package_finds_the_session_of_a_callback_that_the_first_one_handled() {
    for site in SITES {
        run(async move {
            let world = World::new(site, 12);
            let tab = Tab::open(&Browser::new(&world));
            for _ in 0..2 {
                tab.begin(by_code()).value().await.unwrap();
                tab.follow_redirects(Choice::Anonymous).await;
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
fn a_client_of_another_application_ignores_a_callback() {
    for site in SITES {
        run(async move {
            let world = World::new(site, 13);
            let tab = Tab::open(&Browser::new(&world));
            tab.begin(by_code()).value().await.unwrap();
            let callback = tab.callback_url(Choice::Anonymous).await;
            // It loads the callback first, on the same origin.
            let admin = Tab::open_application(&tab.browser, &callback, "app_admin");
            assert!(!admin.exists().value().await.unwrap_or(false), "{site:?}");
            assert_eq!(*admin.page().href.borrow(), callback);
            tab.load(&callback);
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
                let dialect = json!({ "dropsRedirectQuery": drops_redirect_query });
                let world = World::with(site, 14, |config| config["dialect"] = dialect);
                let href = format!("{}{QUERY}", site.shop());
                let tab = Tab::open_at(&Browser::new(&world), &href);
                for _ in 0..2 {
                    tab.begin(login(Choice::Anonymous)).value().await.unwrap();
                    tab.follow_redirects(Choice::Anonymous).await;
                    let result = tab.call(|client| async move { client.login_result(Purpose::Login).await });
                    let result = result.value().await.unwrap().expect("a result");
                    assert_eq!(result.status, LoginStatus::SignedIn, "{site:?}");
                    assert_eq!(*tab.page().href.borrow(), href, "{site:?}");
                }
                tab.begin_link().value().await.unwrap();
                tab.follow_redirects(Choice::Person("ada")).await;
                let result = tab.call(|client| async move { client.login_result(Purpose::Link).await });
                assert_eq!(result.value().await.unwrap().unwrap().status, LoginStatus::Linked, "{site:?}");
                assert_eq!(*tab.page().href.borrow(), href, "{site:?}");
            });
        }
    }
}
