//! Redis, in which several instances share rate limits and used states.
//!
//! No request waits for Redis longer than the configured timeout. After a failure a circuit breaker is open for a
//! second, in which every instance decides on its own. A failed connection is not used again: the next attempt makes a
//! new one and resolves the host name again. Each change between usable and failing is logged once.
//!
//! The commands are in `commands`, and the state of the circuit breaker in `health`. The address and the kinds of
//! failure are those of `authress-redis`.

mod commands;
mod health;

use std::fmt;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use authress_redis::{InvalidStoreUrl, StoreFailure, StoreUrl};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisResult};

pub(crate) use self::commands::{Taken, TokenBucket};
pub use self::health::PAUSE;
use self::health::{Change, Health, Operation};

/// What the verifier does while the shared store is unavailable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenDown {
    /// Each instance uses its own memory. The rate limits multiply by the number of instances, and a `state` can be
    /// used once on each.
    #[default]
    Local,
    /// The verifier refuses every login (503).
    Refuse,
}

/// A connection to Redis that is made on first use and replaced after each failure.
pub struct SharedStore {
    client: redis::Client,
    prefix: String,
    timeout: Duration,
    started: Instant,
    inner: Mutex<Inner>,
    /// Serialises probes, so that concurrent callers share one result.
    probe: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Inner {
    connection: Option<Connection>,
    connections_made: u64,
    /// The time, since the store was created, of the first command without a response on this connection.
    waiting_since: Option<Duration>,
    health: Health,
}

/// One connection, or the attempt to make it.
#[derive(Clone)]
struct Connection {
    number: u64,
    ready: Shared<BoxFuture<'static, Result<MultiplexedConnection, StoreFailure>>>,
}

impl SharedStore {
    /// Creates a store at `url` without connecting. All keys begin with `prefix`; a response that takes longer than
    /// `timeout` is a failure.
    pub fn new(url: &StoreUrl, prefix: &str, timeout: Duration) -> Self {
        Self {
            client: url.client().clone(),
            prefix: prefix.to_owned(),
            timeout,
            started: Instant::now(),
            inner: Mutex::default(),
            probe: tokio::sync::Mutex::default(),
        }
    }

    /// Returns whether logins can use the store. If the last success is more than a second ago, it runs the commands of
    /// a login. So frequent readiness checks do not load the store.
    pub async fn is_usable(&self) -> bool {
        let _one_at_a_time = self.probe.lock().await;
        self.inner().health.is_known_usable(self.started.elapsed()) || self.probe_commands().await.is_ok()
    }

    /// Runs the commands of a login. In contrast to a login it waits some seconds for a connection.
    ///
    /// # Errors
    /// The [`StoreFailure`], if logins cannot use the store.
    pub async fn check(&self) -> Result<(), StoreFailure> {
        let connection = self.connection();
        if let Err(failure) = connection.ready.clone().await {
            self.log(self.failed(Operation::Take, &connection, &failure));
            return Err(failure);
        }
        self.probe_commands().await
    }

    /// Returns the full key. The braces (a hash tag) keep all keys of a deployment on one node of a cluster.
    pub(crate) fn key(&self, name: impl fmt::Display) -> String {
        format!("{{{}}}:{name}", self.prefix)
    }

    /// Runs `command` on the connection.
    ///
    /// # Errors
    /// [`StoreFailure`] when the store fails, or without an attempt when it has failed within the last second.
    async fn attempt<T, F>(
        &self,
        operation: Operation,
        command: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Result<T, StoreFailure>
    where
        F: Future<Output = RedisResult<T>>,
    {
        if let Some(failure) = self.inner().health.pause(self.started.elapsed()) {
            return Err(failure);
        }
        let connection = self.connection();
        let ready = connection.ready.clone();
        let response = tokio::time::timeout(self.timeout, async {
            let connection = ready.await?;
            command(connection).await.map_err(StoreFailure::from)
        });
        let failure = match response.await {
            Ok(Ok(response)) => {
                self.log(self.succeeded(operation, &connection));
                return Ok(response);
            }
            Ok(Err(failure)) => failure,
            Err(_) if connection.ready.peek().is_some() => StoreFailure::NoResponse,
            // The attempt to connect goes on in the background, with a time limit of its own: a handshake may take
            // longer than a login may wait.
            Err(_) => StoreFailure::NoConnection,
        };
        self.log(self.failed(operation, &connection, &failure));
        Err(failure)
    }

    fn succeeded(&self, operation: Operation, connection: &Connection) -> Option<Change> {
        let mut inner = self.inner();
        if !inner.is_current(connection) {
            return None;
        }
        inner.waiting_since = None;
        inner.health.succeeded(operation, self.started.elapsed())
    }

    fn failed(&self, operation: Operation, connection: &Connection, failure: &StoreFailure) -> Option<Change> {
        let mut inner = self.inner();
        if !inner.is_current(connection) {
            return None;
        }
        inner.waiting_since = None;
        if *failure != StoreFailure::NoConnection || connection.ready.peek().is_some() {
            inner.connection = None;
        }
        inner.health.failed(operation, failure.clone(), self.started.elapsed())
    }

    /// Returns the current connection, or begins to make one.
    ///
    /// It replaces a connection without a response for longer than the timeout, even if no command has failed: the
    /// commands may have been dropped because their clients disconnected.
    fn connection(&self) -> Connection {
        let now = self.started.elapsed();
        let mut inner = self.inner();
        let is_silent = inner.waiting_since.is_some_and(|since| now.saturating_sub(since) > self.timeout);
        if let Some(connection) = &inner.connection
            && !(is_silent && connection.ready.peek().is_some())
        {
            let connection = connection.clone();
            inner.waiting_since.get_or_insert(now);
            return connection;
        }
        inner.waiting_since = Some(now);
        // A separate task, so that connecting goes on while no request waits for it.
        let connecting = tokio::spawn(connect(self.client.clone(), CONNECT_LIMIT.max(self.timeout)));
        let ready = async move { connecting.await.unwrap_or(Err(StoreFailure::NoConnection)) };
        inner.connections_made += 1;
        let connection = Connection { number: inner.connections_made, ready: ready.boxed().shared() };
        inner.connection = Some(connection.clone());
        connection
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // No change can leave it inconsistent, so the value behind a poisoned lock is usable.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log(&self, change: Option<Change>) {
        let prefix = &self.prefix;
        match change {
            None => {}
            Some(Change::Failing(failure)) => tracing::warn!(
                code = failure.code(),
                prefix,
                "the shared store is unavailable, so redis.when_down applies: {failure}"
            ),
            Some(Change::Usable) => tracing::info!(prefix, "the shared store is available again"),
        }
    }
}

impl Inner {
    /// Returns whether `connection` has not been replaced. The result of a replaced connection says nothing about the
    /// current one.
    fn is_current(&self, connection: &Connection) -> bool {
        self.connection.as_ref().is_some_and(|current| current.number == connection.number)
    }
}

/// The time limit for connecting: name resolution, TCP, TLS, authentication and database.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

async fn connect(client: redis::Client, limit: Duration) -> Result<MultiplexedConnection, StoreFailure> {
    // `attempt` bounds the time for a response.
    let config = AsyncConnectionConfig::new().set_connection_timeout(Some(limit)).set_response_timeout(None);
    Ok(client.get_multiplexed_async_connection_with_config(&config).await?)
}

impl fmt::Debug for SharedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedStore")
            .field("prefix", &self.prefix)
            .field("is_failing", &self.inner().health.is_failing())
            .finish_non_exhaustive()
    }
}
