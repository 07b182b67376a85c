//! The events that listeners get, and the snapshot at that time.

use crate::support::{Browser, Choice, Site, Tab, World, login, pass_ms, run};

#[test]
fn listeners_get_each_change_once_and_after_the_snapshot_has_changed() {
    for site in [Site::Same, Site::Cross, Site::Localhost] {
        run(async move {
            let browser = Browser::new(&World::new(site, 1));
            let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
            assert_eq!(tab.snapshot(), "checking");
            for tab in [&tab, &other] {
                assert!(!tab.exists().value().await.unwrap());
                assert_eq!((tab.snapshot().as_str(), tab.events()), ("signed-out", vec!["ready".to_owned()]));
                tab.exists().value().await.unwrap();
                assert_eq!(tab.events(), [""; 0], "nothing has changed");
            }
            tab.begin(login(Choice::Anonymous)).value().await.unwrap();
            tab.follow_redirects(Choice::Anonymous).await;
            pass_ms(1_000).await;
            let user = tab.snapshot();
            assert_eq!(
                (tab.events(), other.snapshot()),
                (vec!["ready".into(), "Login signed-in".into()], user.clone())
            );
            assert_eq!(other.events(), ["signed-in", "Login signed-in"], "{site:?}");

            tab.begin(login(Choice::Person("ada"))).value().await.unwrap();
            tab.follow_redirects(Choice::Person("ada")).await;
            pass_ms(1_000).await;
            assert_ne!(tab.snapshot(), user);
            assert_eq!(other.snapshot(), tab.snapshot());
            assert_eq!(other.events(), ["signed-in", "Login signed-in"], "{site:?}");

            tab.events();
            tab.logout().value().await.unwrap();
            pass_ms(1_000).await;
            for tab in [&tab, &other] {
                assert_eq!((tab.snapshot().as_str(), tab.events()), ("signed-out", vec!["signed-out".to_owned()]));
            }
        });
    }
}

#[test]
fn a_call_that_waits_for_a_session_gets_the_session_of_another_tab() {
    run(async {
        let browser = Browser::new(&World::new(Site::Same, 2));
        let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
        let mut waits = tab.call(|client| async move { client.wait_for_user_session().await });
        let token = tab.token(60_000);
        pass_ms(1_000).await;
        assert!(waits.try_value().is_none());
        let user = other.sign_in().await;
        waits.value().await;
        assert_eq!(token.value().await.unwrap().unwrap().subject(), Some(&*user));
    });
}

#[test]
fn events_and_log_lines_have_no_secrets() {
    for site in [Site::Same, Site::Cross, Site::Localhost] {
        run(async move {
            let world = World::new(site, 3);
            let browser = Browser::new(&world);
            let tab = Tab::open(&browser);
            for choice in [Choice::Anonymous, Choice::Person("ada"), Choice::Cancel] {
                tab.begin(login(choice)).value().await.unwrap();
                tab.follow_redirects(choice).await;
                pass_ms(1_000).await;
                for page in browser.pages() {
                    world.assert_holds_no_secret(&format!("{:?} {:?}", page.log_lines.borrow(), page.events.borrow()));
                }
            }
        });
    }
}
