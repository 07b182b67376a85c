//! The carts of all shoppers, in memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::cart::{Cart, Quantity};
use crate::catalog::Product;

/// How many carts are kept. When one more is needed, the one that was not used for the longest
/// time is dropped: anybody can have an anonymous user id, so the number must not grow freely.
pub(crate) const MAX_CARTS: usize = 10_000;

/// Whose cart it is: somebody whose access token was good.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shopper {
    /// The `sub` of the token.
    pub(crate) user_id: String,
}

/// Carts by user id. Empty carts take no room.
#[derive(Debug, Default)]
pub(crate) struct CartStore {
    carts: Mutex<Carts>,
}

#[derive(Debug, Default)]
struct Carts {
    by_user_id: HashMap<String, (Cart, u64)>,
    uses: u64,
}

impl CartStore {
    /// The shopper's cart, empty when there is none.
    pub(crate) fn get(&self, shopper: &Shopper) -> Cart {
        self.with(|carts, now| match carts.get_mut(&shopper.user_id) {
            Some((cart, used)) => {
                *used = now;
                cart.clone()
            }
            None => Cart::default(),
        })
    }

    /// Changes one product in the shopper's cart and returns the whole cart.
    pub(crate) fn set(&self, shopper: &Shopper, product: &'static Product, quantity: Quantity) -> Cart {
        self.with(|carts, now| {
            let mut cart = carts.remove(&shopper.user_id).map(|(cart, _)| cart).unwrap_or_default();
            cart.set(product, quantity);
            if !cart.is_empty() {
                if carts.len() >= MAX_CARTS {
                    drop_least_recently_used(carts);
                }
                carts.insert(shopper.user_id.clone(), (cart.clone(), now));
            }
            cart
        })
    }

    /// Puts everything of `from`'s cart into `to`'s, in one step, and returns that. `from`'s is empty then.
    pub(crate) fn move_all(&self, from: &Shopper, to: &Shopper) -> Cart {
        self.with(|carts, now| {
            let moved = carts.remove(&from.user_id).map(|(cart, _)| cart).unwrap_or_default();
            let mut cart = carts.remove(&to.user_id).map(|(cart, _)| cart).unwrap_or_default();
            cart.add_all(&moved);
            if !cart.is_empty() {
                carts.insert(to.user_id.clone(), (cart.clone(), now));
            }
            cart
        })
    }

    /// A cart is changed in one step, so a poisoned lock still guards whole carts.
    fn with<T>(&self, act: impl FnOnce(&mut HashMap<String, (Cart, u64)>, u64) -> T) -> T {
        let mut carts = self.carts.lock().unwrap_or_else(PoisonError::into_inner);
        carts.uses += 1;
        let now = carts.uses;
        act(&mut carts.by_user_id, now)
    }
}

fn drop_least_recently_used(carts: &mut HashMap<String, (Cart, u64)>) {
    let oldest = carts.iter().min_by_key(|(_, (_, used))| *used).map(|(user_id, _)| user_id.clone());
    if let Some(user_id) = oldest {
        carts.remove(&user_id);
    }
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
    fn every_shopper_has_a_cart_of_their_own() {
        let store = CartStore::default();
        store.set(&shopper("user_a"), find("mug").unwrap(), pieces(2));
        assert_eq!(store.get(&shopper("user_a")).total_cents(), 4800);
        assert!(store.get(&shopper("user_b")).is_empty());
    }

    #[test]
    fn a_moved_cart_is_added_to_the_other_and_gone_from_the_first() {
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
    fn empty_carts_are_not_kept() {
        let store = CartStore::default();
        store.set(&shopper("user_a"), find("mug").unwrap(), pieces(0));
        assert_eq!(store.carts.lock().unwrap().by_user_id.len(), 0);
    }

    #[test]
    fn the_cart_that_was_not_used_for_the_longest_time_goes_first() {
        let store = CartStore::default();
        for user in 0..MAX_CARTS {
            store.set(&shopper(user), find("mug").unwrap(), pieces(1));
        }
        store.get(&shopper(0));
        store.set(&shopper("one more"), find("mug").unwrap(), pieces(1));
        assert!(!store.get(&shopper(0)).is_empty());
        assert!(store.get(&shopper(1)).is_empty());
        assert!(!store.get(&shopper("one more")).is_empty());
    }
}
