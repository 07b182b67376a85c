//! A login from the call to the return, in each of the three places a shop can be.

use crate::support::{Browser, Choice, Site, Tab, World, login, run};
use authress_login_protocol::authenticate::AuthenticateOptions;

const SITES: [Site; 3] = [Site::Same, Site::Cross, Site::Localhost];

#[test]
fn an_anonymous_shopper_gets_a_user_id_and_keeps_it_over_a_reload() {
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
            tab.follow(Choice::Person("ada")).await;
            assert!(tab.exists().value().await.unwrap());
            assert_eq!(tab.user(), Some(user.clone()), "{site:?}");
            assert!(tab.events().contains(&"Link linked".to_owned()));
        });
    }
}

#[test]
fn a_login_that_cannot_be_completed_where_it_returns_is_warned_of() {
    for (site, redirect_url, is_warned_of) in [
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
            tab.begin(AuthenticateOptions { redirect_url, ..login(Choice::Nobody) }).value().await.unwrap();
            let is_warning = |line: &String| line.starts_with("The login returns to another origin");
            assert_eq!(tab.page().lines.borrow().iter().any(is_warning), is_warned_of, "{site:?}");
        });
    }
}
