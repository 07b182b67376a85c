//! How many user ids one client, and all clients together, may ask for.

mod local;
mod redis;

use std::future::Future;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::request::Parts;

pub use self::local::{CELLS, LocalRateLimiter};
pub use self::redis::RedisRateLimiter;
use crate::decision::{Refusal, RefusalCode};
use crate::http::{ClientNetwork, Policy, TrustedProxies};

/// A token bucket: `burst` at once, and `per_minute` again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many tokens come back in a minute.
    pub per_minute: NonZeroU32,
    /// How many tokens there are at most. What takes longer than a hundred years to come back is cut off.
    pub burst: NonZeroU32,
}

impl Rate {
    /// The longest time from an empty bucket to a full one. Beyond 584 years nanoseconds do not fit into 64 bits.
    pub(crate) const LONGEST_TO_FILL: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

    /// More than anybody asks for.
    pub(crate) const UNLIMITED: Self = Self { per_minute: NonZeroU32::MAX, burst: NonZeroU32::MAX };

    /// How long it takes until one token is back. At least a microsecond.
    pub(crate) fn interval(self) -> Duration {
        (Duration::from_secs(60) / self.per_minute.get()).max(Duration::from_micros(1))
    }

    /// How long it takes until an empty bucket is full.
    pub(crate) fn time_to_fill(self) -> Duration {
        self.interval().saturating_mul(self.burst.get())
    }
}

/// The limits of one deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For each [`ClientNetwork`].
    pub client: Rate,
    /// For all together: what the shop can bear to have minted while it is under attack.
    pub global: Rate,
}

/// Counts requests, in this process or in a store that several processes share.
pub trait RateLimiter: Send + Sync + 'static {
    /// Takes a token of the client and one of all, or none at all.
    fn take(&self, client: ClientNetwork) -> impl Future<Output = Verdict> + Send;
}

/// What a rate limiter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There were tokens, and they are taken.
    Allowed,
    /// This client has none left.
    ClientLimited {
        /// Until there is one again.
        retry_after: Duration,
    },
    /// There are none left for anybody.
    GlobalLimited {
        /// Until there is one again.
        retry_after: Duration,
    },
    /// The shared store cannot be reached, and the deployment wants no answers without it.
    Unknown,
}

/// Refuses requests beyond the limits with 429 and `Retry-After` (RFC 6585 section 4).
///
/// The address of the connection comes from axum's [`ConnectInfo`](axum::extract::ConnectInfo). A server
/// that does not provide it makes one client of all, so that a forgotten `into_make_service_with_connect_info` shows at
/// once and does not switch the limit off.
#[derive(Debug)]
pub struct RateLimit<L> {
    limiter: L,
    proxies: TrustedProxies,
}

impl<L> RateLimit<L> {
    /// A policy over this limiter.
    pub fn new(limiter: L, proxies: TrustedProxies) -> Self {
        Self { limiter, proxies }
    }
}

impl<L: RateLimiter> Policy for RateLimit<L> {
    async fn admit(&self, request: &Parts) -> Result<(), Refusal> {
        match self.limiter.take(self.proxies.client_of(request).into()).await {
            Verdict::Allowed => Ok(()),
            Verdict::ClientLimited { retry_after } => Err(RefusalCode::ClientRateLimited.after(retry_after)),
            Verdict::GlobalLimited { retry_after } => Err(RefusalCode::GlobalRateLimited.after(retry_after)),
            Verdict::Unknown => Err(RefusalCode::Unavailable.into()),
        }
    }
}
