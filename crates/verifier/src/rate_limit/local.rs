use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{Limits, Rate, RateLimiter, Verdict};
use crate::http::{Network, NetworkPrefix};

/// The number of counters for clients, and of those for networks.
pub const CELLS: usize = 1 << 16;

/// Limits in the memory of one process.
///
/// The counters are tables of fixed size (a megabyte together). Clients and networks are hashed into them with a random
/// key of this process. So a flood of addresses takes no memory and evicts no counter. The price: two clients can share
/// a counter, and then the rate of one client. With ten thousand clients a minute that happens to one in seven. An
/// attacker cannot choose the other client.
pub struct LocalRateLimiter {
    clients: Cells,
    networks: Cells,
    all: Bucket,
    limits: Limits,
    started: Instant,
}

impl LocalRateLimiter {
    /// Creates full buckets, refilled by the system's monotonic clock.
    pub fn new(limits: Limits) -> Self {
        Self { clients: Cells::new(), networks: Cells::new(), all: Bucket::default(), limits, started: Instant::now() }
    }

    /// [`RateLimiter::take`] at the time `now`.
    pub fn take_at(&self, client: NetworkPrefix, now: Instant) -> Verdict {
        let now = self.nanos(now);
        // The client's bucket first: a client without tokens must not empty that of its neighbours.
        let bucket = self.clients.bucket(client);
        if let Err(retry_after) = bucket.take(self.limits.client, now) {
            return Verdict::ClientLimited { retry_after };
        }
        match self.networks.bucket(Network::from(client)).take(self.limits.network, now) {
            Ok(()) => Verdict::Allowed,
            Err(retry_after) => {
                bucket.give_back(self.limits.client);
                Verdict::NetworkLimited { retry_after }
            }
        }
    }

    /// [`RateLimiter::take_global`] at the time `now`.
    pub fn take_global_at(&self, client: NetworkPrefix, now: Instant) -> Verdict {
        match self.all.take(self.limits.global, self.nanos(now)) {
            Ok(()) => Verdict::Allowed,
            Err(retry_after) => {
                self.give_back_client(client);
                Verdict::GlobalLimited { retry_after }
            }
        }
    }

    /// [`LocalRateLimiter::take_at`] now, for an IP address.
    pub fn take_for(&self, address: IpAddr) -> Verdict {
        self.take_at(address.into(), Instant::now())
    }

    /// Gives back what [`LocalRateLimiter::take_at`] has taken.
    pub fn give_back_client(&self, client: NetworkPrefix) {
        self.clients.bucket(client).give_back(self.limits.client);
        self.networks.bucket(Network::from(client)).give_back(self.limits.network);
    }

    /// Gives back what [`LocalRateLimiter::take_global_at`] has taken.
    pub fn give_back_global(&self) {
        self.all.give_back(self.limits.global);
    }

    fn nanos(&self, now: Instant) -> u64 {
        nanos(now.saturating_duration_since(self.started))
    }
}

impl RateLimiter for LocalRateLimiter {
    async fn take(&self, client: NetworkPrefix) -> Verdict {
        self.take_at(client, Instant::now())
    }

    async fn take_global(&self, client: NetworkPrefix) -> Verdict {
        self.take_global_at(client, Instant::now())
    }

    async fn give_back(&self, client: NetworkPrefix) {
        self.give_back_client(client);
        self.give_back_global();
    }
}

impl fmt::Debug for LocalRateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalRateLimiter").finish_non_exhaustive()
    }
}

/// A token bucket by the generic cell rate algorithm: the time at which it is full again, in nanoseconds since the
/// limiter was created. A new one is full.
#[derive(Debug, Default)]
struct Bucket(AtomicU64);

impl Bucket {
    /// Takes a token, or returns the time until there is one.
    fn take(&self, rate: Rate, now: u64) -> Result<(), Duration> {
        let interval = nanos(rate.interval());
        // Beyond the burst's limit of a hundred years, nanoseconds would exceed 64 bits.
        let empty = now.saturating_add(nanos(rate.time_to_fill().min(Rate::LONGEST_TO_FILL)));
        let after = |full_at: u64| full_at.max(now).saturating_add(interval);
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
            Some(after(full_at)).filter(|after| *after <= empty)
        });
        taken.map(|_| ()).map_err(|full_at| Duration::from_nanos(after(full_at).saturating_sub(empty)))
    }

    /// Puts a token back. A bucket that is full by now stays so.
    fn give_back(&self, rate: Rate) {
        let interval = nanos(rate.interval());
        let _ =
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| Some(full_at.saturating_sub(interval)));
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A fixed number of buckets, selected by a hash.
#[derive(Debug)]
struct Cells {
    hasher: RandomState,
    cells: Box<[Bucket]>,
    /// Never used: there is a cell for every remainder.
    other: Bucket,
}

impl Cells {
    fn new() -> Self {
        let cells = (0..CELLS).map(|_| Bucket::default()).collect();
        Self { hasher: RandomState::new(), cells, other: Bucket::default() }
    }

    fn bucket(&self, key: impl Hash) -> &Bucket {
        let index = usize::try_from(self.hasher.hash_one(key) % CELLS as u64).unwrap_or_default();
        self.cells.get(index).unwrap_or(&self.other)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::num::NonZeroU32;

    use super::*;

    fn rate(per_minute: u32, burst: u32) -> Rate {
        Rate { per_minute: NonZeroU32::new(per_minute).unwrap(), burst: NonZeroU32::new(burst).unwrap() }
    }

    const MANY: Rate = Rate::UNLIMITED;

    /// A limiter with a clock that a test sets.
    struct Clocked {
        limiter: LocalRateLimiter,
        now: Instant,
    }

    impl Clocked {
        fn new(client: Rate, network: Rate, global: Rate) -> Self {
            let limiter = LocalRateLimiter::new(Limits { client, network, global });
            let now = limiter.started;
            Self { limiter, now }
        }

        fn take(&self, client: NetworkPrefix) -> Verdict {
            self.limiter.take_at(client, self.now)
        }

        /// As for a login: all tokens.
        fn log_in(&self, client: NetworkPrefix) -> Verdict {
            match self.take(client) {
                Verdict::Allowed => self.limiter.take_global_at(client, self.now),
                limited => limited,
            }
        }

        fn count(&self, clients: impl Iterator<Item = NetworkPrefix>) -> usize {
            clients.filter(|client| self.log_in(*client) == Verdict::Allowed).count()
        }
    }

    /// A client in a network of its own.
    fn client(number: u32) -> NetworkPrefix {
        NetworkPrefix::V4(Ipv4Addr::from(number << 8))
    }

    #[test]
    fn a_client_has_its_burst_and_then_its_rate() {
        let mut limiter = Clocked::new(rate(6, 3), MANY, rate(6000, 6000));
        for _ in 0..3 {
            assert_eq!(limiter.take(client(1)), Verdict::Allowed);
        }
        assert_eq!(limiter.take(client(1)), Verdict::ClientLimited { retry_after: Duration::from_secs(10) });
        assert_eq!(limiter.take(client(2)), Verdict::Allowed, "another client has a bucket of its own");
        limiter.now += Duration::from_secs(10);
        assert_eq!(limiter.take(client(1)), Verdict::Allowed);
        assert!(matches!(limiter.take(client(1)), Verdict::ClientLimited { .. }));
    }

    #[test]
    fn a_huge_burst_does_not_overflow() {
        for burst in [3_074_457_347, u32::MAX] {
            let limiter = Clocked::new(rate(10, burst), rate(1, burst), rate(1, burst));
            for _ in 0..1000 {
                assert_eq!(limiter.log_in(client(1)), Verdict::Allowed, "{burst}");
            }
        }
    }

    #[test]
    fn all_clients_together_have_a_limit() {
        let mut limiter = Clocked::new(rate(60, 60), MANY, rate(60, 5));
        assert_eq!(limiter.count((0..5).map(client)), 5);
        assert_eq!(limiter.log_in(client(9)), Verdict::GlobalLimited { retry_after: Duration::from_secs(1) });
        limiter.now += Duration::from_secs(1);
        assert_eq!(limiter.log_in(client(9)), Verdict::Allowed);
    }

    #[test]
    fn a_client_without_tokens_takes_none_of_its_network_and_none_of_all() {
        let limiter = Clocked::new(rate(60, 1), rate(60, 2), rate(60, 3));
        for _ in 0..100 {
            limiter.log_in(client(1));
        }
        let neighbour = NetworkPrefix::V4(Ipv4Addr::from((1 << 8) + 1));
        assert_eq!(limiter.log_in(neighbour), Verdict::Allowed);
        assert_eq!(limiter.log_in(client(2)), Verdict::Allowed);
    }

    #[test]
    fn a_client_keeps_its_token_when_the_network_or_the_global_bucket_is_empty() {
        let mut limiter = Clocked::new(rate(1, 1), rate(60, 1), rate(60, 2));
        let neighbours =
            |network: u32| (0..2).map(move |host| NetworkPrefix::V4(Ipv4Addr::from((network << 8) + host)));
        assert_eq!(limiter.count(neighbours(1)), 1);
        assert_eq!(limiter.count(neighbours(2)), 1);
        let late = client(3);
        assert_eq!(limiter.log_in(late), Verdict::GlobalLimited { retry_after: Duration::from_secs(1) });
        limiter.now += Duration::from_secs(1);
        // With a rate of one a minute, a token that was spent in vain would not be there yet.
        let refused = NetworkPrefix::V4(Ipv4Addr::from((1 << 8) + 1));
        assert_eq!(limiter.log_in(refused), Verdict::Allowed);
        limiter.now += Duration::from_secs(1);
        assert_eq!(limiter.log_in(late), Verdict::Allowed);
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_no_more() {
        let limiter = Clocked::new(rate(1, 2), rate(1, 2), rate(1, 2));
        assert_eq!(limiter.log_in(client(1)), Verdict::Allowed);
        for _ in 0..2 {
            limiter.limiter.give_back_client(client(1));
            limiter.limiter.give_back_global();
        }
        assert_eq!(limiter.count([client(1); 5].into_iter()), 2);
    }

    #[test]
    fn the_clients_of_a_network_have_a_limit_together() {
        let limiter = Clocked::new(rate(60, 60), rate(60, 5), MANY);
        let v6 = |network: u16, subnet: u16| NetworkPrefix::V6([0x2001, 0xdb8, network, subnet]);
        assert_eq!(limiter.count((0..40).map(|subnet| v6(1, subnet))), 5);
        assert_eq!(limiter.take(v6(1, 99)), Verdict::NetworkLimited { retry_after: Duration::from_secs(1) });
        assert_eq!(limiter.log_in(v6(2, 0)), Verdict::Allowed, "another network has a bucket of its own");
        let v4 = |address: [u8; 4]| NetworkPrefix::V4(address.into());
        assert_eq!(limiter.count((0..40).map(|host| v4([192, 0, 2, host]))), 5);
        assert_eq!(limiter.log_in(v4([192, 0, 3, 0])), Verdict::Allowed);
    }

    #[test]
    fn a_flood_from_a_million_addresses_leaves_most_clients_their_tokens() {
        let limiter = Clocked::new(rate(60, 60), MANY, MANY);
        for number in 0..1_000_000 {
            limiter.take(client(number));
        }
        // 15 of the 60 tokens of an average counter are gone; the table has not grown.
        assert_eq!(limiter.count((2_000_000..2_001_000).map(client)), 1000);
    }
}
