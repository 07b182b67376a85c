use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{NotUntil, Quota};

use super::{Limits, Rate, RateLimiter, Verdict};
use crate::http::NetworkPrefix;

/// The number of counters for clients.
pub const CELLS: usize = 1 << 16;

/// Limits in the memory of one process.
///
/// The counters are a table of fixed size (half a megabyte). Clients are hashed into it with a random key of this
/// process. So a flood of addresses takes no memory and evicts no counter. The price: two clients can share a counter,
/// and then the rate of one client. With ten thousand clients a minute that happens to one in seven. An attacker cannot
/// choose the other client.
pub struct LocalRateLimiter<C: Clock = DefaultClock> {
    clients: governor::RateLimiter<NetworkPrefix, Cells, C, NoOpMiddleware<C::Instant>>,
    all: governor::RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>,
    clock: C,
}

impl LocalRateLimiter {
    /// Creates full buckets, refilled by the system's monotonic clock.
    pub fn new(limits: Limits) -> Self {
        Self::with_clock(limits, DefaultClock::default())
    }
}

impl<C: Clock + Clone> LocalRateLimiter<C> {
    /// [`LocalRateLimiter::new`] with another clock.
    pub fn with_clock(limits: Limits, clock: C) -> Self {
        Self {
            clients: governor::RateLimiter::new(quota(limits.client), Cells::new(), clock.clone()),
            all: governor::RateLimiter::new(quota(limits.global), InMemoryState::default(), clock.clone()),
            clock,
        }
    }

    /// [`RateLimiter::take`] without a future.
    pub fn take_now(&self, client: NetworkPrefix) -> Verdict {
        // The client's bucket first: a client without tokens must not empty the global bucket.
        if let Err(until) = self.clients.check_key(&client) {
            return Verdict::ClientLimited { retry_after: self.wait(&until) };
        }
        match self.all.check() {
            Ok(()) => Verdict::Allowed,
            Err(until) => Verdict::GlobalLimited { retry_after: self.wait(&until) },
        }
    }

    /// [`LocalRateLimiter::take_now`] for an IP address.
    pub fn take_for(&self, address: IpAddr) -> Verdict {
        self.take_now(address.into())
    }

    fn wait(&self, until: &NotUntil<C::Instant>) -> Duration {
        until.wait_time_from(self.clock.now())
    }
}

impl<C: Clock + Clone + Send + Sync + 'static> RateLimiter for LocalRateLimiter<C>
where
    C::Instant: Send + Sync,
{
    async fn take(&self, client: NetworkPrefix) -> Verdict {
        self.take_now(client)
    }
}

impl<C: Clock> fmt::Debug for LocalRateLimiter<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalRateLimiter").finish_non_exhaustive()
    }
}

fn quota(rate: Rate) -> Quota {
    let quota = Quota::with_period(rate.interval()).unwrap_or_else(|| Quota::per_minute(rate.per_minute));
    // governor multiplies nanoseconds in 64 bits: beyond 584 years it panics, or a huge burst becomes a small one.
    let most = Rate::LONGEST_TO_FILL.as_nanos() / rate.interval().as_nanos().max(1);
    let most = u32::try_from(most).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MAX);
    quota.allow_burst(rate.burst.min(most))
}

/// A fixed number of counters, selected by the hash of the client.
#[derive(Debug)]
struct Cells {
    hasher: RandomState,
    cells: Vec<InMemoryState>,
}

impl Cells {
    fn new() -> Self {
        Self { hasher: RandomState::new(), cells: (0..CELLS).map(|_| InMemoryState::default()).collect() }
    }
}

impl StateStore for Cells {
    type Key = NetworkPrefix;

    fn measure_and_replace<T, F, E>(&self, key: &NetworkPrefix, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let index = usize::try_from(self.hasher.hash_one(key) % CELLS as u64).unwrap_or_default();
        match self.cells.get(index) {
            Some(cell) => cell.measure_and_replace(&NotKeyed::NonKey, f),
            // Unreachable: there is a cell for every remainder.
            None => f(None).map(|(outcome, _)| outcome),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use governor::clock::FakeRelativeClock;

    use super::*;

    fn rate(per_minute: u32, burst: u32) -> Rate {
        Rate { per_minute: NonZeroU32::new(per_minute).unwrap(), burst: NonZeroU32::new(burst).unwrap() }
    }

    fn limiter(client: Rate, global: Rate) -> (LocalRateLimiter<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (LocalRateLimiter::with_clock(Limits { client, global }, clock.clone()), clock)
    }

    fn client(number: u32) -> NetworkPrefix {
        NetworkPrefix::V4(Ipv4Addr::from(number))
    }

    #[test]
    fn a_client_has_its_burst_and_then_its_rate() {
        let (limiter, clock) = limiter(rate(6, 3), rate(6000, 6000));
        for _ in 0..3 {
            assert_eq!(limiter.take_now(client(1)), Verdict::Allowed);
        }
        assert_eq!(limiter.take_now(client(1)), Verdict::ClientLimited { retry_after: Duration::from_secs(10) });
        assert_eq!(limiter.take_now(client(2)), Verdict::Allowed, "another client has a bucket of its own");
        clock.advance(Duration::from_secs(10));
        assert_eq!(limiter.take_now(client(1)), Verdict::Allowed);
        assert!(matches!(limiter.take_now(client(1)), Verdict::ClientLimited { .. }));
    }

    #[test]
    fn a_huge_burst_does_not_overflow() {
        for burst in [3_074_457_347, u32::MAX] {
            let (limiter, _clock) = limiter(rate(10, burst), rate(1, burst));
            for _ in 0..1000 {
                assert_eq!(limiter.take_now(client(1)), Verdict::Allowed, "{burst}");
            }
        }
    }

    #[test]
    fn all_clients_together_have_a_limit() {
        let (limiter, clock) = limiter(rate(60, 60), rate(60, 5));
        for number in 0..5 {
            assert_eq!(limiter.take_now(client(number)), Verdict::Allowed);
        }
        assert_eq!(limiter.take_now(client(9)), Verdict::GlobalLimited { retry_after: Duration::from_secs(1) });
        clock.advance(Duration::from_secs(1));
        assert_eq!(limiter.take_now(client(9)), Verdict::Allowed);
    }

    #[test]
    fn a_client_without_tokens_does_not_take_global_tokens() {
        let (limiter, _clock) = limiter(rate(60, 1), rate(60, 3));
        for _ in 0..100 {
            limiter.take_now(client(1));
        }
        assert_eq!(limiter.take_now(client(2)), Verdict::Allowed);
        assert_eq!(limiter.take_now(client(3)), Verdict::Allowed);
    }

    #[test]
    fn a_flood_from_a_million_addresses_leaves_most_clients_their_tokens() {
        let (limiter, _clock) = limiter(rate(60, 60), rate(u32::MAX, u32::MAX));
        for number in 0..1_000_000 {
            limiter.take_now(client(number));
        }
        // 15 of the 60 tokens of an average counter are gone; the table has not grown.
        let fresh = (2_000_000..2_001_000).filter(|number| limiter.take_now(client(*number)) == Verdict::Allowed);
        assert_eq!(fresh.count(), 1000);
    }
}
