//! Mails that bring an anonymous cart to another device.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::Setup;

async fn shop() -> Setup {
    Setup::with(&[("reminders", json!(true))]).await
}

async fn ask(setup: &Setup, token: &str, email: &str) -> crate::support::TestResponse {
    setup.send("POST", "/api/cart/reminders", Some(token), &json!({ "email": email }).to_string()).await
}

async fn confirm(setup: &Setup, token: &str, code: &str) -> crate::support::TestResponse {
    let body = json!({ "code": code }).to_string();
    setup.send("POST", "/api/cart/reminders/confirmation", Some(token), &body).await
}

async fn claim(setup: &Setup, token: &str, ticket: &str) -> crate::support::TestResponse {
    setup.send("POST", "/api/cart/claims", Some(token), &json!({ "ticket": ticket }).to_string()).await
}

async fn last_mail(setup: &Setup) -> Value {
    setup.send("GET", "/api/outbox", None, "").await.json()["mails"][0].clone()
}

/// The ticket of a mailed link.
fn ticket(mail: &Value) -> String {
    let link = url::Url::parse(mail["link"].as_str().unwrap()).unwrap();
    assert_eq!((link.path(), link.query()), ("/", None), "secrets are in the fragment only");
    let mut pairs = url::form_urlencoded::parse(link.fragment().unwrap().as_bytes());
    pairs.find(|(name, _)| name == "claimTicket").unwrap().1.into_owned()
}

async fn with_cart() -> (Setup, String) {
    let setup = shop().await;
    let ada = setup.anonymous("user_a");
    setup.put(&ada, "mug", r#"{"quantity":2}"#).await;
    (setup, ada)
}

#[tokio::test]
async fn a_mailed_link_moves_the_cart_to_the_account_of_its_reader_once() {
    let (setup, ada) = with_cart().await;
    let response = ask(&setup, &ada, "ada@example.com").await;
    assert_eq!(response.status, StatusCode::ACCEPTED);
    assert!(!response.body.contains("ada@"), "{}", response.body);
    let mail = last_mail(&setup).await;
    assert_eq!(mail["to"], "ada@example.com");
    let ticket = ticket(&mail);
    assert_eq!(claim(&setup, &setup.anonymous("user_c"), &ticket).await.code(), "StillAnonymous");
    let moved = claim(&setup, &setup.customer("user_b"), &ticket).await;
    assert_eq!(moved.json()["items"][0]["quantity"], 2);
    assert_eq!(claim(&setup, &setup.customer("user_c"), &ticket).await.code(), "TicketAlreadyUsed");
    assert_eq!(setup.read_cart(&ada).await.json()["items"], json!([]));
}

#[tokio::test]
async fn the_code_confirms_the_address_in_the_session_of_the_cart_only() {
    let (setup, ada) = with_cart().await;
    ask(&setup, &ada, "ada@example.com").await;
    let code = last_mail(&setup).await["code"].as_str().unwrap().to_owned();
    let other = setup.anonymous("user_c");
    assert_eq!(confirm(&setup, &other, &code).await.code(), "ReminderExpired");
    let wrong = confirm(&setup, &ada, "nothing").await;
    assert_eq!((wrong.status, wrong.code().as_str()), (StatusCode::FORBIDDEN, "WrongReminderCode"));
    assert_eq!(confirm(&setup, &ada, &code).await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        confirm(&setup, &ada, &code).await.code(),
        "ReminderExpired",
        "without invites there is nothing to repeat"
    );
}

#[tokio::test]
async fn links_stop_working_once_the_owner_has_an_account() {
    let (setup, ada) = with_cart().await;
    ask(&setup, &ada, "ada@example.com").await;
    let ticket = ticket(&last_mail(&setup).await);
    let account = setup.customer("user_a");
    assert_eq!(setup.read_cart(&account).await.json()["items"][0]["quantity"], 2);
    assert_eq!(claim(&setup, &account, &ticket).await.code(), "TicketSameUser");
    assert_eq!(claim(&setup, &setup.customer("user_b"), &ticket).await.code(), "TicketExpired");
    assert_eq!(setup.read_cart(&account).await.json()["items"][0]["quantity"], 2, "nothing has moved");
}

#[tokio::test]
async fn the_browser_that_asked_for_the_mail_is_not_signed_in_by_it() {
    let (setup, ada) = with_cart().await;
    ask(&setup, &ada, "ada@example.com").await;
    assert_eq!(setup.read_cart(&ada).await.status, StatusCode::OK);
    setup.read_cart(&setup.customer("user_a")).await;
    let outdated = setup.read_cart(&ada).await;
    assert_eq!((outdated.status, outdated.code().as_str()), (StatusCode::UNAUTHORIZED, "SessionOutdated"));
    assert!(outdated.header("www-authenticate").contains("invalid_token"));
    // Without a mail, an older token of the same browser stays valid.
    let bob = setup.anonymous("user_b");
    setup.put(&bob, "vase", r#"{"quantity":1}"#).await;
    setup.read_cart(&setup.customer("user_b")).await;
    assert_eq!(setup.read_cart(&bob).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_cannot_be_mailed_has_a_code() {
    let (setup, ada) = with_cart().await;
    for (token, body, status, code) in [
        (setup.customer("user_b"), r#"{"email":"b@example.com"}"#, 403, "NotAnonymous"),
        (setup.anonymous("user_e"), r#"{"email":"e@example.com"}"#, 409, "CartEmpty"),
        (ada.clone(), r#"{"email":"ada"}"#, 400, "InvalidReminderRequest"),
        (ada.clone(), r#"{"mail":"a@example.com"}"#, 400, "InvalidReminderRequest"),
        (ada.clone(), "", 400, "InvalidReminderRequest"),
    ] {
        let response = setup.send("POST", "/api/cart/reminders", Some(&token), body).await;
        assert_eq!((response.status.as_u16(), response.code().as_str()), (status, code), "{body}");
    }
    assert_eq!(ask(&setup, &ada, "ada@example.com").await.status, StatusCode::ACCEPTED);
    let again = ask(&setup, &ada, "ada@example.com").await;
    assert_eq!((again.code().as_str(), again.header("retry-after")), ("TooManyReminders", "60"));
    let silent = Setup::new().await;
    let response = ask(&silent, &silent.anonymous("user_a"), "ada@example.com").await;
    assert_eq!((response.status.as_u16(), response.code().as_str()), (404, "ReminderNotOffered"));
}
