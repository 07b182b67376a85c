//! The Redis commands of a login.

use std::num::NonZeroU32;
use std::sync::LazyLock;
use std::time::Duration;

use redis::{Script, ScriptInvocation};

use super::{Operation, SharedStore, StoreFailure};

impl SharedStore {
    /// Takes a token from each of these buckets, or from none of them.
    pub(crate) async fn take(&self, buckets: &[TokenBucket]) -> Result<Taken, StoreFailure> {
        let taken = self.attempt(Operation::Take, |mut connection| async move {
            invocation(&TAKE, buckets).invoke_async::<(usize, u64)>(&mut connection).await
        });
        let (empty, wait) = taken.await?;
        Ok(match empty.checked_sub(1) {
            None => Taken::All,
            Some(bucket) => Taken::Empty { bucket, wait: Duration::from_micros(wait) },
        })
    }

    /// Puts a token back into each of these buckets.
    pub(crate) async fn give_back(&self, buckets: &[TokenBucket]) -> Result<(), StoreFailure> {
        self.attempt(Operation::Take, |mut connection| async move {
            invocation(&GIVE_BACK, buckets).invoke_async::<()>(&mut connection).await
        })
        .await
    }

    /// Marks a key as used for `lifetime`. Returns whether this was the first use.
    pub(crate) async fn spend(&self, key: String, lifetime: Duration) -> Result<bool, StoreFailure> {
        let lifetime = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX).max(1);
        let set = self.attempt(Operation::Spend, |mut connection| async move {
            let mut set = redis::cmd("SET");
            set.arg(key).arg(1).arg("NX").arg("PX").arg(lifetime);
            set.query_async::<Option<String>>(&mut connection).await
        });
        Ok(set.await?.is_some())
    }

    /// Runs the commands of a login with keys of its own that expire at once.
    pub(super) async fn probe_commands(&self) -> Result<(), StoreFailure> {
        let key = || self.key("probe:bucket");
        let bucket = || TokenBucket { key: key(), interval: Duration::from_micros(1), burst: NonZeroU32::MAX };
        self.take(&[bucket(), bucket()]).await?;
        self.give_back(&[bucket()]).await?;
        self.spend(self.key("probe:state"), Duration::from_millis(1)).await?;
        Ok(())
    }
}

/// A token bucket in the store.
pub(crate) struct TokenBucket {
    pub(crate) key: String,
    /// The time to refill one token.
    pub(crate) interval: Duration,
    /// The size of the bucket.
    pub(crate) burst: NonZeroU32,
}

/// The result of [`SharedStore::take`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    All,
    /// The bucket at this position has no token until `wait` is over.
    Empty {
        bucket: usize,
        wait: Duration,
    },
}

fn invocation<'a>(script: &'a Script, buckets: &[TokenBucket]) -> ScriptInvocation<'a> {
    let mut invocation = script.prepare_invoke();
    for TokenBucket { key, interval, burst } in buckets {
        invocation.key(key).arg(micros(*interval)).arg(burst.get());
    }
    invocation
}

fn micros(interval: Duration) -> u64 {
    u64::try_from(interval.as_micros()).unwrap_or(u64::MAX)
}

/// The generic cell rate algorithm for all buckets, atomically and by the clock of Redis. A key holds the time in
/// microseconds at which its bucket will be full again, and expires then. A stored time later than that of an empty
/// bucket is reduced to it, even if the request is refused, so that neither a slower rate of an earlier configuration
/// nor a clock that was set back outlasts the current limits. A value that is not a number counts as a full bucket.
///
/// It returns which of the buckets is empty, counted from 1 (0: none), and the time in microseconds until it has a token.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function store(key, at)
  redis.call('SET', key, string.format('%.0f', at), 'PX', math.max(math.ceil((at - now) / 1000), 1))
end
local full = {}
for bucket = 1, #KEYS do
  local interval, burst = tonumber(ARGV[bucket * 2 - 1]), tonumber(ARGV[bucket * 2])
  local empty = now + interval * burst
  local stored = redis.pcall('GET', KEYS[bucket])
  local at = math.max(type(stored) == 'string' and tonumber(stored) or now, now)
  if at > empty then
    at = empty
    store(KEYS[bucket], at)
  end
  full[bucket] = at + interval
  local wait = full[bucket] - empty
  if wait > 0 then return { bucket, math.ceil(wait) } end
end
for bucket = 1, #KEYS do store(KEYS[bucket], full[bucket]) end
return { 0, 0 }
",
    )
});

/// Puts a token back into each bucket. A bucket that is full, and so has no key, stays so.
static GIVE_BACK: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
for bucket = 1, #KEYS do
  local stored = redis.pcall('GET', KEYS[bucket])
  local at = (type(stored) == 'string' and tonumber(stored) or now) - tonumber(ARGV[bucket * 2 - 1])
  if at > now then
    redis.call('SET', KEYS[bucket], string.format('%.0f', at), 'PX', math.max(math.ceil((at - now) / 1000), 1))
  elseif type(stored) == 'string' then
    redis.call('SET', KEYS[bucket], string.format('%.0f', now), 'PX', 1)
  end
end
",
    )
});
