//! The session is renewed while the page is visible.

use super::{assert_signed_in, assert_signed_out};
use crate::support::{Browser, DAY_MS, Fault, HOUR_MS, MINUTE_MS, Site, Tab, World, pass_ms, run};

const RENEWAL: &str = "/api/session";
/// From the login to the renewal: a day less five minutes and the margin of ten seconds.
const UNTIL_RENEWAL_MS: u64 = DAY_MS - 5 * MINUTE_MS - 10_000;

#[test]
fn one_of_several_tabs_renews_before_the_session_expires() {
    run(async {
        let world = World::new(Site::Same, 1);
        let browser = Browser::new(&world);
        let first = Tab::open(&browser);
        let user = first.sign_in().await;
        let tabs = [first, Tab::open(&browser), Tab::open(&browser), Tab::open(&browser)];
        pass_ms(1_000).await;
        tabs.iter().for_each(|tab| drop(tab.events()));
        let before = world.count("PATCH", RENEWAL, 200);
        pass_ms(UNTIL_RENEWAL_MS - MINUTE_MS).await;
        assert_eq!(world.count("PATCH", RENEWAL, 200), before, "too early");
        pass_ms(2 * MINUTE_MS).await;
        assert_eq!(world.count("PATCH", RENEWAL, 200), before + 1);
        for tab in &tabs {
            assert_eq!(tab.events(), ["token-renewed"]);
            assert_signed_in(tab, &user).await;
        }
        pass_ms(UNTIL_RENEWAL_MS).await;
        assert_eq!(world.count("PATCH", RENEWAL, 200), before + 2);
    });
}

#[test]
fn a_hidden_page_does_not_renew() {
    run(async {
        let world = World::new(Site::Same, 2);
        let tab = Tab::open(&Browser::new(&world));
        let user = tab.sign_in().await;
        let before = world.sent("PATCH /api/session").len();
        tab.set_visible(false);
        pass_ms(2 * DAY_MS).await;
        assert_eq!((world.sent("PATCH /api/session").len(), tab.snapshot()), (before, user.clone()));
        tab.set_visible(true);
        pass_ms(1_000).await;
        assert_signed_in(&tab, &user).await;
    });
}

#[test]
fn a_frozen_tab_that_holds_the_lock_delays_other_tabs_by_five_seconds() {
    run(async {
        let world = World::new(Site::Same, 3);
        let browser = Browser::new(&world);
        let frozen = Tab::open(&browser);
        let user = frozen.sign_in().await;
        let tab = Tab::open(&browser);
        tab.set_visible(false);
        let before = world.count("PATCH", RENEWAL, 200);
        world.fail("PATCH", RENEWAL, Fault::DelayResponse(2_000), 1);
        pass_ms(UNTIL_RENEWAL_MS + 500).await;
        assert_eq!(world.count("PATCH", RENEWAL, 200), before + 1, "its request is in progress");
        frozen.set_frozen(true);
        tab.set_visible(true);
        pass_ms(4_000).await;
        assert_eq!(world.count("PATCH", RENEWAL, 200), before + 1, "the other tab waits for the lock");
        pass_ms(2_000).await;
        assert_eq!(world.count("PATCH", RENEWAL, 200), before + 2);
        assert_signed_in(&tab, &user).await;
        pass_ms(HOUR_MS).await;
        frozen.set_frozen(false);
        pass_ms(1_000).await;
        assert_signed_in(&frozen, &user).await;
        assert_signed_in(&tab, &user).await;
    });
}

#[test]
fn a_closed_tab_releases_its_lock_at_once() {
    run(async {
        let world = World::new(Site::Same, 4);
        let browser = Browser::new(&world);
        let closed = Tab::open(&browser);
        let user = closed.sign_in().await;
        let tab = Tab::open(&browser);
        tab.set_visible(false);
        world.fail("PATCH", RENEWAL, Fault::DelayRequest(60_000), 1);
        pass_ms(UNTIL_RENEWAL_MS + 500).await;
        tab.set_visible(true);
        pass_ms(10).await;
        let before = world.count("PATCH", RENEWAL, 200);
        closed.close();
        pass_ms(100).await;
        assert_eq!(world.count("PATCH", RENEWAL, 200), before + 1);
        assert_signed_in(&tab, &user).await;
    });
}

#[test]
fn a_failed_renewal_is_repeated_with_growing_delays() {
    run(async {
        let world = World::new(Site::Same, 5);
        let tab = Tab::open(&Browser::new(&world));
        let user = tab.sign_in().await;
        let before = world.sent("PATCH /api/session").len();
        world.fail("PATCH", RENEWAL, Fault::Status(503), 3 * 5);
        pass_ms(UNTIL_RENEWAL_MS + MINUTE_MS).await;
        let sent = world.sent("PATCH /api/session").split_off(before);
        assert_eq!(sent.len(), 3 * 5 + 1);
        let delays: Vec<u64> = [5, 10, 15].iter().map(|next| (sent[*next] - sent[next - 1]) / 1000).collect();
        assert_eq!(delays, [5, 10, 20]);
        assert_signed_in(&tab, &user).await;
        assert!(!tab.events().contains(&"signed-out".to_owned()));
    });
}

#[test]
fn a_device_that_is_offline_at_the_end_stays_signed_in() {
    run(async {
        let world = World::new(Site::Same, 6);
        let browser = Browser::new(&world);
        let tab = Tab::open(&browser);
        let user = tab.sign_in().await;
        let other = Tab::open(&browser);
        pass_ms(1_000).await;
        tab.events();
        browser.set_offline(true);
        pass_ms(DAY_MS + HOUR_MS).await;
        assert_eq!((tab.snapshot(), other.snapshot()), (user.clone(), user.clone()));
        assert!(tab.token(1_000).value().await.is_err());
        browser.set_offline(false);
        pass_ms(1_000).await;
        assert_signed_in(&tab, &user).await;
        assert_signed_in(&other, &user).await;
        assert_eq!(tab.events(), ["token-renewed"]);
    });
}

#[test]
fn a_session_that_authress_has_ended_ends_with_its_token() {
    run(async {
        let world = World::new(Site::Same, 7);
        let browser = Browser::new(&world);
        let tab = Tab::open(&browser);
        let user = tab.sign_in().await;
        let other = Tab::open(&browser);
        pass_ms(1_000).await;
        tab.events();
        world.fail("PATCH", RENEWAL, Fault::Status(404), u32::MAX);
        pass_ms(UNTIL_RENEWAL_MS + MINUTE_MS).await;
        assert_signed_in(&tab, &user).await;
        pass_ms(5 * MINUTE_MS).await;
        assert_eq!(tab.events(), ["signed-out"]);
        assert_eq!((tab.snapshot().as_str(), other.snapshot().as_str()), ("signed-out", "signed-out"));
        assert!(!tab.exists().value().await.unwrap());
    });
}

#[test]
fn request_timeout_and_too_many_requests_do_not_end_a_session() {
    for status in [408, 425, 429] {
        run(async move {
            let world = World::new(Site::Same, 8);
            let tab = Tab::open(&Browser::new(&world));
            let user = tab.sign_in().await;
            world.fail("PATCH", RENEWAL, Fault::Status(status), u32::MAX);
            pass_ms(DAY_MS + HOUR_MS).await;
            assert_eq!(tab.snapshot(), user, "{status}");
            world.clear_faults();
            pass_ms(10 * MINUTE_MS).await;
            assert_signed_in(&tab, &user).await;
        });
    }
}

#[test]
fn where_cookies_do_not_reach_authress_a_session_ends_with_its_token() {
    for site in [Site::Cross, Site::Localhost] {
        run(async move {
            let tab = Tab::open(&Browser::new(&World::new(site, 9)));
            let user = tab.sign_in().await;
            pass_ms(DAY_MS - MINUTE_MS).await;
            assert_signed_in(&tab, &user).await;
            tab.events();
            pass_ms(MINUTE_MS).await;
            assert_eq!((tab.events(), tab.snapshot()), (vec!["signed-out".to_owned()], "signed-out".to_owned()));
        });
    }
}

#[test]
fn a_session_is_renewed_after_the_tab_that_began_it_is_closed() {
    run(async {
        let world = World::new(Site::Same, 10);
        let browser = Browser::new(&world);
        let tab = Tab::open(&browser);
        assert!(!tab.exists().value().await.unwrap(), "Authress has no session");
        let other = Tab::open(&browser);
        let user = other.sign_in().await;
        pass_ms(100).await;
        assert_signed_in(&tab, &user).await;
        other.close();
        pass_ms(DAY_MS + HOUR_MS).await;
        assert_signed_in(&tab, &user).await;
    });
}

#[test]
fn a_session_of_another_tab_after_a_logout_is_renewed_too() {
    run(async {
        let world = World::new(Site::Same, 11);
        let browser = Browser::new(&world);
        let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
        other.sign_in().await;
        other.logout().value().await.unwrap();
        pass_ms(100).await;
        assert_signed_out(&tab).await;
        let user = other.sign_in().await;
        other.close();
        pass_ms(DAY_MS + HOUR_MS).await;
        assert_signed_in(&tab, &user).await;
    });
}

#[test]
fn an_http_only_token_is_no_error() {
    run(async {
        let world = World::new(Site::Same, 12);
        world.hides_tokens.set(true);
        let tab = Tab::open(&Browser::new(&world));
        let user = tab.sign_in().await;
        assert_eq!((tab.token(5_000).value().await.unwrap(), tab.snapshot()), (None, user));
    });
}
