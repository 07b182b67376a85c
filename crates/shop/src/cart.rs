//! A cart as a value: no user, no storage, no clock.

use crate::catalog::Product;
use crate::merge_policy::MergePolicy;
use crate::quantity::Quantity;

/// One product in a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The product.
    pub product: &'static Product,
    /// The quantity, never 0.
    pub quantity: Quantity,
}

/// Products and their quantities, in the order in which they were first added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cart {
    lines: Vec<Line>,
}

impl Cart {
    /// The lines of the cart. Each product occurs once, so a cart is never longer than the catalog.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Whether the cart has no lines.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Sets the quantity of `product`; 0 removes it.
    pub fn set(&mut self, product: &'static Product, quantity: Quantity) {
        let line = self.lines.iter_mut().find(|line| line.product.id == product.id);
        match (line, quantity.get()) {
            (_, 0) => self.lines.retain(|line| line.product.id != product.id),
            (Some(line), _) => line.quantity = quantity,
            (None, _) => self.lines.push(Line { product, quantity }),
        }
    }

    /// Merges an anonymous cart into this one, the cart of an account.
    pub fn merge(&mut self, anonymous: &Self, policy: MergePolicy) {
        if anonymous.is_empty() {
            return;
        }
        let account = std::mem::take(self);
        for line in account.lines.iter().chain(&anonymous.lines) {
            let product = line.product;
            self.set(product, policy.quantity(account.quantity(product), anonymous.quantity(product)));
        }
    }

    fn quantity(&self, product: &Product) -> Quantity {
        self.lines.iter().find(|line| line.product.id == product.id).map_or(Quantity::ZERO, |line| line.quantity)
    }

    /// The sum of all lines, in euro cents.
    pub fn total_cents(&self) -> u64 {
        self.lines.iter().map(|line| u64::from(line.product.price_cents) * u64::from(line.quantity.get())).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::find;

    fn pieces(quantity: u64) -> Quantity {
        Quantity::try_from(quantity).unwrap()
    }

    fn cart(lines: &[(&str, u64)]) -> Cart {
        let mut cart = Cart::default();
        for (id, quantity) in lines {
            cart.set(find(id).unwrap(), pieces(*quantity));
        }
        cart
    }

    #[test]
    fn a_new_cart_costs_nothing() {
        assert!(Cart::default().is_empty());
        assert_eq!(Cart::default().total_cents(), 0);
    }

    #[test]
    fn the_total_is_price_times_quantity() {
        assert_eq!(cart(&[("mug", 2), ("vase", 1)]).total_cents(), 2 * 2400 + 4500);
    }

    #[test]
    fn a_second_set_replaces_the_quantity_and_keeps_the_place() {
        let cart = cart(&[("mug", 1), ("vase", 1), ("mug", 5)]);
        let ids: Vec<_> = cart.lines().iter().map(|line| (line.product.id, line.quantity.get())).collect();
        assert_eq!(ids, [("mug", 5), ("vase", 1)]);
    }

    #[test]
    fn zero_removes_the_product() {
        assert!(cart(&[("mug", 3), ("mug", 0)]).is_empty());
    }

    #[test]
    fn zero_of_a_product_that_is_not_in_the_cart_changes_nothing() {
        assert!(cart(&[("mug", 0)]).is_empty());
    }

    #[test]
    fn a_full_cart_has_a_total() {
        let everything: Vec<_> = crate::catalog::PRODUCTS.iter().map(|product| (product.id, 99)).collect();
        let prices: u64 = crate::catalog::PRODUCTS.iter().map(|product| u64::from(product.price_cents)).sum();
        assert_eq!(cart(&everything).total_cents(), 99 * prices);
    }
}
