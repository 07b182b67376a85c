//! The whole service as the binary serves it: the login route behind its policies, the health
//! checks, limits and measurements.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use authress_single_use::SingleUse;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::{from_fn, map_response};
use axum::routing::get;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use crate::config::Config;
use crate::endpoint::{App, Endpoint, MAX_BODY_BYTES};
use crate::metrics::Metrics;
use crate::navigation::NavigationsOnly;
use crate::page::pages_for_shoppers;
use crate::policy::Policy;
use crate::rate_limit::{LocalRateLimiter, RateLimit, RedisRateLimiter};
use crate::router::{HEALTH_PATH, Login, method_not_allowed, not_found, with_protective_headers};
use crate::shared_store::{InvalidStoreUrl, SharedStore, WhenDown};
use crate::used_states::{self, SharedStates};

/// Where the service says whether it wants to be sent requests.
pub const READY_PATH: &str = "/readyz";

/// A verifier with everything around it. Clones share all of it.
#[derive(Clone, Debug)]
pub struct Service {
    /// What answers logins.
    pub login: Login,
    /// What has happened so far.
    pub metrics: Metrics,
    store: Option<(Arc<SharedStore>, WhenDown)>,
    is_stopping: Arc<AtomicBool>,
}

impl Service {
    /// The service as configured, and what answers its requests. Nothing is connected yet.
    ///
    /// The app needs the address of the connection as axum's
    /// [`ConnectInfo`](axum::extract::ConnectInfo); [`serve`](crate::serve) provides it.
    ///
    /// # Errors
    /// [`InvalidStoreUrl`].
    pub fn new(config: Config) -> Result<(Self, App), InvalidStoreUrl> {
        let store = match &config.store {
            None => None,
            Some(store) => {
                let shared = SharedStore::new(store.url.expose(), &store.prefix, store.timeout)?;
                Some((Arc::new(shared), store.when_down))
            }
        };
        let states: Option<Arc<dyn SingleUse>> = match (config.state_lifetime, &store) {
            (None, _) => None,
            (Some(lifetime), None) => Some(Arc::new(used_states::local(lifetime))),
            (Some(lifetime), Some((store, when_down))) => {
                Some(Arc::new(SharedStates::new(lifetime, Arc::clone(store), *when_down)))
            }
        };
        let login = Login::new(config.verifier).with_states(states);
        let service = Self { login, metrics: Metrics::new(), store, is_stopping: Arc::default() };
        // What is no navigation takes no token.
        let navigations = config.navigations_only.then_some(NavigationsOnly);
        let time_limit = config.server.request_timeout;
        let app = match &service.store {
            None => {
                let limit = RateLimit::new(LocalRateLimiter::new(config.limits), config.proxies);
                service.app((navigations, limit), time_limit)
            }
            Some((store, when_down)) => {
                let limiter = RedisRateLimiter::new(config.limits, Arc::clone(store), *when_down);
                service.app((navigations, RateLimit::new(limiter, config.proxies)), time_limit)
            }
        };
        Ok((service, app))
    }

    fn app<P: Policy>(&self, policy: P, time_limit: Duration) -> App {
        let others = Router::new()
            .route(HEALTH_PATH, get(|| async { "ok\n" }).fallback(method_not_allowed))
            .route(READY_PATH, get(ready).fallback(method_not_allowed))
            .fallback(not_found)
            .with_state(self.clone())
            .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
            .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, time_limit))
            .layer(map_response(with_protective_headers))
            .layer(from_fn(pages_for_shoppers));
        App::new(Endpoint { policy, login: self.login.clone(), metrics: self.metrics.clone(), time_limit }, others)
    }

    /// From now on the service says that it wants no more requests. It goes on answering them.
    pub fn announce_stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// The metrics as text, with the state of this moment.
    pub fn metrics_text(&self) -> String {
        self.metrics.text(self.store.as_ref().map(|(store, _)| !store.is_down()))
    }
}

async fn ready(State(service): State<Service>) -> (StatusCode, &'static str) {
    if service.is_stopping.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match &service.store {
        Some((store, when_down)) if !store.is_reachable().await => match when_down {
            WhenDown::Local => (StatusCode::OK, "ready, without the shared store\n"),
            WhenDown::Refuse => (StatusCode::SERVICE_UNAVAILABLE, "the shared store does not answer\n"),
        },
        Some(_) | None => (StatusCode::OK, "ready\n"),
    }
}
