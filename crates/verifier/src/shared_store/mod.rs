//! Redis, in which several verifiers keep one limit and one memory of used states.
//!
//! No request waits for it longer than the configured timeout. After a failure a circuit breaker is open for a second, in
//! which every instance decides by itself. A failed connection is never used again: the next attempt begins with a new
//! one, for which the address is resolved anew. Both changes of state are logged once.
//!
//! What it is asked is in `commands`, its address in `url`, the reasons of failures in `failure`, and when it
//! counts as failing in `health`.

mod commands;
mod failure;
mod health;
mod url;

use std::fmt;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisResult};

pub(crate) use self::commands::{Taken, TokenBucket};
pub use self::failure::StoreFailure;
pub use self::health::PAUSE;
use self::health::{Change, Health, Operation};
pub use self::url::{InvalidStoreUrl, StoreUrl};

/// What happens while the shared store cannot be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenDown {
    /// Each instance goes on with its own memory: shoppers are answered, the limit is up to as many
    /// times higher as there are instances, and a `state` can be used once on each.
    #[default]
    Local,
    /// Every login is refused (503).
    Refuse,
}

/// A connection to Redis that is made when it is needed, and replaced after each failure.
pub struct SharedStore {
    client: redis::Client,
    prefix: String,
    timeout: Duration,
    started: Instant,
    inner: Mutex<Inner>,
    /// One probe at a time: those who wait for it use its result.
    probe: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Inner {
    link: Option<Link>,
    links_made: u64,
    /// Since when, after the store was made, the connection has given no response to what was sent.
    unanswered_since: Option<Duration>,
    health: Health,
}

/// One connection, or the attempt to make it.
#[derive(Clone)]
struct Link {
    number: u64,
    connection: Shared<BoxFuture<'static, Result<MultiplexedConnection, StoreFailure>>>,
}

impl SharedStore {
    /// A store at `url`. All keys begin with `prefix`; a response that takes longer than `timeout` counts as
    /// none. Nothing is connected yet.
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

    /// Whether a login can use the store, as it was known within the last second or else as it is found out now, by
    /// what a login does. Probing more often than that costs the store nothing: readiness is open to everything that
    /// reaches the port.
    pub async fn is_usable(&self) -> bool {
        let _one_at_a_time = self.probe.lock().await;
        self.inner().health.is_known_usable(self.started.elapsed()) || self.try_out().await.is_ok()
    }

    /// Why a login cannot use the store, if it cannot. In contrast to a login it waits some seconds for a connection.
    ///
    /// # Errors
    /// The [`StoreFailure`].
    pub async fn check(&self) -> Result<(), StoreFailure> {
        let link = self.link();
        if let Err(failure) = link.connection.clone().await {
            self.note(self.failed(Operation::Take, &link, &failure));
            return Err(failure);
        }
        self.try_out().await
    }

    /// The full name of a key. The braces keep all keys of a deployment on one node of a cluster.
    pub(crate) fn key(&self, name: impl fmt::Display) -> String {
        format!("{{{}}}:{name}", self.prefix)
    }

    /// Runs `ask` on the connection.
    ///
    /// # Errors
    /// [`StoreFailure`] when the store fails, or has failed within the last second: then nothing is tried.
    async fn attempt<T, F>(
        &self,
        operation: Operation,
        ask: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Result<T, StoreFailure>
    where
        F: Future<Output = RedisResult<T>>,
    {
        if let Some(failure) = self.inner().health.pause(self.started.elapsed()) {
            return Err(failure);
        }
        let link = self.link();
        let connection = link.connection.clone();
        let answer = tokio::time::timeout(self.timeout, async {
            let connection = connection.await?;
            ask(connection).await.map_err(StoreFailure::from)
        });
        let failure = match answer.await {
            Ok(Ok(answer)) => {
                self.note(self.succeeded(operation, &link));
                return Ok(answer);
            }
            Ok(Err(failure)) => failure,
            Err(_) if link.connection.peek().is_some() => StoreFailure::NoResponse,
            // It is still being made, in the background and within its own limit: a handshake may take longer than
            // a login may wait.
            Err(_) => StoreFailure::NoConnection,
        };
        self.note(self.failed(operation, &link, &failure));
        Err(failure)
    }

    fn succeeded(&self, operation: Operation, link: &Link) -> Option<Change> {
        let mut inner = self.inner();
        if !inner.is_current(link) {
            return None;
        }
        inner.unanswered_since = None;
        inner.health.succeeded(operation, self.started.elapsed())
    }

    fn failed(&self, operation: Operation, link: &Link, failure: &StoreFailure) -> Option<Change> {
        let mut inner = self.inner();
        if !inner.is_current(link) {
            return None;
        }
        inner.unanswered_since = None;
        if *failure != StoreFailure::NoConnection || link.connection.peek().is_some() {
            inner.link = None;
        }
        inner.health.failed(operation, failure.clone(), self.started.elapsed())
    }

    /// The present connection; if there is none it is begun.
    ///
    /// One that has given no response for longer than the timeout is replaced, although no request has failed by that:
    /// all of them may have been dropped before, because their clients hung up.
    fn link(&self) -> Link {
        let now = self.started.elapsed();
        let mut inner = self.inner();
        let is_silent = inner.unanswered_since.is_some_and(|since| now.saturating_sub(since) > self.timeout);
        if let Some(link) = &inner.link
            && !(is_silent && link.connection.peek().is_some())
        {
            let link = link.clone();
            inner.unanswered_since.get_or_insert(now);
            return link;
        }
        inner.unanswered_since = Some(now);
        // A task of its own, so that it goes on while no request waits for it.
        let connecting = tokio::spawn(connect(self.client.clone(), CONNECT_LIMIT.max(self.timeout)));
        let connection = async move { connecting.await.unwrap_or(Err(StoreFailure::NoConnection)) };
        inner.links_made += 1;
        let link = Link { number: inner.links_made, connection: connection.boxed().shared() };
        inner.link = Some(link.clone());
        link
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Every change leaves it whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, change: Option<Change>) {
        let prefix = &self.prefix;
        match change {
            None => {}
            Some(Change::Failing(failure)) => tracing::warn!(
                code = failure.code(),
                prefix,
                "the shared store cannot be used, and redis.when_down holds until it can: {failure}"
            ),
            Some(Change::Usable) => {
                tracing::info!(prefix, "the shared store can be used again: limits and used states are common again")
            }
        }
    }
}

impl Inner {
    /// What was sent over a connection that has been replaced says nothing about the present one.
    fn is_current(&self, link: &Link) -> bool {
        self.link.as_ref().is_some_and(|current| current.number == link.number)
    }
}

/// How long a connection may take to be made: name, TCP, TLS, user and database.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

async fn connect(client: redis::Client, limit: Duration) -> Result<MultiplexedConnection, StoreFailure> {
    // How long a response may take is bounded where it is asked for.
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
