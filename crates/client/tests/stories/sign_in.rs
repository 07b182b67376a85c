//! Signing in: one login for an anonymous user id for all tabs, what the application gets back, and links of anonymous
//! shoppers.

use super::assert_signed_in;
use crate::support::{Browser, Call, Choice, Fault, Site, Tab, World, login, pass_ms, run};
use authress_login_client::OpenType;
use authress_login_protocol::{
    authorization::{pending::LEGACY_KEY, request::AuthenticateOptions},
    callback::login_result::{LoginResult, LoginStatus, Purpose},
    error::Error,
    secret::Secret,
};

const SITES: [Site; 3] = [Site::Same, Site::Cross, Site::Localhost];
const ADA: Choice = Choice::Person("ada");
const AUTHORIZATION_REQUEST: &str = "POST /api/authentication";
const CLICK: &str = r#"{"appState":{"productId":"mug"}}"#;

fn click(choice: Choice) -> AuthenticateOptions {
    AuthenticateOptions { app_state: Some(Secret::new(CLICK)), ..login(choice) }
}

fn sign_in_anonymously(tab: &Tab) -> Call<Result<bool, Error>> {
    tab.call(|client| async move { client.sign_in_anonymously(click(Choice::Anonymous), None).await })
}

fn sign_in_in_background(tab: &Tab) -> Call<Result<bool, Error>> {
    let redirect_url = Some("/signed-in.txt".to_owned());
    tab.call(|client| async move { client.sign_in_anonymously(click(Choice::Anonymous), redirect_url).await })
}

fn sign_in(tab: &Tab) -> Call<Result<(), Error>> {
    let open = OpenType::Redirect { returns_response: false };
    tab.call(move |client| async move { client.sign_in(click(ADA), open).await.map(drop) })
}

async fn redirect_result(tab: &Tab) -> Option<LoginResult> {
    tab.call(|client| async move { client.redirect_result(true).await }).value().await.unwrap()
}

fn sent(tab: &Tab) -> usize {
    tab.browser.world.sent(AUTHORIZATION_REQUEST).len()
}

#[test]
fn five_tabs_that_are_pressed_at_the_same_moment_share_one_login() {
    for site in SITES {
        run(async move {
            let browser = Browser::new(&World::new(site, 1));
            let tabs: Vec<_> = (0..5).map(|_| Tab::open(&browser)).collect();
            pass_ms(1_000).await;
            let mut calls: Vec<_> = tabs.iter().map(|tab| (tab, sign_in_anonymously(tab))).collect();
            pass_ms(500).await;
            let leaving =
                tabs.iter().position(|tab| tab.page().destination.borrow().is_some()).expect("one tab leaves");
            let (tab, call) = calls.remove(leaving);
            assert!(!call.value().await.unwrap(), "{site:?}");
            tab.follow_redirects(Choice::Anonymous).await;
            assert!(tab.exists().value().await.unwrap());
            let user = tab.user().unwrap();
            for (other, call) in calls {
                assert!(call.value().await.unwrap(), "{site:?}");
                assert_signed_in(other, &user).await;
                assert_eq!(other.destination(), None);
            }
            assert_eq!(sent(tab), 1, "{site:?}");
        });
    }
}

#[test]
fn calls_on_one_page_share_one_login_and_a_session_needs_none() {
    run(async {
        let tab = Tab::open(&Browser::new(&World::new(Site::Cross, 2)));
        let (first, second) = (sign_in_anonymously(&tab), sign_in_anonymously(&tab));
        assert!(!first.value().await.unwrap() && !second.value().await.unwrap());
        assert_eq!(sent(&tab), 1);
        tab.follow_redirects(Choice::Anonymous).await;
        assert!(sign_in_anonymously(&tab).value().await.unwrap());
        assert_eq!((sent(&tab), tab.destination()), (1, None));
    });
}

#[test]
fn a_call_that_is_cancelled_does_not_leave_the_page_unless_another_one_waits() {
    for others in [0, 1] {
        run(async move {
            let tab = Tab::open(&Browser::new(&World::new(Site::Cross, 10)));
            let call = sign_in_anonymously(&tab);
            let waiting: Vec<_> = (0..others).map(|_| sign_in_anonymously(&tab)).collect();
            while sent(&tab) == 0 {
                pass_ms(1).await;
            }
            call.cancel();
            for call in waiting {
                assert!(!call.value().await.unwrap());
            }
            pass_ms(10_000).await;
            assert_eq!((sent(&tab), tab.destination().is_some()), (1, others == 1));
            assert!(others == 1 || !sign_in_anonymously(&tab).value().await.unwrap(), "the next press works");
        });
    }
}

#[test]
fn a_tab_that_is_closed_on_its_way_delays_another_one_by_five_seconds() {
    for site in SITES {
        run(async move {
            let browser = Browser::new(&World::new(site, 3));
            let (closed, tab) = (Tab::open(&browser), Tab::open(&browser));
            assert!(!sign_in_anonymously(&closed).value().await.unwrap());
            closed.close();
            let mut call = sign_in_anonymously(&tab);
            pass_ms(4_000).await;
            assert_eq!((call.try_value().is_none(), sent(&tab)), (true, 1));
            pass_ms(2_000).await;
            assert_eq!((call.try_value().map(Result::unwrap), sent(&tab)), (Some(false), 2));
            tab.follow_redirects(Choice::Anonymous).await;
            assert!(tab.exists().value().await.unwrap());
        });
    }
}

#[test]
fn a_tab_that_was_frozen_before_it_left_gets_the_session_of_the_other_one() {
    for site in SITES {
        run(async move {
            let world = World::new(site, 4);
            let browser = Browser::new(&world);
            let (frozen, tab) = (Tab::open(&browser), Tab::open(&browser));
            pass_ms(1_000).await;
            let call = sign_in_anonymously(&frozen);
            // Its request is on the way.
            while sent(&frozen) == 0 {
                pass_ms(1).await;
            }
            frozen.set_frozen(true);
            assert!(!sign_in_anonymously(&tab).value().await.unwrap());
            tab.follow_redirects(Choice::Anonymous).await;
            assert!(tab.exists().value().await.unwrap());
            let user = tab.user().unwrap();
            frozen.set_frozen(false);
            assert!(call.value().await.unwrap(), "{site:?}");
            assert_eq!(frozen.destination(), None, "{site:?}: there is a session");
            assert_signed_in(&frozen, &user).await;
        });
    }
}

#[test]
fn a_login_that_could_not_begin_can_be_tried_again_at_once() {
    run(async {
        let world = World::new(Site::Cross, 5);
        let tab = Tab::open(&Browser::new(&world));
        world.fail("POST", "/api/authentication", Fault::Status(400), 1);
        assert!(sign_in_anonymously(&tab).value().await.is_err());
        assert!(!sign_in_anonymously(&tab).value().await.unwrap());
    });
}

#[test]
fn the_application_gets_its_state_back_once_however_the_login_ends() {
    for site in SITES {
        for (choice, status) in [
            (Choice::Anonymous, LoginStatus::SignedIn),
            (ADA, LoginStatus::SignedIn),
            (Choice::Cancel, LoginStatus::Cancelled),
        ] {
            run(async move {
                let tab = Tab::open(&Browser::new(&World::new(site, 6)));
                tab.begin(click(choice)).value().await.unwrap();
                tab.follow_redirects(choice).await;
                let result = redirect_result(&tab).await.expect("a result");
                assert_eq!((result.status, result.is_anonymous_login()), (status, choice == Choice::Anonymous));
                assert_eq!(result.app_state, Some(Secret::new(CLICK)));
                assert_eq!(redirect_result(&tab).await.expect("the same result").app_state, None);
                let events = tab.page().events.take();
                assert!(!format!("{events:?}").contains("mug"), "listeners do not get it");
                tab.reload();
                assert_eq!(redirect_result(&tab).await, None);
            });
        }
    }
}

#[test]
fn signing_in_keeps_the_user_id_of_an_anonymous_shopper_whose_session_began_here() {
    for site in SITES {
        run(async move {
            let tab = Tab::open(&Browser::new(&World::new(site, 8)));
            let user = tab.sign_in().await;
            sign_in(&tab).value().await.unwrap();
            tab.follow_redirects(ADA).await;
            let result = redirect_result(&tab).await.expect("a result");
            assert_eq!((result.purpose, result.status), (Purpose::Link, LoginStatus::Linked), "{site:?}");
            assert_eq!(result.app_state, Some(Secret::new(CLICK)));
            assert_signed_in(&tab, &user).await;
        });
    }
}

#[test]
fn an_invite_is_accepted_by_a_login_and_never_by_a_link() {
    for site in SITES {
        run(async move {
            let tab = Tab::open(&Browser::new(&World::new(site, 8)));
            let anonymous = tab.sign_in().await;
            let options = AuthenticateOptions { invite_id: Some("inv_1".to_owned()), ..click(ADA) };
            let open = OpenType::Redirect { returns_response: false };
            tab.call(move |client| async move { client.sign_in(options, open).await.map(drop) }).value().await.unwrap();
            tab.follow_redirects(ADA).await;
            let result = redirect_result(&tab).await.expect("a result");
            assert_eq!((result.purpose, result.status), (Purpose::Login, LoginStatus::SignedIn), "{site:?}");
            assert_ne!(tab.user().unwrap(), anonymous, "{site:?}");
        });
    }
}

#[test]
fn signing_in_without_a_session_or_with_a_found_one_is_a_login() {
    run(async {
        let browser = Browser::new(&World::new(Site::Same, 9));
        let found = Tab::open(&browser).sign_in().await;
        browser.lose_page_data();
        for tab in [Tab::open(&browser), Tab::open(&Browser::new(&browser.world))] {
            sign_in(&tab).value().await.unwrap();
            tab.follow_redirects(ADA).await;
            let result = redirect_result(&tab).await.expect("a result");
            assert_eq!((result.purpose, result.status), (Purpose::Login, LoginStatus::SignedIn));
            assert_ne!(tab.user().unwrap(), found);
        }
    });
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

#[test]
fn five_tabs_share_one_login_in_the_background() {
    run(async {
        let browser = Browser::new(&World::new(Site::Same, 12));
        let tabs: Vec<_> = (0..5).map(|_| Tab::open(&browser)).collect();
        pass_ms(1_000).await;
        let calls: Vec<_> = tabs.iter().map(sign_in_in_background).collect();
        for call in calls {
            assert!(call.value().await.unwrap());
        }
        assert_eq!(sent(&tabs[0]), 1);
        for tab in &tabs {
            assert_signed_in(tab, &tabs[0].user().unwrap()).await;
            assert_eq!(tab.destination(), None);
        }
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
