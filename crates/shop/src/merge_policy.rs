//! How an anonymous cart is merged into the cart of an account.

use serde::Deserialize;

use crate::quantity::Quantity;

/// Which quantity of a product an account's cart has after a merge. The shop chooses one (setting `cartMerge`).
///
/// Shops and shop systems differ here, so no rule is the right one for all; `docs/merging-carts.md` compares them.
/// Under every policy:
///
/// - An empty anonymous cart changes nothing.
/// - The account's lines keep their places, and new lines follow in the order of the anonymous cart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MergePolicy {
    /// The sum of both quantities, at most [`Quantity::MAX`]. The default. Adobe Commerce's `mergeCarts` does this.
    ///
    /// It suits shops where a shopper adds what they need now; a shopper who fills the same cart on two devices gets
    /// everything twice.
    #[default]
    AddQuantities,
    /// The larger of both quantities. commercetools's merge of an anonymous cart does this.
    LargerQuantity,
    /// The account's quantity if its cart has the product, otherwise the anonymous one.
    Keep,
    /// The anonymous quantity: products that only the account's cart has are removed.
    Replace,
}

impl MergePolicy {
    /// All policies.
    pub const ALL: [Self; 4] = [Self::AddQuantities, Self::LargerQuantity, Self::Keep, Self::Replace];

    /// The quantity of one product after a merge of two carts. A cart without the product has the quantity 0.
    pub(crate) fn quantity(self, account: Quantity, anonymous: Quantity) -> Quantity {
        match self {
            Self::AddQuantities => account.saturating_add(anonymous),
            Self::LargerQuantity => account.max(anonymous),
            Self::Keep if account == Quantity::ZERO => anonymous,
            Self::Keep => account,
            Self::Replace => anonymous,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::cart::Cart;
    use crate::catalog::{PRODUCTS, find};

    fn pieces(quantity: u8) -> Quantity {
        Quantity::try_from(u64::from(quantity)).unwrap()
    }

    fn cart(lines: &[(&str, u8)]) -> Cart {
        let mut cart = Cart::default();
        for (id, quantity) in lines {
            cart.set(find(id).unwrap(), pieces(*quantity));
        }
        cart
    }

    fn lines(cart: &Cart) -> Vec<(&'static str, u8)> {
        cart.lines().iter().map(|line| (line.product.id, line.quantity.get())).collect()
    }

    fn quantity_in(cart: &Cart, id: &str) -> u8 {
        lines(cart).iter().find(|(product, _)| *product == id).map_or(0, |(_, quantity)| *quantity)
    }

    fn merged(account: &Cart, anonymous: &Cart, policy: MergePolicy) -> Cart {
        let mut cart = account.clone();
        cart.merge(anonymous, policy);
        cart
    }

    #[test]
    fn each_policy_has_its_result() {
        let account = [("mug", 2), ("vase", 60), ("bowl", 1)];
        let anonymous = [("plate", 4), ("vase", 50), ("mug", 3)];
        let table: [(MergePolicy, &[(&str, u8)]); 4] = [
            (MergePolicy::AddQuantities, &[("mug", 5), ("vase", 99), ("bowl", 1), ("plate", 4)]),
            (MergePolicy::LargerQuantity, &[("mug", 3), ("vase", 60), ("bowl", 1), ("plate", 4)]),
            (MergePolicy::Keep, &[("mug", 2), ("vase", 60), ("bowl", 1), ("plate", 4)]),
            (MergePolicy::Replace, &[("mug", 3), ("vase", 50), ("plate", 4)]),
        ];
        for (policy, expected) in table {
            assert_eq!(lines(&merged(&cart(&account), &cart(&anonymous), policy)), expected, "{policy:?}");
        }
    }

    #[test]
    fn the_settings_have_names() {
        let names = ["addQuantities", "largerQuantity", "keep", "replace"];
        for (name, policy) in names.into_iter().zip(MergePolicy::ALL) {
            assert_eq!(serde_json::from_value::<MergePolicy>(json!(name)).unwrap(), policy);
        }
        for unknown in [json!("add"), json!("Keep"), json!(""), json!(1)] {
            assert!(serde_json::from_value::<MergePolicy>(unknown.clone()).is_err(), "{unknown}");
        }
    }

    fn any_policy() -> impl Strategy<Value = MergePolicy> {
        prop::sample::select(MergePolicy::ALL.to_vec())
    }

    /// Any products in any order, in any quantity that a cart can have.
    fn any_cart() -> impl Strategy<Value = Cart> {
        prop::collection::vec((prop::sample::select(PRODUCTS.iter().collect::<Vec<_>>()), 1..=Quantity::MAX), 0..8)
            .prop_map(|lines| {
                let mut cart = Cart::default();
                lines.into_iter().for_each(|(product, quantity)| cart.set(product, pieces(quantity)));
                cart
            })
    }

    proptest! {
        #[test]
        fn quantities_stay_from_1_to_99_and_products_occur_once(
            account in any_cart(), anonymous in any_cart(), policy in any_policy()
        ) {
            let merged = lines(&merged(&account, &anonymous, policy));
            for (index, (id, quantity)) in merged.iter().enumerate() {
                prop_assert!((1..=Quantity::MAX).contains(quantity));
                prop_assert!(merged[..index].iter().all(|(earlier, _)| earlier != id));
            }
        }

        #[test]
        fn only_replace_removes_a_line_and_only_of_the_account(
            account in any_cart(), anonymous in any_cart(), policy in any_policy()
        ) {
            let merged = merged(&account, &anonymous, policy);
            for product in PRODUCTS {
                let (of_account, of_anonymous) = (quantity_in(&account, product.id), quantity_in(&anonymous, product.id));
                let is_removed = policy == MergePolicy::Replace && of_anonymous == 0 && !anonymous.is_empty();
                let is_expected = of_account > 0 && !is_removed || of_anonymous > 0;
                prop_assert_eq!(quantity_in(&merged, product.id) > 0, is_expected, "{}", product.id);
            }
        }

        /// No policy loses pieces of a product beyond its definition.
        #[test]
        fn every_quantity_is_that_of_the_definition(
            account in any_cart(), anonymous in any_cart(), policy in any_policy()
        ) {
            prop_assume!(!anonymous.is_empty());
            let merged = merged(&account, &anonymous, policy);
            for product in PRODUCTS {
                let (ours, theirs) = (quantity_in(&account, product.id), quantity_in(&anonymous, product.id));
                let expected = match policy {
                    MergePolicy::AddQuantities => (ours + theirs).min(99),
                    MergePolicy::LargerQuantity => if ours > theirs { ours } else { theirs },
                    MergePolicy::Keep => if ours > 0 { ours } else { theirs },
                    MergePolicy::Replace => theirs,
                };
                prop_assert_eq!(quantity_in(&merged, product.id), expected, "{}", product.id);
            }
        }

        #[test]
        fn an_empty_anonymous_cart_changes_nothing(account in any_cart(), policy in any_policy()) {
            prop_assert_eq!(merged(&account, &Cart::default(), policy), account);
        }

        #[test]
        fn an_empty_account_gets_the_anonymous_cart(anonymous in any_cart(), policy in any_policy()) {
            prop_assert_eq!(merged(&Cart::default(), &anonymous, policy), anonymous);
        }

        /// Adding is different, which is why a move removes the anonymous cart in the same step.
        #[test]
        fn merging_the_same_cart_again_changes_nothing_unless_quantities_are_added(
            account in any_cart(), anonymous in any_cart(), policy in any_policy()
        ) {
            prop_assume!(policy != MergePolicy::AddQuantities);
            let once = merged(&account, &anonymous, policy);
            prop_assert_eq!(merged(&once, &anonymous, policy), once);
        }
    }
}
