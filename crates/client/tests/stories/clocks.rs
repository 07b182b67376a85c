//! Devices with clock skew of a day.

use super::assert_signed_in;
use crate::support::{Browser, Choice, DAY_MS, Fault, HOUR_MS, MINUTE_MS, Site, Tab, World, login, pass_ms, run};
use authress_login_protocol::authorization::request::AuthenticateOptions;

const SKEWS_MS: [i64; 4] = [DAY_MS as i64, -(DAY_MS as i64), 10 * MINUTE_MS as i64, -(10 * MINUTE_MS as i64)];

async fn assert_signs_in_and_stays(
    site: Site,
    clock_ahead_ms: i64,
    options: AuthenticateOptions,
    fault: Option<Fault>,
) {
    let world = World::new(site, 1);
    let browser = Browser::new(&world);
    browser.clock_ahead_ms.set(clock_ahead_ms);
    if let Some(fault) = fault {
        world.fail("POST", "/tokens", fault, 1);
        world.fail("PATCH", "/api/session", fault, u32::MAX);
    }
    let tab = Tab::open(&browser);
    tab.begin(options).value().await.unwrap();
    tab.follow_redirects(Choice::Anonymous).await;
    assert!(tab.exists().value().await.unwrap(), "{site:?} {clock_ahead_ms}");
    let user = tab.user().unwrap();
    for _ in 0..23 {
        pass_ms(HOUR_MS).await;
        assert_signed_in(&tab, &user).await;
    }
    tab.reload();
    assert!(tab.exists().value().await.unwrap(), "{site:?} {clock_ahead_ms}");
    assert_signed_in(&tab, &user).await;
    tab.begin_link().value().await.unwrap();
    tab.follow_redirects(Choice::Person("ada")).await;
    assert!(tab.exists().value().await.unwrap(), "{site:?} {clock_ahead_ms}");
    assert_signed_in(&tab, &user).await;
    if site == Site::Same {
        pass_ms(2 * DAY_MS).await;
        assert_signed_in(&tab, &user).await;
    }
}

#[test]
fn a_session_begins_and_lasts() {
    for site in [Site::Same, Site::Cross, Site::Localhost] {
        for clock_ahead_ms in SKEWS_MS {
            run(assert_signs_in_and_stays(site, clock_ahead_ms, login(Choice::Anonymous), None));
        }
    }
}

#[test]
fn a_code_is_exchanged_although_the_response_has_no_expires_in() {
    for site in [Site::Same, Site::Cross] {
        for clock_ahead_ms in SKEWS_MS {
            let options = AuthenticateOptions { flow_type: Some("code".to_owned()), ..login(Choice::Anonymous) };
            run(assert_signs_in_and_stays(site, clock_ahead_ms, options, Some(Fault::WithoutExpiresIn)));
        }
    }
}
