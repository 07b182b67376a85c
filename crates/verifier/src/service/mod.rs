//! The whole service as the binary serves it: the login route behind its policies, the health
//! checks, limits and measurements.

mod endpoint;
mod login;
mod router;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use authress_single_use::SingleUse;
use axum::Router;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode, header};
use axum::middleware::{from_fn, map_response};
use axum::routing::get;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

pub use self::endpoint::App;
use self::endpoint::Endpoint;
use self::login::MAX_BODY_BYTES;
pub use self::login::{Login, STATE_LIFETIME};
pub use self::router::{HEALTH_PATH, LOGIN_PATH, router, router_with_policy, standalone};
use self::router::{method_not_allowed, not_found};
use crate::config::{Config, HumanCheckConfig, HumanCheckKind};
use crate::decision::Refusal;
use crate::http::{NavigationsOnly, Policy, TrustedProxies, pages_for_shoppers, with_protective_headers};
use crate::human_check::{CHALLENGE_LIFETIME, HttpClientUnavailable, HumanCheck, HumanGate, ProofOfWork, SiteVerify};
use crate::observability::Metrics;
use crate::rate_limit::{LocalRateLimiter, RateLimit, RedisRateLimiter};
use crate::shared_store::{SharedStore, StoreFailure, WhenDown};
use crate::used_states::{self, SharedStates};

/// Where the service says whether it wants to be sent requests.
pub const READY_PATH: &str = "/readyz";

/// Where [`Service::inside`] has the metrics.
pub const METRICS_PATH: &str = "/metrics";

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
    /// [`CannotServe`].
    pub fn new(config: Config) -> Result<(Self, App), CannotServe> {
        let store = match &config.store {
            None => None,
            Some(store) => {
                let shared = SharedStore::new(&store.url, &store.prefix, store.timeout);
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
        let gate = config.human_check.map(|check| gate(check, config.proxies, store.as_ref())).transpose()?;
        let login = Login::new(config.verifier).with_states(states).with_human_check(gate);
        let service = Self { login, metrics: Metrics::new(), store, is_stopping: Arc::default() };
        // What is no navigation takes no token.
        let navigations = config.navigations_only.then_some(NavigationsOnly);
        let rules = (navigations, NoteAddressDoubts { proxies: config.proxies, metrics: service.metrics.clone() });
        let time_limit = config.server.request_timeout;
        let app = match &service.store {
            None => {
                let limit = RateLimit::new(LocalRateLimiter::new(config.limits), config.proxies);
                service.app((rules, limit), time_limit)
            }
            Some((store, when_down)) => {
                let limiter = RedisRateLimiter::new(config.limits, Arc::clone(store), *when_down);
                service.app((rules, RateLimit::new(limiter, config.proxies)), time_limit)
            }
        };
        Ok((service, app))
    }

    fn app<P: Policy>(&self, policy: P, time_limit: Duration) -> App {
        let others = probes()
            .fallback(not_found)
            .with_state(self.clone())
            .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
            .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, time_limit))
            .layer(map_response(with_protective_headers))
            .layer(from_fn(pages_for_shoppers));
        App::new(Endpoint { policy, login: self.login.clone(), metrics: self.metrics.clone(), time_limit }, others)
    }

    /// For a listener of its own, which no stranger reaches: the metrics and the probes. There clients that hold every
    /// connection of the other listener keep no probe from being answered.
    pub fn inside(&self) -> Router {
        Router::new()
            .route(METRICS_PATH, get(metrics).fallback(method_not_allowed))
            .merge(probes())
            .fallback(not_found)
            .with_state(self.clone())
            .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
            .layer(map_response(with_protective_headers))
    }

    /// From now on the service says that it wants no more requests. It goes on answering them.
    pub fn announce_stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// The metrics as text. The shared store is asked for it, unless it was within the last second.
    pub async fn metrics_text(&self) -> String {
        let store_is_usable = match &self.store {
            Some((store, _)) => Some(store.is_usable().await),
            None => None,
        };
        self.metrics.text(store_is_usable)
    }

    /// Tries the shared store as a login would, and waits some seconds for a connection; without one it is well.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub async fn check_store(&self) -> Result<(), StoreFailure> {
        match &self.store {
            Some((store, _)) => store.check().await,
            None => Ok(()),
        }
    }
}

/// Refuses nothing. A wrong number of proxies shows in the metrics, and once in the log, before it shows as 429.
struct NoteAddressDoubts {
    proxies: TrustedProxies,
    metrics: Metrics,
}

impl Policy for NoteAddressDoubts {
    async fn admit(&self, request: &Parts) -> Result<(), Refusal> {
        if let Some(doubt) = self.proxies.doubt(&request.headers)
            && self.metrics.address_doubt(doubt)
        {
            let reason = doubt.name();
            tracing::warn!(reason, "{}. Later ones are counted and not logged", doubt.sentence());
        }
        Ok(())
    }
}

fn probes() -> Router<Service> {
    Router::new()
        .route(HEALTH_PATH, get(|| async { "ok\n" }).fallback(method_not_allowed))
        .route(READY_PATH, get(ready).fallback(method_not_allowed))
}

fn gate(
    config: HumanCheckConfig,
    proxies: TrustedProxies,
    store: Option<&(Arc<SharedStore>, WhenDown)>,
) -> Result<HumanGate, CannotServe> {
    let check: Arc<dyn HumanCheck> = match config.kind {
        HumanCheckKind::ProofOfWork { secret, cost } => {
            let check = match secret {
                Some(secret) => ProofOfWork::new(secret, cost),
                None => ProofOfWork::with_random_secret(cost).map_err(|_| CannotServe::NoRandomness)?,
            };
            Arc::new(match store {
                None => check,
                Some((store, when_down)) => {
                    let spent = SharedStates::new(CHALLENGE_LIFETIME, Arc::clone(store), *when_down).of("challenge");
                    check.with_spent(Arc::new(spent))
                }
            })
        }
        HumanCheckKind::SiteVerify {
            provider,
            site_key,
            secret,
            hostname,
            verify_url,
            timeout,
            let_pass_when_down,
        } => {
            let check = SiteVerify::new(provider, site_key, secret, hostname, timeout)?;
            let check = check.let_pass_when_down(let_pass_when_down);
            Arc::new(match verify_url {
                Some(verify_url) => check.with_verify_url(verify_url),
                None => check,
            })
        }
    };
    let gate = HumanGate::new(check, proxies);
    Ok(match config.free {
        Some(free) => gate.only_beyond(free),
        None => gate,
    })
}

/// Why settings that are right in themselves cannot be served with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CannotServe {
    /// The human check's provider cannot be asked.
    HttpClient(HttpClientUnavailable),
    /// The operating system gave no random bytes.
    NoRandomness,
}

impl From<HttpClientUnavailable> for CannotServe {
    fn from(reason: HttpClientUnavailable) -> Self {
        Self::HttpClient(reason)
    }
}

impl fmt::Display for CannotServe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HttpClient(reason) => write!(f, "HttpClientUnavailable: {reason}"),
            Self::NoRandomness => f.write_str("NoRandomness: the operating system gives no random bytes"),
        }
    }
}

impl std::error::Error for CannotServe {}

async fn metrics(State(service): State<Service>) -> ([(HeaderName, &'static str); 1], String) {
    const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, TYPE)], service.metrics_text().await)
}

async fn ready(State(service): State<Service>) -> (StatusCode, &'static str) {
    if service.is_stopping.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match &service.store {
        Some((store, when_down)) if !store.is_usable().await => match when_down {
            WhenDown::Local => (StatusCode::OK, "ready, without the shared store\n"),
            WhenDown::Refuse => (StatusCode::SERVICE_UNAVAILABLE, "the shared store cannot be used\n"),
        },
        Some(_) | None => (StatusCode::OK, "ready\n"),
    }
}
