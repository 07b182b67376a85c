//! The issuer's public keys, fetched when they are needed and kept for a while.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use authress_jws::JwkSet;
use tokio::sync::Mutex;

/// How long fetched keys are used without asking again. Keys that were withdrawn are accepted for
/// at most this long.
pub const FRESH_FOR: Duration = Duration::from_secs(5 * 60);

/// The shortest time between two requests for the keys, whatever tokens come in: a stranger can
/// put any `kid` into a token, and must not be able to make this server hammer the issuer.
pub const MIN_INTERVAL: Duration = Duration::from_secs(3);

/// How long the issuer has to answer.
pub const TIMEOUT: Duration = Duration::from_secs(3);

/// The largest key set that is read.
pub const MAX_BYTES: usize = 64 * 1024;

/// The public keys at one address. Cheap to share by reference; concurrent callers cause one
/// request.
#[derive(Debug)]
pub struct Keys {
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
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            // The keys decide who is let in: they come from the configured address and nowhere else.
            .no_proxy()
            .build()
            .map_err(|_| KeysUnavailable)?;
        Ok(Self { url: url.into(), client, cache: Mutex::new(Cache::default()) })
    }

    /// The keys, not older than [`FRESH_FOR`].
    ///
    /// # Errors
    /// [`KeysUnavailable`] when the issuer does not answer with a key set.
    pub async fn current(&self) -> Result<Arc<JwkSet>, KeysUnavailable> {
        let mut cache = self.cache.lock().await;
        match cache.fresh(Instant::now()) {
            Some(keys) => Ok(keys),
            None => self.fetch_into(&mut cache).await,
        }
    }

    /// The keys after a token named one that is not among them: fetched again, unless that was
    /// tried in the last [`MIN_INTERVAL`].
    ///
    /// # Errors
    /// [`KeysUnavailable`] when there are no keys at all.
    pub async fn after_unknown_key(&self) -> Result<Arc<JwkSet>, KeysUnavailable> {
        let mut cache = self.cache.lock().await;
        match self.fetch_into(&mut cache).await {
            Ok(keys) => Ok(keys),
            Err(error) => cache.fresh(Instant::now()).ok_or(error),
        }
    }

    async fn fetch_into(&self, cache: &mut Cache) -> Result<Arc<JwkSet>, KeysUnavailable> {
        if !cache.may_fetch(Instant::now()) {
            return Err(KeysUnavailable);
        }
        cache.attempted = Some(Instant::now());
        let keys = self.fetch().await.inspect_err(|_| {
            tracing::warn!(url = self.url, "the issuer's public keys could not be fetched");
        })?;
        let keys = Arc::new(keys);
        cache.fetched = Some((keys.clone(), Instant::now()));
        Ok(keys)
    }

    async fn fetch(&self) -> Result<JwkSet, KeysUnavailable> {
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
        f.write_str(
            "the issuer's public keys cannot be fetched; check jwksUrl and that the issuer runs, then try again",
        )
    }
}

impl std::error::Error for KeysUnavailable {}

#[derive(Debug, Default)]
struct Cache {
    fetched: Option<(Arc<JwkSet>, Instant)>,
    attempted: Option<Instant>,
}

impl Cache {
    fn fresh(&self, now: Instant) -> Option<Arc<JwkSet>> {
        let (keys, at) = self.fetched.as_ref()?;
        (now.saturating_duration_since(*at) < FRESH_FOR).then(|| keys.clone())
    }

    fn may_fetch(&self, now: Instant) -> bool {
        self.attempted.is_none_or(|at| now.saturating_duration_since(at) >= MIN_INTERVAL)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use authress_jws::SigningKey;
    use axum::Router;
    use axum::http::StatusCode;
    use axum::response::Redirect;
    use axum::routing::get;

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
            .route("/moved", get(|| std::future::ready(Redirect::temporary("/keys"))));
        let bound = authress_dev_server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let origin = format!("http://{}", bound.local_addr());
        tokio::spawn(authress_dev_server::serve(bound, router, None, std::future::pending()));
        (origin, asked)
    }

    fn key_set() -> String {
        let key = SigningKey::generate("k1").unwrap().public_jwk();
        serde_json::to_string(&JwkSet { keys: vec![key] }).unwrap()
    }

    #[tokio::test]
    async fn keys_are_fetched_once_and_then_kept() {
        let (origin, asked) = issuer(StatusCode::OK, key_set()).await;
        let keys = Keys::new(format!("{origin}/keys")).unwrap();
        for _ in 0..3 {
            assert!(keys.current().await.unwrap().find("k1").is_some());
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn unknown_kids_in_a_row_do_not_reach_the_issuer() {
        let (origin, asked) = issuer(StatusCode::OK, key_set()).await;
        let keys = Keys::new(format!("{origin}/keys")).unwrap();
        for _ in 0..5 {
            assert!(keys.after_unknown_key().await.is_ok());
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn errors_oversized_answers_and_garbage_are_no_keys() {
        let huge = format!(r#"{{"keys":[],"padding":"{}"}}"#, "x".repeat(MAX_BYTES));
        let answers = [
            (StatusCode::INTERNAL_SERVER_ERROR, key_set()),
            (StatusCode::OK, huge),
            (StatusCode::OK, "<html>".to_owned()),
        ];
        for (status, body) in answers {
            let (origin, _) = issuer(status, body).await;
            assert_eq!(Keys::new(format!("{origin}/keys")).unwrap().current().await, Err(KeysUnavailable));
        }
    }

    #[tokio::test]
    async fn redirects_are_not_followed() {
        let (origin, asked) = issuer(StatusCode::OK, key_set()).await;
        assert_eq!(Keys::new(format!("{origin}/moved")).unwrap().current().await, Err(KeysUnavailable));
        assert_eq!(asked.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn keys_are_fresh_for_five_minutes() {
        let now = Instant::now();
        let cache = Cache { fetched: Some((Arc::default(), now)), attempted: Some(now) };
        assert!(cache.fresh(now + FRESH_FOR - Duration::from_millis(1)).is_some());
        assert!(cache.fresh(now + FRESH_FOR).is_none());
    }

    #[test]
    fn the_issuer_is_asked_at_most_every_few_seconds() {
        let now = Instant::now();
        let cache = Cache { fetched: None, attempted: Some(now) };
        assert!(!cache.may_fetch(now + MIN_INTERVAL - Duration::from_millis(1)));
        assert!(cache.may_fetch(now + MIN_INTERVAL));
        assert!(Cache::default().may_fetch(now));
    }
}
