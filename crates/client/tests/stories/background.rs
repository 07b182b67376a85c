//! Logins in the background: when they begin, what they wait for, and how they end.

use super::{
    assert_signed_in,
    sign_in::{ADA, AUTHORIZATION_REQUEST, CLICK, click, redirect_result, sent, sign_in},
};
use crate::support::{Browser, Call, Choice, Fault, Site, Tab, World, login, pass_ms, run};
use authress_login_protocol::{
    authorization::{pending::LEGACY_KEY, request::AuthenticateOptions},
    callback::login_result::LoginStatus,
    error::Error,
    secret::Secret,
};

fn sign_in_in_background(tab: &Tab) -> Call<Result<bool, Error>> {
    let redirect_url = Some("/signed-in.txt".to_owned());
    tab.call(|client| async move { client.sign_in_anonymously(click(Choice::Anonymous), redirect_url).await })
}

#[test]
fn a_login_in_the_background_stays_on_the_page_and_its_user_id_can_be_kept() {
    run(async {
        let browser = Browser::new(&World::new(Site::Same, 11));
        let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
        assert!(sign_in_in_background(&tab).value().await.unwrap());
        let user = tab.user().expect("a user id");
        assert_eq!(
            (tab.destination(), redirect_result(&tab).await),
            (None, None),
            "the page has not returned from anywhere"
        );
        assert_eq!(browser.load(Site::Same.shop(), LEGACY_KEY), None, "no code verifier is left");
        assert_signed_in(&other, &user).await;
        assert_eq!(tab.events(), ["ready", "signed-in"]);
        sign_in(&tab).value().await.unwrap();
        tab.follow_redirects(ADA).await;
        assert_eq!(redirect_result(&tab).await.expect("a result").status, LoginStatus::Linked);
        assert_signed_in(&tab, &user).await;
    });
}

/// What may come first, and second: Authress's response whether it has a session, and that a login may begin.
const ORDERS: [&[(&str, &str)]; 3] = [&[], &[("PATCH", "/api/session")], &[("POST", "/api/authentication")]];

/// Delays the responses to these requests by half a second.
fn delay(world: &World, requests: &[(&'static str, &'static str)]) {
    requests.iter().for_each(|(method, path)| world.fail(method, path, Fault::DelayResponse(500), 9));
}

/// Asserts that the browser keeps no code verifier and that no tab waits for a login.
fn assert_nothing_pending(browser: &Browser) {
    let keys = browser.keys(Site::Same.shop());
    assert!(!keys.iter().any(|key| key.starts_with(LEGACY_KEY)), "{keys:?}");
}

#[test]
fn authress_is_asked_for_a_session_while_a_login_in_the_background_starts() {
    for slow in ORDERS {
        run(async move {
            let world = World::new(Site::Same, 18);
            let browser = Browser::new(&world);
            let tab = Tab::open(&browser);
            delay(&world, slow);
            assert!(sign_in_in_background(&tab).value().await.unwrap(), "{slow:?}");
            let (asked, started) = (world.sent("PATCH /api/session"), world.sent(AUTHORIZATION_REQUEST));
            assert_eq!((asked.len(), started.len()), (1, 1), "{slow:?}");
            assert!(started[0].abs_diff(asked[0]) < 20, "{slow:?}: before the response to either");
            assert!(tab.client().session().expect("a session").becomes_account(), "{slow:?}: it began here");
            assert_nothing_pending(&browser);
        });
    }
}

#[test]
fn a_session_that_authress_has_is_kept_when_a_login_has_started_meanwhile() {
    for slow in ORDERS {
        run(async move {
            let world = World::new(Site::Same, 19);
            let browser = Browser::new(&world);
            let user = Tab::open(&browser).sign_in_as(ADA).await;
            browser.lose_page_data();
            let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
            pass_ms(1_000).await;
            delay(&world, slow);
            assert!(sign_in_in_background(&tab).value().await.unwrap(), "{slow:?}");
            assert_signed_in(&tab, &user).await;
            // What was started comes to nothing, also later.
            pass_ms(10_000).await;
            assert_nothing_pending(&browser);
            assert_eq!(world.sent("GET /v1/login").len(), 0, "{slow:?}: no second user id");
            assert_eq!((tab.destination(), tab.user(), other.user()), (None, Some(user.clone()), Some(user.clone())));
            // Authress has the same session as before.
            browser.lose_page_data();
            tab.reload();
            assert!(tab.exists().value().await.unwrap());
            assert_eq!(tab.user(), Some(user), "{slow:?}");
        });
    }
}

#[test]
fn a_login_in_the_background_waits_for_the_response_about_a_session() {
    run(async {
        let world = World::new(Site::Same, 20);
        let browser = Browser::new(&world);
        let tab = Tab::open(&browser);
        world.fail("PATCH", "/api/session", Fault::DelayRequest(6_000), 1);
        let mut call = sign_in_in_background(&tab);
        pass_ms(5_500).await;
        assert_eq!((call.try_value().is_none(), world.sent("GET /v1/login").len(), sent(&tab)), (true, 0, 1));
        assert!(call.value().await.unwrap(), "its four seconds begin with the response");
        assert_eq!((sent(&tab), tab.destination()), (1, None));
    });
}

#[test]
fn a_question_about_a_session_that_fails_ends_no_login_in_the_background() {
    for fault in [Fault::DropRequest, Fault::DropResponse, Fault::Status(503)] {
        run(async move {
            let world = World::new(Site::Same, 21);
            let browser = Browser::new(&world);
            let tab = Tab::open(&browser);
            world.fail("PATCH", "/api/session", fault, 9);
            assert!(sign_in_in_background(&tab).value().await.unwrap(), "{fault:?}");
            assert_eq!((sent(&tab), tab.destination()), (1, None), "{fault:?}");
            assert_nothing_pending(&browser);
        });
    }
}

#[test]
fn a_login_that_cannot_start_in_the_background_leaves_a_session_that_is_found() {
    for (fault, times) in [(Fault::Status(400), 1), (Fault::Status(503), 99), (Fault::DropRequest, 99)] {
        for has_session in [true, false] {
            run(async move {
                let world = World::new(Site::Same, 22);
                let browser = Browser::new(&world);
                let user = if has_session { Some(Tab::open(&browser).sign_in_as(ADA).await) } else { None };
                browser.lose_page_data();
                let tab = Tab::open(&browser);
                world.fail("POST", "/api/authentication", fault, times);
                let result = sign_in_in_background(&tab).value().await;
                assert_eq!(tab.user(), user, "{fault:?}");
                match (has_session, times) {
                    (true, _) => assert!(result.unwrap() && tab.destination().is_none(), "{fault:?}"),
                    (false, 1) => assert!(!result.unwrap() && tab.destination().is_some(), "the page is left"),
                    (false, _) => assert!(result.is_err(), "{fault:?}"),
                }
                assert!(
                    !has_session
                        || !tab.page().log_lines.borrow().iter().any(|line| line.contains("background failed"))
                );
            });
        }
    }
}

#[test]
fn the_session_of_a_login_in_the_background_is_begun_even_if_another_tab_finds_it_first() {
    run(async {
        let world = World::new(Site::Same, 23);
        let browser = Browser::new(&world);
        let tab = Tab::open(&browser);
        world.fail("POST", "/tokens", Fault::DelayResponse(1_000), 1);
        let call = sign_in_in_background(&tab);
        while world.count("POST", "/tokens", 200) == 0 {
            pass_ms(1).await;
        }
        let other = Tab::open(&browser);
        assert!(other.exists().value().await.unwrap());
        assert!(!other.client().session().expect("a session").becomes_account(), "it was found");
        assert!(call.value().await.unwrap());
        for tab in [&tab, &other] {
            let session = tab.client().session().expect("a session");
            assert!(session.becomes_account(), "the exchange proves that it began here");
            assert_signed_in(tab, session.user_id()).await;
        }
        assert_eq!(tab.user(), other.user());
    });
}

#[test]
fn a_code_is_exchanged_before_the_file_at_the_end_has_arrived() {
    run(async {
        let world = World::new(Site::Same, 24);
        let browser = Browser::new(&world);
        let tab = Tab::open(&browser);
        browser.redirect_file_delay_ms.set(3_000);
        let began = world.now_ms();
        assert!(sign_in_in_background(&tab).value().await.unwrap());
        assert!(world.now_ms() - began < 1_000);
        assert!(tab.client().session().expect("a session").becomes_account());
    });
}

#[test]
fn a_tab_that_was_frozen_while_it_started_in_the_background_gets_the_session_of_the_other_one() {
    for has_asked in [false, true] {
        run(async move {
            let world = World::new(Site::Same, 25);
            let browser = Browser::new(&world);
            let (frozen, tab) = (Tab::open(&browser), Tab::open(&browser));
            pass_ms(1_000).await;
            if has_asked {
                assert!(!frozen.exists().value().await.unwrap());
            }
            let call = sign_in_in_background(&frozen);
            while sent(&frozen) == 0 {
                pass_ms(1).await;
            }
            frozen.set_frozen(true);
            assert!(sign_in_in_background(&tab).value().await.unwrap());
            let user = tab.user().unwrap();
            frozen.set_frozen(false);
            assert!(call.value().await.unwrap());
            assert_eq!(world.sent("GET /v1/login").len(), 1, "a second user id would replace the first at Authress");
            for tab in [&frozen, &tab] {
                assert_signed_in(tab, &user).await;
            }
            assert_nothing_pending(&browser);
        });
    }
}

#[test]
fn five_tabs_share_one_login_in_the_background() {
    for slow in ORDERS {
        five_tabs_share_one(slow);
    }
}

fn five_tabs_share_one(slow: &'static [(&'static str, &'static str)]) {
    run(async move {
        let world = World::new(Site::Same, 12);
        let browser = Browser::new(&world);
        let tabs: Vec<_> = (0..5).map(|_| Tab::open(&browser)).collect();
        pass_ms(1_000).await;
        delay(&world, slow);
        let calls: Vec<_> = tabs.iter().map(sign_in_in_background).collect();
        for call in calls {
            assert!(call.value().await.unwrap());
        }
        assert_eq!((sent(&tabs[0]), world.sent("GET /v1/login").len()), (1, 1), "{slow:?}");
        for tab in &tabs {
            assert_signed_in(tab, &tabs[0].user().unwrap()).await;
            assert_eq!(tab.destination(), None);
        }
        assert_nothing_pending(&browser);
    });
}

#[test]
fn a_login_that_does_not_work_in_the_background_leaves_the_page() {
    for (fault, path) in [
        // The verifier refuses it, the policy of the page forbids it, and it takes too long.
        (Fault::Status(403), "/v1/login"),
        (Fault::DropRequest, "/v1/login"),
        (Fault::DelayRequest(5_000), "/v1/login"),
        (Fault::DropRequest, "/tokens"),
        (Fault::Status(400), "/tokens"),
    ] {
        run(async move {
            let world = World::new(Site::Same, 13);
            let tab = Tab::open(&Browser::new(&world));
            let method = if path == "/tokens" { "POST" } else { "GET" };
            world.fail(method, path, fault, 9);
            let call = sign_in_in_background(&tab);
            pass_ms(4_500).await;
            assert!(!call.value().await.unwrap(), "{fault:?}");
            let warned = tab.page().log_lines.borrow().iter().any(|line| line.contains("in the background failed"));
            assert!(warned, "{fault:?}");
            world.clear_faults();
            tab.follow_redirects(Choice::Anonymous).await;
            assert!(tab.exists().value().await.unwrap(), "{fault:?}");
            assert_eq!(redirect_result(&tab).await.expect("a result").app_state, Some(Secret::new(CLICK)));
        });
    }
}

#[test]
fn a_code_of_another_request_begins_no_session() {
    run(async {
        let world = World::new(Site::Same, 14);
        let (attacker, tab) = (Tab::open(&Browser::new(&world)), Tab::open(&Browser::new(&world)));
        let options = AuthenticateOptions { flow_type: Some("code".to_owned()), ..login(Choice::Anonymous) };
        attacker.begin(options).value().await.unwrap();
        attacker.callback_url(Choice::Anonymous).await;
        let shop = Site::Same.shop().parse().unwrap();
        let cookies = attacker.browser.script_cookies(&shop);
        let code = cookies.split("; ").find(|cookie| cookie.starts_with("auth-code=")).expect("a code").to_owned();
        world.fail("GET", "/v1/login", Fault::DelayResponse(1_000), 1);
        let call = sign_in_in_background(&tab);
        while world.sent("GET /v1/login").is_empty() {
            pass_ms(1).await;
        }
        tab.browser.take_cookies(&shop, &[format!("{code}; Path=/")]);
        assert!(!call.value().await.unwrap(), "the page is left");
        assert_eq!(tab.user(), None);
    });
}

#[test]
fn cookies_must_reach_authress_for_a_login_in_the_background() {
    for site in [Site::Cross, Site::Localhost] {
        run(async move {
            let tab = Tab::open(&Browser::new(&World::new(site, 15)));
            assert!(!sign_in_in_background(&tab).value().await.unwrap());
            assert_eq!((sent(&tab), tab.destination().is_some()), (1, true), "{site:?}");
        });
    }
}

#[test]
fn a_call_that_is_cancelled_in_the_background_does_not_leave_the_page() {
    run(async {
        let world = World::new(Site::Same, 16);
        let tab = Tab::open(&Browser::new(&world));
        world.fail("GET", "/v1/login", Fault::DelayRequest(1_000), 1);
        let call = sign_in_in_background(&tab);
        while world.sent("GET /v1/login").is_empty() {
            pass_ms(1).await;
        }
        call.cancel();
        pass_ms(10_000).await;
        assert_eq!((tab.user(), tab.destination()), (None, None));
        assert!(sign_in_in_background(&tab).value().await.unwrap(), "the next press works");
    });
}

#[test]
fn a_prerendered_page_logs_in_once_the_shopper_sees_it() {
    run(async {
        let browser = Browser::new(&World::new(Site::Same, 17));
        let tab = Tab::prerender(&browser, Site::Same.shop());
        let mut call = sign_in_in_background(&tab);
        pass_ms(10_000).await;
        assert_eq!((call.try_value().is_none(), sent(&tab)), (true, 0));
        tab.activate();
        assert!(call.value().await.unwrap());
        assert_eq!((sent(&tab), tab.destination()), (1, None));
    });
}
