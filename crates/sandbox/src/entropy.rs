//! Randomness as an argument: each request seeds a generator from the operating system.

use std::fmt;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The source of the unguessable ids of one request. The same seed gives the same ids.
pub(crate) struct Entropy(ChaCha20Rng);

impl Entropy {
    pub(crate) fn from_seed(seed: [u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(seed))
    }

    /// A generator seeded by the operating system, `None` when that gives no random bytes.
    pub(crate) fn from_system() -> Option<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).ok()?;
        Some(Self::from_seed(seed))
    }

    /// 128 random bits as 32 lower-case hexadecimal digits.
    pub(crate) fn id(&mut self) -> String {
        let mut bits = [0; 16];
        self.0.fill_bytes(&mut bits);
        format!("{:032x}", u128::from_be_bytes(bits))
    }

    /// This many random decimal digits.
    pub(crate) fn digits(&mut self, count: usize) -> String {
        // The remainder prefers small digits a little, which no id needs to hide.
        (0..count).map(|_| char::from(b'0' + u8::try_from(self.0.next_u32() % 10).unwrap_or_default())).collect()
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_within_a_request_and_repeat_with_the_seed() {
        let mut first = Entropy::from_seed([7; 32]);
        let mut second = Entropy::from_seed([7; 32]);
        let (a, b) = (first.id(), first.id());
        assert_ne!(a, b);
        assert_eq!((a.len(), second.id()), (32, a));
    }
}
