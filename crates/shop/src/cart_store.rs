//! The carts of all shoppers, in memory.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use crate::cart::{Cart, Quantity};
use crate::catalog::Product;

/// How many carts are kept. One more replaces the least recently used one: every visitor can get an anonymous user id,
/// so their number must be limited.
pub(crate) const MAX_CARTS: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// The owner of a cart: the user of a valid access token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shopper {
    /// The `sub` of the token.
    pub(crate) user_id: String,
}

/// Carts by user id. Empty carts are not stored.
pub(crate) struct CartStore(Mutex<LruCache<String, Cart>>);

impl Default for CartStore {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MAX_CARTS)))
    }
}

impl fmt::Debug for CartStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CartStore").field("carts", &self.lock().len()).finish()
    }
}

impl CartStore {
    /// The shopper's cart, empty if there is none.
    pub(crate) fn get(&self, shopper: &Shopper) -> Cart {
        self.lock().get(&shopper.user_id).cloned().unwrap_or_default()
    }

    /// Changes one product in the shopper's cart and returns the whole cart.
    pub(crate) fn set(&self, shopper: &Shopper, product: &'static Product, quantity: Quantity) -> Cart {
        let mut carts = self.lock();
        let mut cart = carts.pop(&shopper.user_id).unwrap_or_default();
        cart.set(product, quantity);
        store(&mut carts, shopper, cart)
    }

    /// Moves everything from one cart to the other in one step, and returns the other.
    pub(crate) fn move_all(&self, from: &Shopper, to: &Shopper) -> Cart {
        let mut carts = self.lock();
        let moved = carts.pop(&from.user_id).unwrap_or_default();
        let mut cart = carts.pop(&to.user_id).unwrap_or_default();
        cart.add_all(&moved);
        store(&mut carts, to, cart)
    }

    /// A cart is replaced as a whole, so the carts behind a poisoned lock are consistent.
    fn lock(&self) -> MutexGuard<'_, LruCache<String, Cart>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn store(carts: &mut LruCache<String, Cart>, shopper: &Shopper, cart: Cart) -> Cart {
    if !cart.is_empty() {
        carts.put(shopper.user_id.clone(), cart.clone());
    }
    cart
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::find;

    fn shopper(user_id: impl ToString) -> Shopper {
        Shopper { user_id: user_id.to_string() }
    }

    fn pieces(quantity: u64) -> Quantity {
        Quantity::try_from(quantity).unwrap()
    }

    #[test]
    fn every_shopper_has_their_own_cart() {
        let store = CartStore::default();
        store.set(&shopper("user_a"), find("mug").unwrap(), pieces(2));
        assert_eq!(store.get(&shopper("user_a")).total_cents(), 4800);
        assert!(store.get(&shopper("user_b")).is_empty());
    }

    #[test]
    fn a_moved_cart_is_added_to_the_other_and_removed_from_the_first() {
        let store = CartStore::default();
        for (user, product, quantity) in [("user_a", "mug", 98), ("user_a", "vase", 1), ("user_b", "mug", 3)] {
            store.set(&shopper(user), find(product).unwrap(), pieces(quantity));
        }
        let cart = store.move_all(&shopper("user_a"), &shopper("user_b"));
        let lines: Vec<_> = cart.lines().iter().map(|line| (line.product.id, line.quantity.get())).collect();
        assert_eq!(lines, [("mug", 99), ("vase", 1)], "a cart has no more than 99 of a thing");
        assert_eq!(store.get(&shopper("user_b")), cart);
        assert!(store.get(&shopper("user_a")).is_empty());
    }

    #[test]
    fn empty_carts_are_not_stored() {
        let store = CartStore::default();
        store.set(&shopper("user_a"), find("mug").unwrap(), pieces(0));
        assert_eq!(store.lock().len(), 0);
    }

    #[test]
    fn the_least_recently_used_cart_is_dropped_first() {
        let store = CartStore::default();
        for user in 0..MAX_CARTS.get() {
            store.set(&shopper(user), find("mug").unwrap(), pieces(1));
        }
        store.get(&shopper(0));
        store.set(&shopper("one more"), find("mug").unwrap(), pieces(1));
        assert!(!store.get(&shopper(0)).is_empty());
        assert!(store.get(&shopper(1)).is_empty());
        assert!(!store.get(&shopper("one more")).is_empty());
    }
}
