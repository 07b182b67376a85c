//! An issuer's public keys: fetched when they are needed, cached, and fetched again when a `kid` is not among them.

mod cache;
mod error;
mod fetch;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use authress_jws::KeyRing;
use tokio::sync::watch;

use self::cache::{Cache, Fetch, NextStep};
pub use self::cache::{FRESH_FOR, MIN_INTERVAL, STALE_FOR, UNKNOWN_FOR};
pub use self::error::KeysUnavailable;
pub use self::fetch::{MAX_BYTES, TIMEOUT};

/// The public keys at one URL.
///
/// Concurrent callers share one request. It runs in its own task: a caller that is cancelled because its client
/// disconnected neither ends the request nor causes another one. Only callers that cannot use the cached keys wait
/// for it.
#[derive(Debug)]
pub struct IssuerKeys(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    url: String,
    client: reqwest::Client,
    cache: Mutex<Cache>,
}

impl IssuerKeys {
    /// The keys published at `url`. Nothing is fetched yet.
    ///
    /// # Errors
    /// [`KeysUnavailable`] when no HTTP client can be created.
    pub fn new(url: impl Into<String>) -> Result<Self, KeysUnavailable> {
        Ok(Self(Arc::new(Shared { url: url.into(), client: fetch::client()?, cache: Mutex::default() })))
    }

    /// Returns the keys. `kid` is among them if the issuer has it: for a `kid` that is not cached the keys are
    /// fetched again, at most once in [`MIN_INTERVAL`]. Needs a Tokio runtime.
    ///
    /// # Errors
    /// [`KeysUnavailable`] when there are no keys, or when `kid` is not among the cached keys and the issuer
    /// did not respond to the last request: it is unknown then whether it has the key.
    pub async fn for_kid(&self, kid: &str) -> Result<Arc<KeyRing>, KeysUnavailable> {
        let Some(mut fetch) = self.fetch_to_wait_for(kid)? else {
            return self.0.cache().keys_for(kid, Instant::now());
        };
        // An error means that the sender was dropped: the request has ended.
        let _ = fetch.changed().await;
        let now = Instant::now();
        let mut cache = self.0.cache();
        cache.record_unknown(kid, now);
        cache.keys_for(kid, now)
    }

    /// The request to wait for, if any: the one in flight, or a new one.
    fn fetch_to_wait_for(&self, kid: &str) -> Result<Option<Fetch>, KeysUnavailable> {
        let mut cache = self.0.cache();
        match cache.next_step(kid, Instant::now()) {
            NextStep::UseCache => Ok(None),
            NextStep::WaitFor(fetch) => Ok(Some(fetch)),
            NextStep::StartFetch => {
                let runtime = tokio::runtime::Handle::try_current().map_err(|_| KeysUnavailable)?;
                let (done, fetch) = watch::channel(());
                cache.record_start(fetch.clone(), Instant::now());
                runtime.spawn(Arc::clone(&self.0).refresh(done));
                Ok(Some(fetch))
            }
        }
    }
}

impl Shared {
    fn cache(&self) -> MutexGuard<'_, Cache> {
        // Each change is one assignment, so the value behind a poisoned lock is consistent.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn refresh(self: Arc<Self>, done: watch::Sender<()>) {
        let fetched = fetch::fetch(&self.client, &self.url).await.ok();
        if fetched.is_none() {
            tracing::warn!(url = self.url, "the issuer's public keys could not be fetched");
        }
        self.cache().record_end(fetched, Instant::now());
        drop(done);
    }
}

#[cfg(test)]
mod tests;
