//! A journal in Redis, which all processes of a shop share.
//!
//! - `unfinished`: a hash from the anonymous user id to its entry. It never expires.
//! - `receivers`: a hash from a user id to the number of unfinished migrations that move something to it.
//! - `finished:{user id}`: the entry of a finished migration, which expires.
//!
//! All keys are on one node of a cluster, because whether a migration may begin depends on the migrations of both users.
//! The rules are in Rust ([`admit`]): the scripts write only if nothing has changed since it was read.

use std::sync::LazyLock;
use std::time::Duration;

use authress_redis::redis::{self, Script};
use authress_redis::{Store, StoreFailure, StoreUrl};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Journal, oldest_first};
use crate::error::MigrationError;
use crate::migration::{Admitted, Entry, Migration, Observed, admit};
use crate::step::Step;
use crate::unavailable::Unavailable;

/// A journal that survives restarts of the shop, and of Redis too if Redis saves its data: it needs `appendonly yes`, and
/// a `maxmemory-policy` that evicts nothing or only keys that expire (`noeviction`, `volatile-…`).
#[derive(Clone, Debug)]
pub struct RedisJournal {
    store: Store,
    remembered: Duration,
}

impl RedisJournal {
    /// The prefix of keys, unless another one is chosen.
    pub const PREFIX: &str = "authress-user-migration";

    /// How long finished migrations are remembered: 90 days. Until then, a second migration of the same user is refused.
    pub const REMEMBERED: Duration = Duration::from_secs(90 * 24 * 60 * 60);

    /// The journal in the Redis at `url`. Must be called within a Tokio runtime; nothing is sent yet.
    ///
    /// # Errors
    /// [`Unavailable`] if TLS cannot be set up.
    pub fn new(url: &StoreUrl) -> Result<Self, Unavailable> {
        Ok(Self { store: Store::new(url, Self::PREFIX)?, remembered: Self::REMEMBERED })
    }

    /// Changes how long finished migrations are remembered.
    #[must_use]
    pub fn remembering(self, remembered: Duration) -> Self {
        Self { remembered, ..self }
    }

    async fn begin(&self, migration: &Migration) -> Result<Entry, MigrationError> {
        let entry = Entry { migration: migration.clone(), step: Step::Begun };
        let (from, to) = (migration.from(), migration.to());
        let (of_from, of_to, from_receives) = BEGIN
            .key(self.unfinished_key())
            .key(self.receivers_key())
            .key(self.finished_key(from))
            .key(self.finished_key(to))
            .arg(from)
            .arg(to)
            .arg(write(&entry)?)
            .invoke_async::<(Option<String>, Option<String>, bool)>(&mut self.store.connection())
            .await
            .map_err(unavailable)?;
        let observed = Observed { of_from: read_some(of_from)?, of_to: read_some(of_to)?, from_receives };
        Ok(match admit(migration, observed)? {
            Admitted::New => entry,
            Admitted::Existing(existing) => existing,
        })
    }

    async fn record(&self, entry: &Entry, step: Step) -> Result<Entry, MigrationError> {
        let (from, to) = (entry.migration.from(), entry.migration.to());
        let next = Entry { migration: entry.migration.clone(), step };
        loop {
            let lost = || MigrationError::JournalLost { from: from.to_owned() };
            let stored = self.stored(from).await?.ok_or_else(lost)?;
            let current = read(&stored)?;
            if current != *entry || current.step.is_finished() {
                return Ok(current);
            }
            let remembered = if step.is_finished() {
                u64::try_from(self.remembered.as_millis()).unwrap_or(u64::MAX).max(1)
            } else {
                0
            };
            let is_written = RECORD
                .key(self.unfinished_key())
                .key(self.receivers_key())
                .key(self.finished_key(from))
                .arg(from)
                .arg(to)
                .arg(stored)
                .arg(write(&next)?)
                .arg(remembered)
                .invoke_async::<bool>(&mut self.store.connection())
                .await
                .map_err(unavailable)?;
            if is_written {
                return Ok(next);
            }
        }
    }

    async fn find(&self, from: &str) -> Result<Option<Entry>, MigrationError> {
        read_some(self.stored(from).await?)
    }

    /// The entry as it is stored. It is read in one step, because it may be finished in between.
    async fn stored(&self, from: &str) -> Result<Option<String>, MigrationError> {
        let (unfinished, finished) = redis::pipe()
            .atomic()
            .hget(self.unfinished_key(), from)
            .get(self.finished_key(from))
            .query_async::<(Option<String>, Option<String>)>(&mut self.store.connection())
            .await
            .map_err(unavailable)?;
        Ok(unfinished.or(finished))
    }

    async fn unfinished(&self) -> Result<Vec<Entry>, MigrationError> {
        let mut command = redis::cmd("HVALS");
        command.arg(self.unfinished_key());
        let stored = command.query_async::<Vec<String>>(&mut self.store.connection()).await.map_err(unavailable)?;
        Ok(oldest_first(stored.iter().map(|stored| read(stored)).collect::<Result<_, _>>()?))
    }

    fn unfinished_key(&self) -> String {
        self.store.key("unfinished")
    }

    fn receivers_key(&self) -> String {
        self.store.key("receivers")
    }

    fn finished_key(&self, from: &str) -> String {
        self.store.key(format_args!("finished:{from}"))
    }
}

impl Journal for RedisJournal {
    fn begin<'a>(&'a self, migration: &'a Migration) -> BoxFuture<'a, Result<Entry, MigrationError>> {
        self.begin(migration).boxed()
    }

    fn record<'a>(&'a self, entry: &'a Entry, step: Step) -> BoxFuture<'a, Result<Entry, MigrationError>> {
        self.record(entry, step).boxed()
    }

    fn find<'a>(&'a self, from: &'a str) -> BoxFuture<'a, Result<Option<Entry>, MigrationError>> {
        self.find(from).boxed()
    }

    fn unfinished(&self) -> BoxFuture<'_, Result<Vec<Entry>, MigrationError>> {
        self.unfinished().boxed()
    }
}

fn unavailable(error: redis::RedisError) -> MigrationError {
    MigrationError::Journal(StoreFailure::from(error).into())
}

fn write(entry: &Entry) -> Result<String, MigrationError> {
    serde_json::to_string(entry).map_err(|_| invalid_entry())
}

fn read(stored: &str) -> Result<Entry, MigrationError> {
    serde_json::from_str(stored).map_err(|_| invalid_entry())
}

fn read_some(stored: Option<String>) -> Result<Option<Entry>, MigrationError> {
    stored.as_deref().map(read).transpose()
}

fn invalid_entry() -> MigrationError {
    MigrationError::Journal(Unavailable {
        code: "InvalidEntry".to_owned(),
        advice: "it has an entry that this version cannot read; use the version that wrote it".to_owned(),
    })
}

/// Writes a new entry if there is none of either user. Returns what was there.
static BEGIN: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local from, to = ARGV[1], ARGV[2]
local of_from = redis.call('HGET', KEYS[1], from) or redis.call('GET', KEYS[3])
local of_to = redis.call('HGET', KEYS[1], to) or redis.call('GET', KEYS[4])
local receives = redis.call('HEXISTS', KEYS[2], from)
if not of_from and not of_to and receives == 0 then
  redis.call('HSET', KEYS[1], from, ARGV[3])
  redis.call('HINCRBY', KEYS[2], to, 1)
end
return { of_from, of_to, receives }
",
    )
});

/// Replaces an unfinished entry if it is as it was read. A finished one moves to a key that expires.
static RECORD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local from, to, remembered = ARGV[1], ARGV[2], ARGV[5]
if redis.call('HGET', KEYS[1], from) ~= ARGV[3] then return 0 end
if remembered == '0' then
  redis.call('HSET', KEYS[1], from, ARGV[4])
  return 1
end
redis.call('HDEL', KEYS[1], from)
if redis.call('HINCRBY', KEYS[2], to, -1) <= 0 then redis.call('HDEL', KEYS[2], to) end
redis.call('SET', KEYS[3], ARGV[4], 'PX', remembered)
return 1
",
    )
});
