//! What listeners are told, and the snapshot that they find then.

use crate::support::{Browser, Choice, Site, Tab, World, login, pass_ms, run};

#[test]
fn listeners_hear_each_change_once_and_after_the_snapshot_shows_it() {
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
            tab.begin(login(Choice::Nobody)).value().await.unwrap();
            tab.follow(Choice::Nobody).await;
            pass_ms(1_000).await;
            let user = tab.snapshot();
            assert_eq!(
                (tab.events(), other.snapshot()),
                (vec!["ready".into(), "Login signed-in".into()], user.clone())
            );
            assert_eq!(other.events(), ["signed-in", "Login signed-in"], "{site:?}");

            tab.begin(login(Choice::Person("ada"))).value().await.unwrap();
            tab.follow(Choice::Person("ada")).await;
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
fn whoever_waits_for_a_session_hears_of_one_from_another_tab() {
    run(async {
        let browser = Browser::new(&World::new(Site::Same, 2));
        let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
        let mut waits = tab.call(|client| async move { client.wait_for_user_session().await });
        let token = tab.token(60_000);
        pass_ms(1_000).await;
        assert!(waits.now().is_none());
        let user = other.sign_in().await;
        waits.value().await;
        assert_eq!(token.value().await.unwrap().unwrap().subject(), Some(&*user));
    });
}

#[test]
fn nothing_secret_is_told() {
    for site in [Site::Same, Site::Cross, Site::Localhost] {
        run(async move {
            let world = World::new(site, 3);
            let browser = Browser::new(&world);
            let tab = Tab::open(&browser);
            for choice in [Choice::Nobody, Choice::Person("ada"), Choice::Cancel] {
                tab.begin(login(choice)).value().await.unwrap();
                tab.follow(choice).await;
                pass_ms(1_000).await;
                for page in browser.pages() {
                    world.assert_holds_no_secret(&format!("{:?} {:?}", page.lines.borrow(), page.events.borrow()));
                }
            }
        });
    }
}
