//! The cart API as a page meets it, with a real issuer behind the keys' address.

use crate::support::{NOW, Setup, TestResponse, send, shop};
use authress_jws::SigningKey;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn the_catalog_needs_no_token() {
    let response = Setup::new().await.send("GET", "/api/products", None, "").await;
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(response.json()["products"][0]["productId"], "mug");
}

#[tokio::test]
async fn a_new_shopper_has_an_empty_cart_under_their_user_id() {
    let setup = Setup::new().await;
    let response = setup.read_cart(&setup.anonymous("user_a")).await;
    assert_eq!(response.json(), json!({ "userId": "user_a", "isAnonymous": true, "items": [], "totalCents": 0 }));
    assert_eq!(response.header("cache-control"), "no-store");
}

#[tokio::test]
async fn an_added_item_is_in_the_cart() {
    let setup = Setup::new().await;
    let token = setup.customer("user_a");
    setup.put(&token, "mug", r#"{"quantity":2}"#).await;
    let cart = setup.read_cart(&token).await.json();
    let mug = json!({ "productId": "mug", "name": "Morning mug", "quantity": 2, "priceCents": 2400 });
    assert_eq!(cart, json!({ "userId": "user_a", "isAnonymous": false, "items": [mug], "totalCents": 4800 }));
}

#[tokio::test]
async fn every_cart_says_whether_its_owner_is_anonymous_by_the_connection_of_the_token() {
    let setup = Setup::new().await;
    let (anonymous, customer) = (setup.anonymous("user_a"), setup.customer("user_b"));
    let other_service_client = setup.token("user_c", &[("azp", json!("sc_other"))]);
    for (token, expected) in [(&anonymous, true), (&customer, false), (&other_service_client, false)] {
        assert_eq!(setup.read_cart(token).await.json()["isAnonymous"], expected);
        assert_eq!(setup.put(token, "mug", r#"{"quantity":1}"#).await.json()["isAnonymous"], expected);
    }
    let ticket = ticket_of(&setup, "user_a").await;
    assert_eq!(post(&setup, "/api/cart/claims", &customer, &ticket).await.json()["isAnonymous"], false);
}

#[tokio::test]
async fn the_cart_belongs_to_the_sub_and_not_to_the_token() {
    let setup = Setup::new().await;
    let anonymous = setup.anonymous("user_a");
    let converted = setup.customer("user_a");
    let another = setup.token("user_b", &[]);
    setup.put(&anonymous, "mug", r#"{"quantity":2}"#).await;
    assert_eq!(setup.read_cart(&converted).await.json()["totalCents"], 4800);
    assert_eq!(setup.read_cart(&another).await.json()["totalCents"], 0);
}

/// User ids that Authress's public documentation and SDKs show, and characters that they allow.
#[tokio::test]
async fn user_ids_of_identity_providers_have_carts_of_their_own() {
    let setup = Setup::new().await;
    let ids = [
        "google-oauth2|109536627844722397911",
        "Authress|google-oauth2|109357119042447700062",
        "slack|T0/U1",
        "slack|T0",
        "slack|T0/U1/../U2",
        "user:a~b@example.com",
        "user a",
        "user%20a",
        "uiaqQjcfcMBSSiywq4p49g4YQ",
    ];
    for (quantity, id) in (1..).zip(ids) {
        let body = format!(r#"{{"quantity":{quantity}}}"#);
        assert_eq!(setup.put(&setup.token(id, &[]), "mug", &body).await.status, StatusCode::OK, "{id}");
    }
    for (quantity, id) in (1..).zip(ids) {
        let cart = setup.read_cart(&setup.token(id, &[])).await.json();
        assert_eq!((&cart["userId"], &cart["items"][0]["quantity"]), (&json!(id), &json!(quantity)));
    }
    // A claim ticket moves the cart of such an id as well.
    let ticket = ticket_of(&setup, "slack|T0/U1").await;
    let claimed = post(&setup, "/api/cart/claims", &setup.customer(ids[0]), &ticket).await.json();
    assert_eq!(claimed["items"][0]["quantity"], 1 + 3, "{claimed}");
}

#[tokio::test]
async fn quantities_outside_0_to_99_are_rejected() {
    let setup = Setup::new().await;
    let token = setup.token("user_a", &[]);
    for body in
        ["", "{}", "7", r#"{"quantity":100}"#, r#"{"quantity":-1}"#, r#"{"quantity":1.5}"#, r#"{"quantity":"1"}"#]
    {
        let response = setup.put(&token, "mug", body).await;
        assert_eq!((response.status, response.code().as_str()), (StatusCode::BAD_REQUEST, "InvalidQuantity"), "{body}");
    }
    assert_eq!(setup.put(&token, "mug", r#"{"quantity":99}"#).await.json()["items"][0]["quantity"], 99);
    assert_eq!(setup.put(&token, "mug", r#"{"quantity":0}"#).await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_long_body_is_rejected() {
    let setup = Setup::new().await;
    let long = format!(r#"{{"quantity":1{}}}"#, " ".repeat(2000));
    let response = setup.put(&setup.token("user_a", &[]), "mug", &long).await;
    assert_eq!(response.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn an_unknown_product_is_rejected() {
    let setup = Setup::new().await;
    for id in ["piano", "MUG", "%00", "..%2Fmug"] {
        let response = setup.put(&setup.token("user_a", &[]), id, r#"{"quantity":1}"#).await;
        assert_eq!((response.status, response.code().as_str()), (StatusCode::NOT_FOUND, "UnknownProduct"), "{id}");
    }
}

#[track_caller]
fn assert_unauthorized(response: &TestResponse, code: &str) {
    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    let challenge = response.header("www-authenticate");
    if code == "TokenMissing" {
        assert_eq!(challenge, "Bearer");
    } else {
        assert!(challenge.starts_with(r#"Bearer error="invalid_token", error_description=""#), "{challenge}");
    }
    assert_eq!(response.code(), code);
}

#[tokio::test]
async fn a_request_without_exactly_one_bearer_token_is_rejected() {
    let setup = Setup::new().await;
    assert_unauthorized(&setup.send("GET", "/api/cart", None, "").await, "TokenMissing");
    assert_unauthorized(&setup.send("PUT", "/api/cart/items/mug", None, r#"{"quantity":1}"#).await, "TokenMissing");
    let token = setup.token("user_a", &[]);
    for headers in [vec![format!("Basic {token}")], vec![token.clone()], vec![format!("Bearer {token}"); 2]] {
        let mut request = Request::get("/api/cart");
        for value in headers {
            request = request.header("authorization", value);
        }
        assert_unauthorized(&send(&setup.router, request.body(Body::empty()).unwrap()).await, "TokenMissing");
    }
}

#[tokio::test]
async fn tokens_with_one_wrong_claim_are_rejected() {
    let setup = Setup::new().await;
    let wrong: [(&str, Value, &str); 4] = [
        ("exp", json!(NOW - 5), "TokenExpired"),
        ("iss", json!("https://login.evil.test"), "TokenOtherIssuer"),
        ("client_id", json!("app_other"), "TokenOtherApplication"),
        ("sub", json!(""), "TokenNoUserId"),
    ];
    for (claim, value, code) in wrong {
        assert_unauthorized(&setup.read_cart(&setup.token("user_a", &[(claim, value)])).await, code);
    }
}

#[tokio::test]
async fn an_id_token_is_rejected() {
    let setup = Setup::new().await;
    let claims = json!({ "iss": setup.issuer, "sub": "user_a", "client_id": "app_demo", "exp": NOW + 60 });
    assert_unauthorized(&setup.read_cart(&setup.key.sign_jwt("JWT", &claims)).await, "TokenWrongType");
}

#[tokio::test]
async fn a_changed_token_is_rejected() {
    let setup = Setup::new().await;
    let (mine, theirs) = (setup.token("user_a", &[]), setup.token("user_b", &[]));
    let (head, _) = mine.rsplit_once('.').unwrap();
    let (_, signature) = theirs.rsplit_once('.').unwrap();
    assert_unauthorized(&setup.read_cart(&format!("{head}.{signature}")).await, "TokenInvalidSignature");
}

#[tokio::test]
async fn a_key_that_the_issuer_does_not_publish_is_rejected() {
    let setup = Setup::new().await;
    let claims = json!({ "iss": setup.issuer, "sub": "user_a", "client_id": "app_demo", "exp": NOW + 60 });
    let token = SigningKey::generate("k2").unwrap().sign_jwt("at+jwt", &claims);
    assert_unauthorized(&setup.read_cart(&token).await, "TokenUnknownKey");
}

#[tokio::test]
async fn without_the_issuers_keys_the_response_is_503() {
    let setup = Setup::new().await;
    let token = setup.token("user_a", &[]);
    let cut_off = shop(&setup.issuer, &format!("{}/nothing-here", setup.issuer), &[]);
    let request = Request::get("/api/cart").header("authorization", format!("Bearer {token}"));
    let response = send(&cut_off, request.body(Body::empty()).unwrap()).await;
    assert_eq!((response.status, response.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "KeysUnavailable"));
}

async fn post(setup: &Setup, path: &str, token: &str, body: &str) -> TestResponse {
    setup.send("POST", path, Some(token), body).await
}

async fn ticket_of(setup: &Setup, user_id: &str) -> String {
    let response = post(setup, "/api/cart/claim-ticket", &setup.anonymous(user_id), "").await;
    assert_eq!(response.status, StatusCode::OK, "{}", response.body);
    assert_eq!(response.header("cache-control"), "no-store");
    json!({ "ticket": response.json()["ticket"] }).to_string()
}

#[tokio::test]
async fn a_ticket_moves_the_anonymous_cart_to_the_account() {
    let setup = Setup::new().await;
    setup.put(&setup.anonymous("user_a"), "mug", r#"{"quantity":2}"#).await;
    setup.put(&setup.customer("user_b"), "vase", r#"{"quantity":1}"#).await;
    let ticket = ticket_of(&setup, "user_a").await;
    let cart = post(&setup, "/api/cart/claims", &setup.customer("user_b"), &ticket).await.json();
    assert_eq!((cart["userId"].as_str(), cart["totalCents"].as_u64()), (Some("user_b"), Some(2 * 2400 + 4500)));
    assert_eq!(setup.read_cart(&setup.anonymous("user_a")).await.json()["items"], json!([]));

    let again = post(&setup, "/api/cart/claims", &setup.customer("user_c"), &ticket).await;
    assert_eq!((again.status, again.code().as_str()), (StatusCode::FORBIDDEN, "TicketAlreadyUsed"));
}

#[tokio::test]
async fn the_shop_chooses_how_carts_are_merged() {
    let setup = Setup::with(&[("cartMerge", json!("keep"))]).await;
    setup.put(&setup.anonymous("user_a"), "mug", r#"{"quantity":2}"#).await;
    setup.put(&setup.customer("user_b"), "mug", r#"{"quantity":1}"#).await;
    let ticket = ticket_of(&setup, "user_a").await;
    let cart = post(&setup, "/api/cart/claims", &setup.customer("user_b"), &ticket).await.json();
    assert_eq!(cart["items"][0]["quantity"], 1, "{cart}");
}

#[tokio::test]
async fn tickets_are_issued_to_anonymous_shoppers_and_redeemed_by_customers() {
    let setup = Setup::new().await;
    let rejected = post(&setup, "/api/cart/claim-ticket", &setup.customer("user_a"), "").await;
    assert_eq!((rejected.status, rejected.code().as_str()), (StatusCode::FORBIDDEN, "NotAnonymous"));
    let ticket = ticket_of(&setup, "user_a").await;
    let rejected = post(&setup, "/api/cart/claims", &setup.anonymous("user_b"), &ticket).await;
    assert_eq!((rejected.status, rejected.code().as_str()), (StatusCode::FORBIDDEN, "StillAnonymous"));
    let rejected = post(&setup, "/api/cart/claims", &setup.customer("user_a"), &ticket).await;
    assert_eq!((rejected.status, rejected.code().as_str()), (StatusCode::FORBIDDEN, "TicketSameUser"));
    assert_eq!(post(&setup, "/api/cart/claims", &setup.customer("user_b"), &ticket).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_that_is_not_a_ticket_of_this_shop_is_rejected() {
    let (setup, other_shop) = (Setup::new().await, Setup::new().await);
    let token = setup.customer("user_b");
    let access_token = json!({ "ticket": setup.anonymous("user_a") }).to_string();
    for ticket in [ticket_of(&other_shop, "user_a").await, access_token, r#"{"ticket":""}"#.to_owned()] {
        let rejected = post(&setup, "/api/cart/claims", &token, &ticket).await;
        assert_eq!((rejected.status, rejected.code().as_str()), (StatusCode::FORBIDDEN, "TicketForged"), "{ticket}");
    }
    for body in ["", "{}", r#"{"ticket":1}"#, r#"{"ticket":"x","more":1}"#] {
        assert_eq!(post(&setup, "/api/cart/claims", &token, body).await.code(), "InvalidTicketRequest", "{body}");
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_have_an_error_code() {
    let setup = Setup::new().await;
    let unknown = setup.send("GET", "/api/nothing", None, "").await;
    assert_eq!((unknown.status, unknown.code().as_str()), (StatusCode::NOT_FOUND, "UnknownRoute"));
    let wrong = setup.send("DELETE", "/api/cart", None, "").await;
    assert_eq!((wrong.status, wrong.code().as_str()), (StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"));
}

/// Adds a mug to the cart of each anonymous user id, from an address as a proxy forwards it.
async fn fill(setup: &Setup, user_ids: &[&str], forwarded_for: &str) {
    for user_id in user_ids {
        let request = Request::put("/api/cart/items/mug")
            .header("authorization", format!("Bearer {}", setup.anonymous(user_id)))
            .header("x-forwarded-for", forwarded_for)
            .body(Body::from(r#"{"quantity":1}"#));
        assert_eq!(send(&setup.router, request.unwrap()).await.status, StatusCode::OK, "{user_id}");
    }
}

/// Those of the anonymous user ids whose carts are still there.
async fn with_carts<'a>(setup: &Setup, user_ids: &[&'a str]) -> Vec<&'a str> {
    let mut with_carts = Vec::new();
    for user_id in user_ids {
        if setup.read_cart(&setup.anonymous(user_id)).await.json()["totalCents"] != 0 {
            with_carts.push(*user_id);
        }
    }
    with_carts
}

#[tokio::test]
async fn a_client_with_many_user_ids_replaces_its_own_carts_only() {
    let setup = Setup::with(&[("carts", json!({ "perClient": 2 })), ("trustedHops", json!(1))]).await;
    fill(&setup, &["user_n"], "2001:db8:0:2::1").await;
    setup.put(&setup.customer("user_r"), "mug", r#"{"quantity":1}"#).await;
    fill(&setup, &["user_a", "user_b"], "2001:db8:0:1::1").await;
    // Another address of the same /64.
    fill(&setup, &["user_c", "user_d"], "2001:db8:0:1:ffff::2").await;
    let all = ["user_n", "user_a", "user_b", "user_c", "user_d"];
    assert_eq!(with_carts(&setup, &all).await, ["user_n", "user_c", "user_d"]);
    assert_eq!(setup.read_cart(&setup.customer("user_r")).await.json()["totalCents"], 2400);
}

#[tokio::test]
async fn a_forged_forwarding_header_makes_no_new_client() {
    let setup = Setup::with(&[("carts", json!({ "perClient": 2 }))]).await;
    for (user_id, forged) in [("user_a", "192.0.2.1"), ("user_b", "192.0.2.2"), ("user_c", "192.0.2.3")] {
        fill(&setup, &[user_id], forged).await;
    }
    assert_eq!(with_carts(&setup, &["user_a", "user_b", "user_c"]).await, ["user_b", "user_c"]);
}
