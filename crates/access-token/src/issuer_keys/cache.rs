//! Which keys are used, and when they are fetched again. Pure: the time is an argument.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use authress_jws::KeyRing;
use tokio::sync::watch;

use super::error::KeysUnavailable;

/// How long fetched keys are used without another request. While the issuer responds, withdrawn keys are accepted for at
/// most this long.
pub const FRESH_FOR: Duration = Duration::from_secs(5 * 60);

/// How long fetched keys are used while requests fail.
pub const STALE_FOR: Duration = Duration::from_secs(60 * 60);

/// The shortest time from a response to the next request, whatever tokens arrive and however early their clients
/// disconnect: any client can put any `kid` into a token, and must not cause a flood of requests to the issuer.
pub const MIN_INTERVAL: Duration = Duration::from_secs(3);

/// How long a `kid` that is missing in the issuer's response is not requested again.
pub const UNKNOWN_FOR: Duration = Duration::from_secs(30);

const MAX_UNKNOWN: usize = 256;
const MAX_KID_BYTES: usize = 256;

/// Closed when the request ends: its sender is dropped then.
pub(super) type Fetch = watch::Receiver<()>;

/// The keys, the last request, and the key ids that the issuer does not have.
#[derive(Debug, Default)]
pub(super) struct Cache {
    fetched: Option<(Arc<KeyRing>, Instant)>,
    last: Option<Attempt>,
    unknown: HashMap<String, Instant>,
}

/// The last request to the issuer.
#[derive(Debug)]
struct Attempt {
    /// When it started, and once it has ended, when it ended.
    at: Instant,
    has_succeeded: bool,
    fetch: Fetch,
}

/// What a caller does next.
#[derive(Debug)]
pub(super) enum NextStep {
    /// Use the cached keys, or report that there are none.
    UseCache,
    /// Wait for the request in flight.
    WaitFor(Fetch),
    /// Send a request.
    StartFetch,
}

impl Cache {
    pub(super) fn next_step(&self, kid: &str, now: Instant) -> NextStep {
        if self.is_conclusive_for(kid, now) {
            return NextStep::UseCache;
        }
        match &self.last {
            // A slow issuer must not delay callers whose key is cached.
            Some(last) if last.is_in_flight() && self.has(kid, now) => NextStep::UseCache,
            Some(last) if last.is_in_flight() => NextStep::WaitFor(last.fetch.clone()),
            Some(last) if now.saturating_duration_since(last.at) < MIN_INTERVAL => NextStep::UseCache,
            Some(_) | None => NextStep::StartFetch,
        }
    }

    /// Whether no request is needed: the keys are fresh, and `kid` is among them or is known not to exist.
    fn is_conclusive_for(&self, kid: &str, now: Instant) -> bool {
        self.fetched.as_ref().is_some_and(|(keys, at)| {
            let is_known = keys.contains(kid)
                || self.unknown.get(kid).is_some_and(|recorded| now.saturating_duration_since(*recorded) < UNKNOWN_FOR);
            is_known && now.saturating_duration_since(*at) < FRESH_FOR
        })
    }

    fn usable(&self, now: Instant) -> Option<&Arc<KeyRing>> {
        let (keys, at) = self.fetched.as_ref()?;
        (now.saturating_duration_since(*at) < STALE_FOR).then_some(keys)
    }

    fn has(&self, kid: &str, now: Instant) -> bool {
        self.usable(now).is_some_and(|keys| keys.contains(kid))
    }

    /// Returns the keys, unless it is unknown whether the issuer has `kid`: after a failed request, a key that is not
    /// cached may still exist.
    pub(super) fn keys_for(&self, kid: &str, now: Instant) -> Result<Arc<KeyRing>, KeysUnavailable> {
        let keys = self.usable(now).ok_or(KeysUnavailable)?;
        let is_known = keys.contains(kid) || self.is_conclusive_for(kid, now) || self.last_has_succeeded();
        if is_known { Ok(Arc::clone(keys)) } else { Err(KeysUnavailable) }
    }

    fn last_has_succeeded(&self) -> bool {
        self.last.as_ref().is_some_and(|last| last.has_succeeded)
    }

    /// Records the start of a request. `MIN_INTERVAL` counts from here: a request whose task is dropped with its runtime
    /// may have reached the issuer.
    pub(super) fn record_start(&mut self, fetch: Fetch, now: Instant) {
        self.last = Some(Attempt { at: now, has_succeeded: false, fetch });
    }

    /// Records the end of a request. `MIN_INTERVAL` counts from here again: otherwise each caller that waited for a slow
    /// request would send another one.
    pub(super) fn record_end(&mut self, fetched: Option<KeyRing>, now: Instant) {
        if let Some(last) = &mut self.last {
            last.at = now;
            last.has_succeeded = fetched.is_some();
        }
        if let Some(keys) = fetched {
            self.unknown.retain(|kid, _| !keys.contains(kid));
            self.fetched = Some((Arc::new(keys), now));
        }
    }

    /// Records that the issuer has no key `kid`, if its last response says so.
    pub(super) fn record_unknown(&mut self, kid: &str, now: Instant) {
        if !self.last_has_succeeded() || self.has(kid, now) {
            return;
        }
        // For invented ids beyond this number, only `MIN_INTERVAL` limits the requests.
        self.unknown.retain(|_, recorded| now.saturating_duration_since(*recorded) < UNKNOWN_FOR);
        if self.unknown.len() < MAX_UNKNOWN && kid.len() <= MAX_KID_BYTES {
            self.unknown.insert(kid.to_owned(), now);
        }
    }
}

impl Attempt {
    /// `false` once its task has ended or was dropped.
    fn is_in_flight(&self) -> bool {
        self.fetch.has_changed().is_ok()
    }
}

#[cfg(test)]
impl Cache {
    /// A cache with these keys, without a request.
    pub(super) fn with_keys(keys: KeyRing, fetched_at: Instant) -> Self {
        Self { fetched: Some((Arc::new(keys), fetched_at)), ..Self::default() }
    }

    /// Makes the last request older by [`MIN_INTERVAL`].
    pub(super) fn let_the_interval_pass(&mut self) {
        let last = self.last.as_mut().unwrap();
        last.at = last.at.checked_sub(MIN_INTERVAL).unwrap();
    }
}

#[cfg(test)]
mod tests {
    use authress_jws::{JwkSet, SigningKey};

    use super::*;

    fn key_set() -> JwkSet {
        JwkSet { keys: vec![SigningKey::generate("k1").unwrap().public_jwk()] }
    }

    /// A cache whose last request ended at `now`, with or without keys.
    fn cache_after(fetched: Option<KeyRing>, now: Instant) -> Cache {
        let mut cache = Cache::default();
        let (done, fetch) = watch::channel(());
        cache.record_start(fetch, now);
        cache.record_end(fetched, now);
        drop(done);
        cache
    }

    fn fetches(cache: &Cache, kid: &str, now: Instant) -> bool {
        matches!(cache.next_step(kid, now), NextStep::StartFetch)
    }

    #[test]
    fn an_unknown_kid_is_requested_again_after_a_while() {
        let now = Instant::now();
        let mut cache = cache_after(Some(key_set().into()), now);
        assert!(cache.is_conclusive_for("k1", now));
        assert!(!cache.is_conclusive_for("k2", now));
        cache.record_unknown("k2", now);
        assert!(cache.is_conclusive_for("k2", now + UNKNOWN_FOR - Duration::from_millis(1)));
        assert!(!cache.is_conclusive_for("k2", now + UNKNOWN_FOR));
        for number in 0..10_000 {
            cache.record_unknown(&number.to_string(), now);
        }
        assert!(cache.unknown.len() <= MAX_UNKNOWN);
    }

    #[test]
    fn after_a_failed_request_it_is_unknown_whether_a_key_exists() {
        let now = Instant::now();
        let mut cache = cache_after(Some(key_set().into()), now);
        assert!(!cache.keys_for("k2", now).unwrap().contains("k2"), "the issuer has just responded without it");
        let later = now + MIN_INTERVAL;
        let (_done, fetch) = watch::channel(());
        cache.record_start(fetch, later);
        cache.record_end(None, later);
        cache.record_unknown("k2", later);
        assert_eq!(cache.keys_for("k2", later).unwrap_err(), KeysUnavailable);
        assert!(cache.keys_for("k1", later).unwrap().contains("k1"), "the cached keys are still valid");
        assert!(cache.unknown.is_empty());
    }

    #[test]
    fn keys_are_fresh_for_five_minutes_and_usable_for_an_hour() {
        let now = Instant::now();
        let cache = cache_after(Some(key_set().into()), now);
        assert!(!fetches(&cache, "k1", now + FRESH_FOR - Duration::from_millis(1)));
        assert!(fetches(&cache, "k1", now + FRESH_FOR));
        assert!(cache.usable(now + STALE_FOR - Duration::from_millis(1)).is_some());
        assert!(cache.usable(now + STALE_FOR).is_none());
    }

    #[test]
    fn the_issuer_gets_at_most_one_request_every_few_seconds() {
        let now = Instant::now();
        for fetched in [None, Some(key_set().into())] {
            let cache = cache_after(fetched, now);
            assert!(!fetches(&cache, "k2", now + MIN_INTERVAL - Duration::from_millis(1)));
            assert!(fetches(&cache, "k2", now + MIN_INTERVAL));
        }
        assert!(fetches(&Cache::default(), "k1", now));
    }

    #[test]
    fn a_request_whose_task_was_dropped_counts_and_delays_no_caller() {
        let now = Instant::now();
        let mut cache = Cache::default();
        let (done, fetch) = watch::channel(());
        cache.record_start(fetch, now);
        assert!(matches!(cache.next_step("k1", now), NextStep::WaitFor(_)));
        drop(done);
        assert!(matches!(cache.next_step("k1", now), NextStep::UseCache));
        assert!(fetches(&cache, "k1", now + MIN_INTERVAL));
    }
}
