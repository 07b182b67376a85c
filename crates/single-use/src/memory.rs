//! Replay protection in the memory of one process.

use std::collections::HashSet;
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
#[cfg(not(target_arch = "wasm32"))]
use std::time::Instant;

#[cfg(target_arch = "wasm32")]
use web_time::Instant;

use crate::{SingleUse, Use};

/// The used ids of one process, in bounded memory.
///
/// An id takes 9 to 18 bytes, whatever its length: only its 64-bit hash is stored. The hash has a random key, so that
/// attackers cannot produce collisions; with a million ids in memory, one in 2⁴⁴ new ids collides by chance and counts
/// as used. Ids are stored in two generations, and the older one is dropped as a whole: each id is remembered for at
/// least the lifetime and at most twice the lifetime.
pub struct MemorySingleUse {
    hasher: RandomState,
    lifetime: Duration,
    per_generation: usize,
    when_full: WhenFull,
    generations: Mutex<Generations>,
}

/// What happens to a new id while the memory is full of ids that have not expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// The older generation is dropped early, and its ids can be used again.
    ForgetOldest,
    /// The result is [`Use::Unknown`].
    Refuse,
}

impl MemorySingleUse {
    /// Remembers up to `capacity` ids, each for `lifetime`. Memory is allocated when it is needed.
    pub fn new(lifetime: Duration, capacity: usize, when_full: WhenFull) -> Self {
        Self {
            hasher: RandomState::new(),
            lifetime,
            per_generation: (capacity / 2).max(1),
            when_full,
            generations: Mutex::default(),
        }
    }

    /// Like [`SingleUse::spend`] at the time `now`, which must not decrease: otherwise ids may be forgotten early.
    pub fn spend_at(&self, id: &str, now: Instant) -> Use {
        let id = self.hasher.hash_one(id);
        // Each set is changed in one step, so those behind a poisoned lock are consistent.
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.forget_expired(now, self.lifetime);
        if generations.current.contains(&id) || generations.previous.contains(&id) {
            return Use::Again;
        }
        if generations.current.len() >= self.per_generation {
            if self.when_full == WhenFull::Refuse && !generations.previous.is_empty() {
                return Use::Unknown;
            }
            generations.rotate(now);
        }
        generations.current.insert(id);
        Use::First
    }

    /// Like [`SingleUse::is_known`] at the time `now`.
    pub fn is_known_at(&self, id: &str, now: Instant) -> bool {
        let id = self.hasher.hash_one(id);
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.forget_expired(now, self.lifetime);
        generations.current.contains(&id) || generations.previous.contains(&id)
    }

    /// The number of remembered ids.
    pub fn len(&self) -> usize {
        let generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.current.len() + generations.previous.len()
    }

    /// Whether no ids are remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl SingleUse for MemorySingleUse {
    fn spend<'a>(&'a self, id: &'a str) -> Pin<Box<dyn Future<Output = Use> + Send + 'a>> {
        Box::pin(std::future::ready(self.spend_at(id, Instant::now())))
    }

    fn is_known(&self, id: &str) -> bool {
        self.is_known_at(id, Instant::now())
    }
}

impl fmt::Debug for MemorySingleUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySingleUse")
            .field("lifetime", &self.lifetime)
            .field("per_generation", &self.per_generation)
            .field("when_full", &self.when_full)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Generations {
    current: HashSet<u64, Identity>,
    previous: HashSet<u64, Identity>,
    /// When the current generation began.
    began: Option<Instant>,
}

/// A hasher that returns its input, which is a keyed hash already.
#[derive(Clone, Copy, Debug, Default)]
struct Identity(u64);

impl BuildHasher for Identity {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        Self(0)
    }
}

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Never called for `u64`; a valid hash for other types.
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl Generations {
    fn forget_expired(&mut self, now: Instant, lifetime: Duration) {
        let age = now.saturating_duration_since(*self.began.get_or_insert(now));
        if age >= lifetime {
            self.rotate(now);
        }
        if age >= lifetime.saturating_mul(2) {
            self.previous.clear();
        }
    }

    fn rotate(&mut self, now: Instant) {
        std::mem::swap(&mut self.current, &mut self.previous);
        self.current.clear();
        self.began = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(60);

    fn memory(capacity: usize, when_full: WhenFull) -> MemorySingleUse {
        MemorySingleUse::new(LIFETIME, capacity, when_full)
    }

    #[test]
    fn an_id_is_new_once() {
        let memory = memory(100, WhenFull::ForgetOldest);
        let now = Instant::now();
        assert_eq!(memory.spend_at("a", now), Use::First);
        assert_eq!(memory.spend_at("a", now), Use::Again);
        assert_eq!(memory.spend_at("b", now), Use::First);
    }

    #[test]
    fn asking_for_an_id_does_not_use_it() {
        let memory = memory(100, WhenFull::ForgetOldest);
        let now = Instant::now();
        assert!(!memory.is_known_at("a", now));
        assert_eq!(memory.spend_at("a", now), Use::First);
        assert!(memory.is_known_at("a", now));
        assert!(!memory.is_known_at("a", now + LIFETIME * 2));
    }

    #[test]
    fn an_id_is_remembered_for_the_lifetime_wherever_in_a_generation_it_was_used() {
        for offset in [0, 1, 30, 59] {
            let memory = memory(1000, WhenFull::ForgetOldest);
            let start = Instant::now();
            memory.spend_at("first", start);
            let used = start + Duration::from_secs(offset);
            assert_eq!(memory.spend_at("a", used), Use::First);
            // Another id is used every second.
            for second in 1..60 {
                memory.spend_at(&format!("{second}"), used + Duration::from_secs(second));
            }
            assert_eq!(memory.spend_at("a", used + LIFETIME - Duration::from_millis(1)), Use::Again, "{offset}");
        }
    }

    #[test]
    fn an_id_is_forgotten_after_twice_the_lifetime() {
        let memory = memory(100, WhenFull::ForgetOldest);
        let start = Instant::now();
        memory.spend_at("a", start);
        assert_eq!(memory.spend_at("a", start + LIFETIME * 2), Use::First);
        assert_eq!(memory.len(), 1);
    }

    #[test]
    fn a_flood_takes_bounded_memory() {
        let memory = memory(1000, WhenFull::ForgetOldest);
        let now = Instant::now();
        for id in 0..100_000 {
            assert_eq!(memory.spend_at(&id.to_string(), now), Use::First);
            assert!(memory.len() <= 1000);
        }
        assert_eq!(memory.spend_at("99999", now), Use::Again);
    }

    #[test]
    fn a_full_store_that_must_not_forget_rejects_new_ids_until_there_is_room() {
        let memory = memory(10, WhenFull::Refuse);
        let now = Instant::now();
        for id in 0..10 {
            assert_eq!(memory.spend_at(&id.to_string(), now), Use::First);
        }
        assert_eq!(memory.spend_at("new", now), Use::Unknown);
        for id in 0..10 {
            assert_eq!(memory.spend_at(&id.to_string(), now), Use::Again);
        }
        assert_eq!(memory.spend_at("new", now + LIFETIME), Use::First);
    }

    #[test]
    fn of_concurrent_attempts_one_is_the_first() {
        let memory = memory(1000, WhenFull::Refuse);
        let first = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for id in 0..100 {
                        if memory.spend_at(&id.to_string(), Instant::now()) == Use::First {
                            first.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(first.into_inner(), 100);
    }
}
