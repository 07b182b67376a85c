//! The carts of all shoppers: in memory, or in Redis.

mod memory;
mod redis;

use authress_client_address::NetworkPrefix;
use authress_user_migration::{Moved, OwnedData, Unavailable};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use self::memory::MemoryCarts;
pub use self::redis::RedisCarts;
use crate::cart::Cart;
use crate::catalog::Product;
use crate::config::Config;
use crate::quantity::Quantity;

/// The owner of a cart: the user of a valid access token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shopper {
    /// The `sub` of the token.
    pub(crate) user_id: String,
    /// Whether the token is of the service client, with which anonymous shoppers log in.
    pub(crate) is_anonymous: bool,
}

/// Carts by user id. Empty carts are not stored.
#[derive(Debug)]
pub(crate) enum CartStore {
    Memory(Box<MemoryCarts>),
    Redis(RedisCarts),
}

impl CartStore {
    pub(crate) fn new(config: &Config) -> Result<Self, Unavailable> {
        Ok(match &config.redis_url {
            None => Self::Memory(Box::new(MemoryCarts::new(&config.carts, config.cart_merge))),
            Some(url) => Self::Redis(RedisCarts::new(url, config.cart_merge)?),
        })
    }

    /// The shopper's cart, empty if there is none.
    pub(crate) async fn get(&self, shopper: &Shopper) -> Result<Cart, Unavailable> {
        match self {
            Self::Memory(carts) => Ok(carts.get(shopper)),
            Self::Redis(carts) => carts.get(shopper).await,
        }
    }

    /// Changes one product in the shopper's cart and returns the whole cart. A new cart in memory counts for `client`.
    pub(crate) async fn set(
        &self,
        shopper: &Shopper,
        client: NetworkPrefix,
        product: &'static Product,
        quantity: Quantity,
    ) -> Result<Cart, Unavailable> {
        match self {
            Self::Memory(carts) => Ok(carts.set(shopper, client, product, quantity)),
            Self::Redis(carts) => carts.set(shopper, product, quantity).await,
        }
    }
}

impl OwnedData for CartStore {
    fn move_all<'a>(&'a self, from: &'a str, to: &'a str) -> BoxFuture<'a, Result<Moved, Unavailable>> {
        match self {
            Self::Memory(carts) => std::future::ready(Ok(Moved { things: carts.move_all(from, to) })).boxed(),
            Self::Redis(carts) => carts.move_all(from, to),
        }
    }
}
