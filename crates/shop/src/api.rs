//! The cart API: `/api/products`, `/api/cart`, `/api/cart/items/{productId}`.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::routing::{get, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::app::Shop;
use crate::cart::{Cart, Quantity};
use crate::catalog;
use crate::error::ApiError;
use crate::token::{self, Refusal, Shopper};

/// The routes below `/api`.
pub(crate) fn router() -> Router<Shop> {
    Router::new()
        .route("/products", get(products))
        .route("/cart", get(read_cart))
        .route("/cart/items/{product_id}", put(set_item))
        .fallback(|| std::future::ready(ApiError::UnknownRoute))
        .method_not_allowed_fallback(|| std::future::ready(ApiError::MethodNotAllowed))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        // A cart belongs to one shopper: no cache may keep it.
        .layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

async fn products() -> Json<Value> {
    Json(json!({ "products": catalog::PRODUCTS }))
}

async fn read_cart(State(shop): State<Shop>, shopper: Shopper) -> Json<CartView> {
    let cart = shop.carts.get(&shopper);
    Json(CartView::new(shopper, &cart))
}

async fn set_item(
    State(shop): State<Shop>,
    shopper: Shopper,
    Path(product_id): Path<String>,
    body: Bytes,
) -> Result<Json<CartView>, ApiError> {
    let product = catalog::find(&product_id).ok_or(ApiError::UnknownProduct)?;
    let change: Change = serde_json::from_slice(&body).map_err(|_| ApiError::InvalidQuantity)?;
    let cart = shop.carts.set(&shopper, product, change.quantity);
    Ok(Json(CartView::new(shopper, &cart)))
}

impl FromRequestParts<Shop> for Shopper {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, shop: &Shop) -> Result<Self, ApiError> {
        let token = bearer_token(&parts.headers).ok_or(Refusal::Missing)?;
        let config = &shop.config;
        let verify = |keys| token::verify(token, keys, &config.issuer, &config.application_id, (shop.now)());
        let keys = shop.keys.current().await?;
        match verify(&keys) {
            Err(Refusal::UnknownKey) => {
                let keys = shop.keys.after_unknown_key().await?;
                Ok(verify(&keys)?)
            }
            decided => Ok(decided?),
        }
    }
}

/// The token of the only `Authorization` header (RFC 6750 section 2.1). Two headers are refused
/// like none: which of them counts would be a guess.
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    quantity: Quantity,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CartView {
    user_id: String,
    items: Vec<ItemView>,
    total_cents: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemView {
    product_id: &'static str,
    name: &'static str,
    quantity: u8,
    price_cents: u32,
}

impl CartView {
    fn new(shopper: Shopper, cart: &Cart) -> Self {
        let item = |line: &crate::cart::Line| ItemView {
            product_id: line.product.id,
            name: line.product.name,
            quantity: line.quantity.get(),
            price_cents: line.product.price_cents,
        };
        Self {
            user_id: shopper.user_id,
            items: cart.lines().iter().map(item).collect(),
            total_cents: cart.total_cents(),
        }
    }
}

/// A change of a quantity takes less than 30 bytes.
const MAX_BODY_BYTES: usize = 1024;
