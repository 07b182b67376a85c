//! Rate limits for user ids: one for each client, one for the network around it, and one for all clients together.

mod local;
mod redis;

use std::future::Future;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::request::Parts;

pub use self::local::{CELLS, LocalRateLimiter};
pub use self::redis::RedisRateLimiter;
use crate::decision::{Refusal, RefusalCode};
use crate::http::{NetworkPrefix, Policy, TrustedProxies};

/// A token bucket: up to `burst` requests at once, refilled with `per_minute` tokens a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The tokens that are refilled in a minute.
    pub per_minute: NonZeroU32,
    /// The size of the bucket. It is reduced to what is refilled in a hundred years.
    pub burst: NonZeroU32,
}

impl Rate {
    /// The longest time from an empty to a full bucket. 584 years in nanoseconds exceed 64 bits.
    pub(crate) const LONGEST_TO_FILL: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

    /// A rate that no client reaches.
    pub(crate) const UNLIMITED: Self = Self { per_minute: NonZeroU32::MAX, burst: NonZeroU32::MAX };

    /// This rate, raised to the other one where that is higher.
    pub(crate) fn at_least(self, other: Self) -> Self {
        Self { per_minute: self.per_minute.max(other.per_minute), burst: self.burst.max(other.burst) }
    }

    /// Returns the time to refill one token, at least a microsecond.
    pub(crate) fn interval(self) -> Duration {
        (Duration::from_secs(60) / self.per_minute.get()).max(Duration::from_micros(1))
    }

    /// Returns the time to refill an empty bucket.
    pub(crate) fn time_to_fill(self) -> Duration {
        self.interval().saturating_mul(self.burst.get())
    }
}

/// The rate limits of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For each [`NetworkPrefix`].
    pub client: Rate,
    /// For all clients of one [`Network`](crate::Network).
    pub network: Rate,
    /// For all clients together: the user ids that the shop can accept during an attack.
    pub global: Rate,
}

/// Takes tokens from the buckets, in this process or in a shared store.
pub trait RateLimiter: Send + Sync + 'static {
    /// Takes a token from the bucket of the client and one from that of its network, or none.
    fn take(&self, client: NetworkPrefix) -> impl Future<Output = Verdict> + Send;

    /// Takes a token from the global bucket, or gives back what [`RateLimiter::take`] has taken.
    fn take_global(&self, client: NetworkPrefix) -> impl Future<Output = Verdict> + Send;

    /// Gives back what both have taken.
    fn give_back(&self, client: NetworkPrefix) -> impl Future<Output = ()> + Send;
}

/// The result of [`RateLimiter::take`] and [`RateLimiter::take_global`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All tokens were taken.
    Allowed,
    /// The bucket of the client is empty.
    ClientLimited {
        /// The time until it has a token.
        retry_after: Duration,
    },
    /// The bucket of the client's network is empty.
    NetworkLimited {
        /// The time until it has a token.
        retry_after: Duration,
    },
    /// The global bucket is empty.
    GlobalLimited {
        /// The time until it has a token.
        retry_after: Duration,
    },
    /// The shared store is unavailable, and the deployment requires it.
    StoreUnavailable,
}

/// Refuses requests beyond the limits with 429 and `Retry-After` (RFC 6585 section 4).
///
/// The peer address comes from axum's [`ConnectInfo`](axum::extract::ConnectInfo). Without it, all requests count as
/// one client: a missing `into_make_service_with_connect_info` shows at once and does not disable the limit.
#[derive(Debug)]
pub struct RateLimit<L> {
    limiter: L,
    proxies: TrustedProxies,
}

impl<L> RateLimit<L> {
    /// Creates a policy with this limiter.
    pub fn new(limiter: L, proxies: TrustedProxies) -> Self {
        Self { limiter, proxies }
    }

    fn client(&self, request: &Parts) -> NetworkPrefix {
        self.proxies.client_ip(request).into()
    }
}

impl<L: RateLimiter> Policy for RateLimit<L> {
    async fn admit(&self, request: &Parts) -> Result<(), Refusal> {
        self.limiter.take(self.client(request)).await.into()
    }

    async fn admit_response(&self, request: &Parts) -> Result<(), Refusal> {
        self.limiter.take_global(self.client(request)).await.into()
    }

    async fn give_back(&self, request: &Parts) {
        self.limiter.give_back(self.client(request)).await;
    }
}

impl From<Verdict> for Result<(), Refusal> {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Allowed => Ok(()),
            Verdict::ClientLimited { retry_after } => Err(RefusalCode::ClientRateLimited.after(retry_after)),
            Verdict::NetworkLimited { retry_after } => Err(RefusalCode::NetworkRateLimited.after(retry_after)),
            Verdict::GlobalLimited { retry_after } => Err(RefusalCode::GlobalRateLimited.after(retry_after)),
            Verdict::StoreUnavailable => Err(RefusalCode::Unavailable.into()),
        }
    }
}
