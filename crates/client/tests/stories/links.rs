//! Links: which of them have succeeded, and what shows it.

use super::assert_signed_in;
use crate::support::{Browser, Choice, Fault, Site, Tab, World, login, pass_ms, run};
use authress_login_client::OpenType;
use authress_login_protocol::{
    authorization::request::{AuthenticateOptions, LinkOptions},
    callback::login_result::{LoginResult, LoginStatus, Purpose},
};
use serde_json::{Value, json};
use std::rc::Rc;

const SITES: [Site; 3] = [Site::Same, Site::Cross, Site::Localhost];
const ADA: Choice = Choice::Person("ada");
/// Owns an identity of her own.
const GRACE: Choice = Choice::Person("grace");
const PROFILE: &str = "GET /api/session/profile";

fn world(site: Site, seed: u64, switches: Value) -> Rc<World> {
    World::with(site, seed, |config| config["dialect"] = switches)
}

/// Opens the shop where Grace owns an identity, and signs in anonymously. Returns the tab and the user id.
async fn anonymous(world: &Rc<World>) -> (Tab, String) {
    Tab::open(&Browser::new(world)).sign_in_as(GRACE).await;
    let tab = Tab::open(&Browser::new(world));
    let user = tab.sign_in().await;
    (tab, user)
}

async fn link_result(tab: &Tab) -> Option<LoginResult> {
    let result = tab.call(|client| async move { client.login_result(Purpose::Link).await });
    result.value().await.unwrap()
}

/// Links an identity, from the call to the page after the callback. Returns the result.
async fn link(tab: &Tab, choice: Choice) -> LoginResult {
    tab.begin_link().value().await.unwrap();
    tab.follow_redirects(choice).await;
    link_result(tab).await.expect("a result")
}

#[test]
fn a_link_whose_token_shows_it_sends_no_further_request() {
    for site in SITES {
        run(async move {
            let world = world(site, 1, json!({}));
            let (tab, user) = anonymous(&world).await;
            let result = link(&tab, ADA).await;
            assert_eq!((result.status, result.may_be_owned()), (LoginStatus::Linked, false), "{site:?}");
            assert_eq!(world.sent(PROFILE), [0; 0], "{site:?}");
            assert_signed_in(&tab, &user).await;
        });
    }
}

#[test]
fn a_refused_link_that_returns_plainly_has_failed() {
    for site in SITES {
        run(async move {
            let world = world(site, 2, json!({ "refusedLink": "plainCallback" }));
            let (tab, user) = anonymous(&world).await;
            let result = link(&tab, GRACE).await;
            assert_eq!((result.status, result.server_code.as_deref()), (LoginStatus::Failed, None), "{site:?}");
            assert!(result.may_be_owned(), "{site:?}");
            assert_eq!(result.user_id.as_ref(), Some(&user));
            assert_eq!(world.sent(PROFILE).len(), 1, "{site:?}");
            assert!(tab.events().contains(&"Link failed".to_owned()), "{site:?}");
            assert_signed_in(&tab, &user).await;
            assert!(!tab.page().href.borrow().contains("nonce="));
            let result = link(&tab, ADA).await;
            assert_eq!(result.status, LoginStatus::Linked, "{site:?}");
            assert_signed_in(&tab, &user).await;
        });
    }
}

#[test]
fn an_identity_of_the_same_connection_that_was_linked_before_is_linked() {
    for site in SITES {
        run(async move {
            let world = world(site, 3, json!({ "refusedLink": "plainCallback" }));
            let (tab, user) = anonymous(&world).await;
            assert_eq!(link(&tab, ADA).await.status, LoginStatus::Linked);
            pass_ms(60_000).await;
            let result = link(&tab, GRACE).await;
            assert_eq!(result.status, LoginStatus::Linked, "{site:?}: the profile shows the connection");
            assert_eq!(world.sent(PROFILE).len(), 1, "{site:?}: the token from before the link shows nothing");
            assert_signed_in(&tab, &user).await;
        });
    }
}

#[test]
fn the_profile_shows_a_link_where_script_can_read_no_token_and_no_connection() {
    run(async {
        let world = world(Site::Same, 4, json!({ "identityCookie": "lean", "enableAccessToToken": false }));
        let (tab, user) = anonymous(&world).await;
        let result = link(&tab, ADA).await;
        assert_eq!((result.status, result.user_id), (LoginStatus::Linked, Some(user.clone())));
        assert_eq!(world.sent(PROFILE).len(), 1);
        assert_eq!(tab.user(), Some(user));
        assert_eq!(tab.token(0).value().await.unwrap(), None);
    });
}

#[test]
fn without_a_profile_a_link_that_no_token_shows_has_failed() {
    for fault in [Fault::Status(503), Fault::Status(404), Fault::DropRequest, Fault::DropResponse] {
        run(async move {
            let world = world(Site::Same, 5, json!({ "identityCookie": "lean", "enableAccessToToken": false }));
            let (tab, user) = anonymous(&world).await;
            tab.begin_link().value().await.unwrap();
            world.fail("GET", "/api/session/profile", fault, 5);
            tab.follow_redirects(ADA).await;
            let result = link_result(&tab).await.expect("a result");
            assert_eq!((result.status, result.may_be_owned()), (LoginStatus::Failed, true), "{fault:?}");
            assert_eq!(tab.user(), Some(user), "{fault:?}");
        });
    }
}

#[test]
fn a_callback_without_a_code_is_cancelled_only_if_its_words_say_so() {
    for site in SITES {
        run(async move {
            let world = world(site, 6, json!({ "callbackErrors": "withoutCode" }));
            let (tab, user) = anonymous(&world).await;
            for (choice, status) in [(Choice::Cancel, LoginStatus::Cancelled), (GRACE, LoginStatus::Failed)] {
                let result = link(&tab, choice).await;
                assert_eq!((result.status, result.server_code.as_deref()), (status, Some("access_denied")), "{site:?}");
                assert_eq!(result.may_be_owned(), status == LoginStatus::Failed, "{site:?}");
            }
            assert_eq!(world.sent(PROFILE), [0; 0], "{site:?}: an error is no success");
            assert_signed_in(&tab, &user).await;
        });
    }
}

#[test]
fn a_lost_response_shows_by_the_connection_of_the_access_token() {
    for identity_cookie in ["idToken", "lean"] {
        run(async move {
            let world = world(Site::Same, 7, json!({ "identityCookie": identity_cookie, "renewal": "cookies" }));
            let (tab, user) = anonymous(&world).await;
            assert_eq!(link(&tab, ADA).await.status, LoginStatus::Linked);
            let options = LinkOptions { connection_id: Some("con_birch".to_owned()), ..LinkOptions::default() };
            let redirect = OpenType::Redirect { returns_response: false };
            tab.call(|client| async move { client.link_identity(&options, redirect).await.map(drop) })
                .value()
                .await
                .unwrap();
            tab.follow_redirects(ADA).await;
            assert_eq!(link_result(&tab).await.unwrap().status, LoginStatus::Linked);
            // The same user signs in with the other connection, and the response to the code exchange is lost.
            let options = AuthenticateOptions { flow_type: Some("code".to_owned()), ..login(ADA) };
            tab.begin(options).value().await.unwrap();
            world.fail("POST", "/tokens", Fault::DropResponse, 1);
            tab.follow_redirects(ADA).await;
            let result = tab.call(|client| async move { client.login_result(Purpose::Login).await });
            let result = result.value().await.unwrap().unwrap();
            assert_eq!((result.status, result.user_id), (LoginStatus::SignedIn, Some(user)), "{identity_cookie}");
            assert_eq!(world.count("POST", "/tokens", 400), 1);
        });
    }
}

#[test]
fn a_link_whose_code_exchange_had_no_response_has_failed_where_no_cookie_reaches_authress() {
    run(async {
        let world = world(Site::Cross, 9, json!({}));
        let (tab, user) = anonymous(&world).await;
        tab.begin_link().value().await.unwrap();
        world.fail("POST", "/tokens", Fault::DropResponse, 1);
        tab.follow_redirects(ADA).await;
        let result = link_result(&tab).await.expect("a result");
        assert_eq!((result.status, result.may_be_owned()), (LoginStatus::Failed, true));
        assert_signed_in(&tab, &user).await;
        // Signing in with the identity leads to the same user: the link was made.
        assert_eq!(tab.sign_in_as(ADA).await, user);
    });
}

#[test]
fn a_logout_while_the_profile_is_requested_leaves_no_result() {
    run(async {
        let world = world(Site::Cross, 8, json!({ "refusedLink": "plainCallback" }));
        let (tab, _) = anonymous(&world).await;
        let other = Tab::open(&tab.browser);
        tab.begin_link().value().await.unwrap();
        world.fail("GET", "/api/session/profile", Fault::DelayResponse(2_000), 1);
        tab.follow_redirects(GRACE).await;
        pass_ms(1_000).await;
        other.logout().value().await.unwrap();
        pass_ms(3_000).await;
        assert_eq!((link_result(&tab).await, tab.user()), (None, None));
    });
}
