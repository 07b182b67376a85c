//! How many pieces of a product a cart may have.

use serde::Deserialize;

/// The number of pieces of one product: 0 to [`Quantity::MAX`], where 0 removes the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "u64")]
pub struct Quantity(u8);

impl Quantity {
    /// The most pieces of one product in one cart.
    pub const MAX: u8 = 99;

    /// None of it.
    pub(crate) const ZERO: Self = Self(0);

    /// The number itself.
    pub fn get(self) -> u8 {
        self.0
    }

    /// The sum, at most [`Quantity::MAX`].
    pub(crate) fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0).min(Self::MAX))
    }
}

impl TryFrom<u64> for Quantity {
    type Error = QuantityOutOfRange;

    fn try_from(value: u64) -> Result<Self, QuantityOutOfRange> {
        match u8::try_from(value) {
            Ok(quantity) if quantity <= Self::MAX => Ok(Self(quantity)),
            Ok(_) | Err(_) => Err(QuantityOutOfRange),
        }
    }
}

/// A quantity above [`Quantity::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantityOutOfRange;

impl std::fmt::Display for QuantityOutOfRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a quantity is a whole number from 0 to {}", Quantity::MAX)
    }
}

impl std::error::Error for QuantityOutOfRange {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_end_at_99() {
        assert_eq!(Quantity::try_from(0).unwrap().get(), 0);
        assert_eq!(Quantity::try_from(99).unwrap().get(), 99);
        for too_many in [100, 255, 256, u64::MAX] {
            assert_eq!(Quantity::try_from(too_many), Err(QuantityOutOfRange), "{too_many}");
        }
    }
}
