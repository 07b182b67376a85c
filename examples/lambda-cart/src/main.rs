//! A cart API as an AWS Lambda function: each cart belongs to the user id of the verified access token, with or without an
//! account. The carts are in Redis, because the instances of a function share no memory.

use std::collections::BTreeMap;

use anyhow::Context;
use authress_access_token::{AccessToken, TokenPolicy, TokenVerifier};
use authress_redis::redis::{self, RedisError, Script};
use authress_redis::{Store, StoreFailure, StoreUrl};
use axum::extract::{FromRef, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};

const PRODUCTS: [&str; 3] = ["mug", "planter", "teapot"];
const MOST_OF_A_PRODUCT: u32 = 99;
/// How long a cart is kept after its last change, in seconds.
const KEPT_FOR_S: i64 = 90 * 24 * 60 * 60;

/// Adds one of a product and returns the cart. Redis runs a script without another command in between, so that no instance
/// overwrites what another one has counted.
const ADD: &str = "
    local count = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or 0)
    redis.call('HSET', KEYS[1], ARGV[1], math.min(count + 1, tonumber(ARGV[2])))
    redis.call('EXPIRE', KEYS[1], ARGV[3])
    return redis.call('HGETALL', KEYS[1])";

/// The number of each product.
type Cart = BTreeMap<String, u32>;

/// What the handlers share.
#[derive(Clone)]
struct Shop {
    verifier: TokenVerifier,
    store: Store,
}

/// `AccessToken` takes its verifier from here.
impl FromRef<Shop> for TokenVerifier {
    fn from_ref(shop: &Shop) -> Self {
        shop.verifier.clone()
    }
}

/// Why there is no cart.
enum Failure {
    UnknownProduct,
    Unavailable,
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        // Lambda keeps what is printed. The failure is a code, without the address of Redis.
        eprintln!("the carts are unavailable: {}", StoreFailure::from(error));
        Failure::Unavailable
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Failure::UnknownProduct => StatusCode::NOT_FOUND.into_response(),
            Failure::Unavailable => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    }
}

// `AccessToken` as an argument is all it takes: a request without a valid token does not reach the handler.
async fn read_cart(State(shop): State<Shop>, token: AccessToken) -> Result<impl IntoResponse, Failure> {
    let key = shop.store.key(format_args!("cart:{}", token.user_id));
    let cart: Cart = redis::cmd("HGETALL").arg(key).query_async(&mut shop.store.connection()).await?;
    // A cart belongs to one shopper: no cache may keep it.
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(cart)))
}

async fn add(State(shop): State<Shop>, token: AccessToken, Path(product): Path<String>) -> Result<Json<Cart>, Failure> {
    if !PRODUCTS.contains(&product.as_str()) {
        return Err(Failure::UnknownProduct);
    }
    let key = shop.store.key(format_args!("cart:{}", token.user_id));
    let script = Script::new(ADD);
    let mut add = script.key(key);
    add.arg(product).arg(MOST_OF_A_PRODUCT).arg(KEPT_FOR_S);
    Ok(Json(add.invoke_async(&mut shop.store.connection()).await?))
}

/// Returns the service of the function.
fn function() -> anyhow::Result<Router> {
    let setting = |name: &str| std::env::var(name).with_context(|| format!("set {name} in the function's environment"));
    let policy = TokenPolicy::new(&setting("AUTHRESS_API_URL")?)?.for_application(&setting("AUTHRESS_APPLICATION_ID")?);
    // Connects at the first request, and again after a failure: a frozen instance loses its connection.
    let store = Store::new(&StoreUrl::parse(&setting("REDIS_URL")?)?, "example-shop")?;
    let shop = Shop { verifier: TokenVerifier::new(policy)?, store };
    Ok(Router::new().route("/api/cart", get(read_cart)).route("/api/cart/{product}", put(add)).with_state(shop))
}

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    lambda_http::run(function()?).await
}
