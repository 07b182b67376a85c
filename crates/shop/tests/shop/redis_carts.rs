//! Carts in a real Redis, as a page meets them.

use std::time::Duration;

use authress_demo_shop::config::Config;
use authress_redis::StoreUrl;
use authress_redis::test_server::Redis;
use authress_user_migration::{Journal, Migration, RedisJournal, Step};
use axum::http::StatusCode;
use serde_json::json;

use crate::support::{NOW, Setup, TestResponse, config};

async fn shop(redis: &Redis) -> Setup {
    Setup::with(&[("redisUrl", json!(redis.url()))]).await
}

fn journal(redis: &Redis) -> RedisJournal {
    RedisJournal::new(&StoreUrl::parse(&redis.url()).unwrap()).unwrap()
}

async fn claim(setup: &Setup, from: &str, to: &str) -> TestResponse {
    let issued = setup.send("POST", "/api/cart/claim-ticket", Some(&setup.anonymous(from)), "").await;
    let ticket = json!({ "ticket": issued.json()["ticket"] }).to_string();
    setup.send("POST", "/api/cart/claims", Some(&setup.customer(to)), &ticket).await
}

fn ttl(redis: &Redis, user_id: &str) -> i64 {
    redis.run(&["TTL", &format!("{{authress-demo-shop}}:cart:{user_id}")]).unwrap()
}

#[tokio::test]
async fn all_processes_of_the_shop_have_the_same_carts() {
    let redis = Redis::start();
    let (one, two) = (shop(&redis).await, shop(&redis).await);
    one.put(&one.customer("user_a"), "mug", r#"{"quantity":2}"#).await;
    two.put(&two.customer("user_a"), "vase", r#"{"quantity":1}"#).await;
    assert_eq!(one.read_cart(&one.customer("user_a")).await.json()["totalCents"], 2 * 2400 + 4500);
    one.put(&one.customer("user_a"), "mug", r#"{"quantity":0}"#).await;
    one.put(&one.customer("user_a"), "vase", r#"{"quantity":0}"#).await;
    assert!(redis.run::<Vec<String>>(&["KEYS", "*"]).unwrap().is_empty(), "empty carts are not stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_at_the_same_time_are_all_kept() {
    let redis = Redis::start();
    let setup = shop(&redis).await;
    let token = setup.customer("user_a");
    let put = |product| setup.put(&token, product, r#"{"quantity":1}"#);
    tokio::join!(put("mug"), put("vase"), put("bowl"), put("plate"), put("planter"), put("teapot"));
    assert_eq!(setup.read_cart(&token).await.json()["items"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn anonymous_carts_expire_and_those_of_customers_do_not() {
    let redis = Redis::start();
    let setup = shop(&redis).await;
    setup.put(&setup.anonymous("user_a"), "mug", r#"{"quantity":2}"#).await;
    assert!((1..=30 * 86_400).contains(&ttl(&redis, "user_a")));
    // After a link, the customer has only looked at the cart.
    setup.read_cart(&setup.customer("user_a")).await;
    assert_eq!(ttl(&redis, "user_a"), -1);
    // An access token from before the link is valid until it expires.
    setup.put(&setup.anonymous("user_a"), "vase", r#"{"quantity":1}"#).await;
    assert_eq!(ttl(&redis, "user_a"), -1);
}

#[tokio::test]
async fn a_claim_moves_the_cart_and_leaves_the_rest_to_the_operators_program() {
    let redis = Redis::start();
    let setup = shop(&redis).await;
    setup.put(&setup.anonymous("user_a"), "mug", r#"{"quantity":2}"#).await;
    setup.put(&setup.customer("user_b"), "mug", r#"{"quantity":1}"#).await;
    let cart = claim(&setup, "user_a", "user_b").await.json();
    assert_eq!(cart["items"][0]["quantity"], 3, "{cart}");
    assert_eq!(ttl(&redis, "user_b"), -1);
    let unfinished = journal(&redis).unfinished().await.unwrap();
    assert_eq!((unfinished.len(), unfinished[0].step), (1, Step::DataMoved));

    // A tab that was forgotten, and a second ticket.
    setup.put(&setup.anonymous("user_a"), "vase", r#"{"quantity":1}"#).await;
    assert_eq!(claim(&setup, "user_a", "user_b").await.json()["totalCents"], 3 * 2400 + 4500);

    setup.put(&setup.anonymous("user_a"), "bowl", r#"{"quantity":1}"#).await;
    let refused = claim(&setup, "user_a", "user_c").await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::CONFLICT, "MigratesElsewhere"));
    assert_eq!(setup.read_cart(&setup.anonymous("user_a")).await.json()["totalCents"], 3200, "it stays");
}

#[tokio::test]
async fn the_shop_moves_the_carts_of_migrations_that_others_have_begun() {
    let redis = Redis::start();
    let setup = shop(&redis).await;
    setup.put(&setup.anonymous("user_a"), "mug", r#"{"quantity":2}"#).await;
    journal(&redis).begin(&Migration::new("user_a", "user_b", NOW, true).unwrap()).await.unwrap();
    let config = config(&setup.issuer, &format!("{}/jwks", setup.issuer), &[("redisUrl", json!(redis.url()))]);
    let another_process = authress_demo_shop::Shop::new(Config::parse(&config).unwrap()).unwrap();
    let background = tokio::spawn(another_process.resume_migrations());
    while setup.read_cart(&setup.customer("user_b")).await.json()["totalCents"] != 4800 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    background.abort();
}

#[tokio::test]
async fn without_redis_the_response_is_503() {
    let mut redis = Redis::start();
    let setup = shop(&redis).await;
    redis.stop();
    let response = setup.read_cart(&setup.customer("user_a")).await;
    assert_eq!((response.status, response.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "CartsUnavailable"));
}

#[tokio::test]
async fn a_stored_cart_of_another_form_is_an_error_and_is_kept() {
    let redis = Redis::start();
    let setup = shop(&redis).await;
    for invalid in ["{}", r#"{"isAnonymous":true,"lines":[["mug",100]]}"#] {
        redis.run::<()>(&["SET", "{authress-demo-shop}:cart:user_a", invalid]).unwrap();
        let response = setup.put(&setup.customer("user_a"), "mug", r#"{"quantity":1}"#).await;
        assert_eq!(response.code(), "CartsUnavailable");
        assert_eq!(redis.run::<String>(&["GET", "{authress-demo-shop}:cart:user_a"]).unwrap(), invalid);
    }
}

#[tokio::test]
async fn a_claim_that_could_not_move_the_cart_can_be_repeated_with_the_same_ticket() {
    let redis = Redis::start();
    let setup = shop(&redis).await;
    setup.put(&setup.anonymous("user_a"), "mug", r#"{"quantity":2}"#).await;
    let issued = setup.send("POST", "/api/cart/claim-ticket", Some(&setup.anonymous("user_a")), "").await;
    let ticket = json!({ "ticket": issued.json()["ticket"] }).to_string();
    let claim = async |to: &str| setup.send("POST", "/api/cart/claims", Some(&setup.customer(to)), &ticket).await;

    // The cart that it would be merged into cannot be read.
    let key = "{authress-demo-shop}:cart:user_b";
    redis.run::<()>(&["SET", key, "no cart"]).unwrap();
    assert_eq!(claim("user_b").await.code(), "CartsUnavailable");
    assert_eq!(journal(&redis).find("user_a").await.unwrap().unwrap().step, Step::Begun);
    assert_eq!(claim("user_c").await.code(), "MigratesElsewhere", "the first account that claims a cart has it");

    redis.run::<()>(&["DEL", key]).unwrap();
    assert_eq!(claim("user_b").await.json()["items"][0]["quantity"], 2);
    assert_eq!(claim("user_b").await.code(), "TicketAlreadyUsed");
}
