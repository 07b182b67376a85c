//! The user id never changes under running work: another user is an event before a request goes out in that name.

use super::{assert_signed_in, planted::plant};
use crate::support::{Browser, Call, Choice, DAY_MS, MINUTE_MS, Site, Tab, World, login, pass_ms, run};
use authress_login_protocol::{
    account,
    callback::login_result::{LoginStatus, Purpose},
    error::{Error, ErrorCode},
    jwt::UnverifiedClaims,
    secret::Secret,
    session::origin::SessionOrigin,
};
use serde_json::json;
use std::rc::Rc;

const ADA: Choice = Choice::Person("ada");
const API: &str = "https://app.shop.test/api/cart";
const UNTIL_RENEWAL_MS: u64 = DAY_MS - 5 * MINUTE_MS;

fn world(seed: u64, renewal: &str) -> Rc<World> {
    World::with(Site::Same, seed, |config| config["dialect"] = json!({ "renewal": renewal }))
}

/// Opens the shop with an anonymous session. Returns the tab and the user id.
async fn anonymous(world: &Rc<World>) -> (Tab, String) {
    let tab = Tab::open(&Browser::new(world));
    let user = tab.sign_in().await;
    pass_ms(100).await;
    tab.events();
    (tab, user)
}

/// Gives the tab's browser the Authress session of another shopper. Returns the user id.
async fn change_user(tab: &Tab, choice: Choice) -> String {
    let elsewhere = Browser::new(&tab.browser.world);
    let user = Tab::open(&elsewhere).sign_in_as(choice).await;
    plant(&elsewhere, &tab.browser);
    user
}

fn token_for(tab: &Tab) -> Call<Result<Option<Secret>, Error>> {
    tab.call(|client| async move { client.token_for(API, "").await })
}

async fn token(tab: &Tab) -> Secret {
    token_for(tab).value().await.unwrap().expect("a token that script can read")
}

#[test]
fn a_renewal_that_brings_another_anonymous_user_is_none() {
    for renewal in ["tokens", "cookies"] {
        run(async move {
            let (tab, user) = anonymous(&world(1, renewal)).await;
            change_user(&tab, Choice::Anonymous).await;
            pass_ms(UNTIL_RENEWAL_MS).await;
            assert_eq!(tab.events(), [""; 0], "{renewal}");
            assert_signed_in(&tab, &user).await;
            assert_eq!(tab.client().session().unwrap().origin, SessionOrigin::Begun);
            tab.reload();
            assert!(tab.exists().value().await.unwrap());
            assert_signed_in(&tab, &user).await;
            pass_ms(5 * MINUTE_MS).await;
            assert_eq!(tab.events().last().map(String::as_str), Some("signed-out"), "{renewal}: with its token");
        });
    }
}

#[test]
fn a_link_is_for_the_user_of_the_page_whatever_the_session_cookie_says() {
    for renewal in ["tokens", "cookies"] {
        run(async move {
            let world = world(2, renewal);
            let (tab, user) = anonymous(&world).await;
            change_user(&tab, Choice::Anonymous).await;
            tab.begin_link().value().await.unwrap();
            tab.follow_redirects(ADA).await;
            let result = tab.call(|client| async move { client.login_result(Purpose::Link).await });
            let result = result.value().await.unwrap().expect("a result");
            assert_eq!((result.status, result.user_id), (LoginStatus::Linked, Some(user.clone())));
            assert_signed_in(&tab, &user).await;
            let elsewhere = Tab::open(&Browser::new(&world));
            assert_eq!(elsewhere.sign_in_as(ADA).await, user, "Ada's identity belongs to the user of the page");
        });
    }
}

#[test]
fn another_customers_session_is_an_event_before_it_is_used() {
    for renewal in ["tokens", "cookies"] {
        run(async move {
            let (tab, _) = anonymous(&world(3, renewal)).await;
            let customer = change_user(&tab, ADA).await;
            pass_ms(UNTIL_RENEWAL_MS).await;
            assert_eq!(tab.events(), ["signed-in"], "{renewal}");
            assert_signed_in(&tab, &customer).await;
            assert_eq!(tab.client().session().unwrap().origin, SessionOrigin::Found);
        });
    }
}

#[test]
fn a_request_that_was_begun_as_one_user_does_not_go_out_as_another() {
    for (renewal, choice) in [("tokens", ADA), ("cookies", ADA), ("tokens", Choice::Anonymous)] {
        run(async move {
            let (tab, _) = anonymous(&world(4, renewal)).await;
            let other_user = change_user(&tab, choice).await;
            tab.set_visible(false);
            pass_ms(DAY_MS).await;
            assert_eq!(tab.events(), [""; 0], "a hidden page does not renew");
            assert_eq!(token_for(&tab).value().await.unwrap_err().code, ErrorCode::UserChanged);
            assert_eq!(tab.events(), ["signed-in"]);
            let next = UnverifiedClaims::decode(token(&tab).await.expose()).unwrap();
            assert_eq!(next.subject(), Some(&*other_user), "{renewal}: the page knows of the user now");
        });
    }
}

#[test]
fn a_rejected_token_is_replaced_by_one_of_the_same_user_only() {
    for (renewal, choice) in [("tokens", ADA), ("cookies", ADA), ("cookies", Choice::Anonymous)] {
        run(async move {
            let (tab, _) = anonymous(&world(5, renewal)).await;
            let replace = |rejected: Secret| {
                tab.call(|client| async move { client.replace_rejected_token(Some(&rejected)).await }).value()
            };
            pass_ms(1_000).await;
            assert!(replace(token(&tab).await).await.is_some(), "{renewal}: it is renewed");
            tab.events();
            let rejected = token(&tab).await;
            change_user(&tab, choice).await;
            assert_eq!(replace(rejected).await, None, "{renewal} {choice:?}");
            assert_eq!(tab.events().contains(&"signed-in".to_owned()), choice == ADA);
        });
    }
}

#[test]
fn a_link_or_an_account_request_that_was_begun_as_one_user_is_not_sent_as_another() {
    run(async {
        let (tab, _) = anonymous(&world(6, "tokens")).await;
        change_user(&tab, ADA).await;
        tab.set_visible(false);
        pass_ms(DAY_MS).await;
        let sent = tab.browser.world.sent("POST /api/authentication").len();
        assert_eq!(tab.begin_link().value().await.unwrap_err().code, ErrorCode::UserChanged);
        assert_eq!(tab.browser.world.sent("POST /api/authentication").len(), sent);

        let (tab, _) = anonymous(&world(6, "tokens")).await;
        change_user(&tab, ADA).await;
        tab.set_visible(false);
        pass_ms(DAY_MS).await;
        let unlink = |client: crate::support::Client| async move {
            client.send_account_request(&|credentials| account::unlink_identity(credentials, "con_acorn")).await
        };
        assert_eq!(tab.call(unlink).value().await.unwrap_err().code, ErrorCode::UserChanged);
        assert_eq!(tab.browser.world.sent("DELETE /api/session/identities/con_acorn"), [0; 0]);
    });
}

#[test]
fn a_token_of_another_user_beside_an_http_only_session_refuses_requests_about_the_user() {
    run(async {
        let world = World::with(Site::Same, 7, |config| config["dialect"] = json!({ "enableAccessToToken": false }));
        let (tab, user) = anonymous(&world).await;
        let claims = json!({ "sub": "user_b", "iss": Site::Same.login(), "client_id": "app_shop" });
        let payload = authress_login_protocol::base64url::encode(claims.to_string().as_bytes());
        let url = "https://app.shop.test/".parse().unwrap();
        tab.browser.assign_cookie(&url, &format!("authorization=e30.{payload}.; Path=/cart; Domain=shop.test"));
        tab.load("https://app.shop.test/cart");
        assert!(tab.exists().value().await.unwrap());
        assert_eq!(tab.user(), Some(user));
        assert_eq!(tab.begin_link().value().await.unwrap_err().code, ErrorCode::UserChanged);
    });
}

#[test]
fn a_link_that_returns_another_user_in_cookies_is_not_stored() {
    for (choice, status) in [(ADA, LoginStatus::Failed), (Choice::Cancel, LoginStatus::Cancelled)] {
        run(async move {
            let world = World::new(Site::Same, 8);
            let (tab, user) = anonymous(&world).await;
            tab.begin_link().value().await.unwrap();
            let callback = tab.callback_url(choice).await;
            let elsewhere = Tab::open(&Browser::new(&world));
            elsewhere.begin(login(Choice::Anonymous)).value().await.unwrap();
            elsewhere.callback_url(Choice::Anonymous).await;
            plant(&elsewhere.browser, &tab.browser);
            let url = format!("{}/", Site::Same.shop()).parse().unwrap();
            let mut others_user = None;
            for cookie in elsewhere.browser.script_cookies(&url).split("; ") {
                let attributes = "Domain=shop.test; Path=/; Secure; SameSite=Strict";
                tab.browser.take_cookies(&url, &[format!("{cookie}; {attributes}")]);
                let claims = UnverifiedClaims::decode(cookie.split_once('=').unwrap().1);
                others_user = claims.and_then(|claims| claims.subject().map(str::to_owned)).or(others_user);
            }
            tab.load(&callback);
            let result = tab.call(|client| async move { client.login_result(Purpose::Link).await });
            let result = result.value().await.unwrap().expect("a result");
            assert_eq!((result.status, result.user_id.as_ref()), (status, Some(&user)));
            assert_ne!(others_user.as_ref(), Some(&user));
            assert_ne!(tab.user(), others_user, "the other session is not stored");
            assert!(!tab.exists().value().await.unwrap(), "the session has ended, and the page asks for no other one");
            assert_eq!(tab.snapshot(), "signed-out");
            assert!(!tab.browser.script_cookies(&url).contains("user="), "the other session's cookies are gone");
            // A later page finds it, like any other session in this browser.
            tab.load("https://app.shop.test/");
            assert!(tab.exists().value().await.unwrap());
            assert_eq!((tab.user(), tab.client().session().unwrap().origin), (others_user, SessionOrigin::Found));
            assert_eq!(tab.begin_link().value().await.unwrap_err().code, ErrorCode::SessionNotBegunHere);
        });
    }
}
