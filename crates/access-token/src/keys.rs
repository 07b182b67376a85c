//! An issuer's public keys, fetched when they are needed and kept for a while.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use authress_jws::KeyRing;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::sync::watch;

use crate::refusal::TokenRefusal;

/// How long fetched keys are used without asking again. While the issuer answers, keys that were
/// withdrawn are accepted for at most this long.
pub const FRESH_FOR: Duration = Duration::from_secs(5 * 60);

/// How long fetched keys are used when asking again does not work.
pub const STALE_FOR: Duration = Duration::from_secs(60 * 60);

/// The shortest time from one response to the next request for the keys, whatever tokens come in and however soon
/// their senders hang up: anyone can put any `kid` into a token, and must not make this server hammer the issuer.
pub const MIN_INTERVAL: Duration = Duration::from_secs(3);

/// How long a `kid` that the issuer's response did not have is not asked for again.
pub const UNKNOWN_FOR: Duration = Duration::from_secs(30);

/// How long the issuer has to answer.
pub const TIMEOUT: Duration = Duration::from_secs(3);

/// The largest key set that is read.
pub const MAX_BYTES: usize = 64 * 1024;

/// The public keys at one address.
///
/// Concurrent callers cause one request. It runs in a task of its own: a caller that goes away in the middle, because
/// its client hung up, neither ends the request nor makes room for another one. Only callers for which the cached
/// keys are of no use wait for it.
#[derive(Debug)]
pub struct Keys(Arc<Issuer>);

#[derive(Debug)]
struct Issuer {
    url: String,
    client: reqwest::Client,
    cache: Mutex<Cache>,
}

impl Keys {
    /// Keys published at `url`. Nothing is fetched yet.
    ///
    /// # Errors
    /// [`KeysUnavailable`] when no HTTP client can be made.
    pub fn new(url: impl Into<String>) -> Result<Self, KeysUnavailable> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_platform_verifier())
            .map_err(|_| KeysUnavailable)?
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            // The keys decide who is let in: they come from the configured address and nowhere else.
            .no_proxy()
            // Minutes lie between two requests: a connection that is kept would be closed by the issuer meanwhile.
            .pool_max_idle_per_host(0)
            .tls_backend_preconfigured(tls)
            .build()
            .map_err(|_| KeysUnavailable)?;
        Ok(Self(Arc::new(Issuer { url: url.into(), client, cache: Mutex::default() })))
    }

    /// Returns the keys. `kid` is among them if the issuer has it: for a `kid` that is not cached the keys are
    /// fetched again, at most once in [`MIN_INTERVAL`]. Needs a Tokio runtime.
    ///
    /// # Errors
    /// [`KeysUnavailable`] when there are no keys at all, or when `kid` is not among the cached keys and the issuer
    /// did not respond to the last request: whether it has the key is not known then.
    pub async fn for_kid(&self, kid: &str) -> Result<Arc<KeyRing>, KeysUnavailable> {
        let Some(mut fetch) = self.next_step(kid)? else { return self.0.cache().keys_for(kid, Instant::now()) };
        // The sender is dropped at the end of the fetch, however it ends.
        let _ = fetch.changed().await;
        let now = Instant::now();
        let mut cache = self.0.cache();
        cache.note_unknown(kid, now);
        cache.keys_for(kid, now)
    }

    /// What to wait for, if anything: a fetch that is under way, or a new one.
    fn next_step(&self, kid: &str) -> Result<Option<Fetch>, KeysUnavailable> {
        let mut cache = self.0.cache();
        match cache.next_step(kid, Instant::now()) {
            Step::Decide => Ok(None),
            Step::WaitFor(fetch) => Ok(Some(fetch)),
            Step::Fetch => {
                let runtime = tokio::runtime::Handle::try_current().map_err(|_| KeysUnavailable)?;
                let (done, fetch) = watch::channel(());
                cache.note_start(fetch.clone(), Instant::now());
                runtime.spawn(Arc::clone(&self.0).refresh(done));
                Ok(Some(fetch))
            }
        }
    }

    #[cfg(test)]
    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.0.cache()
    }
}

impl Issuer {
    fn cache(&self) -> MutexGuard<'_, Cache> {
        // It is changed in whole values only, so a poisoned lock still guards good ones.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn refresh(self: Arc<Self>, done: watch::Sender<()>) {
        let fetched = self.fetch().await.ok();
        if fetched.is_none() {
            tracing::warn!(url = self.url, "the issuer's public keys could not be fetched");
        }
        self.cache().note_end(fetched, Instant::now());
        drop(done);
    }

    async fn fetch(&self) -> Result<KeyRing, KeysUnavailable> {
        let mut response = self.client.get(&self.url).send().await.map_err(|_| KeysUnavailable)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(KeysUnavailable);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| KeysUnavailable)? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(KeysUnavailable);
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).map_err(|_| KeysUnavailable)
    }
}

/// The issuer's keys are not known and cannot be fetched now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeysUnavailable;

impl fmt::Display for KeysUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the issuer's public keys cannot be fetched; check its address and that it runs, then try again")
    }
}

impl std::error::Error for KeysUnavailable {}

impl From<KeysUnavailable> for TokenRefusal {
    fn from(KeysUnavailable: KeysUnavailable) -> Self {
        Self::KeysUnavailable
    }
}

/// Ends when the fetch does: its sender is dropped then.
type Fetch = watch::Receiver<()>;

#[derive(Debug, Default)]
struct Cache {
    fetched: Option<(Arc<KeyRing>, Instant)>,
    last: Option<Attempt>,
    unknown: HashMap<String, Instant>,
}

/// The latest request to the issuer.
#[derive(Debug)]
struct Attempt {
    /// When it began, and from its end on when it ended.
    at: Instant,
    has_succeeded: bool,
    fetch: Fetch,
}

/// What a caller does next.
#[derive(Debug)]
enum Step {
    /// Take what the cache says.
    Decide,
    /// Wait for the request that is under way.
    WaitFor(Fetch),
    /// Make a request.
    Fetch,
}

impl Cache {
    fn next_step(&self, kid: &str, now: Instant) -> Step {
        if self.is_settled(kid, now) {
            return Step::Decide;
        }
        match &self.last {
            // A slow issuer must not hold up the callers that have its keys already.
            Some(last) if last.is_under_way() && self.has(kid, now) => Step::Decide,
            Some(last) if last.is_under_way() => Step::WaitFor(last.fetch.clone()),
            Some(last) if now.saturating_duration_since(last.at) < MIN_INTERVAL => Step::Decide,
            Some(_) | None => Step::Fetch,
        }
    }

    /// Whether there is no reason to fetch any keys: they are fresh, and `kid` is among them or is known not to exist.
    fn is_settled(&self, kid: &str, now: Instant) -> bool {
        self.fetched.as_ref().is_some_and(|(keys, at)| {
            let is_known = keys.contains(kid)
                || self.unknown.get(kid).is_some_and(|noted| now.saturating_duration_since(*noted) < UNKNOWN_FOR);
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

    /// Only the issuer can say that it does not have a key: a failed request says nothing about it.
    fn keys_for(&self, kid: &str, now: Instant) -> Result<Arc<KeyRing>, KeysUnavailable> {
        let keys = self.usable(now).ok_or(KeysUnavailable)?;
        let is_known = keys.contains(kid) || self.is_settled(kid, now) || self.last_has_succeeded();
        if is_known { Ok(Arc::clone(keys)) } else { Err(KeysUnavailable) }
    }

    fn last_has_succeeded(&self) -> bool {
        self.last.as_ref().is_some_and(|last| last.has_succeeded)
    }

    /// Counts from the start: a request whose task is dropped with its runtime has reached the issuer, too.
    fn note_start(&mut self, fetch: Fetch, now: Instant) {
        self.last = Some(Attempt { at: now, has_succeeded: false, fetch });
    }

    /// Counts anew from the end: else the callers that waited for a slow request would make one more each.
    fn note_end(&mut self, fetched: Option<KeyRing>, now: Instant) {
        if let Some(last) = &mut self.last {
            last.at = now;
            last.has_succeeded = fetched.is_some();
        }
        if let Some(keys) = fetched {
            self.unknown.retain(|kid, _| !keys.contains(kid));
            self.fetched = Some((Arc::new(keys), now));
        }
    }

    /// Remembers that the issuer has no key `kid`, if its last response says so.
    fn note_unknown(&mut self, kid: &str, now: Instant) {
        if !self.last_has_succeeded() || self.has(kid, now) {
            return;
        }
        // Invented ids that do not fit in are held up by `MIN_INTERVAL` alone.
        self.unknown.retain(|_, noted| now.saturating_duration_since(*noted) < UNKNOWN_FOR);
        if self.unknown.len() < MAX_UNKNOWN && kid.len() <= MAX_KID_BYTES {
            self.unknown.insert(kid.to_owned(), now);
        }
    }
}

impl Attempt {
    /// Not after its task was dropped, with or without an end.
    fn is_under_way(&self) -> bool {
        self.fetch.has_changed().is_ok()
    }
}

const MAX_UNKNOWN: usize = 256;
const MAX_KID_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use authress_jws::{JwkSet, SigningKey};
    use axum::Router;
    use axum::http::StatusCode;
    use axum::response::Redirect;
    use axum::routing::get;

    use super::*;

    /// An issuer on a free loopback port that counts how often it was asked; ends with the test.
    async fn issuer(status: StatusCode, body: String) -> (String, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = asked.clone();
        let router = Router::new()
            .route(
                "/keys",
                get(move || {
                    counter.fetch_add(1, Ordering::SeqCst);
                    std::future::ready((status, body))
                }),
            )
            .route("/slow", get(std::future::pending::<()>))
            .route("/moved", get(|| std::future::ready(Redirect::temporary("/keys"))));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (origin, asked)
    }

    fn key_set() -> JwkSet {
        JwkSet { keys: vec![SigningKey::generate("k1").unwrap().public_jwk()] }
    }

    fn key_set_text() -> String {
        serde_json::to_string(&key_set()).unwrap()
    }

    #[tokio::test]
    async fn keys_are_fetched_once_and_then_kept() {
        let (origin, asked) = issuer(StatusCode::OK, key_set_text()).await;
        let keys = Keys::new(format!("{origin}/keys")).unwrap();
        for _ in 0..3 {
            assert!(keys.for_kid("k1").await.unwrap().contains("k1"));
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    /// An issuer that responds once it is allowed to.
    async fn gated_issuer() -> (String, Arc<AtomicUsize>, Arc<tokio::sync::Semaphore>) {
        let (asked, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(tokio::sync::Semaphore::new(0)));
        let (counter, closed) = (Arc::clone(&asked), Arc::clone(&gate));
        let body = key_set_text();
        let router = Router::new().route(
            "/keys",
            get(async move || {
                counter.fetch_add(1, Ordering::SeqCst);
                let _open = closed.acquire().await;
                body
            }),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (url, asked, gate)
    }

    #[tokio::test]
    async fn callers_that_go_away_make_one_request_and_the_next_caller_has_its_keys() {
        let (url, asked, gate) = gated_issuer().await;
        let keys = Keys::new(url).unwrap();
        for number in 0..20 {
            let kid = format!("invented-{number}");
            let asking = tokio::time::timeout(Duration::from_millis(10), keys.for_kid(&kid));
            assert!(asking.await.is_err(), "the issuer is silent");
        }
        gate.add_permits(1);
        assert!(keys.for_kid("k1").await.unwrap().contains("k1"));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn after_one_failed_request_a_new_key_is_found_without_half_a_minute_of_waiting() {
        let responses = Arc::new(Mutex::new(vec![StatusCode::OK, StatusCode::BAD_GATEWAY]));
        let both = JwkSet { keys: ["k1", "k2"].map(|kid| SigningKey::generate(kid).unwrap().public_jwk()).to_vec() };
        let (first, then) = (key_set_text(), serde_json::to_string(&both).unwrap());
        let left = Arc::clone(&responses);
        let handler = move || {
            let mut left = left.lock().unwrap();
            let has_both = left.len() < 2;
            let status = if left.is_empty() { StatusCode::OK } else { left.remove(0) };
            std::future::ready((status, if has_both { then.clone() } else { first.clone() }))
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/keys", get(handler))).await });

        let keys = Keys::new(url).unwrap();
        let an_interval_passes = || {
            let mut cache = keys.cache();
            let last = cache.last.as_mut().unwrap();
            last.at = last.at.checked_sub(MIN_INTERVAL).unwrap();
        };
        assert!(keys.for_kid("k1").await.unwrap().contains("k1"));
        an_interval_passes();
        assert_eq!(keys.for_kid("k2").await.unwrap_err(), KeysUnavailable, "and not: there is no such key");
        assert!(keys.for_kid("k1").await.is_ok());
        an_interval_passes();
        assert!(keys.for_kid("k2").await.unwrap().contains("k2"));
        assert!(responses.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn unknown_kids_in_a_row_do_not_reach_the_issuer() {
        let (origin, asked) = issuer(StatusCode::OK, key_set_text()).await;
        let keys = Keys::new(format!("{origin}/keys")).unwrap();
        for number in 0..20 {
            assert!(!keys.for_kid(&format!("unknown-{}", number % 7)).await.unwrap().contains("unknown-1"));
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    /// Keys that are there, at an issuer that takes a request and never answers it.
    async fn keys_of_a_silent_issuer(fetched_before: Duration) -> Keys {
        let (origin, _) = issuer(StatusCode::OK, String::new()).await;
        let keys = Keys::new(format!("{origin}/slow")).unwrap();
        let at = Instant::now().checked_sub(fetched_before).unwrap();
        keys.cache().fetched = Some((Arc::new(key_set().into()), at));
        keys
    }

    #[tokio::test]
    async fn invented_kids_hold_up_no_caller_whose_key_is_known() {
        let keys = keys_of_a_silent_issuer(Duration::ZERO).await;
        let start = Instant::now();
        let known = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert!(keys.for_kid("k1").await.unwrap().contains("k1"));
            start.elapsed()
        };
        let (unknown, time) = tokio::join!(keys.for_kid("invented"), known);
        assert_eq!(unknown.unwrap_err(), KeysUnavailable);
        assert!(time < TIMEOUT - Duration::from_secs(1), "{time:?}");
    }

    #[tokio::test]
    async fn an_issuer_that_does_not_answer_is_waited_for_once_by_one() {
        let keys = keys_of_a_silent_issuer(FRESH_FOR + Duration::from_secs(1)).await;
        let start = Instant::now();
        let ask = async |kid| {
            assert_eq!(keys.for_kid(kid).await.is_ok(), kid == "k1", "{kid}");
            start.elapsed()
        };
        let (first, second, third, fourth) = tokio::join!(ask("k1"), ask("k1"), ask("invented"), ask("invented too"));
        assert!(first >= TIMEOUT && second < TIMEOUT, "{first:?} {second:?}");
        assert!(third.max(fourth) < TIMEOUT + Duration::from_secs(2), "one after the other: {third:?} {fourth:?}");
    }

    #[tokio::test]
    async fn errors_oversized_answers_garbage_and_redirects_are_no_keys() {
        let huge = format!(r#"{{"keys":[],"padding":"{}"}}"#, "x".repeat(MAX_BYTES));
        for (status, body, path) in [
            (StatusCode::INTERNAL_SERVER_ERROR, key_set_text(), "/keys"),
            (StatusCode::OK, huge, "/keys"),
            (StatusCode::OK, "<html>".to_owned(), "/keys"),
            (StatusCode::OK, key_set_text(), "/moved"),
            (StatusCode::OK, key_set_text(), "/slow"),
        ] {
            let (origin, _) = issuer(status, body).await;
            let keys = Keys::new(format!("{origin}{path}")).unwrap();
            assert_eq!(keys.for_kid("k1").await.unwrap_err(), KeysUnavailable, "{path}");
        }
    }

    /// A cache whose last request ended at `now`, with or without keys.
    fn cache_after(fetched: Option<KeyRing>, now: Instant) -> Cache {
        let mut cache = Cache::default();
        let (done, fetch) = watch::channel(());
        cache.note_start(fetch, now);
        cache.note_end(fetched, now);
        drop(done);
        cache
    }

    fn fetches(cache: &Cache, kid: &str, now: Instant) -> bool {
        matches!(cache.next_step(kid, now), Step::Fetch)
    }

    #[test]
    fn a_kid_that_the_issuer_does_not_know_is_asked_for_again_after_a_while() {
        let now = Instant::now();
        let mut cache = cache_after(Some(key_set().into()), now);
        assert!(cache.is_settled("k1", now));
        assert!(!cache.is_settled("k2", now));
        cache.note_unknown("k2", now);
        assert!(cache.is_settled("k2", now + UNKNOWN_FOR - Duration::from_millis(1)));
        assert!(!cache.is_settled("k2", now + UNKNOWN_FOR));
        for number in 0..10_000 {
            cache.note_unknown(&number.to_string(), now);
        }
        assert!(cache.unknown.len() <= MAX_UNKNOWN);
    }

    #[test]
    fn a_failed_request_is_not_knowledge_about_a_key() {
        let now = Instant::now();
        let mut cache = cache_after(Some(key_set().into()), now);
        assert!(!cache.keys_for("k2", now).unwrap().contains("k2"), "the issuer has just said so");
        let later = now + MIN_INTERVAL;
        let (_done, fetch) = watch::channel(());
        cache.note_start(fetch, later);
        cache.note_end(None, later);
        cache.note_unknown("k2", later);
        assert_eq!(cache.keys_for("k2", later).unwrap_err(), KeysUnavailable);
        assert!(cache.keys_for("k1", later).unwrap().contains("k1"), "the cached keys are good as before");
        assert!(cache.unknown.is_empty());
    }

    #[test]
    fn keys_are_fresh_for_five_minutes_and_an_hour_old_ones_serve_when_there_are_no_others() {
        let now = Instant::now();
        let cache = cache_after(Some(key_set().into()), now);
        assert!(!fetches(&cache, "k1", now + FRESH_FOR - Duration::from_millis(1)));
        assert!(fetches(&cache, "k1", now + FRESH_FOR));
        assert!(cache.usable(now + STALE_FOR - Duration::from_millis(1)).is_some());
        assert!(cache.usable(now + STALE_FOR).is_none());
    }

    #[test]
    fn the_issuer_is_asked_at_most_every_few_seconds() {
        let now = Instant::now();
        for fetched in [None, Some(key_set().into())] {
            let cache = cache_after(fetched, now);
            assert!(!fetches(&cache, "k2", now + MIN_INTERVAL - Duration::from_millis(1)));
            assert!(fetches(&cache, "k2", now + MIN_INTERVAL));
        }
        assert!(fetches(&Cache::default(), "k1", now));
    }

    #[test]
    fn a_request_whose_task_was_dropped_counts_and_holds_no_caller_up() {
        let now = Instant::now();
        let mut cache = Cache::default();
        let (done, fetch) = watch::channel(());
        cache.note_start(fetch, now);
        assert!(matches!(cache.next_step("k1", now), Step::WaitFor(_)));
        drop(done);
        assert!(matches!(cache.next_step("k1", now), Step::Decide));
        assert!(fetches(&cache, "k1", now + MIN_INTERVAL));
    }
}
