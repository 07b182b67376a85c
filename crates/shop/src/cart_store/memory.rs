//! The carts of all shoppers, in memory.
//!
//! Anonymous shoppers and customers have a store each, so that no number of anonymous user ids can evict a customer's
//! cart. What happens at a bound is the subject of `client_bounded`.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use authress_client_address::NetworkPrefix;

use super::Shopper;
use crate::cart::Cart;
use crate::catalog::Product;
use crate::client_bounded::{Bounds, ClientBounded};
use crate::config::CartBounds;
use crate::merge_policy::MergePolicy;
use crate::quantity::Quantity;

/// Carts by user id. Empty carts are not stored.
pub(crate) struct MemoryCarts {
    carts: Mutex<Carts>,
    merge: MergePolicy,
}

struct Carts {
    anonymous: ClientBounded<Cart>,
    /// A cart stays here even if an older, anonymous token of the same user id changes it.
    customers: ClientBounded<Cart>,
}

impl fmt::Debug for MemoryCarts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let carts = self.lock();
        let (anonymous, customers) = (carts.anonymous.len(), carts.customers.len());
        f.debug_struct("MemoryCarts").field("anonymous", &anonymous).field("customers", &customers).finish()
    }
}

impl MemoryCarts {
    pub(super) fn new(bounds: &CartBounds, merge: MergePolicy) -> Self {
        let carts = Mutex::new(Carts {
            anonymous: ClientBounded::new(Bounds { per_client: Some(bounds.per_client), total: bounds.anonymous }),
            // An office has more customers than there may be carts of one client. Each account costs its owner more than
            // an anonymous user id does.
            customers: ClientBounded::new(Bounds { per_client: None, total: bounds.customers }),
        });
        Self { carts, merge }
    }

    /// The shopper's cart, empty if there is none.
    pub(super) fn get(&self, shopper: &Shopper) -> Cart {
        self.lock().of(shopper).get(&shopper.user_id).cloned().unwrap_or_default()
    }

    /// Changes one product in the shopper's cart and returns the whole cart. A new cart counts for `client`.
    pub(super) fn set(
        &self,
        shopper: &Shopper,
        client: NetworkPrefix,
        product: &'static Product,
        quantity: Quantity,
    ) -> Cart {
        change(self.lock().of(shopper), &shopper.user_id, client, |cart| cart.set(product, quantity))
    }

    /// Moves everything from the cart of one user to that of a customer in one step, and returns the number of lines. A
    /// new cart counts for the same client.
    pub(super) fn move_all(&self, from: &str, to: &str) -> usize {
        let mut carts = self.lock();
        let Some((client, moved)) = carts.anonymous.remove(from).or_else(|| carts.customers.remove(from)) else {
            return 0;
        };
        let customer = Shopper { user_id: to.to_owned(), is_anonymous: false };
        change(carts.of(&customer), to, client, |cart| cart.merge(&moved, self.merge));
        moved.lines().len()
    }

    /// A cart is replaced as a whole, so the carts behind a poisoned lock are whole.
    fn lock(&self) -> MutexGuard<'_, Carts> {
        self.carts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Carts {
    /// The store in which the shopper's cart is or would be. The anonymous cart of a shopper who has become a customer
    /// moves first.
    fn of(&mut self, shopper: &Shopper) -> &mut ClientBounded<Cart> {
        if shopper.is_anonymous && !self.customers.contains(&shopper.user_id) {
            return &mut self.anonymous;
        }
        if let Some((client, cart)) = self.anonymous.remove(&shopper.user_id) {
            self.customers.insert(&shopper.user_id, client, cart);
        }
        &mut self.customers
    }
}

/// Replaces the user's cart by an edited one.
fn change(carts: &mut ClientBounded<Cart>, user_id: &str, client: NetworkPrefix, edit: impl FnOnce(&mut Cart)) -> Cart {
    let (client, mut cart) = carts.remove(user_id).unwrap_or_else(|| (client, Cart::default()));
    edit(&mut cart);
    if !cart.is_empty() {
        carts.insert(user_id, client, cart.clone());
    }
    cart
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::catalog::find;

    fn store(per_client: usize, anonymous: usize, customers: usize) -> MemoryCarts {
        let number = |number| NonZeroUsize::new(number).unwrap();
        let bounds =
            CartBounds { per_client: number(per_client), anonymous: number(anonymous), customers: number(customers) };
        MemoryCarts::new(&bounds, MergePolicy::default())
    }

    fn anonymous(user_id: impl ToString) -> Shopper {
        Shopper { user_id: user_id.to_string(), is_anonymous: true }
    }

    fn customer(user_id: impl ToString) -> Shopper {
        Shopper { user_id: user_id.to_string(), is_anonymous: false }
    }

    fn client(number: u8) -> NetworkPrefix {
        NetworkPrefix::V4([192, 0, 2, number].into())
    }

    fn add(store: &MemoryCarts, shopper: &Shopper, client: NetworkPrefix) {
        put(store, shopper, client, "mug", 1);
    }

    fn put(store: &MemoryCarts, shopper: &Shopper, client: NetworkPrefix, product: &str, quantity: u64) {
        store.set(shopper, client, find(product).unwrap(), Quantity::try_from(quantity).unwrap());
    }

    fn has_cart(store: &MemoryCarts, shopper: &Shopper) -> bool {
        !store.get(shopper).is_empty()
    }

    #[test]
    fn every_shopper_has_their_own_cart() {
        let store = store(10, 10, 10);
        put(&store, &anonymous("user_a"), client(1), "mug", 2);
        assert_eq!(store.get(&anonymous("user_a")).total_cents(), 4800);
        assert!(!has_cart(&store, &anonymous("user_b")));
    }

    #[test]
    fn a_moved_cart_is_added_to_the_other_and_removed_from_the_first() {
        let store = store(10, 10, 10);
        put(&store, &anonymous("user_a"), client(1), "mug", 98);
        put(&store, &anonymous("user_a"), client(1), "vase", 1);
        put(&store, &customer("user_b"), client(1), "mug", 3);
        assert_eq!(store.move_all("user_a", "user_b"), 2);
        let cart = store.get(&customer("user_b"));
        let lines: Vec<_> = cart.lines().iter().map(|line| (line.product.id, line.quantity.get())).collect();
        assert_eq!(lines, [("mug", 99), ("vase", 1)], "a cart has no more than 99 of a thing");
        assert!(!has_cart(&store, &anonymous("user_a")));
    }

    #[test]
    fn a_second_move_changes_nothing_under_any_policy() {
        for policy in MergePolicy::ALL {
            let store = MemoryCarts::new(&CartBounds::default(), policy);
            put(&store, &anonymous("user_a"), client(1), "mug", 2);
            put(&store, &customer("user_b"), client(1), "vase", 3);
            assert_eq!(store.move_all("user_a", "user_b"), 1);
            let once = store.get(&customer("user_b"));
            assert_eq!(store.move_all("user_a", "user_b"), 0);
            assert_eq!(store.get(&customer("user_b")), once, "{policy:?}");
        }
    }

    #[test]
    fn empty_carts_are_not_stored() {
        let store = store(10, 10, 10);
        put(&store, &anonymous("user_a"), client(1), "mug", 0);
        assert_eq!(store.lock().anonymous.len(), 0);
    }

    #[test]
    fn ten_thousand_anonymous_user_ids_of_one_client_evict_no_cart_of_another_and_no_customers_cart() {
        let store = store(500, 5_000, 5_000);
        let (neighbour, guest, regular) = (anonymous("neighbour"), anonymous("guest"), customer("regular"));
        add(&store, &neighbour, client(2));
        add(&store, &guest, client(1));
        add(&store, &regular, client(1));
        for user in 0..10_000 {
            add(&store, &anonymous(user), client(1));
        }
        assert!(has_cart(&store, &neighbour));
        assert!(has_cart(&store, &regular), "although it is of the attacker's network");
        assert!(!has_cart(&store, &guest), "a cart of the attacker's own network");
        assert_eq!(store.lock().anonymous.len(), 501);
    }

    #[test]
    fn ten_thousand_clients_evict_no_customers_cart() {
        let store = store(10, 100, 100);
        let regular = customer("regular");
        add(&store, &regular, client(1));
        for user in 0..10_000_u32 {
            add(&store, &anonymous(user), NetworkPrefix::V4(user.into()));
        }
        assert!(has_cart(&store, &regular));
        assert_eq!(store.lock().anonymous.len(), 100);
    }

    #[test]
    fn a_cart_counts_no_more_for_its_client_once_the_shopper_is_a_customer() {
        let store = store(1, 10, 10);
        add(&store, &anonymous("user_a"), client(1));
        assert!(has_cart(&store, &customer("user_a")), "after the link");
        add(&store, &anonymous("user_b"), client(1));
        assert!(has_cart(&store, &customer("user_a")) && has_cart(&store, &anonymous("user_b")));
        // An access token from before the link is valid until it expires.
        put(&store, &anonymous("user_a"), client(1), "vase", 1);
        add(&store, &anonymous("user_c"), client(1));
        assert_eq!(store.get(&customer("user_a")).total_cents(), 2400 + 4500);
        assert_eq!(store.get(&anonymous("user_a")), store.get(&customer("user_a")));
    }

    #[test]
    fn a_cart_counts_for_the_client_that_made_it() {
        let store = store(1, 10, 10);
        add(&store, &anonymous("user_a"), client(1));
        put(&store, &anonymous("user_a"), client(2), "vase", 1);
        add(&store, &anonymous("user_b"), client(2));
        assert!(has_cart(&store, &anonymous("user_a")), "the shopper has moved on to another network");
        add(&store, &anonymous("user_c"), client(1));
        assert!(!has_cart(&store, &anonymous("user_a")));
    }
}
