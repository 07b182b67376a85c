//! Sessions with servers that issue other tokens and responses: issuers below or above the host, lean identities,
//! renewals by cookies, tokens of seconds.

use super::{assert_signed_in, assert_signed_out};
use crate::support::{Browser, Choice, DAY_MS, MINUTE_MS, Site, Tab, World, login, pass_ms, run};
use authress_login_protocol::{
    callback::login_result::{LoginStatus, Purpose},
    session::record::STORAGE_KEY,
};
use serde_json::{Value, json};
use std::rc::Rc;

const SITES: [Site; 3] = [Site::Same, Site::Cross, Site::Localhost];
const RENEWAL: &str = "PATCH /api/session";

fn world(site: Site, seed: u64, switches: Value) -> Rc<World> {
    World::with(site, seed, |config| config["dialect"] = switches)
}

#[test]
fn an_issuer_below_or_above_the_host_is_the_same_server() {
    for site in [Site::Same, Site::Cross] {
        for issuer in ["below", "above"] {
            run(async move {
                let browser = Browser::new(&world(site, 1, json!({ "issuer": issuer })));
                let tab = Tab::open(&browser);
                let user = tab.sign_in().await;
                assert_signed_in(&tab, &user).await;
                let token = tab.token(0).value().await.unwrap().unwrap();
                assert_ne!(token.issuer(), Some(site.login()));
                assert!(!tab.page().href.borrow().contains("iss="), "{site:?} {issuer}");
                tab.begin_link().value().await.unwrap();
                tab.follow_redirects(Choice::Person("ada")).await;
                assert!(tab.exists().value().await.unwrap());
                assert!(tab.events().contains(&"Link linked".to_owned()), "{site:?} {issuer}");
                tab.reload();
                assert!(tab.exists().value().await.unwrap());
                assert_signed_in(&tab, &user).await;
            });
        }
    }
}

#[test]
fn an_identity_without_signature_or_in_json_is_a_session() {
    for identity_cookie in ["idToken", "lean"] {
        run(async move {
            let switches = json!({
                "identityCookie": identity_cookie, "largeIdentityCookie": "json", "renewal": "cookies",
            });
            let world = World::with(Site::Same, 2, |config| {
                config["dialect"] = switches;
                config["connections"] =
                    json!([{ "connectionId": "con_acorn", "name": "Acorn", "largeProfiles": true }]);
            });
            let tab = Tab::open(&Browser::new(&world));
            tab.sign_in().await;
            for choice in [Choice::Person("ada"), Choice::Anonymous] {
                let user = tab.sign_in_as(choice).await;
                tab.reload();
                assert!(tab.exists().value().await.unwrap());
                assert_signed_in(&tab, &user).await;
                let record = tab.browser.load(Site::Same.shop(), STORAGE_KEY).unwrap();
                assert_eq!(record.contains(r#""idToken":"{"#), choice == Choice::Person("ada"));
                let sent = world.sent(RENEWAL).len();
                pass_ms(DAY_MS).await;
                assert_eq!(world.sent(RENEWAL).len(), sent + 1, "renewed by a response without tokens");
                assert_signed_in(&tab, &user).await;
            }
        });
    }
}

#[test]
fn every_refusal_of_a_renewal_means_that_there_is_no_session() {
    for status in [400, 401, 403, 404, 409] {
        run(async move {
            let world = world(Site::Same, 3, json!({ "noSession": status, "renewal": "cookies" }));
            let tab = Tab::open(&Browser::new(&world));
            assert!(!tab.exists().value().await.unwrap());
            assert_eq!((tab.snapshot(), world.count("PATCH", "/api/session", status)), ("signed-out".to_owned(), 1));
            let user = tab.sign_in().await;
            assert_signed_in(&tab, &user).await;
            tab.logout().value().await.unwrap();
            assert_signed_out(&tab).await;
        });
    }
}

#[test]
fn short_tokens_neither_loop_nor_lose_the_user() {
    const MINUTES: u64 = 10;
    for (lifetime_s, renewal) in [(5, "tokens"), (5, "cookies"), (20, "tokens"), (60, "tokens"), (60, "cookies")] {
        run(async move {
            let world = world(Site::Same, 4, json!({ "tokenLifetimeSeconds": lifetime_s, "renewal": renewal }));
            let browser = Browser::new(&world);
            let tab = Tab::open(&browser);
            let user = tab.sign_in().await;
            let other = Tab::open(&browser);
            pass_ms(100).await;
            tab.events();
            let sent = world.sent(RENEWAL).len();
            for _ in 0..MINUTES {
                pass_ms(MINUTE_MS).await;
                assert_eq!((tab.snapshot(), other.snapshot()), (user.clone(), user.clone()), "{lifetime_s}");
            }
            let sent = world.sent(RENEWAL).split_off(sent);
            assert!(sent.len() as u64 <= MINUTES * 2 + 1, "{lifetime_s}: {} renewals", sent.len());
            assert!(sent.len() as u64 >= MINUTES, "{lifetime_s}: {} renewals", sent.len());
            assert!(tab.events().iter().all(|event| event == "token-renewed"), "{lifetime_s}");
            // A call gets a token at any time.
            for pause_ms in [0, 900, 1_500, 3_500, 4_500, 7_000, 20_000, 29_000, 55_000] {
                pass_ms(pause_ms).await;
                assert!(other.exists().value().await.unwrap(), "{lifetime_s} {pause_ms}");
                let token = tab.token(5_000).value().await.unwrap().expect("a token");
                assert_eq!(token.subject(), Some(&*user), "{lifetime_s} {pause_ms}");
                assert!(!token.is_expired(i64::try_from(world.now_ms()).unwrap()), "{lifetime_s} {pause_ms}");
                assert_signed_in(&tab, &user).await;
            }
        });
    }
}

#[test]
fn a_hidden_page_does_not_renew_short_tokens() {
    run(async {
        let world = world(Site::Same, 5, json!({ "tokenLifetimeSeconds": 5 }));
        let tab = Tab::open(&Browser::new(&world));
        let user = tab.sign_in().await;
        tab.set_visible(false);
        let sent = world.sent(RENEWAL).len();
        pass_ms(60 * MINUTE_MS).await;
        assert_eq!((world.sent(RENEWAL).len(), tab.snapshot()), (sent, user.clone()));
        tab.set_visible(true);
        pass_ms(1_000).await;
        assert_eq!(world.sent(RENEWAL).len(), sent + 1);
        assert_signed_in(&tab, &user).await;
    });
}

#[test]
fn a_session_token_stays_in_no_address() {
    run(async {
        let world = world(Site::Localhost, 6, json!({ "sessionTokenOnLocalhost": true }));
        let tab = Tab::open(&Browser::new(&world));
        tab.begin(login(Choice::Anonymous)).value().await.unwrap();
        let callback = tab.callback_url(Choice::Anonymous).await;
        assert!(callback.contains("session_token="));
        tab.load(&callback);
        assert!(tab.exists().value().await.unwrap());
        assert_eq!(*tab.page().href.borrow(), "http://localhost:5173/");
    });
}

#[test]
fn a_session_token_without_a_pending_login_is_removed_too() {
    for site in SITES {
        run(async move {
            let tab = Tab::open(&Browser::new(&World::new(site, 7)));
            let planted = format!("{}/?page=2&nonce=other&session_token=S&access_token=A&id_token=I", site.shop());
            tab.load(&planted);
            tab.exists().value().await.unwrap();
            assert_eq!(*tab.page().href.borrow(), format!("{}/?page=2&nonce=other", site.shop()), "{site:?}");
        });
    }
}

#[test]
fn a_login_that_returns_plainly_without_a_new_session_has_failed() {
    for site in SITES {
        run(async move {
            let tab = Tab::open(&Browser::new(&World::new(site, 9)));
            let user = tab.sign_in().await;
            pass_ms(2_000).await;
            let ada = Choice::Person("ada");
            tab.begin(login(ada)).value().await.unwrap();
            let callback = tab.callback_url(Choice::Cancel).await;
            // What a refusal looks like whose error is not told.
            let plain: Vec<_> = callback.split('&').filter(|pair| !pair.starts_with("error")).collect();
            tab.load(&plain.join("&"));
            let result = tab.call(|client| async move { client.login_result(Purpose::Login).await });
            let result = result.value().await.unwrap().expect("a result");
            assert_eq!((result.status, result.user_id), (LoginStatus::Failed, None), "{site:?}");
            assert_signed_in(&tab, &user).await;
        });
    }
}
