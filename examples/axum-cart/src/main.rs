//! A cart API: each cart belongs to the user id of the verified access token, with or without an account.
//!
//! ```sh
//! npx authress-login-sandbox                                  # a local Authress, in another terminal
//! AUTHRESS_API_URL=http://127.0.0.1:8888 AUTHRESS_APPLICATION_ID=app_local cargo run -p example-axum-cart
//! ```

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use authress_access_token::{AccessToken, TokenPolicy, TokenVerifier};
use axum::extract::{FromRef, Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, put};
use axum::{Json, Router};

const PRODUCTS: [&str; 3] = ["mug", "planter", "teapot"];
const MOST_OF_A_PRODUCT: u32 = 99;

/// The number of each product.
type Cart = BTreeMap<String, u32>;

/// What the handlers share.
#[derive(Clone)]
struct Shop {
    verifier: TokenVerifier,
    /// By user id. A shop has a database, and forgets carts that were not used for some months.
    carts: Arc<Mutex<HashMap<String, Cart>>>,
}

/// `AccessToken` takes its verifier from here.
impl FromRef<Shop> for TokenVerifier {
    fn from_ref(shop: &Shop) -> Self {
        shop.verifier.clone()
    }
}

// `AccessToken` as an argument is all it takes: a request without a valid token does not reach the handler.
async fn read_cart(State(shop): State<Shop>, token: AccessToken) -> impl IntoResponse {
    let carts = shop.carts.lock().unwrap_or_else(PoisonError::into_inner);
    let cart = carts.get(&token.user_id).cloned().unwrap_or_default();
    // A cart belongs to one shopper: no cache may keep it.
    ([(header::CACHE_CONTROL, "no-store")], Json(cart))
}

async fn add(
    State(shop): State<Shop>,
    token: AccessToken,
    Path(product): Path<String>,
) -> Result<Json<Cart>, StatusCode> {
    if !PRODUCTS.contains(&product.as_str()) {
        return Err(StatusCode::NOT_FOUND);
    }
    let mut carts = shop.carts.lock().unwrap_or_else(PoisonError::into_inner);
    let cart = carts.entry(token.user_id).or_default();
    let count = cart.entry(product).or_default();
    *count = (*count + 1).min(MOST_OF_A_PRODUCT);
    Ok(Json(cart.clone()))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let setting = |name: &str| std::env::var(name).with_context(|| format!("set {name}: the example's first lines do"));
    let policy = TokenPolicy::new(&setting("AUTHRESS_API_URL")?)?.for_application(&setting("AUTHRESS_APPLICATION_ID")?);
    let shop = Shop { verifier: TokenVerifier::new(policy)?, carts: Arc::default() };
    let api = Router::new().route("/api/cart", get(read_cart)).route("/api/cart/{product}", put(add)).with_state(shop);

    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let address = format!("127.0.0.1:{port}");
    let listener =
        tokio::net::TcpListener::bind(&address).await.with_context(|| format!("cannot listen on {address}"))?;
    println!("ready http://{}", listener.local_addr()?);
    axum::serve(listener, api).await.context("the server has ended")
}
