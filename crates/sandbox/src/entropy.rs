//! Randomness as an argument: one seed from the operating system per request, ids drawn from it.

use std::fmt;

use sha2::{Digest, Sha256};

/// Where the unguessable ids of one request come from. The same seed gives the same ids.
pub(crate) struct Entropy {
    seed: [u8; 32],
    drawn: u32,
}

impl Entropy {
    pub(crate) fn from_seed(seed: [u8; 32]) -> Self {
        Self { seed, drawn: 0 }
    }

    /// A seed from the operating system, `None` when it has no randomness to give.
    pub(crate) fn from_system() -> Option<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).ok()?;
        Some(Self::from_seed(seed))
    }

    /// 128 bits as 32 lower-case hexadecimal digits.
    pub(crate) fn id(&mut self) -> String {
        self.drawn += 1;
        let digest = Sha256::new().chain_update(self.seed).chain_update(self.drawn.to_be_bytes()).finalize();
        digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entropy").field("seed", &"[redacted]").field("drawn", &self.drawn).finish()
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
