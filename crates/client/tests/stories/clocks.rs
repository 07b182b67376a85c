//! Devices whose clock is a day wrong.

use super::assert_signed_in;
use crate::support::{Browser, Choice, DAY_MS, Fault, HOUR_MS, MINUTE_MS, Site, Tab, World, login, pass_ms, run};
use authress_login_protocol::authorization::request::AuthenticateOptions;

const WRONG_BY_MS: [i64; 4] = [DAY_MS as i64, -(DAY_MS as i64), 10 * MINUTE_MS as i64, -(10 * MINUTE_MS as i64)];

async fn signs_in_and_stays(site: Site, ahead_ms: i64, options: AuthenticateOptions, fault: Option<Fault>) {
    let world = World::new(site, 1);
    let browser = Browser::new(&world);
    browser.ahead_ms.set(ahead_ms);
    if let Some(fault) = fault {
        world.fail("POST", "/tokens", fault, 1);
        world.fail("PATCH", "/api/session", fault, u32::MAX);
    }
    let tab = Tab::open(&browser);
    tab.begin(options).value().await.unwrap();
    tab.follow(Choice::Nobody).await;
    assert!(tab.exists().value().await.unwrap(), "{site:?} {ahead_ms}");
    let user = tab.user().unwrap();
    for _ in 0..23 {
        pass_ms(HOUR_MS).await;
        assert_signed_in(&tab, &user).await;
    }
    tab.reload();
    assert!(tab.exists().value().await.unwrap(), "{site:?} {ahead_ms}");
    assert_signed_in(&tab, &user).await;
    tab.begin_link().value().await.unwrap();
    tab.follow(Choice::Person("ada")).await;
    assert!(tab.exists().value().await.unwrap(), "{site:?} {ahead_ms}");
    assert_signed_in(&tab, &user).await;
    if site == Site::Same {
        pass_ms(2 * DAY_MS).await;
        assert_signed_in(&tab, &user).await;
    }
}

#[test]
fn a_login_works_and_lasts() {
    for site in [Site::Same, Site::Cross, Site::Localhost] {
        for ahead_ms in WRONG_BY_MS {
            run(signs_in_and_stays(site, ahead_ms, login(Choice::Nobody), None));
        }
    }
}

#[test]
fn a_code_is_exchanged_although_the_answer_does_not_say_how_long_it_lasts() {
    for site in [Site::Same, Site::Cross] {
        for ahead_ms in WRONG_BY_MS {
            let options = AuthenticateOptions { flow_type: Some("code".to_owned()), ..login(Choice::Nobody) };
            run(signs_in_and_stays(site, ahead_ms, options, Some(Fault::WithoutExpiresIn)));
        }
    }
}
