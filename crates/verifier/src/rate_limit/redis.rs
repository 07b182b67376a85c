use std::sync::{Arc, LazyLock};
use std::time::Duration;

use redis::Script;

use super::{Limits, LocalRateLimiter, Rate, RateLimiter, Verdict};
use crate::client_address::ClientNetwork;
use crate::shared_store::{SharedStore, WhenDown};

/// Limits that all instances with one Redis share.
///
/// The local limit is asked first: what one instance alone has seen too much of needs no store to be
/// refused. While the store does not answer, the local limit is all there is, or nobody is answered:
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
        let keys = [self.store.key(format_args!("client:{client}")), self.store.key("global")];
        let answer = self.store.attempt(|mut connection| async move {
            let mut invocation = TAKE.prepare_invoke();
            for key in keys {
                invocation.key(key);
            }
            for rate in [self.limits.client, self.limits.global] {
                invocation.arg(micros(rate)).arg(rate.burst.get());
            }
            invocation.invoke_async::<(u8, u64)>(&mut connection).await
        });
        match answer.await {
            Some((0, _)) => Verdict::Allowed,
            Some((1, wait)) => Verdict::ClientLimited { retry_after: Duration::from_micros(wait) },
            Some((_, wait)) => Verdict::GlobalLimited { retry_after: Duration::from_micros(wait) },
            None if self.when_down == WhenDown::Local => Verdict::Allowed,
            None => Verdict::Unknown,
        }
    }
}

fn micros(rate: Rate) -> u64 {
    u64::try_from(rate.interval().as_micros()).unwrap_or(u64::MAX)
}

/// The generic cell rate algorithm for the client and for all, in one step and by the store's own
/// clock. A key holds the time in microseconds at which its bucket will be full again, and ends then.
/// Answers with which of the two has no token (0: none of them) and after how long it will.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full = {}
for bucket = 1, 2 do
  local interval, burst = tonumber(ARGV[bucket * 2 - 1]), tonumber(ARGV[bucket * 2])
  local at = math.max(tonumber(redis.call('GET', KEYS[bucket]) or now), now)
  full[bucket] = at + interval
  local wait = full[bucket] - interval * burst - now
  if wait > 0 then return { bucket, math.ceil(wait) } end
end
for bucket = 1, 2 do
  local lifetime = math.ceil((full[bucket] - now) / 1000)
  redis.call('SET', KEYS[bucket], string.format('%.0f', full[bucket]), 'PX', math.max(lifetime, 1))
end
return { 0, 0 }
",
    )
});
