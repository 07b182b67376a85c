//! An issuer's public keys, fetched when they are needed and kept for a while.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use authress_jws::KeyRing;
use rustls_platform_verifier::BuilderVerifierExt;

use crate::refusal::TokenRefusal;

/// How long fetched keys are used without asking again. While the issuer answers, keys that were
/// withdrawn are accepted for at most this long.
pub const FRESH_FOR: Duration = Duration::from_secs(5 * 60);

/// How long fetched keys are used when asking again does not work.
pub const STALE_FOR: Duration = Duration::from_secs(60 * 60);

/// The shortest time from one answer to the next request for the keys, whatever tokens come in: a stranger can
/// put any `kid` into a token, and must not be able to make this server hammer the issuer.
pub const MIN_INTERVAL: Duration = Duration::from_secs(3);

/// How long a `kid` that the issuer did not know is not asked for again.
pub const UNKNOWN_FOR: Duration = Duration::from_secs(30);

/// How long the issuer has to answer.
pub const TIMEOUT: Duration = Duration::from_secs(3);

/// The largest key set that is read.
pub const MAX_BYTES: usize = 64 * 1024;

/// The public keys at one address. Concurrent callers cause one request, and only those wait for it to whom the
/// keys that are there are of no use.
#[derive(Debug)]
pub struct Keys {
    url: String,
    client: reqwest::Client,
    cache: Mutex<Cache>,
    fetching: tokio::sync::Mutex<()>,
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
            .tls_backend_preconfigured(tls)
            .build()
            .map_err(|_| KeysUnavailable)?;
        Ok(Self { url: url.into(), client, cache: Mutex::default(), fetching: tokio::sync::Mutex::default() })
    }

    /// The keys, among which `kid` is if the issuer has it: for a `kid` that is not among the kept ones
    /// they are fetched again, once.
    ///
    /// # Errors
    /// [`KeysUnavailable`] when there are no keys at all.
    pub async fn for_kid(&self, kid: &str) -> Result<Arc<KeyRing>, KeysUnavailable> {
        if let Some(keys) = self.cache().good_for(kid, Instant::now()) {
            return Ok(keys);
        }
        let _fetching = match self.fetching.try_lock() {
            Ok(fetching) => fetching,
            Err(_) => {
                // Somebody is asking already. An issuer that is slow must not make all wait who have its keys.
                let usable = self.cache().usable(Instant::now());
                if let Some(keys) = usable.filter(|keys| keys.contains(kid)) {
                    return Ok(keys);
                }
                self.fetching.lock().await
            }
        };
        let now = Instant::now();
        let may_fetch = {
            let cache = self.cache();
            if let Some(keys) = cache.good_for(kid, now) {
                return Ok(keys);
            }
            cache.may_fetch(now)
        };
        if may_fetch {
            let fetched = self.fetch().await.ok();
            if fetched.is_none() {
                tracing::warn!(url = self.url, "the issuer's public keys could not be fetched");
            }
            self.cache().note_attempt(fetched, kid, Instant::now());
        }
        self.cache().usable(Instant::now()).ok_or(KeysUnavailable)
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        // It is changed in whole values only, so a poisoned lock still guards good ones.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
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

#[derive(Debug, Default)]
struct Cache {
    fetched: Option<(Arc<KeyRing>, Instant)>,
    attempted: Option<Instant>,
    unknown: HashMap<String, Instant>,
}

impl Cache {
    /// The keys, if there is no reason to fetch any: they are fresh, and `kid` is among them or is
    /// known not to exist.
    fn good_for(&self, kid: &str, now: Instant) -> Option<Arc<KeyRing>> {
        let (keys, at) = self.fetched.as_ref()?;
        let is_settled = keys.contains(kid)
            || self.unknown.get(kid).is_some_and(|noted| now.saturating_duration_since(*noted) < UNKNOWN_FOR);
        (is_settled && now.saturating_duration_since(*at) < FRESH_FOR).then(|| Arc::clone(keys))
    }

    fn usable(&self, now: Instant) -> Option<Arc<KeyRing>> {
        let (keys, at) = self.fetched.as_ref()?;
        (now.saturating_duration_since(*at) < STALE_FOR).then(|| Arc::clone(keys))
    }

    fn may_fetch(&self, now: Instant) -> bool {
        self.attempted.is_none_or(|at| now.saturating_duration_since(at) >= MIN_INTERVAL)
    }

    /// `now` is the end of the attempt: else those who waited for one that took long would make one more each.
    fn note_attempt(&mut self, fetched: Option<KeyRing>, kid: &str, now: Instant) {
        self.attempted = Some(now);
        if let Some(keys) = fetched {
            self.fetched = Some((Arc::new(keys), now));
        }
        self.note_unknown(kid, now);
    }

    fn note_unknown(&mut self, kid: &str, now: Instant) {
        if self.fetched.as_ref().is_some_and(|(keys, _)| keys.contains(kid)) {
            self.unknown.remove(kid);
            return;
        }
        // Whoever fills it with invented ids is held up by `MIN_INTERVAL` alone then.
        self.unknown.retain(|_, noted| now.saturating_duration_since(*noted) < UNKNOWN_FOR);
        if self.unknown.len() < MAX_UNKNOWN && kid.len() <= MAX_KID_BYTES {
            self.unknown.insert(kid.to_owned(), now);
        }
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
    async fn invented_kids_make_nobody_wait_whose_key_is_known() {
        let keys = keys_of_a_silent_issuer(Duration::ZERO).await;
        let start = Instant::now();
        let known = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert!(keys.for_kid("k1").await.unwrap().contains("k1"));
            start.elapsed()
        };
        let (unknown, time) = tokio::join!(keys.for_kid("invented"), known);
        assert!(!unknown.unwrap().contains("invented"));
        assert!(time < TIMEOUT - Duration::from_secs(1), "{time:?}");
    }

    #[tokio::test]
    async fn an_issuer_that_does_not_answer_is_waited_for_once_by_one() {
        let keys = keys_of_a_silent_issuer(FRESH_FOR + Duration::from_secs(1)).await;
        let start = Instant::now();
        let ask = async |kid| {
            let _ = keys.for_kid(kid).await.unwrap();
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

    #[test]
    fn a_kid_that_the_issuer_does_not_know_is_asked_for_again_after_a_while() {
        let now = Instant::now();
        let mut cache = Cache { fetched: Some((Arc::new(key_set().into()), now)), ..Cache::default() };
        assert!(cache.good_for("k1", now).is_some());
        assert!(cache.good_for("k2", now).is_none());
        cache.note_unknown("k2", now);
        assert!(cache.good_for("k2", now + UNKNOWN_FOR - Duration::from_millis(1)).is_some());
        assert!(cache.good_for("k2", now + UNKNOWN_FOR).is_none());
        for number in 0..10_000 {
            cache.note_unknown(&number.to_string(), now);
        }
        assert!(cache.unknown.len() <= MAX_UNKNOWN);
    }

    #[test]
    fn keys_are_fresh_for_five_minutes_and_an_hour_old_ones_serve_when_there_are_no_others() {
        let now = Instant::now();
        let cache = Cache { fetched: Some((Arc::new(key_set().into()), now)), ..Cache::default() };
        assert!(cache.good_for("k1", now + FRESH_FOR - Duration::from_millis(1)).is_some());
        assert!(cache.good_for("k1", now + FRESH_FOR).is_none());
        assert!(cache.usable(now + STALE_FOR - Duration::from_millis(1)).is_some());
        assert!(cache.usable(now + STALE_FOR).is_none());
    }

    #[test]
    fn the_issuer_is_asked_at_most_every_few_seconds() {
        let now = Instant::now();
        let cache = Cache { attempted: Some(now), ..Cache::default() };
        assert!(!cache.may_fetch(now + MIN_INTERVAL - Duration::from_millis(1)));
        assert!(cache.may_fetch(now + MIN_INTERVAL));
        assert!(Cache::default().may_fetch(now));
    }
}
