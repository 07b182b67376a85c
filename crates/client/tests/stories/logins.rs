//! Logins from the call to the callback: same-site, cross-site and on localhost.

use crate::support::{Browser, Choice, Fault, MINUTE_MS, Site, Tab, World, login, pass_ms, run};
use authress_login_protocol::authorization::request::AuthenticateOptions;

const SITES: [Site; 3] = [Site::Same, Site::Cross, Site::Localhost];

#[test]
fn an_anonymous_shopper_gets_a_user_id_that_survives_a_reload() {
    for site in SITES {
        run(async move {
            let world = World::new(site, 1);
            let tab = Tab::open(&Browser::new(&world));
            assert!(!tab.exists().value().await.unwrap(), "{site:?}");
            let user = tab.sign_in().await;
            assert!(user.starts_with("user_"), "{site:?} {user}");
            assert_eq!(*tab.page().href.borrow(), format!("{}/", site.shop()), "{site:?}");
            tab.reload();
            assert!(tab.exists().value().await.unwrap());
            assert_eq!((tab.user().as_deref(), tab.snapshot()), (Some(&*user), user.clone()), "{site:?}");
            let token = tab.token(5_000).value().await.unwrap().expect("a token that script can read");
            assert_eq!((token.subject(), token.client_id()), (Some(&*user), Some("app_shop")), "{site:?}");
        });
    }
}

#[test]
fn a_linked_identity_keeps_the_anonymous_user_id() {
    for site in SITES {
        run(async move {
            let tab = Tab::open(&Browser::new(&World::new(site, 2)));
            let user = tab.sign_in().await;
            tab.begin_link().value().await.unwrap();
            tab.follow_redirects(Choice::Person("ada")).await;
            assert!(tab.exists().value().await.unwrap());
            assert_eq!(tab.user(), Some(user.clone()), "{site:?}");
            assert!(tab.events().contains(&"Link linked".to_owned()));
        });
    }
}

#[test]
fn a_redirect_url_at_which_the_login_cannot_be_completed_logs_a_warning() {
    for (site, redirect_url, is_warned) in [
        (Site::Same, "/done", false),
        (Site::Same, "https://www.shop.test/", false),
        (Site::Same, "https://elsewhere.test/", true),
        (Site::Cross, "/done", false),
        (Site::Cross, "https://elsewhere.test/", true),
        (Site::Localhost, "/done", false),
        (Site::Localhost, "https://elsewhere.test/", true),
    ] {
        run(async move {
            let tab = Tab::open(&Browser::new(&World::new(site, 3)));
            let redirect_url = Some(redirect_url.to_owned());
            tab.begin(AuthenticateOptions { redirect_url, ..login(Choice::Anonymous) }).value().await.unwrap();
            let is_warning = |line: &String| line.starts_with("The redirect URL is on another origin");
            assert_eq!(tab.page().log_lines.borrow().iter().any(is_warning), is_warned, "{site:?}");
        });
    }
}

#[test]
fn a_double_click_begins_one_login_and_one_link() {
    for site in SITES {
        for pause_ms in [0, 1, 30, 500, 1_900] {
            run(async move {
                let world = World::new(site, 3);
                let tab = Tab::open(&Browser::new(&world));
                let begun = || world.sent("POST /api/authentication").len();
                let first = tab.begin(login(Choice::Anonymous));
                pass_ms(pause_ms).await;
                let second = tab.begin(login(Choice::Anonymous));
                first.value().await.unwrap();
                second.value().await.unwrap();
                assert_eq!(begun(), 1, "{site:?} {pause_ms}");
                tab.follow_redirects(Choice::Anonymous).await;
                assert!(tab.exists().value().await.unwrap());
                let (first, second) = (tab.begin_link(), tab.begin_link());
                first.value().await.unwrap();
                second.value().await.unwrap();
                assert_eq!(begun(), 2, "{site:?} {pause_ms}");
            });
        }
    }
}

#[test]
fn another_call_begins_another_login() {
    run(async {
        let world = World::new(Site::Cross, 4);
        let tab = Tab::open(&Browser::new(&world));
        let begun = || world.sent("POST /api/authentication").len();
        // Other options.
        let (one, two) = (tab.begin(login(Choice::Anonymous)), tab.begin(login(Choice::Person("ada"))));
        one.value().await.unwrap();
        two.value().await.unwrap();
        assert_eq!(begun(), 2);
        // The page is still there, or visible again.
        pass_ms(2_001).await;
        tab.begin(login(Choice::Person("ada"))).value().await.unwrap();
        assert_eq!(begun(), 3);
        tab.set_visible(true);
        pass_ms(10).await;
        tab.begin(login(Choice::Person("ada"))).value().await.unwrap();
        assert_eq!(begun(), 4);
        // The first one has failed.
        pass_ms(MINUTE_MS).await;
        world.fail("POST", "/api/authentication", Fault::Status(400), 1);
        assert!(tab.begin(login(Choice::Anonymous)).value().await.is_err());
        tab.begin(login(Choice::Anonymous)).value().await.unwrap();
        assert_eq!(begun(), 6);
    });
}

#[test]
fn a_cancelled_call_does_not_cancel_a_repeated_one() {
    run(async {
        let world = World::new(Site::Cross, 5);
        let tab = Tab::open(&Browser::new(&world));
        world.fail("POST", "/api/authentication", Fault::DelayRequest(2_000), 1);
        let (first, second) = (tab.begin(login(Choice::Anonymous)), tab.begin(login(Choice::Anonymous)));
        pass_ms(45).await;
        first.cancel();
        second.value().await.unwrap();
        assert_eq!(world.sent("POST /api/authentication").len(), 1);
        assert!(tab.destination().is_some());
    });
}
