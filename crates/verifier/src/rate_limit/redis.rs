use std::sync::Arc;

use super::{Limits, LocalRateLimiter, Rate, RateLimiter, Verdict};
use crate::http::ClientNetwork;
use crate::shared_store::{SharedStore, Taken, TokenBucket, WhenDown};

/// Limits that all instances with one Redis share.
///
/// The local limit is asked first: what one instance alone has seen too much of needs no store to be
/// refused. While the store cannot be used, the local limit is all there is, or every login is refused:
/// see [`WhenDown`]. Client networks stand in the store in the clear, until their bucket is full again.
#[derive(Debug)]
pub struct RedisRateLimiter {
    local: LocalRateLimiter,
    store: Arc<SharedStore>,
    limits: Limits,
    when_down: WhenDown,
}

impl RedisRateLimiter {
    /// A limiter over `store`.
    pub fn new(limits: Limits, store: Arc<SharedStore>, when_down: WhenDown) -> Self {
        Self { local: LocalRateLimiter::new(limits), store, limits, when_down }
    }
}

impl RateLimiter for RedisRateLimiter {
    async fn take(&self, client: ClientNetwork) -> Verdict {
        match self.local.take_now(client) {
            Verdict::Allowed => {}
            limited => return limited,
        }
        let bucket = |key, rate: Rate| TokenBucket { key, interval: rate.interval(), burst: rate.burst };
        let client = bucket(self.store.key(format_args!("client:{client}")), self.limits.client);
        let global = bucket(self.store.key("global"), self.limits.global);
        match self.store.take([client, global]).await {
            Ok(Taken::Both) => Verdict::Allowed,
            Ok(Taken::FirstIsEmpty { wait }) => Verdict::ClientLimited { retry_after: wait },
            Ok(Taken::SecondIsEmpty { wait }) => Verdict::GlobalLimited { retry_after: wait },
            Err(_) if self.when_down == WhenDown::Local => Verdict::Allowed,
            Err(_) => Verdict::Unknown,
        }
    }
}
