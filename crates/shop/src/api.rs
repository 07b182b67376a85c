//! The cart API: `/api/products`, `/api/cart`, `/api/cart/items/{productId}`, and
//! `/api/cart/claim-ticket` and `/api/cart/claims` to move a cart to another account.

use std::convert::Infallible;

use authress_access_token::{AccessToken, TICKET_LIFETIME};
use authress_client_address::NetworkPrefix;
use authress_user_migration::{Migration, OwnedData};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::api_error::ApiError;
use crate::cart::{Cart, Quantity};
use crate::cart_store::Shopper;
use crate::catalog;
use crate::shop::Shop;

/// The routes below `/api`.
pub(crate) fn router() -> Router<Shop> {
    Router::new()
        .route("/products", get(products))
        .route("/cart", get(read_cart))
        .route("/cart/items/{product_id}", put(set_item))
        .route("/cart/claim-ticket", post(claim_ticket))
        .route("/cart/claims", post(claim))
        .fallback(|| std::future::ready(ApiError::UnknownRoute))
        .method_not_allowed_fallback(|| std::future::ready(ApiError::MethodNotAllowed))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        // A cart belongs to one shopper: no cache may keep it.
        .layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

async fn products() -> Json<Value> {
    Json(json!({ "products": catalog::PRODUCTS }))
}

async fn read_cart(State(shop): State<Shop>, token: AccessToken) -> Result<Json<CartView>, ApiError> {
    let shopper = shop.shopper(token);
    let cart = shop.carts.get(&shopper).await?;
    Ok(Json(CartView::new(shopper, &cart)))
}

async fn set_item(
    State(shop): State<Shop>,
    Client(client): Client,
    token: AccessToken,
    Path(product_id): Path<String>,
    body: Bytes,
) -> Result<Json<CartView>, ApiError> {
    let product = catalog::find(&product_id).ok_or(ApiError::UnknownProduct)?;
    let change: Change = serde_json::from_slice(&body).map_err(|_| ApiError::InvalidQuantity)?;
    let shopper = shop.shopper(token);
    let cart = shop.carts.set(&shopper, client, product, change.quantity).await?;
    Ok(Json(CartView::new(shopper, &cart)))
}

/// Issues a ticket for the cart of an anonymous shopper, which the page keeps until the shopper has signed in.
async fn claim_ticket(State(shop): State<Shop>, token: AccessToken) -> Result<Json<Value>, ApiError> {
    if !shop.is_anonymous(&token) {
        return Err(ApiError::NotAnonymous);
    }
    let ticket = shop.tickets.issue(&token, (shop.now)())?;
    Ok(Json(json!({ "ticket": ticket, "expiresInSeconds": TICKET_LIFETIME.as_secs() })))
}

/// Redeems a ticket: moves its cart into the cart of the signed-in shopper.
async fn claim(State(shop): State<Shop>, token: AccessToken, body: Bytes) -> Result<Json<CartView>, ApiError> {
    let claim: Claim = serde_json::from_slice(&body).map_err(|_| ApiError::InvalidTicketRequest)?;
    // Only a signed-in shopper has an account that the cart can move to.
    if shop.is_anonymous(&token) {
        return Err(ApiError::StillAnonymous);
    }
    let from = shop.tickets.redeem(&claim.ticket, &token, (shop.now)()).await?;
    let shopper = shop.shopper(token);
    if let Some(migrator) = &shop.migrator {
        // The shop issues tickets to anonymous shoppers only.
        let migration = Migration::new(&from, &shopper.user_id, (shop.now)(), true)?;
        migrator.run(&migration).await?;
    }
    // The journal has one migration of each user. What a forgotten tab has added since moves with a further ticket.
    shop.carts.move_all(&from, &shopper.user_id).await?;
    let cart = shop.carts.get(&shopper).await?;
    Ok(Json(CartView::new(shopper, &cart)))
}

impl Shop {
    /// Whether the shopper is anonymous: logged in with the shop's service client.
    fn is_anonymous(&self, token: &AccessToken) -> bool {
        token.connection_id() == Some(&self.config.shopper_connection_id)
    }

    fn shopper(&self, token: AccessToken) -> Shopper {
        Shopper { is_anonymous: self.is_anonymous(&token), user_id: token.user_id }
    }
}

/// The client that a new cart counts for.
struct Client(NetworkPrefix);

impl FromRequestParts<Shop> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shop: &Shop) -> Result<Self, Infallible> {
        Ok(Self(shop.proxies.client_ip(parts).into()))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    ticket: String,
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
    /// From the verified token. The page offers a link or a sign-in by this, because it cannot verify signatures.
    is_anonymous: bool,
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
            is_anonymous: shopper.is_anonymous,
            items: cart.lines().iter().map(item).collect(),
            total_cents: cart.total_cents(),
        }
    }
}

/// A quantity takes less than 30 bytes, a ticket about 500.
const MAX_BODY_BYTES: usize = 1024;
