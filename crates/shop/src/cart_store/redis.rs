//! The carts of all shoppers in Redis, which several processes of the shop share and which a restart does not lose.
//!
//! Each change is computed in Rust from what was read, and written only if that has not changed since. A cart has one key,
//! so nothing counts the carts of one client as in memory: the verifier's rate limits and [`ANONYMOUS_LIFETIME`] bound
//! what anonymous shoppers store. With the `maxmemory-policy` `volatile-ttl`, a full Redis drops the anonymous carts that
//! were not changed for the longest time, and no other.

use std::time::Duration;

use authress_redis::redis;
use authress_redis::{Change, Store, StoreFailure, StoreUrl};
use authress_user_migration::{Moved, OwnedData, Unavailable};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::Shopper;
use crate::cart::Cart;
use crate::catalog::{self, Product};
use crate::merge_policy::MergePolicy;
use crate::quantity::Quantity;

/// How long after its last change an anonymous cart is kept. Carts of customers are kept forever.
const ANONYMOUS_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Carts by user id, in Redis.
#[derive(Debug)]
pub struct RedisCarts {
    store: Store,
    merge: MergePolicy,
}

impl RedisCarts {
    /// The carts in the Redis at `url`. Must be called within a Tokio runtime; nothing is sent yet.
    ///
    /// # Errors
    /// [`Unavailable`] if TLS cannot be set up.
    pub fn new(url: &StoreUrl, merge: MergePolicy) -> Result<Self, Unavailable> {
        Ok(Self { store: Store::new(url, "authress-demo-shop")?, merge })
    }

    /// Once a customer has read a cart, it does not expire any more.
    pub(super) async fn get(&self, shopper: &Shopper) -> Result<Cart, Unavailable> {
        self.change(shopper, |_| {}).await
    }

    pub(super) async fn set(
        &self,
        shopper: &Shopper,
        product: &'static Product,
        quantity: Quantity,
    ) -> Result<Cart, Unavailable> {
        self.change(shopper, |cart| cart.set(product, quantity)).await
    }

    async fn change(&self, shopper: &Shopper, edit: impl Fn(&mut Cart)) -> Result<Cart, Unavailable> {
        loop {
            let stored = self.read(&shopper.user_id).await?;
            let mut cart = stored.cart()?;
            edit(&mut cart);
            // An older, anonymous token does not make a customer's cart anonymous again.
            let is_anonymous = shopper.is_anonymous && stored.is_anonymous()?;
            let change = stored.replaced_by(&cart, is_anonymous)?;
            if change.new == change.expected || self.store.compare_and_set(&[change]).await? {
                return Ok(cart);
            }
        }
    }

    async fn merge(&self, from: &str, to: &str) -> Result<Moved, Unavailable> {
        loop {
            let (source, target) = (self.read(from).await?, self.read(to).await?);
            let moved = source.cart()?;
            if moved.is_empty() || from == to {
                return Ok(Moved::default());
            }
            let mut cart = target.cart()?;
            cart.merge(&moved, self.merge);
            let changes = [source.replaced_by(&Cart::default(), true)?, target.replaced_by(&cart, false)?];
            if self.store.compare_and_set(&changes).await? {
                return Ok(Moved { things: moved.lines().len() });
            }
        }
    }

    async fn read(&self, user_id: &str) -> Result<Stored, Unavailable> {
        let key = self.store.key(format_args!("cart:{user_id}"));
        let mut command = redis::cmd("GET");
        command.arg(&key);
        let value = command.query_async::<Option<String>>(&mut self.store.connection()).await;
        Ok(Stored { key, value: value.map_err(StoreFailure::from)? })
    }
}

impl OwnedData for RedisCarts {
    fn move_all<'a>(&'a self, from: &'a str, to: &'a str) -> BoxFuture<'a, Result<Moved, Unavailable>> {
        self.merge(from, to).boxed()
    }
}

/// A key as it was read.
struct Stored {
    key: String,
    value: Option<String>,
}

/// The value of a key.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Value {
    is_anonymous: bool,
    lines: Vec<(String, u64)>,
}

impl Stored {
    fn parsed(&self) -> Result<Option<Value>, Unavailable> {
        self.value.as_deref().map(serde_json::from_str).transpose().map_err(|_| invalid())
    }

    /// Products that the shop does not sell any more are left out.
    fn cart(&self) -> Result<Cart, Unavailable> {
        let mut cart = Cart::default();
        for (product_id, quantity) in self.parsed()?.map(|value| value.lines).unwrap_or_default() {
            let quantity = Quantity::try_from(quantity).map_err(|_| invalid())?;
            if let Some(product) = catalog::find(&product_id) {
                cart.set(product, quantity);
            }
        }
        Ok(cart)
    }

    fn is_anonymous(&self) -> Result<bool, Unavailable> {
        Ok(self.parsed()?.is_none_or(|value| value.is_anonymous))
    }

    fn replaced_by(self, cart: &Cart, is_anonymous: bool) -> Result<Change, Unavailable> {
        let line = |line: &crate::cart::Line| (line.product.id.to_owned(), line.quantity.get().into());
        let value = Value { is_anonymous, lines: cart.lines().iter().map(line).collect() };
        let new = if cart.is_empty() { None } else { Some(serde_json::to_string(&value).map_err(|_| invalid())?) };
        let lifetime = is_anonymous.then_some(ANONYMOUS_LIFETIME);
        Ok(Change { key: self.key, expected: self.value, new, lifetime })
    }
}

fn invalid() -> Unavailable {
    Unavailable {
        code: "InvalidCart".to_owned(),
        advice: "a stored cart has a form that this version of the shop cannot read".to_owned(),
    }
}
