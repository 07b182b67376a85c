//! Callbacks of logins that began before a newer decision of the shopper, and what is removed with them.

use super::{assert_signed_in, assert_signed_out};
use crate::support::{Browser, Choice, Fault, HOUR_MS, Site, Tab, World, login, pass_ms, run};
use authress_login_protocol::{
    authorization::{
        pending::{KEY_PREFIX, LEGACY_KEY},
        request::AuthenticateOptions,
    },
    callback::login_result::{LoginResult, LoginStatus, Purpose},
    error::ErrorCode,
};
use serde_json::Value;

const SITES: [Site; 3] = [Site::Same, Site::Cross, Site::Localhost];
const ADA: Choice = Choice::Person("ada");
const GRACE: Choice = Choice::Person("grace");
const OUTDATED: (LoginStatus, Option<ErrorCode>) = (LoginStatus::Failed, Some(ErrorCode::LoginOutdated));

async fn result(tab: &Tab, purpose: Purpose) -> LoginResult {
    let result = tab.call(move |client| async move { client.login_result(purpose).await });
    result.value().await.unwrap().expect("a result")
}

/// Begins a login. Returns its callback URL.
async fn callback_of(tab: &Tab, choice: Choice, flow_type: Option<&str>) -> String {
    let options = AuthenticateOptions { flow_type: flow_type.map(str::to_owned), ..login(choice) };
    tab.begin(options).value().await.unwrap();
    tab.callback_url(choice).await
}

/// Returns everything that the browser stores for the shop, and what the tabs store.
fn stored(browser: &Browser, tabs: &[&Tab]) -> String {
    let shop = browser.world.site.shop();
    let shared = browser.keys(shop).into_iter().map(|key| (browser.load(shop, &key).unwrap_or_default(), key));
    let in_tabs = tabs.iter().flat_map(|tab| tab.page().tab_storage.borrow().clone());
    let entries: Vec<_> = shared.chain(in_tabs).map(|(one, other)| format!("{one} {other}")).collect();
    entries.join("\n")
}

/// Returns the user of the session that Authress has for this browser.
async fn user_at_authress(browser: &Browser) -> Option<String> {
    let site = browser.world.site;
    let url = format!("{}/api/session/profile", site.login()).parse().unwrap();
    let headers = [("origin", site.shop().to_owned()), ("cookie", browser.request_cookies(&url, true))];
    let response = browser.world.serve("GET", &url, &headers, None).await;
    let profile: Value = serde_json::from_str(&response.text).unwrap();
    profile["userId"].as_str().map(str::to_owned)
}

#[test]
fn a_login_that_began_before_a_sign_out_is_not_stored() {
    for site in SITES {
        for flow_type in [None, Some("code")] {
            for (is_signed_in, is_other_tab) in [(true, true), (true, false), (false, true), (false, false)] {
                run(async move {
                    let browser = Browser::new(&World::new(site, 1));
                    let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
                    if is_signed_in {
                        tab.sign_in().await;
                    }
                    tab.begin(AuthenticateOptions { flow_type: flow_type.map(str::to_owned), ..login(ADA) })
                        .value()
                        .await
                        .unwrap();
                    let login_page = tab.destination();
                    (if is_other_tab { &other } else { &tab }).logout().value().await.unwrap();
                    tab.page().destination.replace(login_page);
                    let callback = tab.callback_url(ADA).await;
                    let exchanges = browser.world.count("POST", "/tokens", 200);
                    tab.load(&callback);
                    let result = result(&tab, Purpose::Login).await;
                    assert_eq!((result.status, result.error_code), OUTDATED, "{site:?}");
                    assert!(!tab.exists().value().await.unwrap(), "{site:?}");
                    pass_ms(1_000).await;
                    assert_signed_out(&tab).await;
                    assert_signed_out(&other).await;
                    assert_eq!(browser.world.count("POST", "/tokens", 200), exchanges, "{site:?}");
                    assert_eq!(user_at_authress(&browser).await.filter(|_| site == Site::Same), None);
                    assert_eq!(*tab.page().href.borrow(), format!("{}/", site.shop()));
                    let user = tab.sign_in_as(ADA).await;
                    assert_signed_in(&tab, &user).await;
                });
            }
        }
    }
}

#[test]
fn a_link_that_began_before_a_sign_out_is_not_stored_for_the_next_user() {
    for site in SITES {
        run(async move {
            let browser = Browser::new(&World::new(site, 2));
            let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
            let user = tab.sign_in().await;
            tab.begin_link().value().await.unwrap();
            let callback = tab.callback_url(ADA).await;
            other.logout().value().await.unwrap();
            let next = other.sign_in_as(GRACE).await;
            assert_ne!(user, next);
            tab.load(&callback);
            let result = result(&tab, Purpose::Link).await;
            assert_eq!((result.status, result.error_code), OUTDATED, "{site:?}");
            pass_ms(1_000).await;
            assert_signed_in(&tab, &next).await;
            assert_signed_in(&other, &next).await;
        });
    }
}

#[test]
fn a_login_that_began_before_another_users_sign_in_does_not_replace_it() {
    for site in [Site::Cross, Site::Localhost] {
        for choice in [GRACE, Choice::Anonymous] {
            run(async move {
                let browser = Browser::new(&World::new(site, 3));
                let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
                let callback = callback_of(&tab, choice, None).await;
                let ada = other.sign_in_as(ADA).await;
                pass_ms(100).await;
                tab.load(&callback);
                let result = result(&tab, Purpose::Login).await;
                let expected = match choice {
                    // There is a session, and no more was asked for.
                    Choice::Anonymous => (LoginStatus::SignedIn, None, Some(&*ada)),
                    _ => (OUTDATED.0, OUTDATED.1, None),
                };
                assert_eq!((result.status, result.error_code, result.user_id.as_deref()), expected, "{site:?}");
                pass_ms(1_000).await;
                assert_signed_in(&tab, &ada).await;
                assert_signed_in(&other, &ada).await;
                let again = tab.sign_in_as(GRACE).await;
                assert_ne!(again, ada);
                assert_signed_in(&tab, &again).await;
            });
        }
    }
}

#[test]
fn where_cookies_reach_authress_its_session_is_that_of_the_last_callback() {
    run(async {
        let browser = Browser::new(&World::new(Site::Same, 4));
        let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
        tab.begin(login(GRACE)).value().await.unwrap();
        other.sign_in_as(ADA).await;
        tab.follow_redirects(GRACE).await;
        assert_eq!(result(&tab, Purpose::Login).await.status, LoginStatus::SignedIn);
        pass_ms(1_000).await;
        let grace = user_at_authress(&browser).await.unwrap();
        assert_signed_in(&tab, &grace).await;
        assert_signed_in(&other, &grace).await;
    });
}

#[test]
fn one_customer_who_signs_in_in_two_tabs_is_signed_in_in_both() {
    for site in SITES {
        run(async move {
            let browser = Browser::new(&World::new(site, 5));
            let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
            let callback = callback_of(&tab, ADA, None).await;
            let user = other.sign_in_as(ADA).await;
            tab.load(&callback);
            let result = result(&tab, Purpose::Login).await;
            assert_eq!((result.status, result.user_id), (LoginStatus::SignedIn, Some(user.clone())), "{site:?}");
            assert_signed_in(&tab, &user).await;
            assert_signed_in(&other, &user).await;
        });
    }
}

#[test]
fn a_slow_login_completes_although_the_session_was_renewed_meanwhile() {
    for site in SITES {
        run(async move {
            let browser = Browser::new(&World::new(site, 6));
            let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
            tab.sign_in().await;
            tab.begin_link().value().await.unwrap();
            pass_ms(4 * 60 * 1000).await;
            if site == Site::Same {
                other.call(|client| async move { client.replace_rejected_token(None).await }).value().await;
            }
            tab.follow_redirects(ADA).await;
            assert_eq!(result(&tab, Purpose::Link).await.status, LoginStatus::Linked, "{site:?}");
        });
    }
}

#[test]
fn a_sign_out_removes_pending_authorizations_with_their_code_verifiers() {
    for site in SITES {
        run(async move {
            let world = World::new(site, 7);
            let browser = Browser::new(&world);
            let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
            let callback = callback_of(&tab, Choice::Anonymous, Some("code")).await;
            other.begin(login(ADA)).value().await.unwrap();
            world.fail("POST", "/tokens", Fault::DropRequest, 5);
            tab.load(&callback);
            assert_eq!(tab.exists().value().await.unwrap_err().code, ErrorCode::AuthressSdkNetworkError);
            assert!(stored(&browser, &[&tab, &other]).contains("codeVerifier"));
            other.logout().value().await.unwrap();
            pass_ms(100).await;
            let stored = stored(&browser, &[&tab, &other]);
            assert!(!stored.contains("codeVerifier") && !stored.contains(KEY_PREFIX), "{site:?} {stored}");
            assert!(!stored.contains(LEGACY_KEY), "{site:?} {stored}");
            world.assert_holds_no_secret(&stored);
        });
    }
}

#[test]
fn an_unfinished_callback_of_a_tab_that_slept_during_a_sign_out_is_not_stored() {
    for site in SITES {
        for has_next_user in [false, true] {
            run(async move {
                let world = World::new(site, 8);
                let browser = Browser::new(&world);
                let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
                let callback = callback_of(&tab, ADA, Some("code")).await;
                world.fail("POST", "/tokens", Fault::DropRequest, 5);
                tab.load(&callback);
                assert!(tab.exists().value().await.is_err());
                // The message of the sign-out never reaches the page.
                tab.page().event_delay_ms.set(HOUR_MS);
                other.logout().value().await.unwrap();
                let next = if has_next_user { Some(other.sign_in_as(GRACE).await) } else { None };
                let exchanged = world.count("POST", "/tokens", 200);
                tab.reload();
                let result = result(&tab, Purpose::Login).await;
                assert_eq!((result.status, result.error_code), OUTDATED, "{site:?}");
                assert_eq!(world.count("POST", "/tokens", 200), exchanged, "{site:?}");
                match next {
                    Some(next) => assert_signed_in(&tab, &next).await,
                    None => assert_signed_out(&tab).await,
                }
                assert!(!stored(&browser, &[&tab, &other]).contains("codeVerifier"));
            });
        }
    }
}

#[test]
fn a_pending_authorization_is_removed_after_an_hour() {
    for site in SITES {
        run(async move {
            let world = World::new(site, 9);
            let browser = Browser::new(&world);
            let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
            let callback = callback_of(&tab, Choice::Anonymous, Some("code")).await;
            world.fail("POST", "/tokens", Fault::DropRequest, 5);
            tab.load(&callback);
            assert!(tab.exists().value().await.is_err());
            other.begin(login(ADA)).value().await.unwrap();
            pass_ms(HOUR_MS - 10_000).await;
            assert!(stored(&browser, &[&tab, &other]).contains("codeVerifier"));
            // An open page removes it within ten minutes, without any call.
            pass_ms(11 * 60 * 1000).await;
            let stored = stored(&browser, &[&tab, &other]);
            assert!(!stored.contains("codeVerifier"), "{site:?} {stored}");
        });
    }
}

#[test]
fn a_login_of_the_published_client_completes_whatever_happened_since() {
    for site in SITES {
        run(async move {
            let browser = Browser::new(&World::new(site, 10));
            let (tab, other) = (Tab::open(&browser), Tab::open(&browser));
            let callback = callback_of(&tab, GRACE, None).await;
            let shop = site.shop();
            let mut record: Value = serde_json::from_str(&browser.load(shop, LEGACY_KEY).unwrap()).unwrap();
            let names = ["nonce", "codeVerifier", "lastConnectionId", "redirectUrl", "enableCredentials"];
            record.as_object_mut().unwrap().retain(|name, _| names.contains(&name.as_str()));
            let own = browser.keys(shop).into_iter().filter(|key| key.starts_with(KEY_PREFIX));
            own.for_each(|key| browser.store(&tab.page(), &key, None));
            other.sign_in_as(ADA).await;
            pass_ms(2 * HOUR_MS).await;
            // The published client writes its record here, and stores neither user nor time.
            browser.store(&tab.page(), LEGACY_KEY, Some(&record.to_string()));
            other.exists().value().await.unwrap();
            assert_eq!(browser.load(shop, LEGACY_KEY), Some(record.to_string()), "{site:?}");
            tab.load(&callback);
            let status = result(&tab, Purpose::Login).await.status;
            // Only the code has expired.
            let is_expired = browser.world.count("POST", "/tokens", 400) > 0;
            assert_eq!(status == LoginStatus::SignedIn, !is_expired, "{site:?}");
            assert_eq!(is_expired, site == Site::Cross);
        });
    }
}
