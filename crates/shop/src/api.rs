//! The cart API: `/api/products`, `/api/cart`, `/api/cart/items/{productId}`, `/api/cart/claim-ticket` and
//! `/api/cart/claims` to move a cart to another account, and `/api/cart/reminders` to open it on another device.

use std::convert::Infallible;

use authress_access_token::{
    AccessToken, CartClaim, ClaimTickets, TICKET_LIFETIME, TicketError, TokenError, bearer_token,
};
use authress_client_address::NetworkPrefix;
use authress_secret::Secret;
use authress_user_migration::{Migration, OwnedData};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::api_error::ApiError;
use crate::cart::Cart;
use crate::cart_store::Shopper;
use crate::catalog;
use crate::ownership::{OwnershipError, cart_id};
use crate::quantity::Quantity;
use crate::reminder::{self, ReminderError, ReminderService};
use crate::shop::Shop;

/// The routes below `/api`.
pub(crate) fn router() -> Router<Shop> {
    Router::new()
        .route("/products", get(products))
        .route("/cart", get(read_cart))
        .route("/cart/items/{product_id}", put(set_item))
        .route("/cart/claim-ticket", post(claim_ticket))
        .route("/cart/claims", post(claim))
        .route("/cart/reminders", post(send_reminder))
        .route("/cart/reminders/confirmation", post(confirm_reminder))
        .route("/outbox", get(outbox))
        .fallback(|| std::future::ready(ApiError::UnknownRoute))
        .method_not_allowed_fallback(|| std::future::ready(ApiError::MethodNotAllowed))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        // A cart belongs to one shopper: no cache may keep it.
        .layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

async fn products() -> Json<Value> {
    Json(json!({ "products": catalog::PRODUCTS }))
}

async fn read_cart(State(shop): State<Shop>, visitor: Visitor) -> Result<Json<CartView>, ApiError> {
    let shopper = shop.shopper(visitor.token);
    let cart = shop.carts.get(&shopper).await?;
    // An empty cart has no owner to ask for, and nothing to see.
    if let Some(ownership) = shop.ownership.as_deref().filter(|_| !cart.is_empty())
        && !ownership.may_change(&shopper.user_id, &cart_id(&shopper.user_id), (shop.now)()).await?
    {
        return Err(OwnershipError::OtherOwner.into());
    }
    Ok(Json(CartView::new(shopper, &cart)))
}

async fn set_item(
    State(shop): State<Shop>,
    Client(client): Client,
    visitor: Visitor,
    Path(product_id): Path<String>,
    body: Bytes,
) -> Result<Json<CartView>, ApiError> {
    let product = catalog::find(&product_id).ok_or(ApiError::UnknownProduct)?;
    let change: Change = serde_json::from_slice(&body).map_err(|_| ApiError::InvalidQuantity)?;
    shop.own_cart(&visitor).await?;
    let shopper = shop.shopper(visitor.token);
    let cart = shop.carts.set(&shopper, client, product, change.quantity).await?;
    Ok(Json(CartView::new(shopper, &cart)))
}

/// Issues a ticket for the cart of an anonymous shopper, which the page keeps until the shopper has signed in.
async fn claim_ticket(State(shop): State<Shop>, visitor: Visitor) -> Result<Json<Value>, ApiError> {
    let token = visitor.token;
    if !shop.is_anonymous(&token) {
        return Err(ApiError::NotAnonymous);
    }
    let ticket = shop.tickets.issue(&token, (shop.now)())?;
    Ok(Json(json!({ "ticket": ticket, "expiresInSeconds": TICKET_LIFETIME.as_secs() })))
}

/// Redeems a ticket: moves its cart into the cart of the signed-in shopper.
async fn claim(State(shop): State<Shop>, visitor: Visitor, body: Bytes) -> Result<Json<CartView>, ApiError> {
    let claim: Claim = serde_json::from_slice(&body).map_err(|_| ApiError::InvalidTicketRequest)?;
    // Only a signed-in shopper has an account that the cart can move to.
    if shop.is_anonymous(&visitor.token) {
        return Err(ApiError::StillAnonymous);
    }
    shop.own_cart(&visitor).await?;
    let from = shop.move_cart(&claim.ticket, &visitor.token).await?;
    let shopper = shop.shopper(visitor.token);
    if let Some(ownership) = &shop.ownership {
        ownership.forget(&from);
    }
    let cart = shop.carts.get(&shopper).await?;
    Ok(Json(CartView::new(shopper, &cart)))
}

/// Sends a mail with a link to the cart of an anonymous shopper.
async fn send_reminder(
    State(shop): State<Shop>,
    Client(client): Client,
    visitor: Visitor,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let service = shop.reminders()?;
    let request: Reminder = serde_json::from_slice(&body).map_err(|_| ReminderError::InvalidRequest)?;
    let token = visitor.token;
    if !shop.is_anonymous(&token) {
        return Err(ApiError::NotAnonymous);
    }
    if shop.carts.get(&shop.shopper(token.clone())).await?.is_empty() {
        return Err(ReminderError::EmptyCart.into());
    }
    service.send(&token, client, &request.email, (shop.now)())?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "codeExpiresInSeconds": reminder::CODE_LIFETIME.as_secs() }))))
}

/// Confirms the address of a reminder, and sends the link that keeps the user id.
async fn confirm_reminder(State(shop): State<Shop>, visitor: Visitor, body: Bytes) -> Result<StatusCode, ApiError> {
    let service = shop.reminders()?;
    let request: Confirmation = serde_json::from_slice(&body).map_err(|_| ReminderError::InvalidRequest)?;
    let token = visitor.token;
    if !shop.is_anonymous(&token) {
        return Err(ApiError::NotAnonymous);
    }
    service.confirm(&token, &request.code, (shop.now)()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The mails of the demo.
async fn outbox(State(shop): State<Shop>) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({ "mails": shop.reminders()?.mails() })))
}

impl Shop {
    fn reminders(&self) -> Result<&ReminderService, ReminderError> {
        self.reminders.as_deref().ok_or(ReminderError::NotOffered)
    }

    /// Makes sure that Authress knows the shopper as the owner of the cart, if the shop asks Authress at all. A cart has the
    /// id of the user who has filled it first.
    async fn own_cart(&self, visitor: &Visitor) -> Result<(), OwnershipError> {
        let Some(ownership) = &self.ownership else { return Ok(()) };
        let user_id = &visitor.token.user_id;
        ownership.own(user_id, &visitor.bearer, &cart_id(user_id), (self.now)()).await
    }

    /// Moves the cart of a ticket to the user of `token`, and returns whose it was.
    ///
    /// The journal comes first: a process that is killed after it has spent the ticket loses nothing.
    async fn move_cart(&self, ticket: &str, token: &AccessToken) -> Result<String, ApiError> {
        let (claim, spends) = self.check_ticket(ticket, token)?;
        let Some(migrations) = &self.migrations else {
            spends.spend(&claim).await?;
            self.carts.move_all(&claim.owner, &token.user_id).await?;
            return Ok(claim.owner);
        };
        // The shop issues tickets to anonymous shoppers only.
        let migration = Migration::new(&claim.owner, &token.user_id, (self.now)(), true)?;
        let has_moved = migrations.begin(&migration).await?;
        match spends.spend(&claim).await {
            Ok(()) => {}
            // By a request that ended before the cart had moved.
            Err(TicketError::AlreadyUsed) if !has_moved => {}
            Err(error) => return Err(error.into()),
        }
        migrations.run(&migration).await?;
        // The journal has one migration of each user. What a forgotten tab has added since moves with a further ticket.
        self.carts.move_all(&claim.owner, &token.user_id).await?;
        Ok(claim.owner)
    }

    /// Checks a ticket of a page, or of a mailed link.
    fn check_ticket(&self, ticket: &str, token: &AccessToken) -> Result<(CartClaim, Spends<'_>), TicketError> {
        let now = (self.now)();
        match (self.tickets.check(ticket, token, now), self.reminders.as_deref()) {
            // Signed with another key: it may be a mailed one.
            (Err(TicketError::Forged), Some(reminders)) => {
                Ok((reminders.check(ticket, token, now)?, Spends::Mailed(reminders)))
            }
            (checked, _) => Ok((checked?, Spends::OfPage(&self.tickets))),
        }
    }

    /// Whether the shopper is anonymous: logged in with the shop's service client.
    fn is_anonymous(&self, token: &AccessToken) -> bool {
        token.connection_id() == Some(&self.config.shopper_connection_id)
    }

    fn shopper(&self, token: AccessToken) -> Shopper {
        Shopper { is_anonymous: self.is_anonymous(&token), user_id: token.user_id }
    }
}

/// Who remembers that a ticket was spent.
enum Spends<'a> {
    OfPage(&'a ClaimTickets),
    Mailed(&'a ReminderService),
}

impl Spends<'_> {
    async fn spend(&self, claim: &CartClaim) -> Result<(), TicketError> {
        match self {
            Self::OfPage(tickets) => tickets.spend(claim).await,
            Self::Mailed(reminders) => reminders.spend(claim).await,
        }
    }
}

/// The user of a valid access token, whose session is not outdated.
struct Visitor {
    token: AccessToken,
    /// The token itself, for requests in the shopper's name.
    bearer: Secret,
}

impl FromRequestParts<Shop> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, shop: &Shop) -> Result<Self, ApiError> {
        let token = AccessToken::from_request_parts(parts, shop).await?;
        if let Some(reminders) = &shop.reminders {
            if !shop.is_anonymous(&token) {
                reminders.has_account(&token.user_id);
            } else if reminders.rejects_anonymous(&token.user_id) {
                return Err(ApiError::SessionOutdated);
            }
        }
        let bearer = bearer_token(&parts.headers).map(Secret::new).ok_or(TokenError::Missing)?;
        Ok(Self { token, bearer })
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reminder {
    email: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirmation {
    code: String,
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
