//! Signing in: one login for an anonymous user id for all tabs, what the application gets back, and links of anonymous
//! shoppers.

use super::assert_signed_in;
use crate::support::{Browser, Call, Choice, Fault, Site, Tab, World, login, pass_ms, run};
use authress_login_client::OpenType;
use authress_login_protocol::{
    authorization::request::AuthenticateOptions,
    callback::login_result::{LoginResult, LoginStatus, Purpose},
    error::Error,
    secret::Secret,
};

const SITES: [Site; 3] = [Site::Same, Site::Cross, Site::Localhost];
pub(super) const ADA: Choice = Choice::Person("ada");
pub(super) const AUTHORIZATION_REQUEST: &str = "POST /api/authentication";
pub(super) const CLICK: &str = r#"{"appState":{"productId":"mug"}}"#;

pub(super) fn click(choice: Choice) -> AuthenticateOptions {
    AuthenticateOptions { app_state: Some(Secret::new(CLICK)), ..login(choice) }
}

fn sign_in_anonymously(tab: &Tab) -> Call<Result<bool, Error>> {
    tab.call(|client| async move { client.sign_in_anonymously(click(Choice::Anonymous), None).await })
}

pub(super) fn sign_in(tab: &Tab) -> Call<Result<(), Error>> {
    let open = OpenType::Redirect { returns_response: false };
    tab.call(move |client| async move { client.sign_in(click(ADA), open).await.map(drop) })
}

pub(super) async fn redirect_result(tab: &Tab) -> Option<LoginResult> {
    tab.call(|client| async move { client.redirect_result(true).await }).value().await.unwrap()
}

pub(super) fn sent(tab: &Tab) -> usize {
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
