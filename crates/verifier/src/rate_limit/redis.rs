use std::sync::Arc;

use super::{Limits, LocalRateLimiter, Rate, RateLimiter, Verdict};
use crate::http::NetworkPrefix;
use crate::shared_store::{SharedStore, Taken, TokenBucket, WhenDown};

/// Limits that all instances with one Redis share.
///
/// The local limits come first: a client that exceeds the rate at one instance is refused without the store. While the
/// store is unavailable, [`WhenDown`] decides between the local limits alone and refusing every login. The store holds
/// network prefixes in plain text until their bucket is full again.
#[derive(Debug)]
pub struct RedisRateLimiter {
    local: LocalRateLimiter,
    store: Arc<SharedStore>,
    limits: Limits,
    when_down: WhenDown,
}

impl RedisRateLimiter {
    /// Creates a limiter with `store`.
    pub fn new(limits: Limits, store: Arc<SharedStore>, when_down: WhenDown) -> Self {
        Self { local: LocalRateLimiter::new(limits), store, limits, when_down }
    }
}

impl RateLimiter for RedisRateLimiter {
    async fn take(&self, client: NetworkPrefix) -> Verdict {
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
            Err(_) => Verdict::StoreUnavailable,
        }
    }
}
