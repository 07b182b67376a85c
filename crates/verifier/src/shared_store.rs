//! Redis, in which several verifiers keep one limit and one memory of used states.
//!
//! It is never waited for long: a store that does not answer in time is left alone for a second, and
//! every instance decides by itself meanwhile. Both changes are logged once.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis::RedisResult;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

/// How long a store that did not answer is left alone.
pub const PAUSE: Duration = Duration::from_micros(PAUSE_MICROS);

const PAUSE_MICROS: u64 = 1_000_000;

/// What happens while the shared store cannot be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenDown {
    /// Each instance goes on with its own memory: shoppers are answered, the limit is up to as many
    /// times higher as there are instances, and a `state` can be used once on each.
    #[default]
    Local,
    /// Nobody is answered (503).
    Refuse,
}

/// A connection to Redis that is made, and made again, by itself.
pub struct SharedStore {
    connection: ConnectionManager,
    prefix: String,
    timeout: Duration,
    started: Instant,
    /// Microseconds after `started` before which nothing is tried.
    paused_until: AtomicU64,
    /// Microseconds after `started` before which it counts as there.
    known_until: AtomicU64,
    is_down: AtomicBool,
}

impl SharedStore {
    /// A store at `url` (`redis://host:port/db`, `redis+unix:///path`). All keys begin with `prefix`;
    /// an answer that takes longer than `timeout` counts as none. Nothing is connected yet, but it
    /// must be called inside of a Tokio runtime, which will do so.
    ///
    /// # Errors
    /// [`InvalidStoreUrl`], which holds nothing of the URL: it may have a password in it.
    pub fn new(url: &str, prefix: &str, timeout: Duration) -> Result<Self, InvalidStoreUrl> {
        let client = redis::Client::open(url).map_err(|_| InvalidStoreUrl)?;
        // Trying again is decided here, not in the middle of a request.
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_connection_timeout(Some(timeout))
            .set_response_timeout(Some(timeout));
        let connection = ConnectionManager::new_lazy_with_config(client, config).map_err(|_| InvalidStoreUrl)?;
        Ok(Self {
            connection,
            prefix: prefix.to_owned(),
            timeout,
            started: Instant::now(),
            paused_until: AtomicU64::new(0),
            known_until: AtomicU64::new(0),
            is_down: AtomicBool::new(false),
        })
    }

    /// Whether the last attempt failed.
    pub fn is_down(&self) -> bool {
        self.is_down.load(Ordering::Relaxed)
    }

    /// Whether the store is there. Who asks again within a second is told what was known then: readiness is open to
    /// whoever reaches the port, and no way to keep the store busy.
    pub async fn is_reachable(&self) -> bool {
        if self.micros() < self.known_until.load(Ordering::Relaxed) {
            return true;
        }
        let ping = |mut connection: ConnectionManager| async move {
            redis::cmd("PING").query_async::<String>(&mut connection).await
        };
        self.attempt(ping).await.is_some()
    }

    /// The full name of a key. The braces keep all keys of a deployment on one node of a cluster.
    pub(crate) fn key(&self, name: impl fmt::Display) -> String {
        format!("{{{}}}:{name}", self.prefix)
    }

    /// `None` when the store does not answer, or did not a moment ago.
    pub(crate) async fn attempt<T, F>(&self, ask: impl FnOnce(ConnectionManager) -> F) -> Option<T>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let now = self.micros();
        if now < self.paused_until.load(Ordering::Relaxed) {
            return None;
        }
        match tokio::time::timeout(self.timeout, ask(self.connection.clone())).await {
            Ok(Ok(answer)) => {
                self.known_until.store(self.micros().saturating_add(PAUSE_MICROS), Ordering::Relaxed);
                if self.is_down.swap(false, Ordering::Relaxed) {
                    tracing::info!("the shared store answers again: limits and used states are common again");
                }
                Some(answer)
            }
            Ok(Err(_)) | Err(_) => {
                self.known_until.store(0, Ordering::Relaxed);
                self.paused_until.store(self.micros().saturating_add(PAUSE_MICROS), Ordering::Relaxed);
                if !self.is_down.swap(true, Ordering::Relaxed) {
                    tracing::warn!("the shared store does not answer: every instance is on its own until it does");
                }
                None
            }
        }
    }

    fn micros(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

impl fmt::Debug for SharedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedStore")
            .field("prefix", &self.prefix)
            .field("is_down", &self.is_down)
            .finish_non_exhaustive()
    }
}

/// The store's URL cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidStoreUrl;

impl fmt::Display for InvalidStoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be a URL such as redis://127.0.0.1:6379/0 or redis+unix:///run/redis.sock")
    }
}

impl std::error::Error for InvalidStoreUrl {}
