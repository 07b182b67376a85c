use std::sync::Arc;
use std::time::Instant;

use super::{Limits, LocalRateLimiter, Rate, RateLimiter, Verdict};
use crate::http::{Network, NetworkPrefix};
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

    fn client_buckets(&self, client: NetworkPrefix) -> [TokenBucket; 2] {
        [
            bucket(self.store.key(format_args!("client:{client}")), self.limits.client),
            bucket(self.store.key(format_args!("network:{}", Network::from(client))), self.limits.network),
        ]
    }

    fn global_bucket(&self) -> TokenBucket {
        bucket(self.store.key("global"), self.limits.global)
    }
}

fn bucket(key: String, rate: Rate) -> TokenBucket {
    TokenBucket { key, interval: rate.interval(), burst: rate.burst }
}

impl RateLimiter for RedisRateLimiter {
    async fn take(&self, client: NetworkPrefix) -> Verdict {
        match self.local.take_at(client, Instant::now()) {
            Verdict::Allowed => {}
            limited => return limited,
        }
        let verdict = match self.store.take(&self.client_buckets(client)).await {
            Ok(Taken::All) => return Verdict::Allowed,
            Err(_) if self.when_down == WhenDown::Local => return Verdict::Allowed,
            Ok(Taken::Empty { bucket: 0, wait }) => Verdict::ClientLimited { retry_after: wait },
            Ok(Taken::Empty { wait, .. }) => Verdict::NetworkLimited { retry_after: wait },
            Err(_) => Verdict::StoreUnavailable,
        };
        self.local.give_back_client(client);
        verdict
    }

    async fn take_global(&self, client: NetworkPrefix) -> Verdict {
        let verdict = match self.local.take_global_at(client, Instant::now()) {
            Verdict::Allowed => match self.store.take(&[self.global_bucket()]).await {
                Ok(Taken::All) => return Verdict::Allowed,
                Err(_) if self.when_down == WhenDown::Local => return Verdict::Allowed,
                taken => {
                    self.local.give_back_client(client);
                    self.local.give_back_global();
                    match taken {
                        Ok(Taken::Empty { wait, .. }) => Verdict::GlobalLimited { retry_after: wait },
                        Ok(Taken::All) | Err(_) => Verdict::StoreUnavailable,
                    }
                }
            },
            limited => limited,
        };
        // Without the store there is nothing to give back.
        let _ = self.store.give_back(&self.client_buckets(client)).await;
        verdict
    }

    async fn give_back(&self, client: NetworkPrefix) {
        self.local.give_back_client(client);
        self.local.give_back_global();
        let [client, network] = self.client_buckets(client);
        let _ = self.store.give_back(&[client, network, self.global_bucket()]).await;
    }
}
